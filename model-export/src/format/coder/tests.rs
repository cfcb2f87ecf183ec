#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

use proptest::prelude::*;

use super::*;
use crate::format::bytes::Reader;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Value {
    Bit(bool),
    Raw(u32, u32),
    Symbol(u32, u32),
    Number(u32),
}

/// What any user of the coder keeps: models by what they are for.
struct Models {
    bit: Bit,
    symbols: Vec<Bit>,
    number: Number,
}

impl Models {
    fn new() -> Self {
        Self {
            bit: Bit::default(),
            symbols: vec![Bit::default(); 1024],
            number: Number::default(),
        }
    }

    fn code(&mut self, coder: &mut impl Coder, value: Value) -> Value {
        match value {
            Value::Bit(bit) => Value::Bit(coder.bit(&mut self.bit, bit)),
            Value::Raw(width, value) => Value::Raw(width, coder.raw(width, value)),
            Value::Symbol(limit, value) => {
                Value::Symbol(limit, coder.symbol(&mut self.symbols, limit, value))
            }
            Value::Number(value) => Value::Number(coder.number(&mut self.number, value)),
        }
    }
}

fn encode(values: &[Value]) -> Vec<u8> {
    let (mut models, mut encoder) = (Models::new(), RangeEncoder::new());
    for value in values {
        models.code(&mut encoder, *value);
    }
    encoder.finish()
}

/// Values of the same kinds as `kinds`, if the bytes end as they must.
fn decode(bytes: &[u8], kinds: &[Value]) -> Option<Vec<Value>> {
    let mut models = Models::new();
    let mut decoder = RangeDecoder::new(Reader::new("test", bytes)).ok()?;
    let values = kinds
        .iter()
        .map(|kind| models.code(&mut decoder, *kind))
        .collect();
    decoder.end().ok()?;
    Some(values)
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::bool::weighted(0.98).prop_map(Value::Bit),
        (0..=32_u32, any::<u32>())
            .prop_map(|(width, value)| Value::Raw(width, (u64::from(value) & ((1 << width) - 1)) as u32)),
        (1..1024_u32, any::<u32>()).prop_map(|(limit, value)| Value::Symbol(limit, value % limit)),
        (any::<u32>(), 0..32_u32).prop_map(|(value, shift)| Value::Number(value >> shift)),
    ]
}

proptest! {
    #[test]
    fn values_survive(values in prop::collection::vec(value(), 0..200)) {
        prop_assert_eq!(decode(&encode(&values), &values), Some(values));
    }

    #[test]
    fn bytes_that_are_accepted_are_those_that_are_written(
        values in prop::collection::vec(value(), 0..12),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        cut in 0..3_usize,
        more in prop::collection::vec(prop_oneof![Just(0), any::<u8>()], 0..3),
    ) {
        let mut bytes = encode(&values);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(bytes.len().saturating_sub(cut));
        bytes.extend(more);
        if let Some(read) = decode(&bytes, &values) {
            prop_assert_eq!(encode(&read), bytes);
        }
    }
}

#[test]
fn every_short_byte_string_has_one_meaning() {
    let kinds = [
        Value::Bit(true),
        Value::Symbol(5, 0),
        Value::Bit(true),
        Value::Symbol(3, 0),
    ];
    let mut accepted = 0;
    for bytes in (0..=0xff_ffff_u32).step_by(97) {
        let bytes = [&[3], &bytes.to_be_bytes()[1..]].concat();
        for bytes in [&bytes[..], &[2, bytes[1], bytes[2]], &[1, bytes[1]], &[0]] {
            if let Some(read) = decode(bytes, &kinds) {
                assert_eq!(encode(&read), bytes);
                accepted += 1;
            }
        }
    }
    assert!(accepted > 0);
}

#[test]
fn what_is_certain_costs_next_to_nothing() {
    let values = vec![Value::Bit(true); 100_000];
    let length = encode(&values).len();
    assert!(length < 90, "{length} bytes");
    let mut decoder = RangeDecoder::new(Reader::new("test", &[0])).unwrap();
    let mut model = Bit::default();
    let read = (0..3_000_000).find(|_| {
        decoder.bit(&mut model, false);
        decoder.check().is_err()
    });
    assert!(read.is_some(), "reading past the end is found");
}
