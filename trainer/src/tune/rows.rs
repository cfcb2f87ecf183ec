//! Encoded rows of a search: once for all trials whose encoder has the same settings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::TuneError;
use crate::cancel::CancelToken;
use crate::crosses::Crosses;
use crate::encoded_file::EncodedFile;
use crate::ingest::Ingested;
use crate::pipeline::PipelineError;
use crate::process::{FitOn, ProcessConfig, process};
use crate::progress::NoProgress;
use crate::split::Split;

/// The rows, by the settings of their encoder.
pub(super) struct EncodedRows<'a> {
    ingested: &'a Ingested,
    folder: &'a Path,
    encoded: BTreeMap<String, (EncodedFile, Split)>,
    /// What was chosen where crosses are counted: by their number and the seed, since all trials have the same split.
    chosen: BTreeMap<String, Crosses>,
}

impl<'a> EncodedRows<'a> {
    /// Nothing is encoded yet.
    pub(super) fn new(ingested: &'a Ingested, folder: &'a Path) -> Self {
        Self {
            ingested,
            folder,
            encoded: BTreeMap::new(),
            chosen: BTreeMap::new(),
        }
    }

    /// The rows as an encoder with these settings has them. Blocking.
    pub(super) fn encoded(
        &mut self,
        config: &ProcessConfig,
        cancel: &CancelToken,
    ) -> Result<&(EncodedFile, Split), TuneError> {
        let digest = digest(config);
        if !self.encoded.contains_key(&digest) {
            let path = self.folder.join(format!("encoded-{digest}.f32"));
            let rows = &self.ingested.rows;
            let choice = format!("{:?} {}", config.crosses, config.seed);
            let crosses = self.chosen.get(&choice).unwrap_or(&config.crosses).clone();
            let known = ProcessConfig {
                crosses,
                ..config.clone()
            };
            let processed = process(rows, &known, FitOn::Training, &path, &NoProgress, cancel)
                .map_err(PipelineError::from)?;
            self.chosen
                .insert(choice, known.with_crosses_of(&processed).crosses);
            self.encoded
                .insert(digest.clone(), (processed.encoded, processed.split));
        }
        Ok(&self.encoded[&digest])
    }

    /// Removes all but those of these settings.
    pub(super) fn forget_but(&mut self, needed: &[ProcessConfig]) {
        let needed: BTreeSet<String> = needed.iter().map(digest).collect();
        self.encoded.retain(|digest, (file, _)| {
            let keep = needed.contains(digest);
            if !keep {
                // What stays behind costs space and nothing else.
                let _ = std::fs::remove_file(&file.path);
            }
            keep
        });
    }
}

/// Names the rows that an encoder with these settings makes.
fn digest(config: &ProcessConfig) -> String {
    let text = format!("{config:?}");
    model_export::sha256_hex(text.as_bytes())[..16].to_owned()
}
