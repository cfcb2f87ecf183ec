//! The categories of categorical splits, and their names where the model has them.

use super::ImportError;
use super::tree::index_below;
use super::value::{Object, Value};
use crate::ensemble::MAX_CATEGORY;

/// Which categories go right at which node of a tree.
pub(super) struct CategorySplits<'value> {
    /// Of each node: 1 for a split on categories.
    kinds: std::borrow::Cow<'value, [f64]>,
    categories: std::borrow::Cow<'value, [f64]>,
    /// Node, and where its categories begin and end; nodes ascend and ranges do not overlap.
    ranges: Vec<(usize, usize, usize)>,
}

impl<'value> CategorySplits<'value> {
    pub(super) fn read(object: &Object<'value>, count: usize) -> Result<Self, ImportError> {
        let kinds = object.numbers("split_type")?;
        if kinds.len() != count {
            return Err(object.error("split_type", "expected one number per node"));
        }
        let categories = object.numbers("categories")?;
        let nodes = object.numbers("categories_nodes")?;
        let [begins, sizes] = ["categories_segments", "categories_sizes"].map(|name| {
            let numbers = object.numbers(name)?;
            if numbers.len() == nodes.len() {
                Ok(numbers)
            } else {
                Err(object.error(name, "expected one number per node with categories"))
            }
        });
        let (begins, sizes) = (begins?, sizes?);
        let mut ranges: Vec<(usize, usize, usize)> = Vec::with_capacity(nodes.len());
        for ((node, begin), size) in nodes.iter().zip(begins.iter()).zip(sizes.iter()) {
            let (last, free) = ranges
                .last()
                .map_or((None, 0), |(node, _, end)| (Some(*node), *end));
            let node = index_below(*node, count)
                .filter(|node| Some(*node) > last)
                .ok_or_else(|| object.error("categories_nodes", "expected ascending indices of nodes"))?;
            let begin = index_below(*begin, categories.len())
                .filter(|begin| *begin >= free)
                .ok_or_else(|| object.error("categories_segments", "expected the place of a category"))?;
            let size = index_below(*size, categories.len() - begin + 1)
                .filter(|size| *size > 0)
                .ok_or_else(|| object.error("categories_sizes", "expected how many categories there are"))?;
            ranges.push((node, begin, begin + size));
        }
        Ok(Self {
            kinds,
            categories,
            ranges,
        })
    }

    /// The categories of a split, strictly ascending; `None` where it is on a threshold.
    pub(super) fn categories(
        &self,
        object: &Object<'_>,
        node: usize,
        budget: &mut usize,
    ) -> Result<Option<Vec<u32>>, ImportError> {
        if self.kinds[node] == 0.0 {
            return Ok(None);
        }
        if self.kinds[node] != 1.0 {
            return Err(object.error("split_type", "expected 0 or 1"));
        }
        let found = self.ranges.binary_search_by_key(&node, |(node, _, _)| *node);
        let Ok(range) = found else {
            return Err(object.error("categories_nodes", "a categorical split has no categories"));
        };
        let (_, begin, end) = self.ranges[range];
        *budget = budget
            .checked_sub(end - begin)
            .ok_or_else(|| object.error("categories", "too many categories for the size of the file"))?;
        let category = |number: &f64| index_below(*number, MAX_CATEGORY as usize).map(|index| index as u32);
        let categories: Option<Vec<u32>> = self.categories[begin..end].iter().map(category).collect();
        let mut categories =
            categories.ok_or_else(|| object.error("categories", "expected whole numbers below 2^24"))?;
        categories.sort_unstable();
        categories.dedup();
        Ok(Some(categories))
    }
}

/// Names of the categories of each feature, in the order of their codes, as data frames had them.
///
/// XGBoost before 3.4 cuts names that are not ASCII, so a name may end in a replacement character.
pub(super) fn names(model: &Object<'_>, features: usize) -> Result<Vec<Vec<String>>, ImportError> {
    let Some(categories) = model.optional_object("cats")? else {
        return Ok(Vec::new());
    };
    let columns = categories.array("enc")?;
    if columns.is_empty() {
        return Ok(Vec::new());
    }
    if columns.len() != features {
        return Err(categories.error("enc", "expected one entry per feature"));
    }
    columns
        .iter()
        .enumerate()
        .map(|(column, value)| names_of_column(column, value))
        .collect()
}

fn names_of_column(column: usize, value: &Value) -> Result<Vec<String>, ImportError> {
    let column = Object::new(
        &format!("learner.gradient_booster.model.cats.enc[{column}]"),
        value,
    )?;
    let values = column.integers("values")?;
    if !column.has("offsets") {
        return Ok(values.iter().map(ToString::to_string).collect());
    }
    // Signed bytes of UTF-8, one name after the other.
    let bytes: Vec<u8> = values.iter().map(|value| *value as u8).collect();
    let offsets = column.integers("offsets")?;
    let name = |pair: &[i64]| {
        let [begin, end] = [pair[0], pair[1]].map(|offset| usize::try_from(offset).ok());
        let name = bytes.get(begin?..end?)?;
        Some(String::from_utf8_lossy(name).into_owned())
    };
    let mut names = Vec::with_capacity(offsets.len().saturating_sub(1));
    for pair in offsets.windows(2) {
        names.push(name(pair).ok_or_else(|| column.error("offsets", "expected ascending places of names"))?);
    }
    Ok(names)
}
