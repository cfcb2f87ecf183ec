//! Rows that look for trouble: holes, ties, signed zeros, denormals, huge values, exact thresholds.

pub(crate) const COLUMNS: usize = 8;

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Uniform in [0, 1).
    pub(crate) fn uniform(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u32 << 24) as f32
    }

    /// Uniform in 0..count.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.bits() % count as u64) as usize
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// Features, row by row, and labels that lean on every column and on which values are missing.
pub(crate) fn training_rows(count: usize, seed: u64) -> (Vec<f32>, Vec<f32>) {
    let mut random = Random::new(seed);
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..count {
        // XGBoost's largest cut is twice the largest value, which must be finite.
        let row: [f32; COLUMNS] = std::array::from_fn(|column| value(column, &mut random).clamp(-1e38, 1e38));
        let score: f32 = row.iter().enumerate().map(|(column, x)| lean(column, *x)).sum();
        labels.push(f32::from(u8::from(score + 3.0 * random.uniform() - 1.5 > 0.4)));
        features.extend(row);
    }
    (features, labels)
}

/// Rows of the same kind; in about half of them one value is a threshold of the model, or its neighbour.
pub(crate) fn unseen_rows(count: usize, random: &mut Random, thresholds: &[(usize, f32)]) -> Vec<f32> {
    let mut features = Vec::with_capacity(count * COLUMNS);
    for _ in 0..count {
        let mut row: [f32; COLUMNS] = std::array::from_fn(|column| value(column, random));
        if !thresholds.is_empty() && random.uniform() < 0.5 {
            let (column, threshold) = thresholds[random.below(thresholds.len())];
            row[column] = [threshold, threshold.next_up(), threshold.next_down()][random.below(3)];
        }
        features.extend(row);
    }
    features
}

fn value(column: usize, random: &mut Random) -> f32 {
    let missing = if column == 5 { 0.9 } else { 0.08 };
    if random.uniform() < missing {
        return f32::NAN;
    }
    let uniform = random.uniform() * 2.0 - 1.0;
    match column {
        0 => uniform * 2.0,
        1 => (uniform * 5.0).round(),
        // Every magnitude that `f32` has.
        2 => uniform.signum() * f32::powf(10.0, random.uniform() * 82.0 - 44.0).min(3e38),
        // Denormals, of both signs.
        3 => f32::from_bits(random.below(1 << 23) as u32).copysign(uniform),
        4 => [0.0, -0.0, f32::MIN_POSITIVE, -f32::MIN_POSITIVE, 1e-30][random.below(5)],
        5 => uniform,
        6 => [3e38, -3e38, 1.0, -1.0, 16_777_216.0][random.below(5)],
        _ => 1.0 + uniform * 1e-6,
    }
}

fn lean(column: usize, x: f32) -> f32 {
    if x.is_nan() {
        return if column.is_multiple_of(2) { 0.4 } else { -0.4 };
    }
    match column {
        7 => (x - 1.0) * 1e6,
        1 => x * 0.3,
        3 => 0.8_f32.copysign(x),
        _ => x.clamp(-1.0, 1.0),
    }
}
