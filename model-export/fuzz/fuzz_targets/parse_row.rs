//! Any accepted line is written back to a line that parses to the same row.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model_export::{parse_features, parse_row};

fuzz_target!(|line: &[u8]| {
    for row in [parse_row(line, 1), parse_features(line, 1)]
        .into_iter()
        .flatten()
    {
        assert_eq!(parse_features(row.to_tsv().as_bytes(), 1), Ok(row));
    }
});
