//! The values that a trial tries.
//!
//! Invariant: a value depends on seed, trial and key alone, never on what was drawn before.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use toml::Value;

use crate::recipe::{Kind, Range, SearchConfig, find};

/// What trial `trial` has in place of the recipe's values; nothing for the first one.
pub(super) fn values(search: &SearchConfig, trial: u32) -> BTreeMap<String, Value> {
    if trial == 0 {
        return BTreeMap::new();
    }
    let draw = |key: &str, range: &Range| {
        let whole = find(key).is_some_and(|key| matches!(key.kind, Kind::Integer(..)));
        value(range, whole, uniform(search.seed, trial, key))
    };
    let ranges = search.ranges.iter();
    ranges
        .map(|range| (range.key.clone(), draw(&range.key, &range.range)))
        .collect()
}

/// From 0 to below 1, in steps of 2^-53.
fn uniform(seed: u64, trial: u32, key: &str) -> f64 {
    let digest = Sha256::new()
        .chain_update(seed.to_le_bytes())
        .chain_update(trial.to_le_bytes())
        .chain_update(key)
        .finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    (u64::from_le_bytes(first) >> 11) as f64 / (1u64 << 53) as f64
}

fn value(range: &Range, whole: bool, uniform: f64) -> Value {
    let number = |value: f64, low: f64, high: f64| {
        let value = match whole {
            true => value.round(),
            false => short(value),
        };
        let value = value.clamp(low, high);
        if whole {
            Value::Integer(value as i64)
        } else {
            Value::Float(value)
        }
    };
    match range {
        Range::Log(low, high) => {
            let (from, to) = (libm::log(*low), libm::log(*high));
            number(libm::exp(from + uniform * (to - from)), *low, *high)
        }
        Range::Range(low, high) => number(low + uniform * (high - low), *low, *high),
        Range::Integers(low, high) => {
            let many = (high - low + 1) as f64;
            Value::Integer((low + (uniform * many) as i64).min(*high))
        }
        Range::Choices(choices) => {
            choices[((uniform * choices.len() as f64) as usize).min(choices.len() - 1)].clone()
        }
    }
}

/// To four digits: a recipe is to be read.
fn short(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{Recipe, SearchRange};

    #[test]
    fn the_first_trial_is_the_recipe_and_the_others_fill_the_ranges() {
        let search = SearchConfig::default();
        assert_eq!(values(&search, 0), BTreeMap::new());
        let etas: Vec<f64> = (1..=400)
            .map(|trial| values(&search, trial)["booster.eta"].as_float().unwrap())
            .collect();
        assert!(etas.iter().all(|eta| (0.02..=0.2).contains(eta)));
        // Half of a log range lies below the geometric mean of its ends.
        let below = etas.iter().filter(|eta| **eta < 0.0632).count();
        assert!((160..=240).contains(&below), "{below}");
        let depths: std::collections::BTreeSet<i64> = (1..=100)
            .map(|trial| values(&search, trial)["booster.max_depth"].as_integer().unwrap())
            .collect();
        assert_eq!(depths, (4..=8).collect());
    }

    #[test]
    fn a_value_depends_on_seed_trial_and_key_alone() {
        let search = SearchConfig::default();
        let fewer = SearchConfig {
            ranges: search.ranges[2..3].to_vec(),
            ..search.clone()
        };
        let key = &fewer.ranges[0].key;
        assert_eq!(values(&search, 5)[key], values(&fewer, 5)[key]);
        assert_ne!(values(&search, 5)[key], values(&search, 6)[key]);
        let other = SearchConfig {
            seed: 2,
            ..search.clone()
        };
        assert_ne!(values(&search, 5)[key], values(&other, 5)[key]);
    }

    #[test]
    fn every_drawn_recipe_is_one_that_is_accepted() {
        let mut search = SearchConfig::default();
        search.ranges.extend([
            SearchRange {
                key: "encoder.min_count".to_owned(),
                range: Range::Log(1.0, 100.0),
            },
            SearchRange {
                key: "booster.other.gamma".to_owned(),
                range: Range::Choices(vec![Value::Float(0.5), Value::Integer(1)]),
            },
        ]);
        for trial in 0..200 {
            let recipe = values(&search, trial)
                .into_iter()
                .fold(Recipe::default(), |recipe, (key, value)| recipe.with(&key, value));
            let text = recipe.resolved().unwrap().to_toml();
            Recipe::parse(&text, "drawn").unwrap();
        }
    }
}
