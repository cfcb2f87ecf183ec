#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

use proptest::prelude::*;

use super::*;
use crate::format::bytes::Reader;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Value {
    Bit(bool),
    Shared(bool),
    Raw(u32, u32),
    Below(u32, u32),
    Part(u32, u32, u32),
    Symbol(u32, u32),
    Frequent(usize),
    Spread(u32, u32),
    Number(u32),
}

/// What any user of the coder keeps: models by what they are for.
struct Models {
    bits: Vec<Bit>,
    number: Number,
    frequencies: Frequencies,
}

impl Models {
    fn new() -> Self {
        Self {
            bits: vec![Bit::default(); 2048],
            number: Number::with_contexts(2),
            frequencies: Frequencies::new(3, 20),
        }
    }

    fn code(&mut self, coder: &mut impl Coder, value: Value) -> Value {
        let bits = &mut self.bits;
        match value {
            Value::Bit(bit) => Value::Bit(coder.bit(&mut bits[0], bit)),
            Value::Shared(bit) => Value::Shared(coder.shared_bit(bits, [1, 2], bit)),
            Value::Raw(width, value) => Value::Raw(width, coder.raw(width, value)),
            Value::Below(limit, value) => Value::Below(limit, coder.below(limit, value)),
            Value::Part(total, from, size) => {
                let place = coder.place(total, from);
                let within = place >= from && place < from + size;
                let (from, size) = if within { (from, size) } else { (place, 1) };
                coder.take(total, from, size);
                Value::Part(total, from, size)
            }
            Value::Frequent(symbol) => Value::Frequent(coder.frequent(&mut self.frequencies, 1, symbol)),
            Value::Symbol(limit, value) => Value::Symbol(limit, coder.symbol(bits, limit, value)),
            Value::Spread(size, value) => {
                Value::Spread(size, coder.spread(&mut bits[1024..1032], size, value))
            }
            Value::Number(value) => {
                let number = coder.number_after(&mut self.number, 1, value);
                Value::Number(number)
            }
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
    let below = || {
        (1..=u32::MAX, any::<u32>(), 0..32_u32).prop_map(|(limit, value, shift)| {
            let limit = (limit >> shift).max(1);
            (limit, value % limit)
        })
    };
    prop_oneof![
        prop::bool::weighted(0.98).prop_map(Value::Bit),
        prop::bool::weighted(0.02).prop_map(Value::Shared),
        (0..=32_u32, any::<u32>())
            .prop_map(|(width, value)| Value::Raw(width, (u64::from(value) & ((1 << width) - 1)) as u32)),
        below().prop_map(|(limit, value)| Value::Below(limit, value)),
        (below(), any::<u32>())
            .prop_map(|((total, from), size)| { Value::Part(total, from, 1 + size % (total - from)) }),
        (1..1024_u32, any::<u32>()).prop_map(|(limit, value)| Value::Symbol(limit, value % limit)),
        prop_oneof![1 => 0..20_usize, 30 => Just(7)].prop_map(Value::Frequent),
        below().prop_map(|(size, value)| Value::Spread(size, value)),
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
        for (at, byte) in changes.into_iter().filter(|_| !values.is_empty()) {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
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
        Value::Shared(true),
        Value::Below(3, 0),
    ];
    let mut accepted = 0;
    for number in (0..=0xff_ffff_u32).step_by(97) {
        let bytes = number.to_be_bytes();
        for bytes in [&bytes[1..], &bytes[2..], &bytes[3..], &[]] {
            if let Some(read) = decode(bytes, &kinds) {
                assert_eq!(encode(&read), bytes);
                accepted += 1;
            }
        }
    }
    assert!(accepted > 0);
    assert_eq!(decode(&[0xff; 8], &kinds), None);
    assert_eq!(decode(&[0xff; 40], &kinds), None);
}

#[test]
fn what_is_certain_costs_next_to_nothing() {
    for bit in [true, false] {
        let length = encode(&vec![Value::Bit(bit); 100_000]).len();
        assert!(length < 10, "{length} bytes");
    }
    let length = encode(&vec![Value::Frequent(3); 20_000]).len();
    assert!(length < 80, "{length} bytes");
    let values: Vec<Value> = (0..1000).map(|index| Value::Symbol(24, index % 24)).collect();
    let length = encode(&values).len();
    assert!(
        length < 620,
        "{length} bytes for 1000 times log2(24) bits, which are 573"
    );
}

#[test]
fn reading_past_the_end_is_found() {
    let mut decoder = RangeDecoder::new(Reader::new("test", &[0])).unwrap();
    let mut model = Bit::default();
    let found = (0..100_000_000).find(|_| {
        decoder.bit(&mut model, false);
        decoder.bit(&mut Bit::default(), false);
        decoder.check().is_err()
    });
    assert!(found.is_some_and(|found| found < 100));
}

#[test]
fn padding_is_exact() {
    let values = [Value::Number(1_000_000), Value::Bit(false)];
    let bytes = encode(&values);
    let ends = |bytes: &[u8], least: usize| {
        let mut models = Models::new();
        let mut decoder = RangeDecoder::new(Reader::new("test", bytes)).unwrap();
        for value in values {
            assert_eq!(models.code(&mut decoder, value), value);
        }
        decoder.end_padded(least).is_ok()
    };
    let padded = |zeros: usize| [&bytes[..], &vec![0; zeros]].concat();
    assert!(ends(&bytes, 0) && ends(&bytes, bytes.len()) && !ends(&bytes, bytes.len() + 1));
    assert!(ends(&padded(20), bytes.len() + 20) && !ends(&padded(19), bytes.len() + 20));
    assert!(!ends(&padded(21), bytes.len() + 20) && !ends(&padded(1), 0));
    let dirty = [&padded(19)[..], &[1]].concat();
    assert!(!ends(&dirty, bytes.len() + 20));
}
