//! Models of tables of their own: the same as those of Criteo rows but for what columns are called.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

mod support;

use model_export::{
    EncoderConfig, EncoderError, EncoderFit, FittedEncoder, FormatError, Model, ModelFile, Row, Schema,
    TableModel, sections,
};
use support::file::{content_start, reseal};
use support::{provenance, rows};

/// The columns of a Criteo row under other names.
fn numbers_and_keys(row: &Row) -> (Vec<f32>, Vec<Option<u32>>) {
    let number = |value: &Option<i64>| value.map_or(f32::NAN, |value| value as f32);
    (row.integers.iter().map(number).collect(), row.categories.to_vec())
}

fn schema() -> Schema {
    let named = |name: &str, count: usize| (0..count).map(|index| format!("{name} {index}")).collect();
    Schema::new(named("number", 13), named("category", 26)).unwrap()
}

fn fitted(config: EncoderConfig) -> FittedEncoder {
    let mut fit = EncoderFit::of_table(config, schema());
    for (index, row) in (0..).zip(&rows(400, 1)) {
        let (_, keys) = numbers_and_keys(row);
        fit.observe_table(index, row.label.unwrap(), &keys).unwrap();
    }
    fit.finish().unwrap()
}

#[test]
fn rows_are_encoded_as_criteos_are() {
    let mut fit = EncoderFit::new(EncoderConfig::default());
    let training = rows(400, 1);
    for (index, row) in (0..).zip(&training) {
        fit.observe(index, row).unwrap();
    }
    let (criteo, table) = (fit.finish().unwrap(), fitted(EncoderConfig::default()));
    assert_eq!(table.encoder().schema(), Some(&schema()));
    let (width, names) = (table.encoder().width(), table.encoder().feature_names());
    assert_eq!((width, table.encoder().numbers(), names.len()), (65, 13, 65));
    assert_eq!(
        [&names[0], &names[13], &names[64]],
        ["number 0", "category 0_mean", "category 25_log_count"]
    );
    let bits = |features: &[f32]| features.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let (mut expected, mut found) = (vec![0.0; width], vec![0.0; width]);
    for (index, row) in (0..).zip(&training) {
        let (numbers, keys) = numbers_and_keys(row);
        criteo.encode_training_row(index, row, &mut expected);
        table.encode_training_table_row(index, &numbers, &keys, &mut found);
        assert_eq!(bits(&found), bits(&expected));
    }
    let ensemble = support::ensemble(6, 4, 2);
    let clicks = Model::new(
        criteo.encoder().clone(),
        ensemble.clone(),
        provenance(),
        Vec::new(),
    )
    .unwrap();
    let model = TableModel::new(table.encoder().clone(), ensemble, provenance()).unwrap();
    assert_eq!(model.encoder().keys(), clicks.encoder().keys());
    let asked = rows(3000, 7);
    let (mut all_numbers, mut all_keys) = (Vec::new(), Vec::new());
    for row in &asked {
        let (numbers, keys) = numbers_and_keys(row);
        table.encoder().encode_table(&numbers, &keys, &mut found);
        criteo.encoder().encode(row, &mut expected);
        assert_eq!(bits(&found), bits(&expected));
        assert_eq!(model.predict(&numbers, &keys), clicks.predict(row));
        let mut contributions = vec![0.0; 40];
        model.contributions(&numbers, &keys, &mut contributions).unwrap();
        let columns = clicks.contributions(row).unwrap();
        assert_eq!(contributions[39], columns.bias);
        for (own, column) in contributions.iter().zip(columns.columns) {
            assert!((own - column).abs() < 1e-6, "{own} {column}");
        }
        all_numbers.extend(numbers);
        all_keys.extend(keys);
    }
    let mut margins = vec![0.0; asked.len()];
    model.table_margins(&all_numbers, &all_keys, &mut margins);
    for (margin, row) in margins.iter().zip(&asked) {
        assert_eq!(margin.to_bits(), clicks.predict(row).margin.to_bits());
    }
}

#[test]
fn a_table_has_a_file_of_its_own_kind() {
    let model = support::table_model();
    let bytes = model.to_bytes();
    assert_eq!(TableModel::from_bytes(&bytes).unwrap(), model);
    assert_eq!(
        ModelFile::from_bytes(&bytes).unwrap(),
        ModelFile::Table(Box::new(model.clone()))
    );
    let names: Vec<&str> = sections(&bytes)
        .unwrap()
        .iter()
        .map(|section| section.name)
        .collect();
    assert_eq!(names, ["provenance", "encoder", "trees", "covers"]);
    let refused = Model::from_bytes(&bytes).unwrap_err();
    assert!(matches!(refused, FormatError::OwnTable), "{refused}");
    let parts = (model.encoder().clone(), model.ensemble().clone());
    assert!(matches!(
        Model::new(parts.0, parts.1, provenance(), Vec::new()),
        Err(FormatError::OwnTable)
    ));
    let clicks = support::model();
    assert!(matches!(
        TableModel::from_bytes(&clicks.to_bytes()),
        Err(FormatError::NoSchema)
    ));
    assert!(matches!(
        TableModel::new(clicks.encoder().clone(), clicks.ensemble().clone(), provenance()),
        Err(FormatError::NoSchema)
    ));
    for length in 0..bytes.len() {
        assert!(
            ModelFile::from_bytes(&bytes[..length]).is_err(),
            "cut to {length}"
        );
    }
}

#[test]
fn changed_files_are_refused_or_are_what_they_are_written_to() {
    let bytes = support::table_model().to_bytes();
    let content = content_start(&bytes);
    for at in content..bytes.len() {
        for change in [1, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            reseal(&mut changed);
            if let Ok(file) = ModelFile::from_bytes(&changed) {
                assert_eq!(file.to_bytes(), changed, "byte {at}");
            }
        }
    }
}

#[test]
fn a_table_without_categories_and_one_without_numbers_can_be() {
    for (numbers, categories) in [(3, 0), (0, 2)] {
        let named = |count: usize, name: &str| (0..count).map(|i| format!("{name}{i}")).collect();
        let schema = Schema::new(named(numbers, "n"), named(categories, "c")).unwrap();
        let mut fit = EncoderFit::of_table(EncoderConfig::default(), schema);
        for index in 0..50 {
            let keys = vec![(index % 7 > 0).then_some(index as u32 % 5); categories];
            fit.observe_table(index, index % 3 == 0, &keys).unwrap();
        }
        let encoder = fit.finish().unwrap().into_encoder();
        let ensemble = support::wide_ensemble(encoder.width(), 5, 3, 1);
        let model = TableModel::new(encoder, ensemble, provenance()).unwrap();
        let read = TableModel::from_bytes(&model.to_bytes()).unwrap();
        assert_eq!(read, model);
        let (numbers, keys) = (vec![1.5; numbers], vec![Some(3); categories]);
        assert_eq!(read.predict(&numbers, &keys), model.predict(&numbers, &keys));
        assert!(read.predict(&numbers, &keys).probability.is_finite());
    }
}

#[test]
fn crosses_are_criteos() {
    let config = EncoderConfig {
        crosses: vec!["C1xC2".parse().unwrap()],
        ..EncoderConfig::default()
    };
    let mut fit = EncoderFit::of_table(config, schema());
    fit.observe_table(0, true, &[None; 26]).unwrap();
    let refused = fit.finish().err().unwrap();
    assert!(
        matches!(refused, EncoderError::Config { name: "crosses", .. }),
        "{refused}"
    );
}
