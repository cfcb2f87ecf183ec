//! Reading an archive, twice: first all of it is checked, then it is used.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use sha2::{Digest, Sha256};
use zstd::stream::read::Decoder;

use super::{
    ArchiveError, corrupt, file,
    manifest::{FORMAT_ENTRY, Format, MANIFEST_ENTRY, Manifest},
};

/// What is held in memory is never more than this; objects aren't.
const MOST_IN_MEMORY: u64 = 1 << 30;
const CHUNK: usize = 1 << 18;

type Reader = Decoder<'static, BufReader<File>>;

/// An archive's file.
pub(super) struct Source<'a> {
    pub(super) path: &'a Path,
}

impl Source<'_> {
    /// Reads everything, and fails unless it is what the manifest says.
    pub(super) fn check(&self) -> Result<Manifest, ArchiveError> {
        let mut seen: BTreeMap<String, (String, u64)> = BTreeMap::new();
        let mut manifest = None;
        let mut is_first = true;
        self.each(|name, size, reader| {
            if is_first {
                is_first = false;
                if name != FORMAT_ENTRY {
                    return Err(ArchiveError::NotAnArchive {
                        reason: format!("it begins with {name:?}"),
                    });
                }
                return Format::check(&in_memory(name, size, reader)?);
            }
            if manifest.is_some() {
                return Err(corrupt(name, "it comes after the manifest"));
            }
            if name == MANIFEST_ENTRY {
                manifest = Some(Manifest::parse(&in_memory(name, size, reader)?)?);
                return Ok(());
            }
            let (mut digest, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; CHUNK]);
            loop {
                match reader.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(count) => {
                        digest.update(&buffer[..count]);
                        bytes += count as u64;
                    }
                    Err(error) => return Err(corrupt(name, error.to_string())),
                }
            }
            match seen.insert(name.to_owned(), (hex::encode(digest.finalize()), bytes)) {
                None => Ok(()),
                Some(_) => Err(corrupt(name, "it is there twice")),
            }
        })?;
        let manifest =
            manifest.ok_or_else(|| corrupt(MANIFEST_ENTRY, "it is missing: the archive ends early"))?;
        for entry in &manifest.entries {
            match seen.remove(&entry.name) {
                None => return Err(corrupt(&entry.name, "it is missing, or in the manifest twice")),
                Some((_, bytes)) if bytes != entry.bytes => {
                    let reason = format!("it has {bytes} bytes, but should have {}", entry.bytes);
                    return Err(corrupt(&entry.name, reason));
                }
                Some((sha256, _)) if sha256 != entry.sha256 => {
                    let reason = format!("its SHA-256 is {sha256}, but should be {}", entry.sha256);
                    return Err(corrupt(&entry.name, reason));
                }
                Some(_) => {}
            }
        }
        match seen.into_keys().next() {
            Some(name) => Err(corrupt(&name, "the manifest doesn't have it")),
            None => Ok(manifest),
        }
    }

    /// Calls for every entry, in their order, with its name, its size and its bytes.
    pub(super) fn each(
        &self,
        mut take: impl FnMut(&str, u64, &mut dyn Read) -> Result<(), ArchiveError>,
    ) -> Result<(), ArchiveError> {
        let source = File::open(self.path).map_err(file("read", self.path))?;
        let decoder: Reader = Decoder::new(source).map_err(file("read", self.path))?;
        let mut tar = tar::Archive::new(decoder);
        let mut last = "the start".to_owned();
        let not = |error: std::io::Error, last: &str| ArchiveError::NotAnArchive {
            reason: format!("after {last}: {error}"),
        };
        for entry in tar.entries().map_err(|error| not(error, &last))? {
            let mut entry = entry.map_err(|error| not(error, &last))?;
            let name = entry
                .path()
                .ok()
                .and_then(|path| path.to_str().map(str::to_owned))
                .ok_or_else(|| corrupt(&last, "what follows has no name"))?;
            let size = entry.size();
            take(&name, size, &mut entry)?;
            last = name;
        }
        Ok(())
    }
}

/// All bytes of an entry.
pub(super) fn in_memory(name: &str, size: u64, reader: &mut dyn Read) -> Result<Vec<u8>, ArchiveError> {
    if size > MOST_IN_MEMORY {
        return Err(corrupt(name, format!("it has {size} bytes")));
    }
    let mut bytes = Vec::new();
    reader
        .take(MOST_IN_MEMORY)
        .read_to_end(&mut bytes)
        .map_err(|error| corrupt(name, error.to_string()))?;
    Ok(bytes)
}
