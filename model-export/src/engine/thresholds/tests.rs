use super::*;

fn one_by_one(sorted: &[f32], x: f32) -> usize {
    sorted.iter().filter(|threshold| **threshold <= x).count()
}

/// Thresholds of every kind of spacing, and whether buckets of one kind or the other, or none, serve them.
fn spacings() -> Vec<(&'static str, Vec<f32>)> {
    let even: Vec<f32> = (0..254).map(|index| index as f32 * 0.37 - 40.0).collect();
    let steep: Vec<f32> = (0..200).map(|index| 1.5_f32.powi(index - 60)).collect();
    let subnormal: Vec<f32> = (0..254).map(|index| f32::from_bits(index * 3 + 1)).collect();
    let mut uneven: Vec<f32> = (0..120).map(|index| 1.0 + index as f32 * f32::EPSILON).collect();
    uneven.extend((0..120).map(|index| 1e30 + index as f32 * 1e24));
    uneven.insert(0, -1e38);
    let extreme = vec![f32::MIN, -1.0, -f32::MIN_POSITIVE, 0.0, 1e-45, 2.0, f32::MAX];
    let mut infinite = extreme.clone();
    infinite.insert(0, f32::NEG_INFINITY);
    infinite.push(f32::INFINITY);
    vec![
        ("linear", even),
        ("logarithmic", steep),
        ("logarithmic", subnormal),
        ("none", uneven),
        ("logarithmic", extreme),
        ("linear", vec![f32::NEG_INFINITY, 0.0, f32::INFINITY]),
        ("logarithmic", infinite),
        ("linear", vec![0.0]),
        ("linear", vec![-2.5, 3.0]),
    ]
}

/// The thresholds and their neighbours, and what is special among floats.
fn values(sorted: &[f32]) -> Vec<f32> {
    let around = sorted
        .iter()
        .flat_map(|t| [*t, t.next_down(), t.next_up(), t * 1.01, -t]);
    let special = [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    let small = [-0.0, 0.0, 1e-45, -1e-45, f32::MAX, f32::MIN, 1.0, -1.0];
    around.chain(special).chain(small).collect()
}

#[test]
fn any_spacing_is_counted_as_one_by_one() {
    for (kind, sorted) in spacings() {
        let thresholds = Thresholds::new(&sorted);
        let chosen = match thresholds.buckets {
            Buckets::Linear { .. } => "linear",
            Buckets::Logarithmic { .. } => "logarithmic",
            Buckets::None => "none",
        };
        assert_eq!(chosen, kind, "from {} on", sorted[0]);
        for x in values(&sorted) {
            assert_eq!(
                thresholds.at_or_below(x),
                one_by_one(&sorted, x),
                "{x} from {} on",
                sorted[0]
            );
        }
    }
}
