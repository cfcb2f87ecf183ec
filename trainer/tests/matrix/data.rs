//! Training rows, labels of every kind, and rows that look for trouble.

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Uniform in [0, 1).
    pub(crate) fn uniform(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1_u32 << 24) as f32
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

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Column {
    /// Uniform in [-2, 2).
    Uniform,
    /// Few whole numbers, so that rows tie.
    Whole,
    /// Magnitudes from 1e-30 to 1e30, of both signs.
    Wide,
    /// Zeros of both signs and the smallest numbers.
    Tiny,
    /// So large that XGBoost's cut beyond the largest is infinite.
    Huge,
    /// Codes below this, the small ones more often.
    Category(usize),
}

impl Column {
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Category(_) => "c",
            _ => "float",
        }
    }

    fn value(self, random: &mut Random) -> f32 {
        let uniform = random.uniform() * 4.0 - 2.0;
        match self {
            Self::Uniform => uniform,
            Self::Whole => (uniform * 2.0).round(),
            Self::Wide => f32::powf(10.0, random.uniform() * 60.0 - 30.0).copysign(uniform),
            Self::Tiny => [0.0, -0.0, 1e-45, -1e-45, f32::MIN_POSITIVE, 1e-30][random.below(6)],
            Self::Huge => [3e38, 3.4e38, 1e38][random.below(3)],
            Self::Category(count) => {
                let (first, second) = (random.below(count), random.below(count));
                first.min(second) as f32
            }
        }
    }
}

/// What is to be learned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Labels {
    Numbers,
    Positive,
    Counts,
    Clicks,
    Classes(usize),
    Grades,
    /// Negative where the event was not seen.
    Times,
    Intervals,
    Targets(usize),
    ClickTargets(usize),
}

/// Rows of `columns`, a fraction of their values missing.
pub(crate) fn rows(columns: &[Column], count: usize, missing: f32, random: &mut Random) -> Vec<f32> {
    let mut rows = Vec::with_capacity(count * columns.len());
    for _ in 0..count {
        for column in columns {
            let value = column.value(random);
            rows.push(if random.uniform() < missing {
                f32::NAN
            } else {
                value
            });
        }
    }
    rows
}

/// One score for each row, which leans on every column and on which values are missing.
pub(crate) fn scores(columns: &[Column], rows: &[f32], random: &mut Random) -> Vec<f32> {
    let lean = |(column, value): (&Column, &f32)| match column {
        _ if value.is_nan() => 0.4,
        Column::Uniform => (value * 2.0).sin(),
        Column::Whole => 0.3 * value,
        Column::Wide => 0.02 * value.abs().log10().copysign(*value),
        Column::Tiny => f32::from(u8::from(*value > 0.0)),
        Column::Huge => -0.6,
        Column::Category(_) => (value * 1.7).cos(),
    };
    rows.chunks_exact(columns.len())
        .map(|row| columns.iter().zip(row).map(lean).sum::<f32>() + 0.4 * random.uniform() - 0.7)
        .collect()
}

impl Labels {
    /// How many labels a row has.
    pub(crate) fn per_row(self) -> usize {
        match self {
            Self::Targets(count) | Self::ClickTargets(count) => count,
            _ => 1,
        }
    }

    /// The labels of one row.
    pub(crate) fn of(self, score: f32, random: &mut Random) -> Vec<f32> {
        let clicks = |score: f32| f32::from(u8::from(score > 0.0));
        match self {
            Self::Numbers => vec![score],
            Self::Positive | Self::Intervals => vec![score.exp()],
            Self::Counts => vec![score.exp().floor().min(20.0)],
            Self::Clicks => vec![clicks(score)],
            Self::Classes(count) => vec![((score + 2.0).max(0.0) as usize).min(count - 1) as f32],
            Self::Grades => vec![(score + 2.0).floor().clamp(0.0, 3.0)],
            Self::Times => vec![score.exp() * if random.below(4) == 0 { -1.0 } else { 1.0 }],
            Self::Targets(count) => (0..count)
                .map(|target| score * (1.0 - target as f32) + 0.5)
                .collect(),
            Self::ClickTargets(count) => (0..count)
                .map(|target| clicks(score - target as f32 * 0.5))
                .collect(),
        }
    }
}

/// Rows unlike those of training: each value alone in all columns, values at thresholds and beside them, codes that no
/// training row had, and ordinary ones.
pub(crate) fn hostile_rows(
    columns: &[Column],
    count: usize,
    thresholds: &[(usize, f32)],
    random: &mut Random,
) -> Vec<f32> {
    let special = [
        f32::NAN,
        0.0,
        -0.0,
        1e-45,
        -1e-45,
        f32::MIN_POSITIVE,
        f32::MAX,
        f32::MIN,
        -1.0,
        -0.5,
        0.5,
        1.999_999_9,
        31.0,
        32.0,
        4_095.0,
        16_777_215.0,
        16_777_216.0,
        4_294_967_296.0,
        1e30,
    ];
    let mut features: Vec<f32> = special
        .iter()
        .flat_map(|value| vec![*value; columns.len()])
        .collect();
    while features.len() < count * columns.len() {
        let mut row = rows(columns, 1, 0.15, random);
        if random.below(3) == 0 {
            row[random.below(columns.len())] = special[random.below(special.len())];
        }
        if !thresholds.is_empty() && random.below(4) > 0 {
            let (column, threshold) = thresholds[random.below(thresholds.len())];
            let near = [threshold, threshold.next_up(), threshold.next_down(), -threshold];
            // XGBoost takes infinite values in place only.
            row[column] = near[random.below(4)].clamp(f32::MIN, f32::MAX);
        }
        features.extend(row);
    }
    features
}

/// Ordinary rows, and one for each column and sign where that column is infinite.
pub(crate) fn infinite_rows(columns: &[Column], random: &mut Random) -> Vec<f32> {
    let mut features = Vec::new();
    for column in 0..columns.len() {
        for value in [f32::INFINITY, f32::NEG_INFINITY] {
            let mut row = rows(columns, 1, 0.1, random);
            row[column] = value;
            features.extend(row);
        }
    }
    features
}
