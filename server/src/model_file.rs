//! A compact model file in memory, with its compressed forms, each made once.

use std::io::Write;
use std::sync::Arc;

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use tokio::sync::OnceCell;

/// A content encoding of RFC 9110 that this server writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `br`
    Brotli,
    /// `zstd`
    Zstd,
    /// `gzip`
    Gzip,
    /// The bytes as they are.
    Identity,
}

impl Encoding {
    /// The encoding's name in `Content-Encoding`; none for identity.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Encoding::Brotli => Some("br"),
            Encoding::Zstd => Some("zstd"),
            Encoding::Gzip => Some("gzip"),
            Encoding::Identity => None,
        }
    }

    /// The smallest encoding that the request takes (RFC 9110, section 12.5.3; quality 0 means "not this").
    pub fn accepted(headers: &HeaderMap) -> Encoding {
        let lists = headers.get_all(header::ACCEPT_ENCODING);
        let offered: Vec<(&str, bool)> = lists
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|list| list.split(','))
            .map(|item| {
                let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
                let quality = parameters
                    .trim()
                    .strip_prefix("q=")
                    .map_or(1.0, |q| q.parse::<f64>().unwrap_or(0.0));
                (name.trim(), quality > 0.0)
            })
            .collect();
        let takes = |name: &str| {
            let named = offered.iter().find(|(offer, _)| offer.eq_ignore_ascii_case(name));
            named
                .or_else(|| offered.iter().find(|(offer, _)| *offer == "*"))
                .is_some_and(|(_, takes)| *takes)
        };
        [Encoding::Brotli, Encoding::Zstd, Encoding::Gzip]
            .into_iter()
            .find(|encoding| encoding.name().is_some_and(takes))
            .unwrap_or(Encoding::Identity)
    }
}

/// The bytes of a compact model file whose digest was checked, and the bundle that signs them.
pub struct ModelFile {
    /// The file's SHA-256.
    pub sha256: String,
    /// The file.
    pub bytes: Bytes,
    /// The OpenSSF model-signing bundle, if there is one.
    pub bundle: Option<Bytes>,
    brotli: OnceCell<Bytes>,
    zstd: OnceCell<Bytes>,
    gzip: OnceCell<Bytes>,
}

impl ModelFile {
    /// The caller has checked that `sha256` is the digest of `bytes`.
    pub fn new(sha256: String, bytes: Bytes, bundle: Option<Bytes>) -> Self {
        ModelFile {
            sha256,
            bytes,
            bundle,
            brotli: OnceCell::new(),
            zstd: OnceCell::new(),
            gzip: OnceCell::new(),
        }
    }

    /// The file in an encoding; compressed off the async threads when it is first asked for.
    pub async fn encoded(self: &Arc<Self>, encoding: Encoding) -> std::io::Result<Bytes> {
        let cell = match encoding {
            Encoding::Brotli => &self.brotli,
            Encoding::Zstd => &self.zstd,
            Encoding::Gzip => &self.gzip,
            Encoding::Identity => return Ok(self.bytes.clone()),
        };
        let compress = || async {
            let bytes = self.bytes.clone();
            let compressed = tokio::task::spawn_blocking(move || compress(&bytes, encoding)).await;
            compressed.map_err(std::io::Error::other)?.map(Bytes::from)
        };
        cell.get_or_try_init(compress).await.cloned()
    }
}

/// Whether this is a lower-case hexadecimal SHA-256.
pub(crate) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn compress(bytes: &[u8], encoding: Encoding) -> std::io::Result<Vec<u8>> {
    match encoding {
        Encoding::Brotli => {
            let mut out = Vec::new();
            let parameters = brotli::enc::BrotliEncoderParams {
                quality: 9,
                lgwin: 22,
                ..Default::default()
            };
            brotli::BrotliCompress(&mut &*bytes, &mut out, &parameters)?;
            Ok(out)
        }
        // A window of 8 MiB is the most that browsers decode (RFC 9659).
        Encoding::Zstd => zstd::bulk::compress(bytes, 15),
        Encoding::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(bytes)?;
            encoder.finish()
        }
        Encoding::Identity => Ok(bytes.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_accepted_encoding_wins() {
        for (accept, expected) in [
            ("", Encoding::Identity),
            ("gzip, deflate, br, zstd", Encoding::Brotli),
            ("gzip, zstd", Encoding::Zstd),
            ("GZIP", Encoding::Gzip),
            ("br;q=0, gzip;q=0.5", Encoding::Gzip),
            ("br; q=0, *", Encoding::Zstd),
            ("identity", Encoding::Identity),
            ("*;q=0", Encoding::Identity),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, accept.parse().unwrap());
            assert_eq!(Encoding::accepted(&headers), expected, "{accept:?}");
        }
    }

    #[test]
    fn every_encoding_gives_the_bytes_back() {
        let bytes: Vec<u8> = (0..50_000u32).flat_map(|i| (i / 7).to_le_bytes()).collect();
        let brotli = compress(&bytes, Encoding::Brotli).unwrap();
        let mut plain = Vec::new();
        brotli::BrotliDecompress(&mut &*brotli, &mut plain).unwrap();
        assert!(plain == bytes && brotli.len() < bytes.len());

        let zstd = compress(&bytes, Encoding::Zstd).unwrap();
        assert!(zstd::bulk::decompress(&zstd, bytes.len()).unwrap() == bytes && zstd.len() < bytes.len());

        let gzip = compress(&bytes, Encoding::Gzip).unwrap();
        let mut plain = Vec::new();
        std::io::copy(&mut flate2::read::GzDecoder::new(&*gzip), &mut plain).unwrap();
        assert!(plain == bytes && gzip.len() < bytes.len());
    }
}
