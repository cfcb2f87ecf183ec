use xgboost::{BatchSource, BoxError, DMatrix, quantile_dmatrix};

use crate::data::{COLUMNS, Data, trained};

/// Serves rows in batches, and fails on request.
struct Batches<'a> {
    data: &'a Data,
    batch: usize,
    position: usize,
    resets: usize,
    fault: Fault,
}

#[derive(PartialEq)]
enum Fault {
    None,
    Error,
    Panic,
    ResetError,
    LabelMissing,
    Changes,
}

impl<'a> Batches<'a> {
    fn new(data: &'a Data, batch: usize, fault: Fault) -> Self {
        Self {
            data,
            batch,
            position: 0,
            resets: 0,
            fault,
        }
    }
}

impl BatchSource for Batches<'_> {
    fn reset(&mut self) -> Result<(), BoxError> {
        self.position = 0;
        self.resets += 1;
        if self.fault == Fault::ResetError {
            Err("the file is gone".into())
        } else {
            Ok(())
        }
    }

    fn next(&mut self, features: &mut Vec<f32>, labels: &mut Vec<f32>) -> Result<bool, BoxError> {
        assert!(features.is_empty() && labels.is_empty());
        let begin = self.position;
        let end = self.data.rows().min(begin + self.batch);
        if begin == end {
            return Ok(false);
        }
        self.position = end;
        features.extend(&self.data.features[begin * COLUMNS..end * COLUMNS]);
        labels.extend(&self.data.labels[begin..end]);
        match self.fault {
            Fault::Error if begin > 0 => return Err("the disk is on fire".into()),
            Fault::Panic if begin > 0 => panic!("row {begin} is impossible"),
            Fault::LabelMissing => drop(labels.pop()),
            Fault::Changes if self.resets > 2 => features[0] = 77.0,
            _ => {}
        }
        Ok(true)
    }
}

fn build(data: &Data, batch: usize, fault: Fault) -> Result<DMatrix, xgboost::XGBoostError> {
    quantile_dmatrix(&mut Batches::new(data, batch, fault), COLUMNS, 64, 1, None)
}

#[test]
fn batches_of_any_size_train_the_same_model_as_a_dense_matrix() {
    let data = Data::generate(3000, 31);
    let expected = trained(&data.matrix(), 8).save_ubj().unwrap();
    for batch in [3000, 1000, 171] {
        let matrix = build(&data, batch, Fault::None).unwrap();
        assert_eq!((matrix.rows(), matrix.columns()), (3000, COLUMNS));
        assert!(
            trained(&matrix, 8).save_ubj().unwrap() == expected,
            "batches of {batch} rows"
        );
    }
}

#[test]
fn a_reference_gives_a_validation_matrix_its_bins() {
    let (train, valid) = (Data::generate(2000, 32), Data::generate(700, 33));
    let train_matrix = build(&train, 500, Fault::None).unwrap();
    let mut source = Batches::new(&valid, 300, Fault::None);
    let valid_matrix = quantile_dmatrix(&mut source, COLUMNS, 64, 1, Some(&train_matrix)).unwrap();
    let mut booster = trained(&train_matrix, 6);
    let binned = booster.evaluate(5, &[(&valid_matrix, "valid")]).unwrap();
    let dense = booster.evaluate(5, &[(&valid.matrix(), "valid")]).unwrap();
    assert_eq!(binned, dense);
}

#[test]
fn every_fault_of_the_source_is_returned() {
    let data = Data::generate(400, 34);
    for (fault, expected) in [
        (Fault::Error, "the source failed: the disk is on fire"),
        (Fault::ResetError, "the source failed: the file is gone"),
        (Fault::Panic, "the source panicked: row 100 is impossible"),
        (Fault::LabelMissing, "600 values for 99 rows of 6 columns"),
        (
            Fault::Changes,
            "the source gave other batches than in its first pass",
        ),
    ] {
        assert_eq!(build(&data, 100, fault).unwrap_err().to_string(), expected);
    }
    let failure = build(&data, 100, Fault::Error).unwrap_err();
    let source = std::error::Error::source(&failure).unwrap();
    assert_eq!(source.to_string(), "the disk is on fire");
}

#[test]
fn an_empty_source_is_an_error() {
    assert!(
        build(
            &Data {
                features: vec![],
                labels: vec![]
            },
            10,
            Fault::None
        )
        .is_err()
    );
}
