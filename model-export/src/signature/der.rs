//! The DER of a signature: a sequence of two integers, nothing else.
//!
//! Written out rather than read by a general decoder, which the page would have to carry.

use p256::FieldBytes;
use p256::ecdsa::Signature;

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;

/// Reads the signature; `None` unless it is DER (shortest lengths and integers, no other bytes) and in range.
pub(super) fn read(der: &[u8]) -> Option<Signature> {
    let (content, rest) = element(der, SEQUENCE)?;
    let (r, more) = integer(content)?;
    let (s, none) = integer(more)?;
    if !rest.is_empty() || !none.is_empty() {
        return None;
    }
    Signature::from_scalars(r, s).ok()
}

/// The content of an element of this tag, and what follows. A signature of this curve is never as long as 128 bytes,
/// from where on lengths are written otherwise.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, length], rest) = bytes.split_first_chunk()?;
    if found != tag || length >= 0x80 {
        return None;
    }
    rest.split_at_checked(length.into())
}

fn integer(bytes: &[u8]) -> Option<(FieldBytes, &[u8])> {
    let (content, rest) = element(bytes, INTEGER)?;
    let digits = match content {
        // A zero in front only where the number would be negative without it.
        [0, digits @ ..] if digits.first().is_some_and(|first| *first >= 0x80) => digits,
        [first, ..] if (1..0x80).contains(first) => content,
        _ => return None,
    };
    let mut number = FieldBytes::default();
    let start = number.len().checked_sub(digits.len())?;
    number[start..].copy_from_slice(digits);
    Some((number, rest))
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::Signature;

    use super::read;

    fn encoded(r: &[u8], s: &[u8]) -> Vec<u8> {
        let part = |number: &[u8]| [&[2, number.len() as u8], number].concat();
        let content = [part(r), part(s)].concat();
        [&[0x30, content.len() as u8], &content[..]].concat()
    }

    #[test]
    fn reads_what_a_general_decoder_reads() {
        let numbers: [&[u8]; 14] = [
            &[1],
            &[0x7f],
            &[0, 0x80],
            &[0, 0xff, 1],
            &[0x7f; 32],
            &[&[0][..], &[0xc3; 32]].concat(),
            // Refused: zero, negative, a needless zero, too long, beyond the curve's order, empty.
            &[0],
            &[0x80],
            &[0, 0x7f],
            &[0, 0],
            &[1; 33],
            &[&[0][..], &[0xff; 32]].concat(),
            &[&[0][..], &[0xff; 33]].concat(),
            &[],
        ];
        let mut accepted = 0;
        for r in numbers {
            for s in numbers {
                let der = encoded(r, s);
                let expected = Signature::from_der(&der).ok();
                assert_eq!(read(&der), expected, "{der:02x?}");
                accepted += usize::from(expected.is_some());
            }
        }
        assert_eq!(accepted, 36);
    }

    #[test]
    fn every_other_byte_is_refused_where_a_general_decoder_refuses_it() {
        let der = encoded(&[0x35; 32], &[0, 0x92, 7]);
        for at in 0..der.len() {
            assert_eq!(read(&der[..at]), None);
            for byte in 0..=255 {
                let mut changed = der.clone();
                changed[at] = byte;
                assert_eq!(
                    read(&changed),
                    Signature::from_der(&changed).ok(),
                    "{at}: {byte:02x}"
                );
            }
        }
        assert_eq!(read(&[&der[..], &[0]].concat()), None);
    }
}
