//! The encoder section: configuration and integer statistics, from which the features are derived again.

use super::bytes::Writer;
pub(super) use super::v0::encoder::read;
use crate::encoder::Encoder;
use crate::row::{CATEGORY_COLUMNS, INTEGER_COLUMNS};

pub(super) fn write(encoder: &Encoder, writer: &mut Writer) {
    let config = encoder.config();
    writer.raw(&[INTEGER_COLUMNS as u8, CATEGORY_COLUMNS as u8]);
    writer.raw(&config.prior_weight.to_bits().to_le_bytes());
    writer.varint(u64::from(config.min_count));
    writer.raw(&[config.folds]);
    writer.raw(&config.seed.to_le_bytes());
    writer.varint(u64::from(encoder.total().rows));
    writer.varint(u64::from(encoder.total().clicks));
    for column in encoder.columns() {
        let missing = column.missing.unwrap_or_default();
        writer.varint(u64::from(missing.rows));
        writer.varint(u64::from(missing.clicks));
        writer.varint(column.keys.len() as u64);
        let mut least = 0;
        for key in &column.keys {
            writer.varint(u64::from(*key) - least);
            least = u64::from(*key) + 1;
        }
        for statistics in &column.statistics {
            writer.varint(u64::from(statistics.rows - config.min_count));
        }
        for statistics in &column.statistics {
            writer.varint(u64::from(statistics.clicks));
        }
    }
}
