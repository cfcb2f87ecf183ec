//! Which of a model's trees are meant.

use super::value::Object;
use super::{ImportError, Rounds};

/// Boosting rounds of a file, and the trees of each.
pub(super) struct Layers {
    /// How many trees the first rounds have: 0, then one number for each round.
    ends: Vec<usize>,
    /// From the attribute that early stopping leaves, counted from 0.
    pub(super) best_iteration: Option<usize>,
}

impl Layers {
    /// `groups` is which group each tree adds to.
    pub(super) fn read(
        learner: &Object<'_>,
        model: &Object<'_>,
        groups: &[u32],
    ) -> Result<Self, ImportError> {
        let ends: Option<Vec<usize>> = if model.has("iteration_indptr") {
            let ends = model.integers("iteration_indptr")?;
            ends.iter().map(|end| usize::try_from(*end).ok()).collect()
        } else {
            uniform(model, groups)?
        };
        let fits = |ends: &Vec<usize>| {
            ends.first() == Some(&0) && ends.last() == Some(&groups.len()) && ends.is_sorted()
        };
        let ends = ends
            .filter(fits)
            .ok_or_else(|| model.error("iteration_indptr", "expected ascending numbers of trees"))?;
        Ok(Self {
            ends,
            best_iteration: best_iteration(learner)?,
        })
    }

    /// Rounds in the file.
    pub(super) fn rounds(&self) -> usize {
        self.ends.len() - 1
    }

    /// How many of the first rounds are meant, and how many trees they have.
    pub(super) fn choose(&self, rounds: Rounds) -> Result<(usize, usize), ImportError> {
        let all = self.rounds();
        let best = self
            .best_iteration
            .map_or(all, |best| best.saturating_add(1).min(all));
        let chosen = match rounds {
            Rounds::Unambiguous if best < all => {
                return Err(ImportError::NotSliced {
                    best_iteration: best - 1,
                    rounds: all,
                });
            }
            Rounds::Unambiguous | Rounds::All => all,
            Rounds::Best => best,
            Rounds::First(asked) if asked > all => {
                return Err(ImportError::TooFewRounds { asked, rounds: all });
            }
            Rounds::First(asked) => asked,
        };
        Ok((chosen, self.ends[chosen]))
    }
}

/// Before 2.0 every round has the same number of trees.
fn uniform(model: &Object<'_>, groups: &[u32]) -> Result<Option<Vec<usize>>, ImportError> {
    let parallel = model
        .object("gbtree_model_param")?
        .count("num_parallel_tree")?
        .max(1);
    let groups_of_trees = groups.iter().max().map_or(1, |group| *group as usize + 1);
    let per_round = parallel.saturating_mul(groups_of_trees);
    if !groups.len().is_multiple_of(per_round) {
        return Ok(None);
    }
    Ok(Some((0..=groups.len()).step_by(per_round).collect()))
}

fn best_iteration(learner: &Object<'_>) -> Result<Option<usize>, ImportError> {
    let Some(attributes) = learner.optional_object("attributes")? else {
        return Ok(None);
    };
    if !attributes.has("best_iteration") {
        return Ok(None);
    }
    attributes.count("best_iteration").map(Some)
}
