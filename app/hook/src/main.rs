//! The one trunk `post_build` hook: fills the service worker's template, weighs the page against its budget and
//! lays a brotli copy beside each file, so that a server can send it as it is.
//!
//! The service worker's cache is named after the contents of all files, so a build with the same bytes has the
//! same name and a changed byte anywhere makes a new one. Hooks of one stage run side by side in trunk, so
//! everything that must see finished files is here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use anyhow::{Context as _, bail};
use sha2::{Digest as _, Sha256};

/// HTML, JS, WASM and CSS together, brotli at quality 11.
const BUDGET_BYTES: usize = 170 * 1024;

/// Kinds of files that compress.
const COMPRESSIBLE: [&str; 5] = ["html", "js", "wasm", "css", "svg"];

/// Kinds of files that count against the budget.
const WEIGHED: [&str; 4] = ["html", "js", "wasm", "css"];

fn main() -> anyhow::Result<()> {
    let template_path = env::args()
        .nth(1)
        .context("usage: app-hook SERVICE_WORKER_TEMPLATE")?;
    let staging =
        env::var("TRUNK_STAGING_DIR").context("TRUNK_STAGING_DIR is not set; trunk runs this hook")?;
    let release = env::var("TRUNK_PROFILE").is_ok_and(|profile| profile == "release");
    let template = fs::read_to_string(&template_path).with_context(|| format!("reading {template_path}"))?;

    let staging = PathBuf::from(staging);
    let mut files = BTreeMap::new();
    collect(&staging, &staging, &mut files)?;
    let worker = service_worker(&template, &files)?;
    fs::write(staging.join("sw.js"), &worker).context("writing sw.js")?;
    if !release {
        return Ok(());
    }

    files.insert("sw.js".to_owned(), worker.into_bytes());
    let sizes = compress(&staging, &files)?;
    let total: usize = sizes
        .iter()
        .filter(|size| size.weighed)
        .map(|size| size.brotli)
        .sum();
    io::stdout().write_all(table(&sizes, total).as_bytes())?;
    if total > BUDGET_BYTES {
        bail!("the page weighs {total} bytes after brotli; its budget is {BUDGET_BYTES}");
    }
    Ok(())
}

struct Size {
    name: String,
    raw: usize,
    brotli: usize,
    weighed: bool,
}

/// Reads all files under `folder` by their path relative to `root`, leaving out what this hook makes itself.
fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
            continue;
        }
        let name = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
        if name != "sw.js" && !name.ends_with(".br") {
            let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
            files.insert(name, bytes);
        }
    }
    Ok(())
}

/// The template with the cache's name and the list of files to keep.
fn service_worker(template: &str, files: &BTreeMap<String, Vec<u8>>) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    hash.update(template);
    for (name, bytes) in files {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    let mut digest = String::new();
    for byte in hash.finalize().iter().take(8) {
        write!(digest, "{byte:02x}")?;
    }
    // The page is kept under its folder's name: some hosts redirect `index.html` there, and a redirected
    // answer can't be given to a navigation.
    let list: Vec<String> = files
        .keys()
        .map(|name| {
            if name == "index.html" {
                "\"./\"".to_owned()
            } else {
                format!("\"{name}\"")
            }
        })
        .collect();
    for mark in ["__DIGEST__", "__FILES__"] {
        if template.matches(mark).count() != 1 {
            bail!("the service worker's template must have {mark} exactly once");
        }
    }
    Ok(template
        .replace("__DIGEST__", &digest)
        .replace("__FILES__", &format!("[{}]", list.join(", "))))
}

fn compress(staging: &Path, files: &BTreeMap<String, Vec<u8>>) -> anyhow::Result<Vec<Size>> {
    let mut sizes = Vec::new();
    for (name, bytes) in files {
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        if !COMPRESSIBLE.contains(&extension) {
            continue;
        }
        let params = brotli::enc::BrotliEncoderParams {
            quality: 11,
            lgwin: 22,
            ..Default::default()
        };
        let mut compressed = Vec::new();
        brotli::BrotliCompress(&mut bytes.as_slice(), &mut compressed, &params)
            .with_context(|| format!("compressing {name}"))?;
        let path = staging.join(format!("{name}.br"));
        fs::write(&path, &compressed).with_context(|| format!("writing {}", path.display()))?;
        sizes.push(Size {
            name: name.clone(),
            raw: bytes.len(),
            brotli: compressed.len(),
            weighed: WEIGHED.contains(&extension),
        });
    }
    Ok(sizes)
}

fn table(sizes: &[Size], total: usize) -> String {
    let mut text = format!(
        "\n{:<44}{:>12}{:>12}\n",
        "page weight (bytes)", "raw", "brotli 11"
    );
    for size in sizes {
        let note = if size.weighed { "" } else { "  (not counted)" };
        text.push_str(&format!(
            "{:<44}{:>12}{:>12}{note}\n",
            size.name, size.raw, size.brotli
        ));
    }
    let raw: usize = sizes
        .iter()
        .filter(|size| size.weighed)
        .map(|size| size.raw)
        .sum();
    text.push_str(&format!("{:<44}{raw:>12}{total:>12}\n", "HTML + JS + WASM + CSS"));
    let percent = total * 100 / BUDGET_BYTES;
    text.push_str(&format!(
        "{:<44}{:>12}{BUDGET_BYTES:>12}  ({percent} % used)\n\n",
        "budget", ""
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(pairs: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        pairs
            .iter()
            .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
            .collect()
    }

    const TEMPLATE: &str = "const CACHE = \"a-__DIGEST__\";\nconst FILES = __FILES__;\n";

    #[test]
    fn lists_the_folder_instead_of_index_html() {
        let worker = service_worker(TEMPLATE, &files(&[("index.html", "x"), ("a.js", "y")])).unwrap();
        assert!(worker.contains("const FILES = [\"a.js\", \"./\"];"), "{worker}");
    }

    #[test]
    fn names_the_cache_by_contents() {
        let one = service_worker(TEMPLATE, &files(&[("a.js", "y"), ("b.css", "z")])).unwrap();
        let same = service_worker(TEMPLATE, &files(&[("b.css", "z"), ("a.js", "y")])).unwrap();
        let changed = service_worker(TEMPLATE, &files(&[("a.js", "y"), ("b.css", "Z")])).unwrap();
        let moved = service_worker(TEMPLATE, &files(&[("a.js", "yb"), (".css", "z")])).unwrap();
        assert_eq!(one, same);
        assert_ne!(one, changed);
        assert_ne!(one.lines().next(), moved.lines().next());
    }

    #[test]
    fn refuses_a_template_without_its_marks() {
        assert!(service_worker("const FILES = __FILES__;", &files(&[])).is_err());
    }
}
