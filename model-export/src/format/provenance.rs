//! The provenance section: texts and numbers, one after the other.

use std::collections::BTreeMap;

use super::FormatError;
use super::bytes::{Reader, Writer};
use crate::provenance::Provenance;

pub(super) fn write(provenance: &Provenance, writer: &mut Writer) {
    let Provenance {
        model_name,
        experiment_name,
        run_id,
        run_name,
        artifact_uri,
        booster_sha256,
        dataset_name,
        dataset_digest,
        training_rows,
        trained_at_ms,
        engine,
        trainer_version,
        params,
        metrics,
    } = provenance;
    let run = [model_name, experiment_name, run_id, run_name, artifact_uri];
    let sources = [booster_sha256, dataset_name, dataset_digest];
    for text in run.into_iter().chain(sources).chain([engine, trainer_version]) {
        writer.text(text);
    }
    writer.varint(*training_rows);
    writer.signed_varint(*trained_at_ms);
    writer.varint(params.len() as u64);
    for (name, value) in params {
        writer.text(name);
        writer.text(value);
    }
    writer.varint(metrics.len() as u64);
    for (name, value) in metrics {
        writer.text(name);
        writer.raw(&value.to_bits().to_le_bytes());
    }
}

pub(super) fn read(mut reader: Reader<'_>) -> Result<Provenance, FormatError> {
    let mut texts: [String; 10] = Default::default();
    for text in &mut texts {
        *text = reader.text()?.to_owned();
    }
    let [
        model_name,
        experiment_name,
        run_id,
        run_name,
        artifact_uri,
        sources @ ..,
    ] = texts;
    let [
        booster_sha256,
        dataset_name,
        dataset_digest,
        engine,
        trainer_version,
    ] = sources;
    let provenance = Provenance {
        model_name,
        experiment_name,
        run_id,
        run_name,
        artifact_uri,
        booster_sha256,
        dataset_name,
        dataset_digest,
        engine,
        trainer_version,
        training_rows: reader.varint()?,
        trained_at_ms: reader.signed_varint()?,
        params: read_map(&mut reader, |reader| reader.text().map(str::to_owned))?,
        metrics: read_map(&mut reader, |reader| {
            let value = f64::from_bits(u64::from_le_bytes(reader.array()?));
            let finite = value.is_finite().then_some(value);
            finite.ok_or_else(|| reader.error("a metric is not finite"))
        })?,
    };
    reader.end()?;
    Ok(provenance)
}

fn read_map<'bytes, Value>(
    reader: &mut Reader<'bytes>,
    read: impl Fn(&mut Reader<'bytes>) -> Result<Value, FormatError>,
) -> Result<BTreeMap<String, Value>, FormatError> {
    // Each entry takes at least the lengths of its name and its value.
    let count = reader.count(16)?;
    let mut map = BTreeMap::new();
    for _ in 0..count {
        let name = reader.text()?;
        if map
            .last_key_value()
            .is_some_and(|(last, _): (&String, _)| **last >= *name)
        {
            return Err(reader.error("names are not in ascending order"));
        }
        let value = read(reader)?;
        map.insert(name.to_owned(), value);
    }
    Ok(map)
}
