//! The binary on real files.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use model_export::signature::{self, Resource};
use model_export::{Model, sha256_hex};
use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_clickleaf-export"))
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn golden() -> String {
    library()
        .join("tests/golden/v0.leaf")
        .to_str()
        .unwrap()
        .to_owned()
}

#[test]
fn inspect_shows_the_model() {
    let output = run(&["inspect", &golden(), "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    let bytes = std::fs::read(golden()).unwrap();
    assert_eq!(shown["sha256"], sha256_hex(&bytes));
    assert_eq!(shown["trees"], 6);
    assert_eq!(shown["nodes"], 6 * 31);
    assert_eq!(shown["provenance"]["run_name"], "calm-otter-12");
    assert_eq!(shown["sections"].as_array().unwrap().len(), 4);
    let plain = run(&["inspect", &golden()]);
    assert!(text(&plain.stdout).contains("trees       6 with 186 nodes over 65 features"));
}

#[test]
fn predict_gives_the_golden_predictions_and_stops_at_a_bad_row() {
    let expected = std::fs::read_to_string(library().join("tests/golden/v0.predictions.tsv")).unwrap();
    let rows: String = expected
        .lines()
        .map(|line| format!("{}\n", &line[18..]))
        .collect();
    let directory = tempfile::tempdir().unwrap();
    let input = directory.path().join("rows.tsv");
    std::fs::write(&input, &rows).unwrap();
    let output = run(&["predict", &golden(), "--input", input.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    for (found, expected) in text(&output.stdout).lines().zip(expected.lines()) {
        let (probability, margin) = found.split_once('\t').unwrap();
        let bits = |number: &str| format!("{:08x}", number.parse::<f32>().unwrap().to_bits());
        assert_eq!(format!("{}\t{}", bits(margin), bits(probability)), expected[..17]);
    }
    assert_eq!(text(&output.stdout).lines().count(), 101);

    let mut child = Command::new(env!("CARGO_BIN_EXE_clickleaf-export"))
        .args(["predict", &golden(), "--input", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let bad = format!("{}1x{}\n", "\t".repeat(4), "\t".repeat(34));
    let lines = format!("{}\n{bad}", "\t".repeat(38));
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output.stderr).contains("line 2, column 5, I5: expected a decimal"),
        "{}",
        text(&output.stderr)
    );
    let first: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(first["line"], 1);
}

#[test]
fn verify_accepts_the_signed_file_and_refuses_any_other() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let bytes = std::fs::read(golden()).unwrap();
    let secret = signature::signing_key_pem(&[5; 32]).unwrap();
    let bundle = |bytes: &[u8]| {
        let resource = Resource {
            name: "model.leaf".to_owned(),
            sha256: sha256_hex(bytes),
        };
        signature::sign("model", &[resource], &secret).unwrap()
    };
    std::fs::write(path("model.sig"), bundle(&bytes)).unwrap();
    std::fs::write(path("other.sig"), bundle(b"another file")).unwrap();
    std::fs::write(path("key.pub"), signature::public_key_pem(&secret).unwrap()).unwrap();
    let verify = |model: &str, bundle: &str| {
        run(&[
            "verify",
            model,
            "--bundle",
            &path(bundle),
            "--key",
            &path("key.pub"),
            "--json",
        ])
    };
    let output = verify(&golden(), "model.sig");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["signature"]["resource"], "model.leaf");
    assert_eq!(verify(&golden(), "other.sig").status.code(), Some(3));

    let mut changed = bytes;
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    std::fs::write(path("changed.leaf"), &changed).unwrap();
    for output in [
        verify(&path("changed.leaf"), "model.sig"),
        run(&["verify", &path("changed.leaf")]),
    ] {
        assert_eq!(output.status.code(), Some(3));
        assert!(
            text(&output.stderr).contains("checksum"),
            "{}",
            text(&output.stderr)
        );
    }
    assert_eq!(run(&["verify", &path("absent.leaf")]).status.code(), Some(1));
    assert_eq!(
        run(&["verify", &golden(), "--key", &path("key.pub")])
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn convert_takes_the_encoder_of_another_model() {
    let directory = tempfile::tempdir().unwrap();
    let output_path = directory.path().join("new.leaf");
    let booster = library().join("tests/fixtures/wide.ubj");
    let arguments = [
        "convert",
        booster.to_str().unwrap(),
        "--like",
        &golden(),
        "-o",
        output_path.to_str().unwrap(),
        "--json",
    ];
    let output = run(&arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    let bytes = std::fs::read(&output_path).unwrap();
    assert_eq!(shown["sha256"], sha256_hex(&bytes));
    let model = Model::from_bytes(&bytes).unwrap();
    assert_eq!(
        model.provenance().booster_sha256,
        sha256_hex(&std::fs::read(&booster).unwrap())
    );
    assert_eq!((model.ensemble().trees(), model.samples().len()), (3, 7));

    let narrow = library().join("tests/fixtures/xgboost_3_2.ubj");
    let output = run(&[
        "convert",
        narrow.to_str().unwrap(),
        "--like",
        &golden(),
        "-o",
        output_path.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("the encoder gives 65 features, the trees take 5"));
}

#[test]
fn help_teaches() {
    for arguments in [
        &["--help"][..],
        &["convert", "--help"],
        &["predict", "--help"],
        &["verify", "--help"],
        &["inspect", "--help"],
        &["explain", "--help"],
        &["diff", "--help"],
    ] {
        let output = run(arguments);
        assert!(output.status.success());
        assert!(text(&output.stdout).len() > 400, "{arguments:?}");
    }
    assert_eq!(run(&["prdict"]).status.code(), Some(2));
}
