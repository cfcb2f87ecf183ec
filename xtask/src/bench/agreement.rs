//! How far predictions are from XGBoost's margins.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use super::engines::Agreement;

/// Largest difference of margins that another order of adding a thousand leaves explains.
const MARGIN_BOUND: f64 = 1e-4;
/// Largest difference of probabilities.
const PROBABILITY_BOUND: f64 = 1e-5;
/// Largest mean difference of the probabilities of a model of its own: it has to have learnt the same thing.
const OWN_MODEL_BOUND: f64 = 0.05;

/// Says how well `values` agree with the margins; an error if not well enough.
pub(super) fn check(agreement: Agreement, values: &[f32], margins: &[f32]) -> Result<String> {
    ensure!(
        !margins.is_empty() && values.len() == margins.len(),
        "{} values for {} rows",
        values.len(),
        margins.len()
    );
    let differences = |of: fn(f32) -> f64| {
        let pairs = values.iter().zip(margins);
        pairs
            .map(move |(value, margin)| (f64::from(*value) - of(*margin)).abs())
            .map(|difference| {
                if difference.is_nan() {
                    f64::INFINITY
                } else {
                    difference
                }
            })
    };
    let largest = |of| differences(of).fold(0.0, f64::max);
    let (what, difference, bound) = match agreement {
        Agreement::Bits => {
            let pairs = values.iter().zip(margins);
            let other = pairs.filter(|(value, margin)| value.to_bits() != margin.to_bits());
            match other.count() {
                0 => return Ok("margins equal XGBoost's bit for bit".to_owned()),
                count => bail!(
                    "{count} of {} margins differ from XGBoost's, by up to {:.1e}",
                    margins.len(),
                    largest(f64::from)
                ),
            }
        }
        Agreement::Margins => ("margins differ by up to", largest(f64::from), MARGIN_BOUND),
        Agreement::Probabilities => (
            "probabilities differ by up to",
            largest(logistic),
            PROBABILITY_BOUND,
        ),
        Agreement::OwnModel => (
            "a model of its own: probabilities differ on average by",
            differences(logistic).sum::<f64>() / margins.len() as f64,
            OWN_MODEL_BOUND,
        ),
    };
    ensure!(
        difference <= bound,
        "{what} {difference:.1e}, more than {bound:.0e}"
    );
    Ok(format!("{what} {difference:.1e}"))
}

/// A file of little-endian `f32`.
pub(super) fn read_values(path: &Path) -> Result<Vec<f32>> {
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let (values, rest) = bytes.as_chunks::<4>();
    ensure!(rest.is_empty(), "{} is not a file of f32", path.display());
    Ok(values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

fn logistic(margin: f32) -> f64 {
    1.0 / (1.0 + (-f64::from(margin)).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unit_in_the_last_place_is_not_bit_equal() {
        let next = f32::from_bits(1.5f32.to_bits() + 1);
        assert!(check(Agreement::Bits, &[1.5, -0.25], &[1.5, -0.25]).is_ok());
        let error = check(Agreement::Bits, &[next, -0.25], &[1.5, -0.25]).unwrap_err();
        assert!(error.to_string().starts_with("1 of 2 margins differ"), "{error}");
        assert!(check(Agreement::Bits, &[0.0], &[-0.0]).is_err());
    }

    #[test]
    fn bounds_are_bounds_and_nan_is_beyond_all() {
        for (agreement, value, agrees) in [
            (Agreement::Margins, 0.00009, true),
            (Agreement::Margins, 0.00011, false),
            (Agreement::Margins, f32::NAN, false),
            (Agreement::Probabilities, 0.500_009, true),
            (Agreement::Probabilities, 0.500_02, false),
            (Agreement::Probabilities, f32::NAN, false),
            (Agreement::OwnModel, 0.54, true),
            (Agreement::OwnModel, 0.56, false),
        ] {
            assert_eq!(
                check(agreement, &[value], &[0.0]).is_ok(),
                agrees,
                "{agreement:?} {value}"
            );
        }
    }

    #[test]
    fn values_are_as_many_as_rows() {
        assert!(check(Agreement::Bits, &[1.0], &[1.0, 2.0]).is_err());
        assert!(check(Agreement::Bits, &[], &[]).is_err());
    }
}
