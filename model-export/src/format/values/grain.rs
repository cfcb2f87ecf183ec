//! Values that are multiples of a power of two.

/// Bits of a multiple.
pub(super) const MULTIPLE_BITS: u32 = 24;
/// The lowest bit that an `f32` can have.
const LEAST: i32 = -149;

/// The exponent of the largest power of two that all values are multiples of, below 2^24 of it; of zeros alone that
/// of the smallest. `None` where there is none, or a value is -0.
pub(super) fn grain(values: impl Iterator<Item = f32>) -> Option<i32> {
    let (mut lowest, mut end) = (i32::MAX, LEAST);
    for value in values {
        let bits = value.to_bits();
        if bits == 1 << 31 || !value.is_finite() {
            return None;
        }
        let Some(bit) = lowest_bit(value) else {
            continue;
        };
        lowest = lowest.min(bit);
        end = end.max(end_bit(value));
        if end - lowest > MULTIPLE_BITS as i32 {
            return None;
        }
    }
    Some(if lowest == i32::MAX { LEAST } else { lowest })
}

/// A grain as a number below 2^9.
pub(super) fn to_number(grain: i32) -> u32 {
    (grain - LEAST) as u32
}

/// The grain of a number below 2^9; one that is too large for any value is found out by the values.
pub(super) fn from_number(number: u32) -> i32 {
    number as i32 + LEAST
}

/// The length of the multiple, and its bits after the first.
pub(super) fn index(value: f32, grain: i32) -> (u32, u32) {
    let multiple = multiple(value, grain) as u32;
    let length = u32::BITS - multiple.leading_zeros();
    (length, multiple & !(1 << length >> 1))
}

pub(super) fn value(length: u32, index: u32, grain: i32) -> f32 {
    let multiple = 1 << length >> 1 | index;
    (f64::from(multiple) * power_of_two(grain)) as f32
}

/// The exponent of the lowest bit that is set; `None` of 0.
fn lowest_bit(value: f32) -> Option<i32> {
    let bits = value.to_bits() & (u32::MAX >> 1);
    let exponent = (bits >> 23) as i32;
    let fraction = bits & 0x7f_ffff | u32::from(exponent > 0) << 23;
    (fraction > 0).then(|| exponent.max(1) - 150 + fraction.trailing_zeros() as i32)
}

/// One more than the exponent of the highest bit that is set, of a number other than 0.
fn end_bit(value: f32) -> i32 {
    let bits = value.to_bits() & (u32::MAX >> 1);
    let (exponent, fraction) = ((bits >> 23) as i32, bits & 0x7f_ffff);
    match exponent {
        0 => LEAST + (u32::BITS - fraction.leading_zeros()) as i32,
        _ => exponent - 126,
    }
}

fn multiple(value: f32, grain: i32) -> f64 {
    f64::from(value.abs()) * power_of_two(-grain)
}

fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}
