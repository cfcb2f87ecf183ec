//! What two models say of the same rows.

use std::path::Path;

use anyhow::Result;
use model_export::ModelFile;
use serde_json::{Value, json};

use super::differences::Differences;
use crate::evaluator::Evaluator;
use crate::files::{Refused, refused, row_failure};
use crate::progress::Progress;
use crate::rows::{self, Batch, Parsed, Wanted};
use crate::stream::{stream, thread_count};

/// What the rows showed.
pub(super) struct Compared {
    pub(super) outputs: Differences,
    pub(super) margins: Differences,
    unit: &'static str,
}

impl Compared {
    pub(super) fn json(&self) -> Value {
        json!({ "rows": self.outputs.rows, "outputs": self.outputs.json(), "margins": self.margins.json() })
    }

    /// A line for each kind of number.
    pub(super) fn lines(&self) -> [String; 3] {
        [
            format!("rows        {}", self.outputs.rows),
            format!("predictions {}", self.outputs.text(self.unit)),
            format!("margins     {}", self.margins.text(self.unit)),
        ]
    }
}

/// Margins and outputs of a batch by both models, for the rows that both can take.
struct Both {
    margins: [Vec<f32>; 2],
    outputs: [Vec<f32>; 2],
    numbers: Vec<u64>,
}

/// Predicts the rows in `input` with both models.
pub(super) fn compare(
    models: [ModelFile; 2],
    input: &Path,
    options: &rows::Options,
    threads: Option<u16>,
) -> Result<Compared> {
    let groups = models[0].ensemble().groups();
    let count = |model: &ModelFile| model.ensemble().objective().outputs(model.ensemble().groups());
    let width = count(&models[0]);
    if groups != models[1].ensemble().groups() || width != count(&models[1]) {
        let names = models.each_ref().map(|model| model.ensemble().objective().name());
        let problem = format!(
            "{} and {} models with different numbers of outputs can't be compared by rows",
            names[0], names[1]
        );
        return Err(Refused(problem).into());
    }
    let wanted = models.each_ref().map(Wanted::of);
    let (mut reader, parsers) =
        rows::open(input, options, &wanted).map_err(|error| row_failure(input, error))?;
    let progress = Progress::new(reader.position(), true, reader.unit);
    let mut compared = Compared {
        outputs: Differences::new(),
        margins: Differences::new(),
        unit: reader.unit,
    };
    let path = input.to_owned();
    let produce = move || reader.batch().map_err(|error| row_failure(&path, error));
    let evaluators = models.map(Evaluator::new);
    let work = move |batch: Batch| {
        let (first, refusal) = parsers[0].parse(&batch);
        let (second, other) = parsers[1].parse(&batch);
        // The one that comes first.
        let refusal = if second.len() < first.len() {
            other
        } else {
            refusal
        };
        (both(&evaluators, [&first, &second], &batch), refusal)
    };
    stream(thread_count(threads), produce, work, |(both, refusal)| {
        for (row, number) in both.numbers.iter().enumerate() {
            let of = |values: &'_ [Vec<f32>; 2], width: usize| {
                values
                    .each_ref()
                    .map(|values| values[row * width..(row + 1) * width].to_vec())
            };
            let [first, second] = of(&both.margins, groups);
            compared.margins.add(&first, &second, *number);
            let [first, second] = of(&both.outputs, width);
            compared.outputs.add(&first, &second, *number);
        }
        progress.update();
        refusal.map_or(Ok(()), |refusal| Err(refused(input, refusal)))
    })?;
    Ok(compared)
}

fn both(evaluators: &[Evaluator; 2], parsed: [&Parsed; 2], batch: &Batch) -> Both {
    let rows = parsed[0].len().min(parsed[1].len());
    let margins = [0, 1].map(|side| evaluators[side].margins(parsed[side]));
    let outputs = [0, 1].map(|side| evaluators[side].outputs(&margins[side]));
    Both {
        margins,
        outputs,
        numbers: (0..rows).map(|row| batch.number(row)).collect(),
    }
}
