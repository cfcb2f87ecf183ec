//! Header, section table and checksums.

use super::bytes::{Reader, Writer};
use super::{FormatError, MAJOR_VERSION, MINOR_VERSION};
use crate::digest::sha256;

const MAGIC: &[u8; 9] = b"CLICKLEAF";
const CHECKSUM_BYTES: usize = 8;
/// Of FNV-1a with 64 bits.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x100_0000_01b3;
/// Readers skip sections of this and all larger kinds when they do not know them.
const FIRST_OPTIONAL_KIND: u8 = 128;

/// The sections that this reader knows, by their number in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Provenance = 1,
    Encoder = 2,
    Trees = 3,
    Samples = 4,
    Names = 5,
    Calibration = 6,
    Covers = 128,
}

/// The first four are all that version 0 has.
const KINDS: [Kind; 7] = [
    Kind::Provenance,
    Kind::Encoder,
    Kind::Trees,
    Kind::Samples,
    Kind::Names,
    Kind::Calibration,
    Kind::Covers,
];

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Provenance => "provenance",
            Self::Encoder => "encoder",
            Self::Trees => "trees",
            Self::Samples => "samples",
            Self::Names => "names",
            Self::Calibration => "calibration",
            Self::Covers => "covers",
        }
    }

    fn from_number(major: u8, number: u8) -> Option<Self> {
        let known = if major == 0 { &KINDS[..4] } else { &KINDS[..] };
        known.iter().copied().find(|kind| *kind as u8 == number)
    }
}

/// A section as the table of a file lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionInfo {
    /// Its number in the file.
    pub kind: u8,
    /// Its name, `unknown` where this reader does not know it.
    pub name: &'static str,
    /// Length in bytes.
    pub bytes: u64,
}

/// Lists the sections of a file after checking header and checksums, but not what the sections hold.
pub fn sections(bytes: &[u8]) -> Result<Vec<SectionInfo>, FormatError> {
    let file = split(bytes)?;
    let info = |(kind, content): &(u8, &[u8])| {
        let name = Kind::from_number(file.major, *kind).map_or("unknown", Kind::name);
        SectionInfo {
            kind: *kind,
            name,
            bytes: content.len() as u64,
        }
    };
    Ok(file.sections.iter().map(info).collect())
}

/// The contents of a file whose checksums hold.
pub(super) struct File<'bytes> {
    major: u8,
    sections: Vec<(u8, &'bytes [u8])>,
}

impl<'bytes> File<'bytes> {
    pub(super) fn major(&self) -> u8 {
        self.major
    }

    pub(super) fn has(&self, kind: Kind) -> bool {
        self.sections.iter().any(|(number, _)| *number == kind as u8)
    }

    pub(super) fn get(&self, kind: Kind) -> Result<&'bytes [u8], FormatError> {
        let found = self.sections.iter().find(|(number, _)| *number == kind as u8);
        let absent = FormatError::Section {
            section: kind.name(),
            offset: 0,
            problem: "the section is absent",
        };
        found.map(|(_, content)| *content).ok_or(absent)
    }

    pub(super) fn reader(&self, kind: Kind) -> Result<Reader<'bytes>, FormatError> {
        Ok(Reader::new(kind.name(), self.get(kind)?))
    }

    /// Refuses a section that the others leave no place for.
    pub(super) fn refuse(&self, kind: Kind) -> Result<(), FormatError> {
        if self.has(kind) {
            return Err(FormatError::Section {
                section: kind.name(),
                offset: 0,
                problem: "the section does not belong to this kind of model",
            });
        }
        Ok(())
    }
}

/// Checks header, table and checksums; skips optional sections, refuses unknown ones that are not.
pub(super) fn read(bytes: &[u8]) -> Result<File<'_>, FormatError> {
    let file = split(bytes)?;
    let unknown = |kind: &u8| Kind::from_number(file.major, *kind).is_none() && *kind < FIRST_OPTIONAL_KIND;
    match file.sections.iter().map(|(kind, _)| *kind).find(unknown) {
        Some(kind) => Err(FormatError::UnknownSection { kind }),
        None => Ok(file),
    }
}

/// The whole file: header, table, checksum of both, then the sections in ascending order of kinds.
pub(super) fn write(mut sections: Vec<(Kind, Vec<u8>)>) -> Vec<u8> {
    sections.sort_by_key(|(kind, _)| *kind as u8);
    let sections: Vec<(u8, &[u8])> = sections
        .iter()
        .map(|(kind, content)| (*kind as u8, &content[..]))
        .collect();
    write_kinds(MAJOR_VERSION, MINOR_VERSION, &sections)
}

fn write_kinds(major: u8, minor: u8, sections: &[(u8, &[u8])]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.raw(MAGIC);
    writer.raw(&[major, minor, sections.len() as u8]);
    for (kind, content) in sections {
        writer.raw(&[*kind]);
        writer.varint(content.len() as u64);
        writer.raw(&checksum(major, content));
    }
    let mut file = writer.into_bytes();
    file.extend(checksum(major, &file));
    for (_, content) in sections {
        file.extend_from_slice(content);
    }
    file
}

fn split(bytes: &[u8]) -> Result<File<'_>, FormatError> {
    let mut reader = Reader::new("header", bytes);
    if !bytes.starts_with(MAGIC) {
        return Err(FormatError::Magic);
    }
    reader.raw(MAGIC.len())?;
    let [major, minor, count] = reader.array()?;
    if major != MAJOR_VERSION && !(cfg!(feature = "v0") && major == 0) {
        return Err(FormatError::Version { major, minor });
    }
    let mut table: Vec<(u8, u64, [u8; CHECKSUM_BYTES])> = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let kind = reader.byte()?;
        if table.last().is_some_and(|(before, ..)| *before >= kind) {
            return Err(reader.error("the sections are not in ascending order of kind"));
        }
        let length = if major == 0 {
            u64::from_le_bytes(reader.array()?)
        } else {
            reader.varint()?
        };
        table.push((kind, length, reader.array()?));
    }
    let table_end = reader.offset();
    if reader.array()? != checksum(major, &bytes[..table_end]) {
        return Err(FormatError::Checksum {
            section: "header".to_owned(),
        });
    }
    let mut sections = Vec::with_capacity(table.len());
    for (kind, length, stored) in table {
        let length = usize::try_from(length)
            .ok()
            .filter(|length| *length <= reader.remaining());
        let Some(length) = length else {
            return Err(reader.error("a section reaches past the end of the file"));
        };
        let content = reader.raw(length)?;
        if stored != checksum(major, content) {
            let name = Kind::from_number(major, kind).map(Kind::name);
            return Err(FormatError::Checksum {
                section: name.map_or_else(|| kind.to_string(), str::to_owned),
            });
        }
        sections.push((kind, content));
    }
    reader.end()?;
    Ok(File { major, sections })
}

/// The first 8 bytes of the SHA-256 in version 0; FNV-1a since, which takes a tenth of the time.
#[inline(never)]
fn checksum(major: u8, bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    if major > 0 || cfg!(not(feature = "v0")) {
        let step = |hash: u64, byte: u64| (hash ^ byte).wrapping_mul(FNV_PRIME);
        let (words, rest) = bytes.as_chunks::<8>();
        let hash = words.iter().fold(FNV_OFFSET, |hash, word| {
            let word = u64::from_le_bytes(*word);
            (0..8).fold(hash, |hash, place| step(hash, word >> (8 * place) & 0xff))
        });
        let hash = rest.iter().fold(hash, |hash, byte| step(hash, u64::from(*byte)));
        return hash.to_le_bytes();
    }
    let mut checksum = [0; CHECKSUM_BYTES];
    checksum.copy_from_slice(&sha256(bytes)[..CHECKSUM_BYTES]);
    checksum
}

#[cfg(test)]
mod tests;
