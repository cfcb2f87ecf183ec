//! `inspect`: what is in a compact model.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use model_export::{MAJOR_VERSION, sections, sha256_hex};
use serde_json::json;

use crate::files::{read_model, refused};

/// Show what a compact model holds: sections and their sizes, trees, encoder, provenance.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Compact model.
    model: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let (bytes, model) = read_model(&options.model)?;
    let listed = sections(&bytes).map_err(|error| refused(&options.model, error))?;
    let (encoder, ensemble) = (model.encoder(), model.ensemble());
    // from_bytes accepts no other major version, and the minor version follows it.
    let version = format!("{MAJOR_VERSION}.{}", bytes[10]);
    let sha256 = sha256_hex(&bytes);
    let mut out = std::io::stdout().lock();
    if options.json {
        let sections: Vec<_> = listed
            .iter()
            .map(|section| json!({ "kind": section.kind, "name": section.name, "bytes": section.bytes }))
            .collect();
        let shown = json!({
            "format_version": version,
            "sha256": sha256,
            "bytes": bytes.len(),
            "sections": sections,
            "trees": ensemble.trees(),
            "nodes": ensemble.nodes(),
            "features": ensemble.features(),
            "base_margin": ensemble.base_margin(),
            "encoder": { "rows": encoder.rows(), "keys": encoder.keys(), "config": encoder.config() },
            "samples": model.samples().len(),
            "provenance": model.provenance(),
        });
        writeln!(out, "{shown:#}")?;
        return Ok(());
    }
    writeln!(out, "format      CLICKLEAF {version}, {} bytes", bytes.len())?;
    writeln!(out, "sha256      {sha256}")?;
    for section in &listed {
        writeln!(
            out,
            "section     {:<12} {:>10} bytes",
            section.name, section.bytes
        )?;
    }
    writeln!(
        out,
        "trees       {} with {} nodes over {} features, base margin {}",
        ensemble.trees(),
        ensemble.nodes(),
        ensemble.features(),
        ensemble.base_margin()
    )?;
    writeln!(
        out,
        "encoder     {} keys from {} rows",
        encoder.keys(),
        encoder.rows()
    )?;
    writeln!(out, "self-test   {} rows", model.samples().len())?;
    let provenance = serde_json::to_value(model.provenance())?;
    for (name, value) in provenance.as_object().into_iter().flatten() {
        match value.as_object() {
            Some(entries) => entries
                .iter()
                .try_for_each(|(key, value)| writeln!(out, "{name}.{key}  {value}"))?,
            None => writeln!(out, "{name}  {value}")?,
        }
    }
    Ok(())
}
