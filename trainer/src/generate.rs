//! Generated rows shaped like Criteo's, from a click process whose true probabilities are known.
//!
//! The world (which categories exist, what they do) is fixed; the seed only chooses which rows are seen. So a model
//! trained on one seed can be tested on another, nothing drifts, and [`true_probability`] is a function of the row
//! alone: no model can do better than it, whatever it learns. Every number is the same on every machine
//! ([`libm`] and integer arithmetic only).

use model_export::{CATEGORY_COLUMNS, INTEGER_COLUMNS, Row};

/// A category column: how many values, how steep their popularity falls (Zipf exponent), how much it matters.
struct CategoryColumn {
    values: u64,
    exponent: f64,
    effect: f64,
}

/// An integer column: `floor(exp(mean + spread · z)) − shift`, where `z` leans on how active the visitor is.
struct IntegerColumn {
    mean: f64,
    spread: f64,
    shift: i64,
    effect: f64,
}

const fn category(values: u64, exponent: f64, effect: f64) -> CategoryColumn {
    CategoryColumn {
        values,
        exponent,
        effect,
    }
}

const fn integer(mean: f64, spread: f64, shift: i64, effect: f64) -> IntegerColumn {
    IntegerColumn {
        mean,
        spread,
        shift,
        effect,
    }
}

/// Cardinalities are those of the Kaggle data set, exponents fit the share of its ten most frequent values.
const CATEGORIES: [CategoryColumn; CATEGORY_COLUMNS] = [
    category(1_460, 1.55, 0.15),
    category(583, 0.85, 0.30),
    category(10_131_227, 0.95, 0.20),
    category(2_202_608, 0.98, 0.20),
    category(305, 2.00, 0.10),
    category(24, 1.30, 0.20),
    category(12_517, 0.60, 0.25),
    category(633, 1.80, 0.10),
    category(3, 3.00, 0.20),
    category(93_145, 0.75, 0.20),
    category(5_683, 0.65, 0.25),
    category(8_351_593, 0.95, 0.20),
    category(3_194, 0.65, 0.25),
    category(27, 1.40, 0.35),
    category(14_992, 0.60, 0.20),
    category(5_461_306, 0.95, 0.20),
    category(10, 1.20, 0.35),
    category(5_652, 0.80, 0.25),
    category(2_173, 1.20, 0.25),
    category(4, 0.30, 0.15),
    category(7_046_547, 0.95, 0.20),
    category(18, 1.50, 0.20),
    category(15, 1.30, 0.20),
    category(286_181, 0.90, 0.25),
    category(105, 1.30, 0.15),
    category(142_572, 0.85, 0.25),
];

const INTEGERS: [IntegerColumn; INTEGER_COLUMNS] = [
    integer(0.7, 1.3, 1, 0.20),
    integer(2.2, 2.0, 2, -0.04),
    integer(2.0, 1.4, 0, -0.05),
    integer(1.6, 1.1, 0, 0.05),
    integer(7.5, 2.2, 0, -0.06),
    integer(3.5, 1.6, 0, -0.15),
    integer(1.4, 1.6, 1, 0.20),
    integer(2.1, 1.1, 1, -0.04),
    integer(3.6, 1.6, 0, -0.08),
    integer(0.2, 0.6, 1, 0.15),
    integer(1.2, 1.0, 0, 0.20),
    integer(0.0, 0.9, 1, 0.10),
    integer(1.7, 1.2, 0, -0.20),
];

/// Columns that are missing together, and how often: in Criteo's rows one source fills several columns.
const MISSING: &[(&[usize], f64)] = &[
    (&[0, 9], 0.453),
    (&[2], 0.211),
    (&[3, 12], 0.213),
    (&[4], 0.026),
    (&[5], 0.223),
    (&[6, 8, 10], 0.042),
    (&[7], 0.001),
    (&[11], 0.768),
    (&[15, 16, 24, 28, 33, 36], 0.034),
    (&[18], 0.123),
    (&[31, 32, 37, 38], 0.441),
    (&[34], 0.761),
];

/// Pairs of category columns (C1 is 0) whose combination matters, and how much.
const PAIRS: &[(usize, usize, f64)] = &[
    (5, 13, 0.25),
    (16, 22, 0.25),
    (8, 24, 0.20),
    (1, 16, 0.25),
    (13, 19, 0.25),
    (21, 5, 0.15),
];

/// An integer column whose slope depends on a category column, and how much.
const SLOPES: &[(usize, usize, f64)] = &[(10, 16, 0.20), (5, 13, 0.12), (12, 22, 0.15), (4, 5, 0.05)];

/// Puts the mean click rate near Criteo's 0.256.
const INTERCEPT: f64 = -1.90;

/// The share of a visitor's activity in each integer's logarithm; the rest is the column's own.
const ACTIVITY: f64 = 0.5;

const WORLD: u64 = 0x0C11_C41E_AF00_0001;

/// An endless stream of labelled rows, the same for the same seed. Integers are capped at 2 000 000 000.
#[derive(Clone, Debug)]
pub struct Generator(SplitMix64);

impl Generator {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Self {
        Self(SplitMix64(mix(seed ^ WORLD)))
    }
}

impl Iterator for Generator {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let random = &mut self.0;
        let mut row = Row::default();
        let activity = random.normal();
        for (value, column) in row.integers.iter_mut().zip(&INTEGERS) {
            let own = libm::sqrt(1.0 - ACTIVITY * ACTIVITY) * random.normal();
            let size = libm::exp(column.mean + column.spread * (ACTIVITY * activity + own));
            *value = Some(size.min(2e9) as i64 - column.shift);
        }
        for (index, (value, column)) in row.categories.iter_mut().zip(&CATEGORIES).enumerate() {
            let rank = zipf(random.uniform(), column.values, column.exponent);
            *value = Some(hash(&[1, index as u64, rank]) as u32);
        }
        for (columns, rate) in MISSING {
            if random.uniform() < *rate {
                for &column in *columns {
                    match column.checked_sub(INTEGER_COLUMNS) {
                        None => row.integers[column] = None,
                        Some(category) => row.categories[category] = None,
                    }
                }
            }
        }
        row.label = Some(random.uniform() < true_probability(&row));
        Some(row)
    }
}

/// The probability with which the generator gives this row the label 1.
pub fn true_probability(row: &Row) -> f64 {
    let log = |j: usize| row.integers[j].map(|value| libm::log(1.0 + (value + INTEGERS[j].shift) as f64));
    // A missing category is a category of its own.
    let key = |j: usize| row.categories[j].map_or(u64::MAX, u64::from);
    let mut logit = INTERCEPT;
    for (j, column) in INTEGERS.iter().enumerate() {
        logit += match log(j) {
            Some(log) => column.effect * (log - column.mean),
            None => 0.3 * weight(&[2, j as u64]),
        };
    }
    for (j, column) in CATEGORIES.iter().enumerate() {
        logit += column.effect * weight(&[3, j as u64, key(j)]);
    }
    for &(a, b, effect) in PAIRS {
        logit += effect * weight(&[4, a as u64, b as u64, key(a), key(b)]);
    }
    for &(integer, category, effect) in SLOPES {
        let centred = log(integer).map_or(0.0, |log| log - INTEGERS[integer].mean);
        logit += effect * centred * weight(&[5, integer as u64, key(category)]);
    }
    1.0 / (1.0 + libm::exp(-logit))
}

/// A standard normal number that belongs to this key.
fn weight(key: &[u64]) -> f64 {
    SplitMix64(hash(key)).normal()
}

fn hash(key: &[u64]) -> u64 {
    key.iter().fold(WORLD, |state, &part| {
        mix(state.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ part)
    })
}

/// The rank (from 0) below which the share `u` of a power law over `values` ranks lies.
fn zipf(u: f64, values: u64, exponent: f64) -> u64 {
    let power = 1.0 - exponent;
    let top = libm::pow(values as f64 + 1.0, power);
    let x = libm::pow(u * (top - 1.0) + 1.0, 1.0 / power);
    (x as u64).clamp(1, values) - 1
}

/// Steele, Lea and Flood's generator (2014): one addition and one mix a number.
#[derive(Clone, Debug)]
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// In 0..1, 53 bits.
    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Box–Muller; the second number of the pair is given up.
    fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        radius * libm::cos(std::f64::consts::TAU * self.uniform())
    }
}

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_rows_everywhere() {
        let text: String = Generator::new(7)
            .take(1000)
            .map(|row| row.to_tsv() + "\n")
            .collect();
        assert_eq!(
            model_export::sha256_hex(text.as_bytes()),
            "15a12d0dfdb3f782fea5f145052bd794b0e5a47328a3cbea3af2d8cd64374c02"
        );
        assert_ne!(Generator::new(8).next(), Generator::new(7).next());
    }

    #[test]
    fn rows_have_the_shape_of_criteos() {
        let rows: Vec<Row> = Generator::new(1).take(40_000).collect();
        let share = |test: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| test(row)).count() as f64 / 4e4;
        let clicks = share(&|row| row.label == Some(true));
        assert!((clicks - 0.256).abs() < 0.012, "click rate {clicks}");
        let expected = rows.iter().map(true_probability).sum::<f64>() / 4e4;
        assert!(
            (clicks - expected).abs() < 0.01,
            "clicks {clicks} against probabilities {expected}"
        );
        for (columns, rate) in MISSING {
            for &column in *columns {
                let missing = share(&|row| match column.checked_sub(INTEGER_COLUMNS) {
                    None => row.integers[column].is_none(),
                    Some(category) => row.categories[category].is_none(),
                });
                assert!(
                    (missing - rate).abs() < 0.01,
                    "column {column}: {missing} missing, not {rate}"
                );
            }
        }
        let negatives = share(&|row| row.integers[1].is_some_and(|value| value < 0));
        assert!((0.1..0.5).contains(&negatives), "I2 negative in {negatives}");
        assert!(
            rows.iter()
                .all(|row| row.integers[1].is_none_or(|value| value >= -2))
        );
        let largest = rows.iter().filter_map(|row| row.integers[4]).max();
        assert!(largest > Some(500_000), "I5 has no heavy tail: {largest:?}");
    }

    #[test]
    fn popularity_falls_by_a_power_law() {
        let rows: Vec<Row> = Generator::new(2).take(20_000).collect();
        let mut counts = std::collections::HashMap::new();
        rows.iter()
            .filter_map(|row| row.categories[2])
            .for_each(|c| *counts.entry(c).or_insert(0) += 1);
        let mut counts: Vec<i32> = counts.into_values().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let seen = counts.iter().sum::<i32>() as f64;
        let head = counts[..10].iter().sum::<i32>() as f64 / seen;
        assert!((0.05..0.25).contains(&head), "ten first of C3: {head}");
        assert!(counts.len() > 8_000, "C3 has only {} values", counts.len());
    }
}
