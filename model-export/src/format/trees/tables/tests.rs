#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

use proptest::prelude::*;

use super::*;
use crate::format::bytes::Reader;
use crate::format::coder::{RangeDecoder, RangeEncoder};

fn survive(table: &Table) -> usize {
    let splits = table.splits();
    let mut encoder = RangeEncoder::new();
    Tables::new()
        .code(&mut encoder, 65_536, splits, std::slice::from_ref(table))
        .unwrap();
    let bytes = encoder.finish();
    let mut decoder = RangeDecoder::new(Reader::new("test", &bytes)).unwrap();
    let read = Tables::new().code(&mut decoder, 65_536, splits, &[]).unwrap();
    decoder.end().unwrap();
    let bits = |table: &Table| -> Vec<u32> {
        table
            .thresholds
            .iter()
            .map(|threshold| threshold.to_bits())
            .collect()
    };
    assert_eq!(bits(&read[0]), bits(table));
    assert_eq!(read, std::slice::from_ref(table));
    bytes.len()
}

fn table(mut thresholds: Vec<f32>) -> Table {
    thresholds.sort_by(f32::total_cmp);
    thresholds.dedup_by_key(|threshold| threshold.to_bits());
    Table {
        feature: 65_535,
        categorical: u32::from(thresholds.is_empty()),
        uses: (0..thresholds.len() as u32)
            .map(|index| 1 + index * index % 7)
            .collect(),
        thresholds,
    }
}

#[test]
fn decimals_are_found_and_are_short() {
    let count = 200;
    for (decimals, unit) in [(0, 1.0_f64), (1, 10.0), (2, 100.0), (4, 1e4)] {
        let value = |index: u32| (f64::from(index * 3 - 250) / unit) as f32;
        let decimal = table((0..count).map(|index| value(index + 90)).collect());
        assert_eq!(places(&decimal.thresholds), decimals);
        let length = survive(&decimal);
        assert!(
            length < 110,
            "{length} bytes for {count} decimals of {decimals} places"
        );
    }
    assert_eq!(places(&[0.5, 0.1, 1e-7]), 7);
    for odd in [1e-8, -0.0, 2e9, f32::MIN_POSITIVE] {
        assert_eq!(places(&[0.5, odd]), NO_PLACES, "{odd}");
    }
}

#[test]
fn places_are_in_total_order() {
    let ascending = [
        f32::MIN,
        -1.0,
        -f32::MIN_POSITIVE,
        -0.0,
        0.0,
        1e-45,
        0.1,
        f32::MAX,
    ];
    let positions = ascending.map(|threshold| position(threshold, NO_PLACES).unwrap());
    assert!(positions.is_sorted_by(|first, second| first < second));
    for (value, position) in ascending.iter().zip(positions) {
        assert_eq!(threshold(position, NO_PLACES).to_bits(), value.to_bits());
    }
}

proptest! {
    #[test]
    fn any_thresholds_survive(bits in prop::collection::vec(any::<u32>(), 0..50)) {
        let floats = bits.into_iter().map(f32::from_bits).filter(|float| float.is_finite());
        survive(&table(floats.collect()));
    }

    #[test]
    fn decimals_survive(numbers in prop::collection::vec(-(1 << 30)..1 << 30, 0..50), shift in 0..30, power in 0..8) {
        let decimal = |number: i32| (f64::from(number >> shift) / 10_f64.powi(power)) as f32;
        survive(&table(numbers.into_iter().map(decimal).collect()));
    }
}
