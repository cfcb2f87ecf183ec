//! How much the package weighs, against its budget.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// One build of WebAssembly, brotli at quality 11: the evaluator, and beyond it click rows with their encoder, files of
/// version 0, explanations, and values of JavaScript.
const BUDGET_BYTES: usize = 75 * 1024;

struct Size {
    name: String,
    raw: usize,
    gzip: usize,
    brotli: usize,
}

/// Prints what each file weighs; fails when a build of WebAssembly is over the budget.
pub(super) fn check(folder: &Path) -> Result<()> {
    let mut sizes = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.ends_with(".wasm") || name.ends_with(".js") {
            sizes.push(Size::of(name, &fs::read(&path)?)?);
        }
    }
    sizes.sort_by(|one, other| one.name.cmp(&other.name));
    eprintln!("{:<24}{:>10}{:>10}{:>10}", "bytes", "raw", "gzip 9", "brotli 11");
    for Size {
        name,
        raw,
        gzip,
        brotli,
    } in &sizes
    {
        eprintln!("{name:<24}{raw:>10}{gzip:>10}{brotli:>10}");
    }
    eprintln!("{:<24}{:>30}", "budget of each .wasm", BUDGET_BYTES);
    for size in sizes.iter().filter(|size| size.name.ends_with(".wasm")) {
        ensure!(
            size.brotli <= BUDGET_BYTES,
            "{} has {} bytes after brotli; its budget is {BUDGET_BYTES}",
            size.name,
            size.brotli
        );
    }
    Ok(())
}

impl Size {
    fn of(name: String, bytes: &[u8]) -> Result<Self> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(bytes)?;
        let params = brotli::enc::BrotliEncoderParams {
            quality: 11,
            lgwin: 22,
            ..Default::default()
        };
        let mut brotli = Vec::new();
        brotli::BrotliCompress(&mut &*bytes, &mut brotli, &params)
            .with_context(|| format!("compressing {name}"))?;
        Ok(Self {
            raw: bytes.len(),
            gzip: gzip.finish()?.len(),
            brotli: brotli.len(),
            name,
        })
    }
}
