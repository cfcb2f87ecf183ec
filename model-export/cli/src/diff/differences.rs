//! How far two models' numbers are apart, over many rows.
//!
//! Invariant: memory does not grow with the rows: differences are counted by their size, in classes so narrow that a
//! quantile is exact to 0.05 %.

use serde_json::{Value, json};

/// Differences of one number of a row: a prediction, or a margin. Of several in a row, the largest counts.
pub(super) struct Differences {
    pub(super) rows: u64,
    changed: u64,
    sum: f64,
    largest: f32,
    /// Line or row of the largest.
    largest_at: u64,
    /// How many rows have a difference in each class.
    classes: Vec<u64>,
}

/// Bits of an `f32` that do not matter for its class.
const CLASS_BITS: u32 = 12;

impl Differences {
    pub(super) fn new() -> Self {
        Self {
            rows: 0,
            changed: 0,
            sum: 0.0,
            largest: 0.0,
            largest_at: 0,
            classes: vec![0; 1 << (31 - CLASS_BITS)],
        }
    }

    pub(super) fn add(&mut self, first: &[f32], second: &[f32], number: u64) {
        self.rows += 1;
        if first
            .iter()
            .zip(second)
            .any(|(first, second)| first.to_bits() != second.to_bits())
        {
            self.changed += 1;
        }
        let apart = |(first, second): (&f32, &f32)| (f64::from(*first) - f64::from(*second)).abs() as f32;
        // Equal infinities are not apart, others are infinitely far.
        let largest = first
            .iter()
            .zip(second)
            .filter(|(first, second)| first != second)
            .map(apart)
            .fold(0.0, f32::max);
        self.sum += f64::from(largest);
        if largest > self.largest {
            (self.largest, self.largest_at) = (largest, number);
        }
        self.classes[(largest.to_bits() >> CLASS_BITS) as usize] += 1;
    }

    /// The difference that this share of rows does not exceed.
    fn quantile(&self, share: f64) -> f32 {
        let wanted = (share * self.rows as f64).ceil() as u64;
        let mut seen = 0;
        for (class, rows) in self.classes.iter().enumerate() {
            seen += rows;
            if seen >= wanted {
                let upper =
                    f32::from_bits((((class as u32 + 1) << CLASS_BITS) - 1).min(self.largest.to_bits()));
                return if class == 0 { 0.0 } else { upper };
            }
        }
        self.largest
    }

    fn mean(&self) -> f64 {
        self.sum / self.rows.max(1) as f64
    }

    fn share_changed(&self) -> f64 {
        self.changed as f64 / self.rows.max(1) as f64
    }

    pub(super) fn json(&self) -> Value {
        let quantiles = QUANTILES.map(|(name, share)| (name.to_owned(), json!(self.quantile(share))));
        json!({
            "max": self.largest, "max_at": self.largest_at, "mean": self.mean(), "share_changed": self.share_changed(),
            "quantiles": Value::Object(quantiles.into_iter().collect()),
        })
    }

    pub(super) fn text(&self, unit: &str) -> String {
        let quantiles = QUANTILES.map(|(name, share)| format!("{name} {:.3e}", self.quantile(share)));
        let at = if self.largest > 0.0 {
            format!(" at {unit} {}", self.largest_at)
        } else {
            String::new()
        };
        format!(
            "changed in {:.4} % of rows; |Δ| max {:.3e}{at}, mean {:.3e}, {}",
            100.0 * self.share_changed(),
            self.largest,
            self.mean(),
            quantiles.join(", ")
        )
    }
}

const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_counted_by_size() {
        let mut differences = Differences::new();
        for row in 0..1000_u64 {
            let second = if row < 600 {
                0.25
            } else {
                0.25 + row as f32 / 1000.0
            };
            differences.add(&[0.25], &[second], row + 1);
        }
        assert_eq!(
            (differences.rows, differences.changed, differences.largest_at),
            (1000, 400, 1000)
        );
        assert_eq!(differences.quantile(0.5), 0.0);
        for (share, exact) in [(0.9, 0.899), (0.99, 0.989), (0.999, 0.998)] {
            let found = f64::from(differences.quantile(share));
            assert!((exact..exact * 1.0005).contains(&found), "{share}: {found}");
        }
        assert!(
            (differences.mean() - 0.31980).abs() < 1e-4,
            "{}",
            differences.mean()
        );
    }

    #[test]
    fn signs_of_zero_and_infinities_are_told_apart_from_distances() {
        let mut differences = Differences::new();
        differences.add(&[f32::INFINITY, 0.0], &[f32::INFINITY, -0.0], 1);
        assert_eq!(
            (
                differences.changed,
                differences.largest,
                differences.quantile(0.999)
            ),
            (1, 0.0, 0.0)
        );
    }
}
