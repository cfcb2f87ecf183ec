//! How many trials train to how many rounds.

use crate::recipe::SearchConfig;

/// A step of successive halving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Rung {
    /// Rounds that its trials train to.
    pub rounds: u32,
    /// How many trials that are.
    pub trials: u32,
}

/// The rungs of a search whose last one trains to `rounds`: each has `reduction` times the rounds of the one before and
/// one trial of `reduction`, but at least one. The first has at least `min_rounds`.
pub fn rungs(search: &SearchConfig, rounds: u32) -> Vec<Rung> {
    let reduction = u64::from(search.reduction.max(2));
    let mut steps = 0;
    while u64::from(search.min_rounds) * reduction.pow(steps + 1) <= u64::from(rounds) {
        steps += 1;
    }
    let rung = |step: u32| Rung {
        rounds: u64::from(rounds).div_ceil(reduction.pow(steps - step)) as u32,
        trials: (u64::from(search.trials) / reduction.pow(step)).max(1) as u32,
    };
    (0..=steps).map(rung).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(trials: u32, reduction: u32, min_rounds: u32, rounds: u32) -> Vec<(u32, u32)> {
        let search = SearchConfig {
            trials,
            reduction,
            min_rounds,
            ..SearchConfig::default()
        };
        let rungs = rungs(&search, rounds);
        rungs.iter().map(|rung| (rung.rounds, rung.trials)).collect()
    }

    #[test]
    fn each_rung_has_fewer_trials_and_more_rounds() {
        assert_eq!(of(27, 3, 20, 540), [(20, 27), (60, 9), (180, 3), (540, 1)]);
        assert_eq!(of(27, 3, 20, 560), [(21, 27), (63, 9), (187, 3), (560, 1)]);
        assert_eq!(of(10, 2, 30, 100), [(50, 10), (100, 5)]);
        assert_eq!(of(2, 3, 1, 9), [(1, 2), (3, 1), (9, 1)]);
    }

    #[test]
    fn a_budget_below_the_least_is_one_rung() {
        assert_eq!(of(5, 3, 20, 10), [(10, 5)]);
        assert_eq!(of(1, 100, 100_000, 100_000), [(100_000, 1)]);
    }
}
