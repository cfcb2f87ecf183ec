//! The encoder section of version 0: configuration and integer statistics of whole keys.

use crate::encoder::{Column, ColumnParts, Encoder, KEY_BITS, Prior, Statistics};
use crate::format::bytes::Reader;
use crate::format::{FormatError, encoder};
use crate::row::CATEGORY_COLUMNS;

pub(in crate::format) fn read(mut reader: Reader<'_>) -> Result<Encoder, FormatError> {
    let (config, total) = encoder::read_head(&mut reader)?;
    let prior = Prior::new(total, config.prior_weight);
    let columns = (0..CATEGORY_COLUMNS)
        .map(|_| read_column(&mut reader, config.min_count, total, &prior))
        .collect::<Result<_, _>>()?;
    reader.end()?;
    Ok(Encoder::from_parts(config, total, columns, None))
}

fn read_column(
    reader: &mut Reader<'_>,
    min_count: u32,
    total: Statistics,
    prior: &Prior,
) -> Result<Column, FormatError> {
    let missing = Statistics {
        rows: reader.varint_u32()?,
        clicks: reader.varint_u32()?,
    };
    // A key takes at least a byte for itself, its rows and its clicks.
    let count = reader.count(24)?;
    let mut keys = Vec::with_capacity(count);
    let mut least = 0_u64;
    for _ in 0..count {
        let key = reader
            .varint()?
            .checked_add(least)
            .and_then(|key| u32::try_from(key).ok());
        let Some(key) = key else {
            return Err(reader.error("a key is larger than 32 bits"));
        };
        least = u64::from(key) + 1;
        keys.push(key);
    }
    let mut statistics = Vec::with_capacity(count);
    for _ in 0..count {
        let rows = reader.varint_u32()?.checked_add(min_count);
        let Some(rows) = rows else {
            return Err(reader.error("a number is larger than 32 bits"));
        };
        statistics.push(Statistics { rows, clicks: 0 });
    }
    let (mut rows, mut clicks) = (u64::from(missing.rows), u64::from(missing.clicks));
    for key in &mut statistics {
        key.clicks = reader.varint_u32()?;
        if key.clicks > key.rows {
            return Err(reader.error("a key has more clicks than rows"));
        }
        rows += u64::from(key.rows);
        clicks += u64::from(key.clicks);
    }
    let missing_fits = missing.clicks <= missing.rows && (missing.rows == 0 || missing.rows >= min_count);
    // What the keys leave is the rare bucket, which can't have more clicks than rows either.
    let rare_rows = u64::from(total.rows).checked_sub(rows);
    let rare_clicks = u64::from(total.clicks).checked_sub(clicks);
    match (rare_rows, rare_clicks) {
        (Some(rows), Some(clicks)) if clicks <= rows && missing_fits => {}
        _ => return Err(reader.error("the rows and clicks of a column do not add up")),
    }
    let missing = (missing.rows > 0).then_some(missing);
    let parts = ColumnParts {
        missing,
        bits: KEY_BITS,
        keys: keys.into_iter().zip(statistics).collect(),
        exceptions: Vec::new(),
    };
    Ok(Column::new(parts, prior))
}
