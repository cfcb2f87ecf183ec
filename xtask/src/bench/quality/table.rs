//! The table: one line for each contestant, ours first. It is Markdown, and aligned.

use std::fmt::Write as _;

use super::bootstrap::{Difference, paired};
use super::contestants::{Contestant, Run};
use super::metrics::{Metrics, losses, mean};
use crate::bench::table::{align, thousands};

const HEAD: [&str; 12] = [
    "model",
    "recipe",
    "logloss",
    "ours − it",
    "95 % interval",
    "AUC",
    "NE",
    "ECE",
    "pred/obs",
    "fit s",
    "file B",
    "served B",
];

/// What a contestant's runs came to.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Who.
    pub(super) contestant: Contestant,
    /// Its runs, or why it was not run.
    pub(super) outcome: Result<Judged, String>,
}

/// Runs and their metrics, in the order of the seeds.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub(super) runs: Vec<Run>,
    pub(super) metrics: Vec<Metrics>,
    /// Each test row's loss, averaged over runs.
    losses: Vec<f64>,
}

impl Judged {
    /// Judges one run or more by the test rows' labels.
    pub(super) fn new(runs: Vec<Run>, labels: &[bool]) -> anyhow::Result<Self> {
        let metrics = runs.iter().map(|run| Metrics::of(&run.probabilities, labels));
        let metrics = metrics.collect::<anyhow::Result<Vec<_>>>()?;
        let mut sums = vec![0.0; labels.len()];
        for run in &runs {
            for (sum, loss) in sums.iter_mut().zip(losses(&run.probabilities, labels)) {
                *sum += loss / runs.len() as f64;
            }
        }
        Ok(Self {
            runs,
            metrics,
            losses: sums,
        })
    }

    /// By which `self` has a lower (negative) or higher logloss than `other`.
    pub(super) fn beside(&self, other: &Self) -> Difference {
        paired(&self.losses, &other.losses)
    }
}

/// The table, then each seed's logloss.
pub(super) fn render(rows: &[Row], seeds: &[u64]) -> String {
    let mut lines = vec![HEAD.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| line(rows, row)));
    let mut text = align(&lines);
    text.push_str("\nLogloss with each seed, and trees:\n\n");
    for row in rows {
        let Ok(judged) = &row.outcome else { continue };
        let runs = judged.runs.iter().zip(&judged.metrics).zip(seeds);
        let each = runs.map(|((run, metrics), seed)| {
            format!("seed {seed} {:.5} ({})", metrics.logloss, thousands(run.trees))
        });
        let each = each.collect::<Vec<_>>().join(", ");
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "- {}, {}: {each}",
            row.contestant.name, row.contestant.recipe
        );
    }
    text
}

fn line(rows: &[Row], row: &Row) -> [String; HEAD.len()] {
    let mut cells = [const { String::new() }; HEAD.len()];
    cells[0] = row.contestant.name.to_owned();
    cells[1] = row.contestant.recipe.to_owned();
    let judged = match &row.outcome {
        Ok(judged) => judged,
        Err(why) => {
            // Programs say much, and why they failed last; all of it was shown when it happened.
            let why = why
                .lines()
                .rfind(|line| !line.trim().is_empty())
                .unwrap_or_default();
            cells[2] = format!("not run: {}", why.trim().replace('|', "/"));
            return cells;
        }
    };
    let ours = rows.iter().find(|row| row.contestant.is_ours());
    let ours = ours.and_then(|ours| ours.outcome.as_ref().ok());
    let difference = ours
        .filter(|_| !row.contestant.is_ours())
        .map(|ours| ours.beside(judged));
    let metrics = Metrics::mean_of(&judged.metrics);
    let of_runs = |value: fn(&Run) -> f64| mean(&judged.runs.iter().map(value).collect::<Vec<_>>());
    let bytes = |value: fn(&Run) -> Option<u64>| {
        // The largest: a budget has to hold with every seed.
        judged.runs.iter().filter_map(value).max()
    };
    let numbers = [
        format!("{:.5}", metrics.logloss),
        difference.map_or_else(dash, |difference| format!("{:+.5}", difference.mean)),
        difference.map_or_else(dash, |difference| {
            format!("{:+.5} … {:+.5}", difference.low, difference.high)
        }),
        format!("{:.5}", metrics.auc),
        format!("{:.5}", metrics.normalized_entropy),
        format!("{:.4}", metrics.calibration_error),
        format!("{:.3}", metrics.predicted_over_observed),
        format!("{:.1}", of_runs(|run| run.seconds)),
        bytes(|run| run.file.map(|file| file.stored)).map_or_else(dash, thousands),
        bytes(|run| run.file.map(|file| file.served)).map_or_else(dash, thousands),
    ];
    for (cell, number) in cells[2..].iter_mut().zip(numbers) {
        *cell = number;
    }
    cells
}

fn dash() -> String {
    "–".to_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::bench::quality::contestants::{CONTESTANTS, FileBytes};

    const LABELS: [bool; 4] = [true, false, false, true];

    fn run(sure: f64, served: Option<u64>) -> Run {
        let probabilities = LABELS.map(|click| if click { sure } else { 1.0 - sure }).to_vec();
        Run {
            probabilities,
            seconds: 10.0,
            other_seconds: None,
            trees: 1_234,
            file: served.map(|served| FileBytes {
                stored: 2 * served,
                served,
            }),
            dataset: None,
        }
    }

    /// Ours with two seeds, a peer that predicts worse, and one that did not run.
    pub(in crate::bench::quality) fn three_rows() -> Vec<Row> {
        let judged = |runs| Judged::new(runs, &LABELS).unwrap();
        let row = |index: usize, outcome| Row {
            contestant: CONTESTANTS[index],
            outcome,
        };
        vec![
            row(0, Ok(judged(vec![run(0.8, Some(1_000)), run(0.9, Some(3_000))]))),
            row(1, Ok(judged(vec![run(0.7, None), run(0.7, None)]))),
            row(2, Err("Traceback\nOSError: no wheel | for this\n\n".to_owned())),
        ]
    }

    #[test]
    fn each_contestant_has_a_line_and_peers_are_subtracted_from_ours() {
        let rows = three_rows();
        let text = render(&rows, &[1, 2]);
        let unpadded = text
            .split(' ')
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        let ours = -(0.8f64.ln() + 0.9f64.ln()) / 2.0;
        let difference = ours + 0.7f64.ln();
        for part in [
            format!("| {ours:.5} |"),
            format!("| {difference:+.5} | {difference:+.5} … {difference:+.5} |"),
            "| 6,000 | 3,000 |".to_owned(),
            "| not run: OSError: no wheel / for this |".to_owned(),
            format!(
                "seed 1 {:.5} (1,234), seed 2 {:.5} (1,234)\n",
                -0.8f64.ln(),
                -0.9f64.ln()
            ),
        ] {
            assert!(unpadded.contains(&part), "no {part} in\n{text}");
        }
        let table: Vec<&str> = text.lines().take(5).collect();
        assert!(
            table
                .iter()
                .all(|line| line.matches('|').count() == HEAD.len() + 1),
            "{text}"
        );
    }

    #[test]
    fn ours_is_not_compared_with_itself() {
        let cells = line(&three_rows(), &three_rows()[0]);
        assert_eq!((cells[3].as_str(), cells[4].as_str()), ("–", "–"));
    }
}
