//! How many bytes a file is as it is served.

/// The server's own setting, and the window that browsers decode.
const QUALITY: i32 = 9;
const WINDOW_BITS: i32 = 22;

/// The fewer of the file's bytes and those of its brotli form, of quality 9 as the server makes it.
pub(super) fn served_bytes(bytes: &[u8]) -> u64 {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: QUALITY,
        lgwin: WINDOW_BITS,
        ..Default::default()
    };
    let mut compressed = Vec::new();
    // Writing to memory can't fail; if it did, the file would be served as it is.
    match brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters) {
        Ok(_) => compressed.len().min(bytes.len()) as u64,
        Err(_) => bytes.len() as u64,
    }
}
