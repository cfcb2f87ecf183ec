//! Encoded rows on disk, so that the trainer's several passes stream: per row its features, then its label, each as
//! a little-endian f32.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Rows that a batch holds at most.
const BATCH_ROWS: u64 = 16_384;

/// Writes encoded rows.
pub struct EncodedWriter {
    file: BufWriter<File>,
    path: PathBuf,
    width: usize,
}

/// A finished file of encoded rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncodedFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Features a row.
    pub width: usize,
}

/// A range of the rows, batch by batch, as often as wanted.
pub struct Batches {
    file: BufReader<File>,
    width: usize,
    rows: Range<u64>,
    next: u64,
}

impl EncodedWriter {
    /// Starts a file, over one that may be there.
    pub fn create(path: &Path, width: usize) -> std::io::Result<Self> {
        let file = BufWriter::with_capacity(1 << 18, File::create(path)?);
        Ok(Self {
            file,
            path: path.to_owned(),
            width,
        })
    }

    /// Appends a row of `width` features.
    pub fn write(&mut self, features: &[f32], label: bool) -> std::io::Result<()> {
        debug_assert_eq!(features.len(), self.width);
        for feature in features {
            self.file.write_all(&feature.to_le_bytes())?;
        }
        self.file.write_all(&f32::from(u8::from(label)).to_le_bytes())
    }

    /// Flushes and closes.
    pub fn finish(self) -> std::io::Result<EncodedFile> {
        self.file.into_inner().map_err(|error| error.into_error())?;
        Ok(EncodedFile {
            path: self.path,
            width: self.width,
        })
    }
}

impl EncodedFile {
    /// The rows of `range` (0-based) in batches.
    pub fn batches(&self, range: Range<u64>) -> std::io::Result<Batches> {
        let file = BufReader::with_capacity(1 << 18, File::open(&self.path)?);
        let mut batches = Batches {
            file,
            width: self.width,
            next: range.start,
            rows: range,
        };
        batches.rewind()?;
        Ok(batches)
    }
}

impl Batches {
    /// Back to the range's first row.
    pub fn rewind(&mut self) -> std::io::Result<()> {
        self.next = self.rows.start;
        let row_bytes = (self.width as u64 + 1) * 4;
        self.file
            .seek(SeekFrom::Start(self.rows.start * row_bytes))
            .map(|_| ())
    }

    /// Replaces both buffers by the next batch, rows one after another; false at the end of the range.
    pub fn read(&mut self, features: &mut Vec<f32>, labels: &mut Vec<f32>) -> std::io::Result<bool> {
        features.clear();
        labels.clear();
        let rows = BATCH_ROWS.min(self.rows.end - self.next);
        let mut bytes = vec![0; (self.width + 1) * 4];
        for _ in 0..rows {
            self.file.read_exact(&mut bytes)?;
            let (values, _) = bytes.as_chunks::<4>();
            features.extend(
                values[..self.width]
                    .iter()
                    .map(|value| f32::from_le_bytes(*value)),
            );
            labels.push(f32::from_le_bytes(values[self.width]));
        }
        self.next += rows;
        Ok(rows > 0)
    }
}

#[cfg(feature = "xgboost")]
impl xgboost::BatchSource for Batches {
    fn reset(&mut self) -> Result<(), xgboost::BoxError> {
        Ok(self.rewind()?)
    }

    fn next(&mut self, features: &mut Vec<f32>, labels: &mut Vec<f32>) -> Result<bool, xgboost::BoxError> {
        Ok(self.read(features, labels)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_comes_back_in_batches_again_and_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = EncodedWriter::create(&folder.path().join("encoded.f32"), 2).unwrap();
        for row in 0..40_000 {
            writer.write(&[row as f32, f32::NAN], row % 3 == 0).unwrap();
        }
        let file = writer.finish().unwrap();
        let mut batches = file.batches(5..33_005).unwrap();
        for _ in 0..2 {
            batches.rewind().unwrap();
            let (mut features, mut labels, mut row) = (Vec::new(), Vec::new(), 5);
            while batches.read(&mut features, &mut labels).unwrap() {
                for (values, label) in features.chunks(2).zip(&labels) {
                    assert_eq!(
                        (values[0], *label),
                        (row as f32, if row % 3 == 0 { 1.0 } else { 0.0 })
                    );
                    assert!(values[1].is_nan());
                    row += 1;
                }
            }
            assert_eq!(row, 33_005);
        }
    }
}
