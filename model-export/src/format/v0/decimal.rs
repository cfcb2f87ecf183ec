//! Decimal numbers to the nearest `f64`, in a tenth of the code that the standard library has for it, which would be a
//! large part of what a page loads.

use std::cmp::Ordering;

/// Bits of a normal number, the first of which is not stored.
const PRECISION: i32 = 53;
const LEAST_EXPONENT: i32 = -1022;
const LARGEST_EXPONENT: i32 = 1023;

/// The number that `text` stands for, such as `-0.5`, `12` or `1.5e-7`, if it is finite and has at most 19 digits.
pub(super) fn parse(text: &str) -> Option<f64> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
    let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let mut digits: u64 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        digits = digits.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
    }
    let exponent = exponent.parse::<i16>().ok()?;
    let exponent = i32::from(exponent) - fraction.len() as i32;
    let size = nearest(digits, exponent)?;
    Some(if negative { -size } else { size })
}

/// The number nearest to `digits * 10^exponent`, the even one of two.
fn nearest(digits: u64, exponent: i32) -> Option<f64> {
    if digits == 0 || exponent < -400 {
        return Some(0.0);
    }
    if exponent > 400 {
        return None;
    }
    let (mut number, mut unit) = (Large::new(digits), Large::new(1));
    let scaled = if exponent < 0 { &mut unit } else { &mut number };
    for _ in 0..exponent.abs() {
        scaled.multiply(10);
    }
    // The number is from 1 up to 2 of a unit of 2 to this power.
    let mut power = number.bits() - unit.bits();
    for _ in 0..power.abs() {
        if power < 0 { &mut number } else { &mut unit }.multiply(2);
    }
    if number.compare(&unit).is_lt() {
        number.multiply(2);
        power -= 1;
    }
    let bits = PRECISION + (power - LEAST_EXPONENT).min(0);
    let mut fraction = 0_u64;
    for _ in 0..bits {
        fraction <<= 1;
        if number.compare(&unit).is_ge() {
            number.subtract(&unit);
            fraction |= 1;
        }
        number.multiply(2);
    }
    // Without a bit that counts, it is less than half of the least number.
    let up = bits >= 0
        && match number.compare(&unit) {
            Ordering::Less => false,
            Ordering::Equal => fraction % 2 == 1,
            Ordering::Greater => true,
        };
    if power > LARGEST_EXPONENT {
        return None;
    }
    // The first bit of the fraction, where it is not stored, counts as 1 of the exponent.
    let exponent = (power - LEAST_EXPONENT).max(0) as u64;
    let number = f64::from_bits((exponent << 52) + fraction + u64::from(up));
    number.is_finite().then_some(number)
}

/// A number of any length, the lowest digits first.
struct Large(Vec<u32>);

impl Large {
    fn new(number: u64) -> Self {
        let mut large = Self(vec![number as u32, (number >> 32) as u32]);
        large.shorten();
        large
    }

    fn bits(&self) -> i32 {
        let last = self.0.last().map_or(0, |last| last.leading_zeros());
        32 * self.0.len() as i32 - last as i32
    }

    fn multiply(&mut self, by: u32) {
        let mut carry = 0;
        for digit in &mut self.0 {
            let product = u64::from(*digit) * u64::from(by) + carry;
            *digit = product as u32;
            carry = product >> 32;
        }
        self.0.push(carry as u32);
        self.shorten();
    }

    /// `other` is not larger.
    fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        for (index, digit) in self.0.iter_mut().enumerate() {
            let other = other.0.get(index).copied().unwrap_or(0);
            let (less, first) = digit.overflowing_sub(other);
            let (less, second) = less.overflowing_sub(u32::from(borrow));
            *digit = less;
            borrow = first || second;
        }
        self.shorten();
    }

    fn compare(&self, other: &Self) -> Ordering {
        let lengths = self.0.len().cmp(&other.0.len());
        lengths.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    fn shorten(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::parse;

    #[test]
    fn ends_and_halves_are_as_the_standard_library_has_them() {
        for text in [
            "0",
            "-0.0",
            "5e-324",
            "2.5e-324",
            "2.4e-324",
            "2.2250738585072014e-308",
            "2.225073858507201e-308",
            "1.7976931348623157e308",
            "9007199254740993",
            "9007199254740993.0",
            "9007199254740992.5",
            "0.1",
            "1e22",
            "1e23",
            "123456789012345.6",
            "1e-400",
            "4.9406564584124654e-324",
        ] {
            let expected: f64 = text.parse().unwrap();
            assert_eq!(parse(text).map(f64::to_bits), Some(expected.to_bits()), "{text}");
        }
        for text in [
            "",
            "-",
            ".5",
            "5.",
            "1e",
            "1e999",
            "1.8e308",
            "0x1",
            "1_0",
            "inf",
            "99999999999999999999",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn any_number_is_the_nearest(number in any::<f64>(), digits in any::<u64>(), exponent in -345..310_i32) {
            let text = serde_json::to_string(&number).unwrap();
            if number.is_finite() {
                prop_assert_eq!(parse(&text).map(f64::to_bits), Some(number.to_bits()), "{}", text);
            }
            let text = format!("{digits}e{exponent}");
            let expected = text.parse::<f64>().ok().filter(|number| number.is_finite());
            prop_assert_eq!(parse(&text).map(f64::to_bits), expected.map(f64::to_bits), "{}", text);
        }
    }
}
