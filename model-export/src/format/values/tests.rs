#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

use proptest::prelude::*;

use super::*;
use crate::format::bytes::Reader;
use crate::format::coder::{RangeDecoder, RangeEncoder};

fn code(coder: &mut impl Coder, count: usize, given: Option<&[f32]>) -> Vec<f32> {
    let layout = Layout::of(given.unwrap_or_default().iter().copied(), true)
        .code(coder, true)
        .unwrap();
    let mut values = Values::new(layout);
    let mut sibling = Sibling::default();
    let mut code_one = |at: usize| {
        let given = given.map(|values| values[at]);
        let (value, next) = values.code(coder, sibling, at % SIZES, given);
        sibling = next;
        value
    };
    (0..count).map(&mut code_one).collect()
}

fn survive(values: &[f32]) -> usize {
    let mut encoder = RangeEncoder::new();
    code(&mut encoder, values.len(), Some(values));
    let bytes = encoder.finish();
    let mut decoder = RangeDecoder::new(Reader::new("test", &bytes)).unwrap();
    let read = code(&mut decoder, values.len(), None);
    decoder.end().unwrap();
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&read), bits(values));
    bytes.len()
}

fn weights(count: u32) -> Vec<f32> {
    let weight = |index: u32| f32::from_bits(0x3d00_0000 + index.wrapping_mul(0x9e37_79b1) % (1 << 25));
    (0..count).map(weight).collect()
}

#[test]
fn a_learning_rate_is_found_and_saves_what_it_can() {
    let plain = survive(&weights(4000));
    assert_eq!(
        Layout::of(weights(4000).iter().copied(), true).form,
        Form::Float(Factor::PLAIN)
    );
    for (rate, thousandths, fractions) in [
        (0.3_f32, 600, 0.8667),
        (0.1, 800, 0.85),
        (0.045, 720, 0.8289),
        (0.012, 768, 0.8381),
        (0.7, 700, 0.8286),
    ] {
        let products: Vec<f32> = weights(4000).iter().map(|weight| -weight * rate).collect();
        let Form::Float(factor) = Layout::of(products.iter().copied(), true).form else {
            panic!("{rate} gives whole numbers");
        };
        assert_eq!(factor, Factor::new(thousandths), "{rate}");
        assert!(
            (f64::from(factor.size()) / f64::from(1 << 23) - fractions).abs() < 1e-4,
            "{rate}"
        );
        let saved = 4000.0 * -fractions.log2() / 8.0;
        let length = survive(&products) as f64;
        assert!(
            length < plain as f64 - 0.9 * saved,
            "{length} of {plain} for {rate}"
        );
    }
    let mut odd: Vec<f32> = weights(4000).iter().map(|weight| weight * 0.3).collect();
    let factor = Factor::new(600);
    let no_product = (0..).map(|more| f32::from_bits(odd[77].to_bits() + more));
    odd[77] = no_product
        .into_iter()
        .find(|value| factor.index(*value).is_none())
        .unwrap();
    assert_eq!(
        Layout::of(odd.iter().copied(), true).form,
        Form::Float(Factor::PLAIN)
    );
    survive(&odd);
}

#[test]
fn a_factor_has_a_place_for_each_product_and_for_nothing_else() {
    for thousandths in [501, 600, 707, 720, 768, 800, 999, 1000] {
        let factor = Factor::new(thousandths);
        for step in 0..20_000 {
            let index = (u64::from(factor.size()) * step / 20_000) as u32;
            let value = factor.value(100, index);
            assert_eq!(factor.index(value), Some((100, index)), "{thousandths}");
        }
        assert_eq!(
            factor.index(factor.value(100, factor.size() - 1)),
            Some((100, factor.size() - 1))
        );
    }
}

#[test]
fn whole_numbers_have_the_largest_grain() {
    let form = |values: &[f32]| Layout::of(values.iter().copied(), true).form;
    assert_eq!(form(&[0.5, -0.25, 1.5]), Form::Whole(-2));
    assert_eq!(form(&[6.0, -4.0, 0.0]), Form::Whole(1));
    assert_eq!(form(&[0.0, 0.0]), Form::Whole(-149));
    assert_eq!(form(&[16_777_215.0, 1.0]), Form::Whole(0));
    assert!(matches!(form(&[16_777_216.0, 1.0]), Form::Float(_)));
    assert!(matches!(form(&[1.0, -0.0]), Form::Float(_)));
    assert_eq!(form(&[f32::MAX]), Form::Whole(104));
    assert_eq!(form(&[f32::from_bits(1)]), Form::Whole(-149));
    assert!(matches!(form(&[1.0, f32::NAN]), Form::Float(_)));
}

#[test]
fn odd_values_survive() {
    let odd = [
        f32::NAN,
        -f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        -0.0,
        0.0,
        f32::from_bits(1),
        f32::MIN_POSITIVE,
        f32::MAX,
        f32::MIN,
    ];
    survive(&[]);
    for value in odd {
        survive(&[value]);
        survive(&[value, 1.0, value]);
    }
    survive(&odd);
}

proptest! {
    #[test]
    fn any_values_survive(bits in prop::collection::vec(any::<u32>(), 0..60)) {
        survive(&bits.into_iter().map(f32::from_bits).collect::<Vec<_>>());
    }

    #[test]
    fn multiples_survive(
        multiples in prop::collection::vec(-(1 << 24) + 1..1 << 24, 0..60),
        shift in 0..24,
        exponent in -149..104_i32,
    ) {
        let grain = f64::from(exponent).exp2();
        let value = |multiple: i32| (f64::from(multiple >> shift) * grain) as f32;
        survive(&multiples.into_iter().map(value).collect::<Vec<_>>());
    }
}
