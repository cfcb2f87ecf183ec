//! The samples section: self-test rows and the margins they give.

use super::FormatError;
use super::bytes::{Reader, Writer};
use crate::model::{MAX_SAMPLES, SampleRow};
use crate::row::{CATEGORY_COLUMNS, INTEGER_COLUMNS, Row};

const COLUMNS: usize = INTEGER_COLUMNS + CATEGORY_COLUMNS;
/// A label, a bit for each column and a margin.
const LEAST_BITS: usize = 8 * (1 + COLUMNS.div_ceil(8) + 4);

pub(super) fn write(samples: &[SampleRow], writer: &mut Writer) {
    writer.varint(samples.len() as u64);
    for SampleRow { row, margin_bits } in samples {
        writer.raw(&[row.label.map_or(0, |clicked| 1 + u8::from(clicked))]);
        let integers = row.integers.iter().map(Option::is_some);
        let present: Vec<bool> = integers
            .chain(row.categories.iter().map(Option::is_some))
            .collect();
        writer.bits(&present);
        row.integers
            .iter()
            .flatten()
            .for_each(|value| writer.signed_varint(*value));
        row.categories
            .iter()
            .flatten()
            .for_each(|key| writer.raw(&key.to_le_bytes()));
        writer.raw(&margin_bits.to_le_bytes());
    }
}

pub(super) fn read(mut reader: Reader<'_>) -> Result<Vec<SampleRow>, FormatError> {
    let count = reader.count(LEAST_BITS)?;
    if count > MAX_SAMPLES {
        return Err(FormatError::TooManySamples(count));
    }
    let samples = (0..count)
        .map(|_| read_sample(&mut reader))
        .collect::<Result<_, _>>()?;
    reader.end()?;
    Ok(samples)
}

fn read_sample(reader: &mut Reader<'_>) -> Result<SampleRow, FormatError> {
    let label = match reader.byte()? {
        0 => None,
        1 => Some(false),
        2 => Some(true),
        _ => return Err(reader.error("a label is neither missing nor 0 nor 1")),
    };
    let present = reader.bits(COLUMNS)?;
    let mut row = Row {
        label,
        ..Row::default()
    };
    for (column, integer) in row.integers.iter_mut().enumerate() {
        if present.get(column) == Some(true) {
            *integer = Some(reader.signed_varint()?);
        }
    }
    for (column, category) in row.categories.iter_mut().enumerate() {
        if present.get(INTEGER_COLUMNS + column) == Some(true) {
            *category = Some(u32::from_le_bytes(reader.array()?));
        }
    }
    Ok(SampleRow {
        row,
        margin_bits: u32::from_le_bytes(reader.array()?),
    })
}
