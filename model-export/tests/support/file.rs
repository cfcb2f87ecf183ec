//! Files that are put together by hand, with checksums that hold.

/// Where the contents of a file of version 1 begin.
pub(crate) fn content_start(file: &[u8]) -> usize {
    table(file).1 + 8
}

/// Puts checksums right, so that a change reaches the reader of the section.
pub(crate) fn reseal(file: &mut [u8]) {
    let (entries, table_end) = table(file);
    let mut start = table_end + 8;
    for (checksum_at, length) in entries {
        let checksum = checksum(&file[start..start + length]);
        file[checksum_at..checksum_at + 8].copy_from_slice(&checksum);
        start += length;
    }
    let checksum = checksum(&file[..table_end]);
    file[table_end..table_end + 8].copy_from_slice(&checksum);
}

/// A model of features with this trees section.
pub(crate) fn features_file(trees: &[u8]) -> Vec<u8> {
    let mut file = b"CLICKLEAF\x01\0\x02".to_vec();
    // Ten texts, two integers and two maps, all of them empty.
    for (kind, content) in [(1, &[0; 14][..]), (3, trees)] {
        file.push(kind);
        let mut length = content.len();
        while length >= 0x80 {
            file.push(length as u8 | 0x80);
            length >>= 7;
        }
        file.push(length as u8);
        file.extend(checksum(content));
    }
    let header = checksum(&file);
    file.extend(header);
    file.extend_from_slice(&[0; 14]);
    file.extend_from_slice(trees);
    file
}

/// Where the checksum and how long the content of each section is, and where the table ends.
fn table(file: &[u8]) -> (Vec<(usize, usize)>, usize) {
    let mut at = 12;
    let mut entries = Vec::new();
    for _ in 0..file[11] {
        at += 1;
        let (mut length, mut place) = (0, 0);
        while file[at] >= 0x80 {
            length |= usize::from(file[at] & 0x7f) << place;
            place += 7;
            at += 1;
        }
        length |= usize::from(file[at]) << place;
        entries.push((at + 1, length));
        at += 9;
    }
    (entries, at)
}

/// FNV-1a with 64 bits.
fn checksum(bytes: &[u8]) -> [u8; 8] {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step).to_le_bytes()
}
