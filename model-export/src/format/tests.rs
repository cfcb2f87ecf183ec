//! Files as a reader in another language has them, which was made from `FORMAT.md` alone.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]
#![allow(
    clippy::disallowed_types,
    reason = "the test runs another reader, the crate does not"
)]

use std::fmt::Write;
use std::process::Command;

use super::{Kind, samples};
use crate::ensemble::{Ensemble, FlatNode};
use crate::feature_model::ModelFile;

fn hex(values: &[f32]) -> String {
    let words: Vec<String> = values
        .iter()
        .map(|value| format!("{:08x}", value.to_bits()))
        .collect();
    words.join(" ")
}

/// What `reader.py` prints of the same model.
fn dump(file: &ModelFile) -> String {
    let ensemble = file.ensemble();
    let mut text = format!(
        "{} {} {}\n",
        ensemble.objective().name(),
        ensemble.features(),
        hex(ensemble.base_margins())
    );
    let mut roots = ensemble.roots().iter().zip(ensemble.tree_groups()).peekable();
    let mut root = 0;
    for (at, node) in ensemble.flat_nodes().iter().enumerate() {
        if let Some((place, group)) = roots.next_if(|(place, _)| **place as usize == at) {
            root = *place;
            writeln!(text, "tree {group}").unwrap();
        }
        let cover = ensemble.covers().get(at);
        let cover = cover.map_or_else(String::new, |cover| format!(" {}", hex(&[*cover])));
        writeln!(text, "{}{cover}", describe(ensemble, node, root)).unwrap();
    }
    if let ModelFile::Clicks(model) = file {
        let mut features = vec![0.0; model.encoder().width()];
        for sample in model.samples() {
            model.encoder().encode(&sample.row, &mut features);
            writeln!(text, "features {}", hex(&features)).unwrap();
        }
    }
    if let ModelFile::Table(model) = file {
        let mut features = vec![0.0; model.encoder().width()];
        for number in 0..20_u8 {
            let numbers: Vec<f32> = (0..model.schema().numbers().len())
                .map(|index| match (usize::from(number) + index) % 4 {
                    0 => f32::NAN,
                    _ => f32::from(number) * 1.5,
                })
                .collect();
            let keys: Vec<Option<u32>> = (0..model.schema().categories().len())
                .map(|index| match (usize::from(number) + index) % 5 {
                    0 => crate::category_key(b""),
                    _ => crate::category_key(format!("value {number}").as_bytes()),
                })
                .collect();
            model.encoder().encode_table(&numbers, &keys, &mut features);
            writeln!(text, "features {}", hex(&features)).unwrap();
        }
    }
    let mut margins = vec![0.0; ensemble.groups()];
    for number in -6..31_i16 {
        let is_missing = |feature: i16| (number + feature).rem_euclid(5) == 0;
        let value = |feature| {
            if is_missing(feature) {
                f32::NAN
            } else {
                f32::from(number)
            }
        };
        let row: Vec<f32> = (0..ensemble.features() as i16).map(value).collect();
        ensemble.margins(&row, &mut margins);
        writeln!(text, "margins {}", hex(&margins)).unwrap();
    }
    text
}

fn describe(ensemble: &Ensemble, node: &FlatNode, root: u32) -> String {
    if node.is_leaf() {
        return format!("leaf {}", hex(&[node.value]));
    }
    let what = if node.categorical {
        format!("{:?}", ensemble.category_sets()[node.category_set()])
    } else {
        hex(&[node.value])
    };
    let (direction, left) = (u8::from(node.default_left), node.left - root);
    format!("split {} {what} {direction} {left}", node.feature)
}

#[test]
fn a_reader_made_from_the_page_alone_reads_the_same() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    let golden: [(&str, &[u8]); 6] = [
        (
            "v1_clicks.leaf",
            include_bytes!("../../tests/golden/v1_clicks.leaf"),
        ),
        (
            "v1_fingerprints.leaf",
            include_bytes!("../../tests/golden/v1_fingerprints.leaf"),
        ),
        (
            "v1_crosses.leaf",
            include_bytes!("../../tests/golden/v1_crosses.leaf"),
        ),
        (
            "v1_table.leaf",
            include_bytes!("../../tests/golden/v1_table.leaf"),
        ),
        (
            "v1_features.leaf",
            include_bytes!("../../tests/golden/v1_features.leaf"),
        ),
        (
            "v1_leaf_bits.leaf",
            include_bytes!("../../tests/golden/v1_leaf_bits.leaf"),
        ),
    ];
    for (name, bytes) in golden {
        let mut python = Command::new("python3");
        python
            .arg(format!("{folder}/reader.py"))
            .arg(format!("{folder}/golden/{name}"));
        let Ok(output) = python.output() else {
            eprintln!("SKIPPED: there is no python3 to run reader.py with");
            return;
        };
        let read = String::from_utf8(output.stdout).unwrap();
        let problem = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {problem}");
        let expected = dump(&ModelFile::from_bytes(bytes).unwrap());
        for (number, (read, expected)) in read.lines().zip(expected.lines()).enumerate() {
            assert_eq!(read, expected, "{name}, line {}", number + 1);
        }
        assert_eq!(read.lines().count(), expected.lines().count(), "{name}");
    }
}

#[test]
fn an_encoder_that_keeps_more_than_its_trees_tell_apart_is_refused() {
    let bytes = include_bytes!("../../tests/golden/v1_clicks.leaf");
    let Ok(ModelFile::Clicks(model)) = ModelFile::from_bytes(bytes) else {
        panic!("not a model of clicks");
    };
    let with_trees = |trees: usize| {
        let ensemble = model.ensemble().clone().first_trees(trees);
        let mut sections = super::shared_sections(model.provenance(), &ensemble);
        sections.push(super::section(Kind::Encoder, |writer| {
            super::encoder::write(model.encoder(), writer);
        }));
        sections.push(super::section(Kind::Samples, |writer| {
            samples::write(&[], writer)
        }));
        ModelFile::from_bytes(&super::container::write(sections))
    };
    assert!(with_trees(model.ensemble().trees()).is_ok());
    let refused = with_trees(1).unwrap_err().to_string();
    assert_eq!(
        refused,
        "encoder section, byte 0: the trees cannot tell all of the classes apart"
    );
}
