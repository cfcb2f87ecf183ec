//! The folder that a static host serves.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use super::{Release, write_compressed};

/// What a browser may keep for good, and what it must ask for each time.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const REVALIDATE: &str = "no-cache";

/// Writes the site beside `to`, then puts it in the place of what is there. Gives the number of files.
pub(super) fn write(to: &Path, page: &Path, release: &Release, base_path: &str) -> Result<usize> {
    ensure!(
        !to.exists() || is_empty(to)? || is_publication(to),
        "{} holds something else than an earlier publication",
        to.display()
    );
    let to = std::path::absolute(to)?;
    let parent = to.parent().context("the site can't be a file system's root")?;
    fs::create_dir_all(parent).with_context(|| format!("creating {}", parent.display()))?;
    let apart = tempfile::Builder::new()
        .prefix(".clickleaf-publish-")
        .tempdir_in(parent)?;
    let site = apart.path().join("site");
    copy(page, &site)?;
    for (path, bytes) in &release.files {
        write_compressed(&site.join(path), bytes)?;
    }
    write_compressed(
        &site.join("manifest.json"),
        &serde_json::to_vec_pretty(&release.manifest)?,
    )?;
    let mut names = BTreeSet::new();
    list(&site, "", &mut names)?;
    fs::write(site.join("_headers"), headers(&names, base_path))?;
    if to.exists() {
        fs::rename(&to, apart.path().join("before"))
            .with_context(|| format!("replacing {}", to.display()))?;
    }
    fs::rename(&site, &to).with_context(|| format!("moving the site to {}", to.display()))?;
    Ok(names.len() + 1)
}

/// The cache rules, as Netlify and Cloudflare Pages read them.
fn headers(names: &BTreeSet<String>, base_path: &str) -> String {
    let base = base_path.trim_end_matches('/');
    let mut text =
        format!("{base}/*\n  X-Content-Type-Options: nosniff\n{base}/\n  Cache-Control: {REVALIDATE}\n");
    for name in names.iter().filter(|name| !name.ends_with(".br")) {
        let cache = if is_hashed(name) { IMMUTABLE } else { REVALIDATE };
        text.push_str(&format!("{base}/{name}\n  Cache-Control: {cache}\n"));
        if name.ends_with(".leaf") {
            text.push_str("  Content-Type: application/octet-stream\n");
        }
    }
    text
}

/// Whether the name changes with the contents: a model's file by its digest, the page's by trunk's hash.
fn is_hashed(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    let stem = file.split('.').next().unwrap_or(file);
    let is_hex = |part: &str| part.len() >= 15 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    stem.split(['-', '_']).any(is_hex)
}

fn is_publication(folder: &Path) -> bool {
    ["index.html", "sw.js", "manifest.json", "_headers"]
        .iter()
        .all(|name| folder.join(name).is_file())
}

fn is_empty(folder: &Path) -> Result<bool> {
    let mut entries = fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))?;
    Ok(entries.next().is_none())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("listing {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()? {
            kind if kind.is_dir() => copy(&entry.path(), &target)?,
            kind if kind.is_file() => drop(fs::copy(entry.path(), target)?),
            _ => bail!("{} is neither file nor folder", entry.path().display()),
        }
    }
    Ok(())
}

fn list(folder: &Path, prefix: &str, names: &mut BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &format!("{name}/"), names)?;
        } else {
            names.insert(name);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    fn release() -> Release {
        let files = vec![(format!("model-files/{DIGEST}.leaf"), b"model".to_vec())];
        Release {
            manifest: json!({"manifest_version": 1}),
            files,
        }
    }

    fn page(folder: &Path) -> std::path::PathBuf {
        let page = folder.join("page");
        fs::create_dir(&page).unwrap();
        for name in [
            "index.html",
            "sw.js",
            "app-0123456789abcdef.js",
            "app-0123456789abcdef_bg.wasm",
        ] {
            fs::write(page.join(name), name).unwrap();
        }
        page
    }

    #[test]
    fn a_site_is_written_and_replaced_but_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let page = page(folder.path());
        let site = folder.path().join("site");
        write(&site, &page, &release(), "/").unwrap();
        fs::write(site.join("stale"), "").unwrap();
        write(&site, &page, &release(), "/").unwrap();
        assert!(!site.join("stale").exists());
        assert_eq!(
            fs::read(site.join(format!("model-files/{DIGEST}.leaf"))).unwrap(),
            b"model"
        );
        assert!(
            write(&page, &site, &release(), "/").is_err(),
            "a folder that is no publication was replaced"
        );
        let left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left.len(), 2, "{left:?}");
    }

    #[test]
    fn only_hashed_names_are_kept_for_good() {
        for name in [
            "app-0123456789abcdef.js",
            "app-0123456789abcdef_bg.wasm",
            &format!("model-files/{DIGEST}.sig.json"),
        ] {
            assert!(is_hashed(name), "{name}");
        }
        for name in ["index.html", "manifest.json", "sw.js", "assets/favicon.svg"] {
            assert!(!is_hashed(name), "{name}");
        }
        let names = ["sw.js".to_owned(), format!("model-files/{DIGEST}.leaf")].into();
        let text = headers(&names, "/sub/");
        assert!(text.contains("/sub/sw.js\n  Cache-Control: no-cache\n"), "{text}");
        assert!(
            text.contains(&format!(
                "/sub/model-files/{DIGEST}.leaf\n  Cache-Control: {IMMUTABLE}\n"
            )),
            "{text}"
        );
    }
}
