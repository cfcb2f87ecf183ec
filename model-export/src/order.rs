//! The order of floats, and sorting by digits: in a page the general sort is some kilobytes for every type that is sorted.

/// Bits of a digit.
const DIGIT: u32 = 11;

/// The place of a float among all in IEEE 754's total order.
#[inline(always)]
pub(crate) fn place(value: f32) -> u32 {
    let bits = value.to_bits();
    bits ^ ((bits as i32 >> 31) as u32 | 1 << 31)
}

/// The reverse of [`place`].
pub(crate) fn at_place(place: u32) -> f32 {
    f32::from_bits(place ^ (!(place as i32 >> 31) as u32 | 1 << 31))
}

/// Sorts numbers by their upper 32 bits; those that are alike there stay in their order.
pub(crate) fn by_upper_half(numbers: &mut Vec<u64>) {
    let mut sorted = vec![0; numbers.len()];
    for shift in (u32::BITS..u64::BITS).step_by(DIGIT as usize) {
        let digit = |number: u64| (number >> shift) as usize & ((1 << DIGIT) - 1);
        let mut places = [0_u32; 1 << DIGIT];
        for number in &*numbers {
            places[digit(*number)] += 1;
        }
        let mut next = 0;
        for place in &mut places {
            next += std::mem::replace(place, next);
        }
        for number in &*numbers {
            let place = &mut places[digit(*number)];
            sorted[*place as usize] = *number;
            *place += 1;
        }
        std::mem::swap(numbers, &mut sorted);
    }
}

/// Sorts numbers and leaves one of each.
pub(crate) fn distinct(numbers: &mut Vec<u64>) {
    for _ in 0..2 {
        numbers
            .iter_mut()
            .for_each(|number| *number = number.rotate_left(u32::BITS));
        by_upper_half(numbers);
    }
    numbers.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn places_are_in_total_order(bits in any::<u32>(), other in any::<u32>()) {
            let [value, other] = [bits, other].map(f32::from_bits);
            prop_assert_eq!(place(value).cmp(&place(other)), value.total_cmp(&other));
            prop_assert_eq!(at_place(place(value)).to_bits(), bits);
        }

        #[test]
        fn numbers_are_sorted_as_by_the_general_sort(
            numbers in prop::collection::vec((any::<u64>(), 0..64_u32), 0..200)
        ) {
            let numbers: Vec<u64> = numbers.into_iter().map(|(number, shift)| number >> shift).collect();
            let (mut found, mut expected) = (numbers.clone(), numbers.clone());
            by_upper_half(&mut found);
            expected.sort_by_key(|number| number >> 32);
            prop_assert_eq!(found, expected);
            let (mut found, mut expected) = (numbers.clone(), numbers);
            distinct(&mut found);
            expected.sort_unstable();
            expected.dedup();
            prop_assert_eq!(found, expected);
        }
    }
}
