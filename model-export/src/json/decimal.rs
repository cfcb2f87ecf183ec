//! Decimal numbers to the nearest `f64`, exactly and without tables.
//!
//! Short numbers are one division or product of exact numbers. For others, numerator and denominator are written out
//! as whole numbers of any length and divided bit by bit.

use std::cmp::Ordering;

/// More digits than any number halfway between two neighbours has (767): what follows decides only whether it is
/// passed.
const MAX_DIGITS: usize = 800;

/// The nearest `f64`, infinite beyond the largest; `None` where the exponent itself is beyond all sense.
pub(super) fn nearest(text: &str) -> Option<f64> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let exponent_at = text.bytes().position(|byte| byte | 0x20 == b'e');
    let (digits, exponent) = match exponent_at {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let mut number = Decimal {
        digits: Vec::new(),
        exponent: exponent.into(),
    };
    let mut after_point = false;
    for byte in digits.bytes() {
        match byte.checked_sub(b'0') {
            Some(digit) => number.push(digit, after_point),
            None => after_point = true,
        }
    }
    let value = number.nearest();
    Some(if negative { -value } else { value })
}

/// The digits as a whole number, times ten to the exponent.
struct Decimal {
    /// Without zeros in front.
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    fn push(&mut self, digit: u8, after_point: bool) {
        self.exponent -= i64::from(after_point);
        if self.digits.len() < MAX_DIGITS {
            if digit > 0 || !self.digits.is_empty() {
                self.digits.push(digit);
            }
            return;
        }
        self.exponent += 1;
        if let (Some(last @ 0), true) = (self.digits.last_mut(), digit > 0) {
            *last = 1;
        }
    }

    fn nearest(&self) -> f64 {
        let magnitude = self.exponent + self.digits.len() as i64;
        if self.digits.is_empty() || magnitude < -330 {
            return 0.0;
        }
        if magnitude > 310 {
            return f64::INFINITY;
        }
        let power = self.exponent.unsigned_abs();
        if self.digits.len() <= 15 && power <= 22 {
            // Both are exact, so the result is rounded once.
            let whole = self
                .digits
                .iter()
                .fold(0.0, |whole, digit| whole * 10.0 + f64::from(*digit));
            let power = (0..power).fold(1.0, |power, _| power * 10.0);
            return if self.exponent < 0 {
                whole / power
            } else {
                whole * power
            };
        }
        let mut numerator = Whole(Vec::new());
        for digit in &self.digits {
            numerator.append(*digit);
        }
        let mut denominator = Whole(vec![1]);
        let scaled = if self.exponent < 0 {
            &mut denominator
        } else {
            &mut numerator
        };
        for _ in 0..power {
            scaled.append(0);
        }
        divide(numerator, denominator)
    }
}

/// The nearest `f64` to a quotient. Neither is zero.
fn divide(mut numerator: Whole, mut denominator: Whole) -> f64 {
    let mut exponent = numerator.bits() - denominator.bits();
    numerator.shift(-exponent);
    denominator.shift(exponent);
    if numerator.compare(&denominator).is_lt() {
        numerator.shift(1);
        exponent -= 1;
    }
    // The quotient now is at least 1 and below 2, and has `exponent` as an `f64`.
    let bits = if exponent < -1022 {
        53 + (exponent + 1022)
    } else {
        53
    };
    let mut mantissa = 0_u64;
    for _ in 0..bits {
        let one = numerator.compare(&denominator).is_ge();
        if one {
            numerator.subtract(&denominator);
        }
        mantissa = mantissa << 1 | u64::from(one);
        numerator.shift(1);
    }
    match numerator.compare(&denominator) {
        Ordering::Less => {}
        Ordering::Equal if bits >= 0 => mantissa += mantissa & 1,
        _ if bits >= 0 => mantissa += 1,
        _ => {}
    }
    if exponent > 1023 {
        return f64::INFINITY;
    }
    // A carry out of the mantissa is the next exponent's first number, or infinity.
    let normal = exponent.max(-1023) + 1023;
    let hidden = if normal == 0 { 0 } else { 1 << 52 };
    f64::from_bits(((normal as u64) << 52) + mantissa - hidden)
}

/// A whole number of any length, its lowest 32 bits first, without zeros at its end.
struct Whole(Vec<u32>);

impl Whole {
    /// Ten times the number and a digit.
    fn append(&mut self, digit: u8) {
        let mut carry = u64::from(digit);
        for limb in &mut self.0 {
            carry += u64::from(*limb) * 10;
            *limb = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn bits(&self) -> i32 {
        let last = self.0.last().copied().unwrap_or(0);
        32 * self.0.len() as i32 - last.leading_zeros() as i32
    }

    /// Times two to a power above 0; unchanged otherwise.
    fn shift(&mut self, by: i32) {
        if by <= 0 {
            return;
        }
        let mut carry = 0;
        for limb in &mut self.0 {
            let wide = u64::from(*limb) << (by % 32) | carry;
            *limb = wide as u32;
            carry = wide >> 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
        if !self.0.is_empty() {
            self.0.splice(0..0, (0..by / 32).map(|_| 0));
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        let lengths = self.0.len().cmp(&other.0.len());
        lengths.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    /// Takes away a number that is not larger.
    fn subtract(&mut self, other: &Self) {
        let mut borrow = 0;
        for (index, limb) in self.0.iter_mut().enumerate() {
            let wide = i64::from(*limb) - i64::from(other.0.get(index).copied().unwrap_or(0)) + borrow;
            *limb = wide as u32;
            borrow = wide >> 32;
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}
