//! The names section: what the features are called.

use super::FormatError;
use super::bytes::{Reader, Writer};

pub(super) fn write(names: &[String], writer: &mut Writer) {
    writer.varint(names.len() as u64);
    names.iter().for_each(|name| writer.text(name));
}

/// Apart from the readers of what every file has.
#[inline(never)]
pub(super) fn read(mut reader: Reader<'_>) -> Result<Vec<String>, FormatError> {
    let count = reader.count(8)?;
    if count == 0 {
        return Err(reader.error("there are no names"));
    }
    let names = (0..count)
        .map(|_| reader.text().map(str::to_owned))
        .collect::<Result<_, _>>()?;
    reader.end()?;
    Ok(names)
}
