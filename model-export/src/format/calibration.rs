//! The calibration section: how a margin becomes a probability.

use super::FormatError;
use super::bytes::{Reader, Writer};
use crate::calibration::{Calibration, Knot, MAX_KNOTS};

const PLATT: u8 = 1;
const ISOTONIC: u8 = 2;
/// Two numbers.
const KNOT_BITS: usize = 64;

pub(super) fn write(calibration: &Calibration, writer: &mut Writer) {
    match calibration {
        Calibration::Platt { slope, offset } => {
            writer.raw(&[PLATT]);
            writer.raw(&slope.to_le_bytes());
            writer.raw(&offset.to_le_bytes());
        }
        Calibration::Isotonic(knots) => {
            writer.raw(&[ISOTONIC]);
            writer.varint(knots.len() as u64);
            for Knot { margin, probability } in knots {
                writer.raw(&margin.to_le_bytes());
                writer.raw(&probability.to_le_bytes());
            }
        }
    }
}

/// What is read may still be no calibration.
#[inline(never)]
pub(super) fn read(mut reader: Reader<'_>) -> Result<Calibration, FormatError> {
    let calibration = match reader.byte()? {
        PLATT => Calibration::Platt {
            slope: number(&mut reader)?,
            offset: number(&mut reader)?,
        },
        ISOTONIC => {
            let count = reader.count(KNOT_BITS)?;
            if count > MAX_KNOTS {
                return Err(reader.error("there are too many knots"));
            }
            let mut knots = Vec::with_capacity(count);
            for _ in 0..count {
                knots.push(Knot {
                    margin: number(&mut reader)?,
                    probability: number(&mut reader)?,
                });
            }
            Calibration::Isotonic(knots)
        }
        _ => return Err(reader.error("this kind of calibration is not known")),
    };
    reader.end()?;
    Ok(calibration)
}

fn number(reader: &mut Reader<'_>) -> Result<f32, FormatError> {
    Ok(f32::from_le_bytes(reader.array()?))
}
