//! Sizes of a file as it is, and as a web server sends it. Compressing at the highest levels is slow, so that results
//! are kept in the cache, by the digest of what was compressed.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::workspace;

/// Bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sizes {
    /// Of the file.
    pub(super) raw: u64,
    /// After gzip -9.
    pub(super) gzip: u64,
    /// After brotli -11 with a window of 16 MiB, the largest that browsers take.
    pub(super) brotli: u64,
}

impl Sizes {
    /// The smallest of the three.
    pub(super) fn smallest(&self) -> u64 {
        self.raw.min(self.gzip).min(self.brotli)
    }

    pub(super) fn to_json(self) -> Value {
        json!({ "raw": self.raw, "gzip": self.gzip, "brotli": self.brotli })
    }
}

/// Of a file.
pub(super) fn of(path: &Path) -> Result<Sizes> {
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let folder = workspace::cache_dir()?.join("bench/sizes");
    let kept = folder.join(hex::encode(Sha256::digest(&bytes)));
    let raw = bytes.len() as u64;
    if let Some((gzip, brotli)) = fs::read_to_string(&kept).ok().and_then(|text| parse(&text)) {
        return Ok(Sizes { raw, gzip, brotli });
    }
    let sizes = compress(&bytes)?;
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    fs::write(&kept, format!("{} {}\n", sizes.gzip, sizes.brotli))?;
    Ok(sizes)
}

fn parse(text: &str) -> Option<(u64, u64)> {
    let (gzip, brotli) = text.trim().split_once(' ')?;
    Some((gzip.parse().ok()?, brotli.parse().ok()?))
}

fn compress(bytes: &[u8]) -> Result<Sizes> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    let parameters = BrotliEncoderParams {
        quality: 11,
        lgwin: 24,
        size_hint: bytes.len(),
        ..BrotliEncoderParams::default()
    };
    let mut brotli = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut brotli, &parameters).context("compressing")?;
    Ok(Sizes {
        raw: bytes.len() as u64,
        gzip: gzip.finish()?.len() as u64,
        brotli: brotli.len() as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_gets_smaller_and_what_doesnt_stays() {
        let repeats = compress(&b"split feature 7 ".repeat(1000)).unwrap();
        assert_eq!(repeats.raw, 16_000);
        assert!(repeats.gzip < 200 && repeats.brotli < 100, "{repeats:?}");
        assert_eq!(repeats.smallest(), repeats.brotli);
        let mut state = 1u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        };
        let noise: Vec<u8> = std::iter::repeat_with(&mut noise).take(10_000).collect();
        let noise = compress(&noise).unwrap();
        assert!(noise.gzip >= 10_000 && noise.brotli >= 10_000, "{noise:?}");
        assert_eq!(noise.smallest(), 10_000);
    }

    #[test]
    fn a_damaged_note_is_not_believed() {
        assert_eq!(parse("120 80\n"), Some((120, 80)));
        assert_eq!(parse("120"), None);
        assert_eq!(parse(""), None);
    }
}
