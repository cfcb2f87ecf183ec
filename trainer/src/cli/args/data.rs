//! Where the rows come from.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use trainer::ingest::{BadRowPolicy, Data};
use trainer::recipe::{Recipe, TableSchema};
use trainer::source::Source;

/// Where the rows come from.
#[derive(Args)]
#[group(skip)]
#[command(next_help_heading = "Data")]
pub(crate) struct DataArgs {
    /// Criteo rows (TSV; plain, gzip, xz or zstd): paths, -, https:// or s3:// URLs, in order
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present_any = ["generate", "recipe"], conflicts_with = "generate")]
    data: Vec<String>,
    /// TOML file with the columns of a table that isn't Criteo's; --data are its rows, CSV, TSV or Parquet
    #[arg(long, value_name = "FILE", conflicts_with = "generate")]
    schema: Option<PathBuf>,
    /// Generate this many rows instead
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u64).range(1..))]
    generate: Option<u64>,
    /// What to do with a bad row [default: fail]
    #[arg(long, value_enum)]
    bad_rows: Option<BadRowsArg>,
    /// With --bad-rows skip: more than this many fail the run [default: 1000]
    #[arg(long, value_name = "N")]
    max_bad_rows: Option<u64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum BadRowsArg {
    /// Refuse the data
    Fail,
    /// Leave it out and count it
    Skip,
}

impl DataArgs {
    /// The flags over the recipe.
    pub(crate) fn data(&self, recipe: &Recipe, seed: Option<u64>) -> Result<Data> {
        let data = match (self.generate, &self.data[..]) {
            (Some(rows), _) => Some(Data::Generated {
                rows,
                seed: recipe.generator_seed(),
            }),
            (None, []) => match (recipe.data()?, &self.schema) {
                (Some(data), Some(path)) if !data.sources().is_empty() => {
                    Some(Data::of(data.sources().to_vec(), Some(TableSchema::read(path)?)))
                }
                (Some(_), Some(_)) => return Err(NoData.into()),
                (data, _) => data,
            },
            (None, sources) => {
                let sources = sources.iter().map(|text| Source::parse(text)).collect();
                let schema = match &self.schema {
                    Some(path) => Some(TableSchema::read(path)?),
                    None => recipe.schema()?,
                };
                Some(Data::of(sources, schema))
            }
        };
        match (data, seed) {
            (Some(Data::Generated { rows, .. }), Some(seed)) => Ok(Data::Generated { rows, seed }),
            (Some(data), _) => Ok(data),
            (None, _) => Err(NoData.into()),
        }
    }

    /// The flags over the recipe.
    pub(crate) fn bad_rows(&self, recipe: &Recipe) -> BadRowPolicy {
        let skip = match self.bad_rows {
            Some(BadRowsArg::Fail) => false,
            Some(BadRowsArg::Skip) => true,
            None => recipe.bad_rows() != BadRowPolicy::Fail,
        };
        match skip {
            false => BadRowPolicy::Fail,
            true => BadRowPolicy::Skip {
                cap: self.max_bad_rows.unwrap_or(recipe.max_bad_rows()),
            },
        }
    }
}

/// Requests of the queue name Criteo rows.
#[derive(Debug, thiserror::Error)]
#[error("the training queue is for Criteo rows: train on a table with `run --recipe`")]
pub(crate) struct QueueOfTables;

/// Neither flags nor recipe say where the rows come from.
#[derive(Debug, thiserror::Error)]
#[error("no rows: give --data or --generate, or [data] in the recipe")]
pub(crate) struct NoData;
