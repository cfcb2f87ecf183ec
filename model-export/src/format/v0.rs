//! What files of version 0 hold. They are read, and no longer written.

pub(super) mod encoder;
mod trees;

use super::bytes::Reader;
use super::container::{File, Kind};
use super::{FormatError, samples};
use crate::model::Model;
use crate::provenance::Provenance;

pub(super) fn read(file: &File<'_>) -> Result<Model, FormatError> {
    let provenance = Provenance::from_json(file.get(Kind::Provenance)?)?;
    let reader = |kind: Kind| Ok::<_, FormatError>(Reader::new(kind.name(), file.get(kind)?));
    let encoder = encoder::read(reader(Kind::Encoder)?)?;
    let ensemble = trees::read(reader(Kind::Trees)?)?;
    let samples = samples::read(reader(Kind::Samples)?)?;
    Model::new(encoder, ensemble, provenance, samples)
}
