//! The loader on files as they come: compressed, with odd line ends, damaged, with bad rows.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

use std::io::Write;
use std::path::PathBuf;

use model_export::Row;
use trainer::cancel::CancelToken;
use trainer::error_chain;
use trainer::generate::Generator;
use trainer::ingest::{BadRowPolicy, Data, IngestError, Ingested, ingest};
use trainer::progress::NoProgress;
use trainer::source::Source;

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn ingest(&self, paths: &[PathBuf], policy: BadRowPolicy) -> Result<Ingested, IngestError> {
        let data = Data::Sources(paths.iter().cloned().map(Source::Path).collect());
        ingest(
            &data,
            policy,
            None,
            &self.0.path().join("rows.bin"),
            &NoProgress,
            &CancelToken::new(),
        )
    }
}

fn rows(count: usize) -> Vec<Row> {
    Generator::new(5).take(count).collect()
}

fn text(rows: &[Row], line_end: &str) -> String {
    rows.iter().map(|row| row.to_tsv() + line_end).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

#[test]
fn every_compression_gives_the_same_rows() {
    let files = Files::new();
    let rows = rows(5_000);
    let plain = text(&rows, "\n");
    let (first, second) = plain.as_bytes().split_at(plain.len() / 2);
    // Names lie on purpose: content decides. Archives of several members are common for logs.
    let variants = [
        ("a.gz", plain.clone().into_bytes()),
        ("b.tsv", gzip(plain.as_bytes())),
        ("c", xz(plain.as_bytes())),
        ("d.xz", zstd(plain.as_bytes())),
        ("e", [gzip(first), gzip(second)].concat()),
        ("f", [xz(first), xz(second)].concat()),
        ("g", [zstd(first), zstd(second)].concat()),
        ("h", text(&rows, "\r\n").into_bytes()),
        ("i", plain.trim_end().as_bytes().to_vec()),
    ];
    for (name, bytes) in variants {
        let ingested = files
            .ingest(&[files.write(name, &bytes)], BadRowPolicy::Fail)
            .unwrap();
        assert_eq!(
            ingested.rows.digest,
            model_export::sha256_hex(plain.as_bytes()),
            "{name}"
        );
        assert!(
            ingested
                .rows
                .read_all()
                .unwrap()
                .map(Result::unwrap)
                .eq(rows.iter().cloned()),
            "{name}"
        );
    }
}

#[test]
fn several_files_are_one_data_set_in_order() {
    let files = Files::new();
    let rows = rows(300);
    let paths = [
        files.write("day_0.gz", &gzip(text(&rows[..100], "\n").as_bytes())),
        files.write("day_1", text(&rows[100..250], "\n").as_bytes()),
        files.write("day_2.zst", &zstd(text(&rows[250..], "\n").as_bytes())),
    ];
    let ingested = files.ingest(&paths, BadRowPolicy::Fail).unwrap();
    assert!(ingested.rows.read_all().unwrap().map(Result::unwrap).eq(rows));
    assert_eq!(ingested.dataset_name, "day_0.gz");
}

#[test]
fn a_bad_row_is_named_by_source_line_and_column() {
    let files = Files::new();
    let good = rows(5);
    let mut lines: Vec<String> = good.iter().map(Row::to_tsv).collect();
    let mut columns: Vec<&str> = lines[3].split('\t').collect();
    columns[3] = "12x";
    lines[3] = columns.join("\t");
    let path = files.write("bad.tsv", (lines.join("\n") + "\n").as_bytes());
    let error = files
        .ingest(std::slice::from_ref(&path), BadRowPolicy::Fail)
        .unwrap_err();
    let message = error.to_string();
    assert!(
        message.starts_with(&format!("{}: line 4, column 4, I3: ", path.display())),
        "{message}"
    );
}

#[test]
fn bad_rows_are_skipped_counted_and_capped() {
    let files = Files::new();
    let good = rows(6);
    let mut lines: Vec<String> = good.iter().map(Row::to_tsv).collect();
    lines[1] = "secret-value\tno row".to_owned();
    lines[2] = format!("2{}", &lines[2][1..]);
    lines[4] = String::new();
    let path = files.write("some.tsv", (lines.join("\n") + "\n").as_bytes());
    let ingested = files
        .ingest(std::slice::from_ref(&path), BadRowPolicy::Skip { cap: 3 })
        .unwrap();
    assert_eq!(ingested.rows.rows, 3);
    assert_eq!(ingested.bad_rows.total, 3);
    let columns = &ingested.bad_rows.kinds["wrong number of columns"];
    assert_eq!(
        (columns.count, columns.first[0].line, columns.first[1].line),
        (2, 2, 5)
    );
    let label = &ingested.bad_rows.kinds["label other than 0 and 1"];
    assert_eq!((label.first[0].line, label.first[0].column), (3, 1));
    let report = ingested.bad_rows.to_string();
    assert!(!report.contains("secret"), "{report}");

    let error = files.ingest(&[path], BadRowPolicy::Skip { cap: 2 }).unwrap_err();
    assert!(
        matches!(&error, IngestError::TooManyBadRows { cap: 2, report, .. } if report.total == 3),
        "{error}"
    );
}

#[test]
fn a_truncated_archive_says_so() {
    let files = Files::new();
    let plain = text(&rows(2_000), "\n");
    for (name, bytes) in [
        ("gzip", gzip(plain.as_bytes())),
        ("xz", xz(plain.as_bytes())),
        ("zstd", zstd(plain.as_bytes())),
    ] {
        let path = files.write(name, &bytes[..bytes.len() * 2 / 3]);
        let error = files
            .ingest(&[path], BadRowPolicy::Skip { cap: u64::MAX })
            .unwrap_err();
        assert!(
            matches!(&error, IngestError::Read { compression, .. } if *compression == name),
            "{error:?}"
        );
        let message = error_chain(&error);
        assert!(message.contains("truncated or damaged"), "{message}");
    }
}

#[test]
fn what_is_no_data_is_refused() {
    let files = Files::new();
    let long = files.write("long", &vec![b'x'; 200_000]);
    let error = files.ingest(&[long], BadRowPolicy::Skip { cap: 9 }).unwrap_err();
    assert!(
        matches!(error, IngestError::LineTooLong { line: 1, .. }),
        "{error}"
    );
    let empty = files.write("empty", b"");
    assert!(matches!(
        files.ingest(&[empty], BadRowPolicy::Fail),
        Err(IngestError::NoRows { .. })
    ));
    let error = files
        .ingest(&["/nowhere/rows.tsv".into()], BadRowPolicy::Fail)
        .unwrap_err();
    assert_eq!(error.to_string(), "/nowhere/rows.tsv: can't be opened");
}

#[test]
fn a_cancelled_token_stops_reading() {
    let folder = tempfile::tempdir().unwrap();
    let cancel = CancelToken::new();
    cancel.cancel();
    let data = Data::Generated {
        rows: u64::MAX,
        seed: 1,
    };
    let result = ingest(
        &data,
        BadRowPolicy::Fail,
        None,
        &folder.path().join("rows.bin"),
        &NoProgress,
        &cancel,
    );
    assert!(matches!(result, Err(IngestError::Cancelled(_))));
}
