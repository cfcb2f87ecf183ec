#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

use super::*;

#[test]
fn optional_sections_are_skipped_and_required_ones_are_not() {
    let newer = write_kinds(1, 9, &[(1, b"one"), (200, b"later")]);
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
    let required = write_kinds(1, 9, &[(1, b"one"), (77, b"later")]);
    assert!(matches!(
        read(&required),
        Err(FormatError::UnknownSection { kind: 77 })
    ));
    let major = write_kinds(2, 0, &[]);
    assert!(matches!(
        read(&major),
        Err(FormatError::Version { major: 2, minor: 0 })
    ));
}

#[test]
fn order_length_and_end_are_checked() {
    for sections in [
        &[(2, &b"b"[..]), (1, &b"a"[..])][..],
        &[(1, &b"a"[..]), (1, &b"a"[..])][..],
    ] {
        assert!(read(&write_kinds(1, 0, sections)).is_err());
    }
    let file = write_kinds(1, 0, &[(1, b"one")]);
    assert!(read(&file).is_ok());
    assert!((0..file.len()).all(|length| read(&file[..length]).is_err()));
    assert!(read(&[&file[..], b"x"].concat()).is_err());
    for at in 0..file.len() * 8 {
        let mut changed = file.clone();
        changed[at / 8] ^= 1 << (at % 8);
        assert!(read(&changed).is_err(), "bit {at}");
    }
}
