//! The nodes of single trees, for a person to read.

use std::io::Write;

use anyhow::{Result, anyhow};
use model_export::{ModelFile, Node, Tree};
use serde_json::{Value, json};

/// Prints the trees at `indices`, or why one can't be.
pub(super) fn show(indices: &[usize], model: &ModelFile, as_json: bool, out: &mut impl Write) -> Result<()> {
    let ensemble = model.ensemble();
    let names = super::feature_names(model);
    let find = |index: &usize| {
        let absent = || anyhow!("there is no tree {index}: the model has {}", ensemble.trees());
        ensemble
            .tree(*index)
            .map(|tree| (*index, tree))
            .ok_or_else(absent)
    };
    let trees: Vec<(usize, Tree)> = indices.iter().map(find).collect::<Result<_>>()?;
    if as_json {
        let shown: Vec<Value> = trees
            .iter()
            .map(|(index, tree)| tree_json(*index, tree, &names, ensemble.has_covers()))
            .collect();
        writeln!(out, "{:#}", Value::from(shown))?;
        return Ok(());
    }
    for (index, tree) in &trees {
        writeln!(
            out,
            "tree {index}, group {}, {} nodes",
            tree.group,
            tree.nodes.len()
        )?;
        print(tree, &names, ensemble.has_covers(), out)?;
    }
    Ok(())
}

/// Depth first, the left child before the right one.
fn print(tree: &Tree, names: &[String], covers: bool, out: &mut impl Write) -> Result<()> {
    let mut waiting = vec![(0, 1)];
    while let Some((index, depth)) = waiting.pop() {
        let node = &tree.nodes[index];
        let cover = if covers {
            format!("  (cover {})", node.cover())
        } else {
            String::new()
        };
        let indent = "  ".repeat(depth);
        match node {
            Node::Leaf { value, .. } => writeln!(out, "{indent}{index}: leaf {value}{cover}")?,
            Node::Split {
                feature,
                threshold,
                default_left,
                left,
                right,
                ..
            } => {
                let missing = if *default_left { left } else { right };
                let name = &names[*feature as usize];
                writeln!(
                    out,
                    "{indent}{index}: {name} < {threshold} to {left}, else {right}, missing {missing}{cover}"
                )?;
            }
            Node::CategorySplit {
                feature,
                categories,
                default_left,
                left,
                right,
                ..
            } => {
                let missing = if *default_left { left } else { right };
                let name = &names[*feature as usize];
                writeln!(
                    out,
                    "{indent}{index}: {name} in {categories:?} to {right}, else {left}, missing {missing}{cover}"
                )?;
            }
        }
        if let Node::Split { left, right, .. } | Node::CategorySplit { left, right, .. } = node {
            waiting.push((*right as usize, depth + 1));
            waiting.push((*left as usize, depth + 1));
        }
    }
    Ok(())
}

fn tree_json(index: usize, tree: &Tree, names: &[String], covers: bool) -> Value {
    let node = |node: &Node| {
        let mut shown = match node {
            Node::Leaf { value, .. } => json!({ "leaf": value }),
            Node::Split {
                feature,
                threshold,
                default_left,
                left,
                right,
                ..
            } => json!({
                "feature": names[*feature as usize], "threshold": number(*threshold),
                "left": left, "right": right, "missing": if *default_left { left } else { right },
            }),
            Node::CategorySplit {
                feature,
                categories,
                default_left,
                left,
                right,
                ..
            } => json!({
                "feature": names[*feature as usize], "categories_right": categories,
                "left": left, "right": right, "missing": if *default_left { left } else { right },
            }),
        };
        if covers {
            shown["cover"] = json!(node.cover());
        }
        shown
    };
    json!({ "tree": index, "group": tree.group, "nodes": tree.nodes.iter().map(node).collect::<Vec<_>>() })
}

/// JSON has no infinities, which thresholds may be.
fn number(value: f32) -> Value {
    if value.is_finite() {
        json!(value)
    } else {
        json!(value.to_string())
    }
}
