//! XGBoost's model files to an [`Ensemble`].
//!
//! Invariant: for any row of numbers the imported trees give the margins that the XGBoost which saved the file gives
//! after loading it, bit for bit; what can't be represented so is refused by name.

mod categories;
mod error;
mod intercept;
mod json;
mod rounds;
mod tree;
mod ubjson;
mod value;

use rounds::Layers;
use tree::Place;
use value::Object;

pub use error::ImportError;

use crate::ensemble::{Ensemble, EnsembleError, MAX_GROUPS, Tree};
use crate::objective::Objective;

/// Major, minor, patch.
type Version = [u32; 3];

/// Which boosting rounds of a model are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rounds {
    /// All of them; a model with rounds after its best iteration is refused, as the file does not say whether they
    /// count: XGBoost's scikit-learn classes leave them out, its `Booster.predict` does not.
    #[default]
    Unambiguous,
    /// All of them, as `Booster.predict` has it.
    All,
    /// Those up to the best iteration of early stopping where the model has one, as the scikit-learn classes have it.
    Best,
    /// This many of the first.
    First(usize),
}

/// How to import a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Which boosting rounds are meant.
    pub rounds: Rounds,
}

/// A model of XGBoost, and what its file says besides the trees.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct XgboostModel {
    /// The trees of the rounds that were meant, their weights of DART folded into the leaves.
    pub ensemble: Ensemble,
    /// Of each feature; empty where the model has none.
    pub feature_names: Vec<String>,
    /// Of each feature: `float`, `int`, `q`, `i` or `c` for categories; empty where the model has none.
    pub feature_types: Vec<String>,
    /// Of each feature the names of its categories by code, as the data frame it was trained on had them; empty where
    /// the model has none. Rows have the codes.
    pub category_names: Vec<Vec<String>>,
    /// The XGBoost that saved the file: major, minor, patch.
    pub version: [u32; 3],
    /// `gbtree` or `dart`.
    pub booster: String,
    /// Rounds in the file.
    pub rounds: usize,
    /// Rounds that `ensemble` has, the first ones.
    pub rounds_taken: usize,
    /// The best round of early stopping, counted from 0.
    pub best_iteration: Option<usize>,
}

/// Reads a model that XGBoost 1.7 to 3.x saved as UBJSON or JSON, which is told from the bytes.
///
/// Any model of trees is accepted: see [`import_xgboost_model`]. One stopped early must have been saved sliced to its
/// best iteration.
pub fn import_xgboost(bytes: &[u8]) -> Result<Ensemble, ImportError> {
    import_xgboost_model(bytes, ImportOptions::default()).map(|model| model.ensemble)
}

/// As [`import_xgboost`], with what else the file says, and a say in which rounds are taken.
///
/// Boosters `gbtree` and `dart`, all objectives of [`Objective`], splits on numbers and on categories, forests, several
/// classes or targets in trees of their own or in leaves of vectors.
pub fn import_xgboost_model(bytes: &[u8], options: ImportOptions) -> Result<XgboostModel, ImportError> {
    let value = value::parse(bytes)?;
    let file = Object::new("", &value)?;
    let version = version(&file)?;
    let learner = file.object("learner")?;
    let booster = learner.object("gradient_booster")?;
    let booster_name = booster.text("name")?;
    if booster_name != "gbtree" && booster_name != "dart" {
        return Err(ImportError::Booster(booster_name.to_owned()));
    }
    let objective = learner.object("objective")?.text("name")?;
    let objective =
        Objective::from_name(objective).ok_or_else(|| ImportError::Objective(objective.to_owned()))?;
    let parameters = learner.object("learner_model_param")?;
    let groups = group_count(&parameters)?;
    let features = parameters.count("num_feature")?;
    // Until 3.2 the trees of DART are wrapped.
    let model = match booster_name {
        "dart" => booster.object("gbtree")?.object("model")?,
        _ => booster.object("model")?,
    };
    let values = model.array("trees")?;
    let tree_groups = tree_groups(&model, values.len(), groups)?;
    let layers = Layers::read(&learner, &model, &tree_groups)?;
    let (rounds_taken, taken) = layers.choose(options.rounds)?;
    // Until 3.3 the weights of DART are beside the model.
    let weights = match weights(&booster, values.len())? {
        None => weights(&model, values.len())?,
        weights => weights,
    };
    let mut has_covers = true;
    let mut budget = bytes.len().saturating_mul(CATEGORIES_PER_BYTE);
    let mut trees = Vec::with_capacity(taken);
    for (tree, value) in values[..taken].iter().enumerate() {
        let place = Place {
            tree,
            group: tree_groups[tree],
            weight: weights.as_ref().map(|weights| weights[tree]),
        };
        let read = tree::read(place, value, &mut budget)?;
        has_covers &= read.has_covers;
        trees.extend(
            read.groups
                .into_iter()
                .map(|(group, nodes)| Tree { group, nodes }),
        );
    }
    let margins = intercept::base_margins(&parameters, objective, version, groups)?;
    let ensemble = Ensemble::grouped(objective, &margins, features, &trees)?;
    Ok(XgboostModel {
        ensemble: if has_covers {
            ensemble
        } else {
            ensemble.without_covers()
        },
        feature_names: per_feature(&learner, "feature_names", features)?,
        feature_types: per_feature(&learner, "feature_types", features)?,
        category_names: categories::names(&model, features)?,
        version,
        booster: if weights.is_some() { "dart" } else { booster_name }.to_owned(),
        rounds: layers.rounds(),
        rounds_taken,
        best_iteration: layers.best_iteration,
    })
}

/// Categories that may be kept for each byte of a file: trees with leaves of vectors repeat theirs.
const CATEGORIES_PER_BYTE: usize = 8;

fn version(file: &Object<'_>) -> Result<Version, ImportError> {
    let numbers = file.integers("version")?;
    let mut version = [0; 3];
    for (part, number) in version.iter_mut().zip(&numbers) {
        *part = u32::try_from(*number).unwrap_or(u32::MAX);
    }
    match version {
        [1, minor, _] if minor >= 7 => Ok(version),
        [2 | 3, ..] => Ok(version),
        _ => {
            let parts: Vec<String> = numbers.iter().take(3).map(ToString::to_string).collect();
            Err(ImportError::Version(parts.join(".")))
        }
    }
}

/// Margins of a row: the classes, or the targets.
fn group_count(parameters: &Object<'_>) -> Result<usize, ImportError> {
    let classes = parameters.count("num_class")?;
    let targets = match parameters.has("num_target") {
        true => parameters.count("num_target")?,
        false => 1,
    };
    if classes > 1 && targets > 1 {
        return Err(parameters.error("num_target", "several classes and several targets at once"));
    }
    let groups = classes.max(targets).max(1);
    if groups > MAX_GROUPS {
        return Err(EnsembleError::Groups(groups).into());
    }
    Ok(groups)
}

/// Which margin each tree adds to.
fn tree_groups(model: &Object<'_>, trees: usize, groups: usize) -> Result<Vec<u32>, ImportError> {
    let numbers = model.numbers("tree_info")?;
    let group = |number: &f64| tree::index_below(*number, groups).map(|group| group as u32);
    let tree_groups: Option<Vec<u32>> = numbers.iter().map(group).collect();
    tree_groups
        .filter(|tree_groups| tree_groups.len() == trees)
        .ok_or_else(|| {
            model.error(
                "tree_info",
                "expected the index of a class or target for each tree",
            )
        })
}

/// What DART multiplies each tree's leaves by.
fn weights(object: &Object<'_>, trees: usize) -> Result<Option<Vec<f32>>, ImportError> {
    if !object.has("weight_drop") {
        return Ok(None);
    }
    let numbers = object.numbers("weight_drop")?;
    if numbers.is_empty() {
        return Ok(None);
    }
    if numbers.len() != trees {
        return Err(object.error("weight_drop", "expected one weight per tree"));
    }
    Ok(Some(numbers.iter().map(|number| *number as f32).collect()))
}

fn per_feature(learner: &Object<'_>, name: &str, features: usize) -> Result<Vec<String>, ImportError> {
    let texts = learner.optional_texts(name)?;
    if texts.is_empty() || texts.len() == features {
        Ok(texts)
    } else {
        Err(learner.error(name, "expected one string per feature"))
    }
}

#[cfg(test)]
mod tests;
