#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

use proptest::prelude::*;

use super::*;
use crate::encoder::{EncoderFit, KEY_BITS, number};
use crate::format::coder::{Bit, Coder, Number};
use crate::row::Row;

/// Bytes before the coded stream, or before the crosses.
const HEAD: usize = 3 + 8 + 1 + 1 + 8 + 2;

fn row(seed: u64, index: u64) -> Row {
    let mut state = seed.wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut next = |limit: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % limit
    };
    Row {
        label: Some(next(4) == 0),
        integers: [None; INTEGER_COLUMNS],
        categories: std::array::from_fn(|column| {
            let range = 2 + 5 * column as u64;
            (next(6) > 0).then(|| (next(range) as u32).wrapping_mul(0x9e37_79b1 << (column % 5)))
        }),
    }
}

/// With a cross, or without one.
fn encoder(seed: u64, count: u64, min_count: u32, spare_bits: Option<u32>) -> Encoder {
    crossed(seed, count, min_count, spare_bits, (seed % 3) as usize)
}

fn crossed(seed: u64, count: u64, min_count: u32, spare_bits: Option<u32>, crosses: usize) -> Encoder {
    let names = ["C9xC3", "I13xC1"].into_iter().take(crosses);
    let mut fit = EncoderFit::new(EncoderConfig {
        seed,
        min_count,
        crosses: names.map(|name| name.parse().unwrap()).collect(),
        ..EncoderConfig::default()
    });
    for index in 0..count {
        fit.observe(index, &row(seed, index)).unwrap();
    }
    let fitted = fit.finish().unwrap();
    match spare_bits {
        Some(bits) => fitted.encoder().hashed(bits, &fitted),
        None => fitted.into_encoder(),
    }
}

fn written(encoder: &Encoder) -> Vec<u8> {
    let mut writer = Writer::default();
    write(encoder, &mut writer);
    writer.into_bytes()
}

fn read_back(bytes: &[u8]) -> Result<Encoder, FormatError> {
    read(Reader::new("encoder", bytes))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn encoders_survive_their_bytes(
        seed in any::<u64>(),
        count in 1..600_u64,
        min_count in 1..4_u32,
        spare_bits in prop::option::of(4..20_u32),
    ) {
        let encoder = encoder(seed, count, min_count, spare_bits);
        let bytes = written(&encoder);
        let read = read_back(&bytes).unwrap();
        prop_assert_eq!(&read, &encoder);
        prop_assert_eq!(written(&read), bytes);
    }

    #[test]
    fn changed_bytes_never_panic_and_what_is_accepted_is_what_would_be_written(
        count in 1..200_u64,
        spare_bits in prop::option::of(4..6_u32),
        crosses in 0..3_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in 0..3_usize,
    ) {
        let mut bytes = written(&crossed(3, count, 1, spare_bits, crosses));
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(bytes.len() - cut);
        if let Ok(read) = read_back(&bytes) {
            prop_assert_eq!(written(&read), bytes);
        }
    }

    #[test]
    fn any_coded_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut section = written(&encoder(3, 1, 1, None));
        section.truncate(HEAD);
        section.extend(&bytes);
        if let Ok(read) = read_back(&section) {
            prop_assert_eq!(written(&read), section.clone());
        }
        section[0] = 2;
        section.splice(HEAD..HEAD, [1, 13, 30]);
        if let Ok(read) = read_back(&section) {
            prop_assert_eq!(written(&read), section);
        }
    }
}

#[test]
fn other_kinds_and_features_are_refused_by_name() {
    let mut bytes = written(&crossed(1, 50, 1, None, 0));
    assert_eq!(bytes[0], 1);
    bytes[0] = 7;
    let refused = read_back(&bytes).unwrap_err();
    assert!(
        matches!(refused, FormatError::UnknownEncoder { kind: 7 }),
        "{refused}"
    );
    assert!(
        refused.to_string().contains("encoder kind 7 is not known"),
        "{refused}"
    );

    let mut coder = RangeEncoder::new();
    let mut features = Number::default();
    for number in [3, 1, 2, 9] {
        coder.number(&mut features, number);
    }
    bytes[0] = 1;
    bytes.truncate(HEAD);
    bytes.extend(coder.finish());
    let refused = read_back(&bytes).unwrap_err().to_string();
    assert!(
        refused.contains("a feature is not one that this reader knows"),
        "{refused}"
    );
}

#[test]
fn crosses_that_cannot_be_are_refused() {
    let bytes = written(&crossed(1, 9, 1, None, 2));
    assert_eq!(bytes[0], 2);
    assert_eq!(bytes[HEAD..HEAD + 5], [2, 21, 15, 12, 13]);
    let refused = |crosses: &[u8]| {
        let mut bytes = bytes.clone();
        bytes.splice(HEAD..HEAD + 5, crosses.iter().copied());
        read_back(&bytes).unwrap_err().to_string()
    };
    for crosses in [[1, 13, 13], [1, 39, 13], [1, 13, 39], [1, 13, 12]] {
        assert_eq!(
            refused(&crosses),
            "encoder section, byte 26: a cross is of other columns than it may be"
        );
    }
    let many: Vec<u8> = (0..65).flat_map(|index| [index % 13, 13 + index / 13]).collect();
    for crosses in [
        &[0][..],
        &[2, 13, 14, 13, 14],
        &[2, 13, 14, 14, 13],
        &[&[65][..], &many].concat(),
    ] {
        let refused = refused(crosses);
        assert!(
            refused.ends_with("there are no crosses, too many, or two of the same columns"),
            "{refused}"
        );
    }
    // A cross with a missing value of its own, of which the first 26 columns have none.
    let mut coder = RangeEncoder::new();
    let total = Statistics { rows: 9, clicks: 0 };
    let mut columns = Columns::new(1, total, usize::MAX);
    for column in 0..27 {
        let missing = (column == 26).then_some(total);
        let parts = ColumnParts {
            missing,
            bits: KEY_BITS,
            ..ColumnParts::default()
        };
        columns.code(&mut coder, &parts).unwrap();
    }
    let mut bytes = written(&crossed(1, 9, 1, None, 1));
    bytes.truncate(HEAD + 3);
    bytes.extend(coder.finish());
    let refused = read_back(&bytes).unwrap_err().to_string();
    assert!(refused.ends_with("a cross is never missing"), "{refused}");
}

#[test]
fn a_count_cannot_make_it_allocate() {
    for (bits, count, problem) in [
        (32, 1 << 28, "too many keys for so few bits"),
        (32, (1 << 28) - 1, "more keys than the section can hold"),
        (12, 256, "too many keys for so few bits"),
        (12, 255, "more keys than the section can hold"),
        (1, 1, "too many keys for so few bits"),
    ] {
        let mut coder = RangeEncoder::new();
        let mut features = Number::default();
        for number in [2, 1, 2] {
            coder.number(&mut features, number);
        }
        coder.number(&mut Number::default(), 0);
        coder.number(&mut Number::default(), 0);
        coder.symbol(&mut [Bit::default(); 32], 32, bits - 1);
        coder.number(&mut Number::default(), count);
        let mut bytes = written(&crossed(1, 9, 1, None, 0));
        bytes.truncate(HEAD);
        bytes.extend(coder.finish());
        let refused = read_back(&bytes).unwrap_err().to_string();
        assert!(refused.contains(problem), "{bits} bits, {count} keys: {refused}");
    }
}

#[test]
fn a_key_costs_little_more_than_what_tells_it_from_the_others() {
    let spread = |count: u32| (0..count).map(|index| u64::from(index) * 0x9e37_79b9 + 77);
    let config = EncoderConfig::default();
    let total = Statistics {
        rows: 1_000_000,
        clicks: 250_000,
    };
    let prior = Prior::new(total, config.prior_weight);
    let column = |count: u32| {
        let mut keys: Vec<u32> = spread(count).map(|key| number(key as u32, 31) * 2).collect();
        keys.sort_unstable();
        keys.dedup();
        let own = Statistics { rows: 4, clicks: 1 };
        let keys = keys.into_iter().map(|key| (key, own)).collect();
        let parts = ColumnParts {
            bits: KEY_BITS,
            keys,
            ..ColumnParts::default()
        };
        Column::new(parts, &prior)
    };
    let bytes = |count: u32| {
        let mut columns = vec![column(count)];
        columns.resize(CATEGORY_COLUMNS, column(0));
        written(&Encoder::from_parts(config.clone(), total, columns, None)).len()
    };
    let none = bytes(0);
    assert!(none < 60, "{none} bytes for no key");
    // log2 of the ways to choose 4096 of 2^32 numbers is 21.44 bits a number.
    let keys = (bytes(4096) - none) as f64 * 8.0 / 4096.0;
    assert!((21.0..21.8).contains(&keys), "{keys} bits a key");
}
