//! Header, section table and checksums.

use super::{FormatError, MAJOR_VERSION, MINOR_VERSION};
use crate::digest::sha256;

const MAGIC: &[u8; 9] = b"CLICKLEAF";
const CHECKSUM_BYTES: usize = 8;
const FIXED_BYTES: usize = MAGIC.len() + 3;
const ENTRY_BYTES: usize = 1 + 8 + CHECKSUM_BYTES;
/// Readers skip sections of this and all larger kinds when they do not know them.
const FIRST_OPTIONAL_KIND: u8 = 128;

/// The sections of this version, by their number in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Provenance = 1,
    Encoder = 2,
    Trees = 3,
    Samples = 4,
}

const KINDS: [Kind; 4] = [Kind::Provenance, Kind::Encoder, Kind::Trees, Kind::Samples];

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Provenance => "provenance",
            Self::Encoder => "encoder",
            Self::Trees => "trees",
            Self::Samples => "samples",
        }
    }

    fn from_number(number: u8) -> Option<Self> {
        KINDS.into_iter().find(|kind| *kind as u8 == number)
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
    let info = |(kind, content): (u8, &[u8])| {
        let name = Kind::from_number(kind).map_or("unknown", Kind::name);
        SectionInfo {
            kind,
            name,
            bytes: content.len() as u64,
        }
    };
    Ok(split(bytes)?.into_iter().map(info).collect())
}

/// The contents of a file whose checksums hold.
pub(super) struct Sections<'bytes>(Vec<(u8, &'bytes [u8])>);

impl<'bytes> Sections<'bytes> {
    pub(super) fn get(&self, kind: Kind) -> Result<&'bytes [u8], FormatError> {
        let found = self.0.iter().find(|(number, _)| *number == kind as u8);
        found.map(|(_, content)| *content).ok_or(FormatError::Section {
            section: kind.name(),
            offset: 0,
            problem: "the section is absent",
        })
    }
}

/// Checks header, table and checksums; skips optional sections, refuses unknown ones that are not.
pub(super) fn read(bytes: &[u8]) -> Result<Sections<'_>, FormatError> {
    let sections = split(bytes)?;
    let unknown = |kind: &u8| Kind::from_number(*kind).is_none() && *kind < FIRST_OPTIONAL_KIND;
    match sections.iter().map(|(kind, _)| *kind).find(unknown) {
        Some(kind) => Err(FormatError::UnknownSection { kind }),
        None => Ok(Sections(sections)),
    }
}

/// The whole file: header, table, checksum of both, then the sections in the order given, which is that of kinds.
pub(super) fn write(sections: &[(Kind, Vec<u8>)]) -> Vec<u8> {
    let sections: Vec<(u8, &[u8])> = sections
        .iter()
        .map(|(kind, content)| (*kind as u8, &content[..]))
        .collect();
    write_kinds(MAJOR_VERSION, MINOR_VERSION, &sections)
}

fn write_kinds(major: u8, minor: u8, sections: &[(u8, &[u8])]) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    file.extend([major, minor, sections.len() as u8]);
    for (kind, content) in sections {
        file.push(*kind);
        file.extend((content.len() as u64).to_le_bytes());
        file.extend(checksum(content));
    }
    file.extend(checksum(&file));
    for (_, content) in sections {
        file.extend_from_slice(content);
    }
    file
}

fn split(bytes: &[u8]) -> Result<Vec<(u8, &[u8])>, FormatError> {
    let header = |offset, problem| FormatError::Section {
        section: "header",
        offset,
        problem,
    };
    if !bytes.starts_with(MAGIC) {
        return Err(FormatError::Magic);
    }
    let Some([major, minor, count]) = bytes.get(MAGIC.len()..FIXED_BYTES) else {
        return Err(header(bytes.len(), "the file ends too early"));
    };
    if *major != MAJOR_VERSION {
        return Err(FormatError::Version {
            major: *major,
            minor: *minor,
        });
    }
    let table_end = FIXED_BYTES + usize::from(*count) * ENTRY_BYTES;
    let Some(stored) = bytes.get(table_end..table_end + CHECKSUM_BYTES) else {
        return Err(header(bytes.len(), "the file ends too early"));
    };
    if *stored != checksum(&bytes[..table_end]) {
        return Err(FormatError::Checksum {
            section: "header".to_owned(),
        });
    }
    let mut sections: Vec<(u8, &[u8])> = Vec::with_capacity(usize::from(*count));
    let mut content = &bytes[table_end + CHECKSUM_BYTES..];
    for (index, entry) in bytes[FIXED_BYTES..table_end]
        .chunks_exact(ENTRY_BYTES)
        .enumerate()
    {
        let offset = FIXED_BYTES + index * ENTRY_BYTES;
        let kind = entry[0];
        if sections.last().is_some_and(|(before, _)| *before >= kind) {
            return Err(header(offset, "the sections are not in ascending order of kind"));
        }
        let mut length = [0; 8];
        length.copy_from_slice(&entry[1..9]);
        let length = usize::try_from(u64::from_le_bytes(length));
        let Some((section, rest)) = length.ok().and_then(|length| content.split_at_checked(length)) else {
            return Err(header(offset, "a section reaches past the end of the file"));
        };
        if entry[9..] != checksum(section) {
            let name =
                Kind::from_number(kind).map_or_else(|| kind.to_string(), |kind| kind.name().to_owned());
            return Err(FormatError::Checksum { section: name });
        }
        sections.push((kind, section));
        content = rest;
    }
    if content.is_empty() {
        Ok(sections)
    } else {
        Err(header(table_end, "there are bytes after the last section"))
    }
}

/// The first 8 bytes of the SHA-256.
fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut checksum = [0; CHECKSUM_BYTES];
    checksum.copy_from_slice(&sha256(bytes)[..CHECKSUM_BYTES]);
    checksum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn optional_sections_are_skipped_and_required_ones_are_not() {
        let newer = write_kinds(0, 9, &[(1, b"one"), (200, b"later")]);
        assert_eq!(read(&newer).unwrap().get(Kind::Provenance).unwrap(), b"one");
        assert_eq!(
            sections(&newer).unwrap()[1],
            SectionInfo {
                kind: 200,
                name: "unknown",
                bytes: 5
            }
        );
        assert!(read(&newer).unwrap().get(Kind::Trees).is_err());
        let required = write_kinds(0, 9, &[(1, b"one"), (77, b"later")]);
        assert!(matches!(
            read(&required),
            Err(FormatError::UnknownSection { kind: 77 })
        ));
        let major = write_kinds(1, 0, &[]);
        assert!(matches!(
            read(&major),
            Err(FormatError::Version { major: 1, minor: 0 })
        ));
    }

    #[test]
    fn order_length_and_end_are_checked() {
        for sections in [
            &[(2, &b"b"[..]), (1, &b"a"[..])][..],
            &[(1, &b"a"[..]), (1, &b"a"[..])][..],
        ] {
            assert!(read(&write_kinds(0, 1, sections)).is_err());
        }
        let file = write_kinds(0, 1, &[(1, b"one")]);
        assert!(read(&file).is_ok());
        assert!((0..file.len()).all(|length| read(&file[..length]).is_err()));
        assert!(read(&[&file[..], b"x"].concat()).is_err());
        for at in 0..file.len() * 8 {
            let mut changed = file.clone();
            changed[at / 8] ^= 1 << (at % 8);
            assert!(read(&changed).is_err(), "bit {at}");
        }
    }
}
