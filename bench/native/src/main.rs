//! Evaluates models natively with this project and with its peers, on request.
//!
//! `bench-native convert FOLDER NAME OUT` writes the files of the engines that convert a booster themselves
//! and prints its number of trees and nodes and the sizes of our other forms of it.
//! `bench-native serve [LIBXGBOOST]` answers requests, see [`serve`].

mod engine;
mod gbdt;
mod hessboost;
mod ours;
mod serve;
mod tl2cgen;
mod xgboost;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result, bail};
use serde_json::json;

fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["convert", folder, name, out] => convert(Path::new(folder), name, Path::new(out)),
        ["serve"] => serve::run(None),
        ["serve", libxgboost] => serve::run(Some(PathBuf::from(libxgboost))),
        _ => bail!("usage: bench-native convert FOLDER NAME OUT | serve [LIBXGBOOST]"),
    }
}

fn convert(folder: &Path, name: &str, out: &Path) -> Result<()> {
    let booster = read(&folder.join(format!("{name}.ubj")))?;
    let write = |extension: &str, bytes: Vec<u8>| {
        let path = out.join(format!("{name}.{extension}"));
        fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))
    };
    write("leaf", ours::convert(&booster)?)?;
    write("hessboost", hessboost::convert(&booster)?)?;
    write("hessboost-compact", hessboost::convert_compact(&booster)?)?;
    let text = folder.join(format!("{name}.gbdt.txt"));
    if text.exists() {
        write("gbdt.json", gbdt::convert(&read(&text)?)?)?;
    }
    let (trees, nodes) = ours::count(&booster)?;
    let mut out = std::io::stdout().lock();
    let forms = json!([
        [
            format!("leaves of {} bits", ours::LEAF_BITS),
            ours::rounded(&booster)?.len()
        ],
        [
            "covers, for explanations, added",
            ours::explained(&booster)?.len()
        ],
    ]);
    writeln!(
        out,
        "{}",
        json!({ "trees": trees, "nodes": nodes, "forms": forms })
    )?;
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("reading {}", path.display()))
}
