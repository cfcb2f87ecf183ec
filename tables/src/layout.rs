//! Which column of the input is which feature.
//!
//! Invariant: every feature has one column or, where that was allowed, none; other columns are left out.

use std::collections::BTreeMap;

use model_export::{ModelFile, column_names};

use crate::input::Absent;
use crate::refusal::{Refusal, excerpt_list};

/// What is wanted of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Of each feature, or of the 39 columns of a Criteo row, or of the columns of a table.
    pub names: Vec<String>,
    /// What they are taken as.
    pub kind: Kind,
}

/// What columns are taken as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Those of a Criteo row, which may have a label before them.
    Clicks,
    /// Numbers.
    Features,
    /// Those of a table of its own.
    Table {
        /// How many of them, the first ones, are numbers. The others are categories.
        numbers: usize,
    },
    /// Their text, whatever it says.
    Texts,
}

impl Wanted {
    /// What a model wants. Features without names are called as XGBoost calls them: `f0`, `f1`, ….
    pub fn of(model: &ModelFile) -> Self {
        let (names, kind) = match model {
            ModelFile::Features(model) if !model.feature_names().is_empty() => {
                (model.feature_names().to_vec(), Kind::Features)
            }
            ModelFile::Clicks(_) => (column_names().map(str::to_owned).to_vec(), Kind::Clicks),
            ModelFile::Table(model) => {
                let numbers = model.schema().numbers().len();
                let names = model.schema().names().map(str::to_owned).collect();
                (names, Kind::Table { numbers })
            }
            _ => {
                let features = 0..model.ensemble().features();
                (
                    features.map(|feature| format!("f{feature}")).collect(),
                    Kind::Features,
                )
            }
        };
        Self { names, kind }
    }

    /// Whether a first row is a header: it has the name of a feature where a number would be.
    pub(crate) fn is_header<'a>(&self, mut cells: impl Iterator<Item = &'a [u8]>) -> bool {
        let numeric = |cell: &[u8]| str::from_utf8(cell).is_ok_and(|text| text.parse::<f32>().is_ok());
        cells.any(|cell| !numeric(cell) && self.names.iter().any(|name| name.as_bytes() == cell))
    }
}

/// Where each column of the input goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// By column of the input: the feature it is, if any.
    pub(crate) features: Vec<Option<usize>>,
    /// Names of the columns that no feature has.
    pub(crate) ignored: Vec<String>,
    /// Rows of this many columns are taken too: they have a label first.
    pub(crate) labelled: Option<usize>,
}

impl Layout {
    /// Columns in the model's own order; `columns` is what the first row has.
    pub(crate) fn by_position(wanted: &Wanted) -> Self {
        let width = wanted.names.len();
        Self {
            features: (0..width).map(Some).collect(),
            ignored: Vec::new(),
            labelled: (wanted.kind == Kind::Clicks).then_some(width + 1),
        }
    }

    /// Columns by the names of a header, in any order.
    pub(crate) fn by_name(wanted: &Wanted, header: &[String], absent: Absent) -> Result<Self, Refusal> {
        let mut features = BTreeMap::new();
        for (feature, name) in wanted.names.iter().enumerate() {
            features.insert(name.as_str(), feature);
        }
        let mut layout = Self {
            features: Vec::with_capacity(header.len()),
            ignored: Vec::new(),
            labelled: None,
        };
        let mut found = vec![false; wanted.names.len()];
        for (column, name) in header.iter().enumerate() {
            let feature = features.get(name.as_str()).copied();
            match feature {
                Some(feature) if found[feature] => {
                    let problem = "the input has two columns of this name".to_owned();
                    let name = Some(name.clone());
                    return Err(Refusal {
                        column: column + 1,
                        name,
                        ..Refusal::of_input(problem)
                    });
                }
                Some(feature) => found[feature] = true,
                None => layout.ignored.push(name.clone()),
            }
            layout.features.push(feature);
        }
        let names: Vec<&str> = found
            .iter()
            .zip(&wanted.names)
            .filter(|(found, _)| !**found)
            .map(|(_, name)| name.as_str())
            .collect();
        let allowed = names.is_empty() || (absent == Absent::Allow && names.len() < wanted.names.len());
        if !allowed {
            let (count, all) = (names.len(), wanted.names.len());
            let list = excerpt_list(&names);
            return Err(Refusal::of_input(match absent {
                Absent::Refuse => format!("the input has no column called {list}"),
                _ => format!(
                    "the input has no column for {count} of the model's {all} features: {list}; \
                     --allow-absent takes them as missing if there is at least one"
                ),
            }));
        }
        Ok(layout)
    }

    /// The feature of a column in a row of `columns` columns; `None` where rows may not have so many.
    pub(crate) fn offset(&self, columns: usize) -> Option<usize> {
        if columns == self.features.len() {
            Some(0)
        } else {
            (self.labelled == Some(columns)).then_some(1)
        }
    }

    /// How many columns a row may have, in words.
    pub(crate) fn expected(&self) -> String {
        match self.labelled {
            Some(labelled) => format!("{} or {labelled}", self.features.len()),
            None => self.features.len().to_string(),
        }
    }
}
