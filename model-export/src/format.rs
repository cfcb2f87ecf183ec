//! The compact file, `CLICKLEAF` version 1.0; `FORMAT.md` specifies the bytes.
//!
//! Files of version 0 are still read, unless the feature `v0` is left out.
//!
//! Invariants: the same model gives the same bytes; reading accepts nothing it has not checked, and of version 1 nothing
//! that it would write in another way; it never panics, and allocates no more than a small multiple of the file's
//! length.

mod bytes;
mod calibration;
mod coder;
mod container;
mod covers;
mod encoder;
mod error;
mod names;
mod provenance;
mod samples;
mod trees;
mod v0;
mod values;

use bytes::Writer;
use container::{File, Kind};
pub use container::{SectionInfo, sections};
pub use error::FormatError;

use crate::calibration::Calibration;
use crate::ensemble::Ensemble;
use crate::feature_model::{FeatureModel, ModelFile};
use crate::model::Model;
use crate::provenance::Provenance;
use crate::table_model::TableModel;

/// Readers refuse all other major versions but 0, and that too without the feature `v0`.
pub const MAJOR_VERSION: u8 = 1;
/// A newer minor version only adds sections that a reader may skip.
pub const MINOR_VERSION: u8 = 0;

pub(crate) fn encode_model(model: &Model) -> Vec<u8> {
    let mut sections = shared_sections(model.provenance(), model.ensemble());
    sections.push(section(Kind::Encoder, |writer| {
        encoder::write(model.encoder(), writer);
    }));
    sections.push(section(Kind::Samples, |writer| {
        samples::write(model.samples(), writer);
    }));
    sections.extend(calibration_section(model.calibration()));
    container::write(sections)
}

pub(crate) fn encode_features(model: &FeatureModel) -> Vec<u8> {
    let mut sections = shared_sections(model.provenance(), model.ensemble());
    if !model.feature_names().is_empty() {
        sections.push(section(Kind::Names, |writer| {
            names::write(model.feature_names(), writer);
        }));
    }
    container::write(sections)
}

pub(crate) fn encode_table(model: &TableModel) -> Vec<u8> {
    let mut sections = shared_sections(model.provenance(), model.ensemble());
    sections.push(section(Kind::Encoder, |writer| {
        encoder::write(model.encoder(), writer);
    }));
    sections.extend(calibration_section(model.calibration()));
    container::write(sections)
}

/// Reads a file that holds a model of any kind.
pub(crate) fn decode(bytes: &[u8]) -> Result<ModelFile, FormatError> {
    let file = container::read(bytes)?;
    if cfg!(feature = "v0") && file.major() == 0 || file.has(Kind::Encoder) && !is_of_a_table(&file) {
        return read_clicks(&file).map(|model| ModelFile::Clicks(Box::new(model)));
    }
    if file.has(Kind::Encoder) {
        return read_table(&file).map(|model| ModelFile::Table(Box::new(model)));
    }
    read_features(&file).map(|model| ModelFile::Features(Box::new(model)))
}

/// Reads a file that holds a model of Criteo rows. Nothing here leads to what reads the others.
pub(crate) fn decode_clicks(bytes: &[u8]) -> Result<Model, FormatError> {
    let file = container::read(bytes)?;
    let is_of_version_0 = cfg!(feature = "v0") && file.major() == 0;
    if !is_of_version_0 && !file.has(Kind::Encoder) {
        return Err(FormatError::NotRows);
    }
    if !is_of_version_0 && is_of_a_table(&file) {
        return Err(FormatError::OwnTable);
    }
    read_clicks(&file)
}

fn is_of_a_table(file: &File<'_>) -> bool {
    file.get(Kind::Encoder).is_ok_and(encoder::is_of_a_table)
}

fn read_table(file: &File<'_>) -> Result<TableModel, FormatError> {
    let (provenance, ensemble) = read_shared(file)?;
    file.refuse(Kind::Names)?;
    file.refuse(Kind::Samples)?;
    let encoder = encoder::read_table(file.reader(Kind::Encoder)?)?;
    let mut model = TableModel::new(encoder.clone(), ensemble, provenance)?;
    if let Some(calibration) = read_calibration(file)? {
        model = model.with_calibration(calibration)?;
    }
    if *model.encoder() != encoder {
        return Err(encoder::not_pruned());
    }
    Ok(model)
}

fn read_clicks(file: &File<'_>) -> Result<Model, FormatError> {
    if cfg!(feature = "v0") && file.major() == 0 {
        return v0::read(file);
    }
    let (provenance, ensemble) = read_shared(file)?;
    file.refuse(Kind::Names)?;
    let encoder = encoder::read(file.reader(Kind::Encoder)?)?;
    let samples = samples::read(file.reader(Kind::Samples)?)?;
    let mut model = Model::new(encoder.clone(), ensemble, provenance, samples)?;
    if let Some(calibration) = read_calibration(file)? {
        model = model.with_calibration(calibration)?;
    }
    if *model.encoder() != encoder {
        return Err(encoder::not_pruned());
    }
    Ok(model)
}

/// Reads a file that holds a model of features. Nothing here leads to what reads the others, so that a program that calls
/// this alone goes without it.
pub(crate) fn decode_features(bytes: &[u8]) -> Result<FeatureModel, FormatError> {
    let file = container::read(bytes)?;
    if cfg!(feature = "v0") && file.major() == 0 {
        // Version 0 has models of rows only.
        file.get(Kind::Encoder)?;
    }
    file.refuse(Kind::Encoder)?;
    read_features(&file)
}

fn read_features(file: &File<'_>) -> Result<FeatureModel, FormatError> {
    let (provenance, ensemble) = read_shared(file)?;
    file.refuse(Kind::Samples)?;
    file.refuse(Kind::Calibration)?;
    let names = if file.has(Kind::Names) {
        names::read(file.reader(Kind::Names)?)?
    } else {
        Vec::new()
    };
    FeatureModel::new(ensemble, names, provenance)
}

fn read_shared(file: &File<'_>) -> Result<(Provenance, Ensemble), FormatError> {
    let provenance = provenance::read(file.reader(Kind::Provenance)?)?;
    let mut ensemble = trees::read(file.reader(Kind::Trees)?)?;
    if file.has(Kind::Covers) {
        ensemble = covers::read(file.reader(Kind::Covers)?, ensemble)?;
    }
    Ok((provenance, ensemble))
}

fn read_calibration(file: &File<'_>) -> Result<Option<Calibration>, FormatError> {
    match file.has(Kind::Calibration) {
        true => calibration::read(file.reader(Kind::Calibration)?).map(Some),
        false => Ok(None),
    }
}

fn calibration_section(calibration: Option<&Calibration>) -> Option<(Kind, Vec<u8>)> {
    let calibration = calibration?;
    Some(section(Kind::Calibration, |writer| {
        calibration::write(calibration, writer)
    }))
}

fn shared_sections(provenance: &Provenance, ensemble: &Ensemble) -> Vec<(Kind, Vec<u8>)> {
    let mut sections = vec![
        section(Kind::Provenance, |writer| provenance::write(provenance, writer)),
        section(Kind::Trees, |writer| trees::write(ensemble, writer)),
    ];
    if ensemble.has_covers() {
        sections.push(section(Kind::Covers, |writer| covers::write(ensemble, writer)));
    }
    sections
}

fn section(kind: Kind, write: impl FnOnce(&mut Writer)) -> (Kind, Vec<u8>) {
    let mut writer = Writer::default();
    write(&mut writer);
    (kind, writer.into_bytes())
}

/// Splits above each node.
fn depths(ensemble: &Ensemble) -> Vec<usize> {
    let nodes = ensemble.flat_nodes();
    let mut depths = vec![0; nodes.len()];
    for (index, node) in nodes.iter().enumerate().filter(|(_, node)| !node.is_leaf()) {
        let below = depths[index] + 1;
        let left = node.left as usize;
        depths[left..left + 2].fill(below);
    }
    depths
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
