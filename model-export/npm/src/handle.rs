//! A model and its scratch memory: features of a block of rows in, margins and outputs out.

use js_sys::{Array, Object};
use model_export::{FormatError, ModelFile, Row, parse_features, sha256_hex};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{description, refusal};

/// A loaded model.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Handle {
    file: ModelFile,
    /// What the trees take, row by row.
    features: Vec<f32>,
    margins: Vec<f32>,
    outputs: Vec<f32>,
    explanation: Vec<f32>,
}

#[wasm_bindgen]
impl Handle {
    /// Reads a compact file and checks all of it, first its SHA-256 if one is given in lower-case hex digits.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: &[u8], sha256: Option<String>) -> Result<Self, JsValue> {
        if let Some(expected) = sha256 {
            let found = sha256_hex(bytes);
            if found != expected {
                return Err(refusal::of_digest(&expected, &found));
            }
        }
        let file = ModelFile::from_bytes(bytes).map_err(|error| refusal::of_file(&error))?;
        if let ModelFile::Table(_) = file {
            return Err(refusal::of_file(&FormatError::OwnTable));
        }
        let mut handle = Self {
            explanation: vec![0.0; description::features(&file).length() as usize + 1],
            file,
            features: Vec::new(),
            margins: Vec::new(),
            outputs: Vec::new(),
        };
        handle.reserve(1);
        Ok(handle)
    }

    /// Whether rows are click rows.
    pub fn clicks(&self) -> bool {
        matches!(self.file, ModelFile::Clicks(_))
    }

    /// Names of what a row holds, in its order.
    pub fn features(&self) -> Array {
        description::features(&self.file)
    }

    /// XGBoost's name of the objective.
    pub fn objective(&self) -> String {
        self.file.ensemble().objective().name().to_owned()
    }

    /// Margins of a row.
    pub fn groups(&self) -> usize {
        self.file.ensemble().groups()
    }

    /// Outputs of a row.
    pub fn outputs(&self) -> usize {
        self.file.ensemble().objective().outputs(self.groups())
    }

    /// Number of trees.
    pub fn trees(&self) -> usize {
        self.file.ensemble().trees()
    }

    /// Whether contributions can be told.
    pub fn explains(&self) -> bool {
        self.file.ensemble().has_covers()
    }

    /// Where the model comes from, with the names that are in the file.
    pub fn provenance(&self) -> Object {
        description::provenance(self.file.provenance())
    }

    /// Makes room for this many rows; the addresses change.
    pub fn reserve(&mut self, rows: usize) {
        self.features
            .resize(rows * self.file.ensemble().features(), f32::NAN);
        self.margins.resize(rows * self.groups(), 0.0);
        self.outputs.resize(rows * self.outputs(), 0.0);
    }

    /// Where the features of the first row are; for click rows, what their encoder makes of them.
    pub fn features_address(&self) -> *const f32 {
        self.features.as_ptr()
    }

    /// Where the margins of the first row are.
    pub fn margins_address(&self) -> *const f32 {
        self.margins.as_ptr()
    }

    /// Where the outputs of the first row are.
    pub fn outputs_address(&self) -> *const f32 {
        self.outputs.as_ptr()
    }

    /// Where the contributions of what a row holds are, and after them the bias.
    pub fn explanation_address(&self) -> *const f32 {
        self.explanation.as_ptr()
    }

    /// Predicts the first `rows` rows of the scratch, at most as many as there is room for.
    pub fn predict(&mut self, rows: usize) {
        let (width, groups) = (self.file.ensemble().features(), self.groups());
        let rows = rows.min(self.margins.len() / groups);
        let (features, margins) = (&self.features[..rows * width], &mut self.margins[..rows * groups]);
        self.file.margins(features, margins);
        self.file.outputs(margins, &mut self.outputs);
    }

    /// Predicts one click row.
    pub fn predict_line(&mut self, line: &str) -> Result<(), JsValue> {
        self.encode(line, 0, None)?;
        self.predict(1);
        Ok(())
    }

    /// Predicts click rows, a line each, of which the first has index `first`; at most as many as there is room for.
    pub fn predict_lines(&mut self, lines: &str, first: usize) -> Result<(), JsValue> {
        let mut rows = 0;
        for line in lines.split('\n').take(self.margins.len()) {
            self.encode(line, rows, Some(first.saturating_add(rows)))?;
            rows += 1;
        }
        self.predict(rows);
        Ok(())
    }

    /// Explains a margin of the first row of the scratch, and predicts the row.
    pub fn explain(&mut self, group: usize) -> Result<(), JsValue> {
        if let ModelFile::Features(model) = &self.file {
            let features = &self.features[..model.ensemble().features()];
            model
                .contributions(features, group, &mut self.explanation)
                .map_err(|error| refusal::of_explanation(&error))?;
        }
        self.predict(1);
        Ok(())
    }

    /// Explains the margin of a click row, and predicts the row.
    pub fn explain_line(&mut self, line: &str) -> Result<(), JsValue> {
        let row = self.encode(line, 0, None)?;
        if let ModelFile::Clicks(model) = &self.file {
            let contributions = model
                .contributions(&row)
                .map_err(|error| refusal::of_explanation(&error))?;
            let (bias, columns) = (contributions.bias, contributions.columns);
            for (to, from) in self.explanation.iter_mut().zip(columns.into_iter().chain([bias])) {
                *to = from;
            }
        }
        self.predict(1);
        Ok(())
    }
}

impl Handle {
    /// Writes what the trees take of a click row to a place of the scratch; `index` is the row's in its batch.
    fn encode(&mut self, line: &str, place: usize, index: Option<usize>) -> Result<Row, JsValue> {
        let row = parse_features(line.as_bytes(), 0).map_err(|error| refusal::of_row(&error, index))?;
        if let ModelFile::Clicks(model) = &self.file {
            let width = model.encoder().width();
            model
                .encoder()
                .encode(&row, &mut self.features[place * width..][..width]);
        }
        Ok(row)
    }
}
