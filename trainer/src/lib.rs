//! From Criteo rows to a registered, promoted model.
//!
//! | step | value | made by |
//! |---|---|---|
//! | ingest | checked rows in a [`row_file`] | [`ingest`], from a [`source`] or the generator in [`generate`] |
//! | process | encoded rows in an [`encoded_file`], the encoder | [`process`], [`crosses`] |
//! | train | a booster | [`train`] |
//! | export | the compact file, checked and judged | [`export`], [`evaluate`], [`metrics`], [`evaluation_report`] |
//! | register, promote | run, artifacts, version, stage | [`record`], [`pipeline`] |
//!
//! A [`recipe`] says what is trained, and [`tune`] searches for a better one. [`pipeline::run`] is the whole line; [`worker`] runs it for the training queue.
//!
//! Invariants: the encoder sees training rows only; what is registered predicts as the engine that grew it does, bit
//! for bit; the metrics of a run are those of the exported file; the same rows and seed give the same trees. This
//! crate never serves a request.

pub mod calibrate;
pub mod cancel;
pub mod crosses;
pub mod data_row;
pub mod encoded_file;
pub mod evaluate;
pub mod evaluation_report;
pub mod export;
pub mod gbdt_engine;
pub mod generate;
pub mod ingest;
pub mod keys;
pub mod metrics;
pub mod pipeline;
pub mod process;
pub mod progress;
pub mod recipe;
pub mod record;
pub mod row_file;
pub mod source;
pub mod split;
pub mod train;
pub mod tune;
pub mod work_folder;
pub mod worker;

/// An error and its causes, on one line.
pub fn error_chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since_epoch.map_or(0, |duration| duration.as_millis() as i64)
}
