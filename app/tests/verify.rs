//! What the page does with bytes that may or may not be the model it was promised.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

use api_types::{ModelVersion, ServedModel, Stage};
use app::verify::{Refusal, check};
use model_export::signature::{Resource, sign};
use model_export::{
    EncoderConfig, EncoderFit, Ensemble, Model, Node, Provenance, Row, SampleRow, sha256_hex,
};
use p256::ecdsa::SigningKey;
use p256::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding};

fn row(number: u64) -> Row {
    let mut row = Row {
        label: Some(number.is_multiple_of(3)),
        ..Row::default()
    };
    row.integers[0] = Some(number as i64 % 7 - 2);
    row.categories[0] = Some((number % 5) as u32);
    row
}

fn model() -> Model {
    let mut fit = EncoderFit::new(EncoderConfig {
        prior_weight: 50.0,
        min_count: 3,
        folds: 5,
        seed: 1,
    });
    for number in 0..200 {
        fit.observe(number, &row(number)).unwrap();
    }
    let encoder = fit.finish().unwrap().into_encoder();
    let tree = vec![
        Node::Split {
            feature: 0,
            threshold: 1.5,
            default_left: true,
            left: 1,
            right: 2,
            gain: 1.0,
            cover: 200.0,
        },
        Node::Leaf {
            value: -0.25,
            cover: 100.0,
        },
        Node::Leaf {
            value: 0.5,
            cover: 100.0,
        },
    ];
    let ensemble = Ensemble::from_trees(-1.0, encoder.width(), vec![tree]).unwrap();
    let text = |text: &str| text.to_owned();
    let provenance = Provenance {
        model_name: text("criteo_ctr_model"),
        experiment_name: text("criteo_ctr"),
        run_id: "0123456789abcdef".repeat(2),
        run_name: text("brisk-otter-417"),
        artifact_uri: text("s3://mlflow-artifacts/1/0123/artifacts/model"),
        booster_sha256: "ab".repeat(32),
        dataset_name: text("generated"),
        dataset_digest: "cd".repeat(32),
        training_rows: 200,
        trained_at_ms: 1_795_471_643_000,
        engine: text("xgboost 3.4.1"),
        trainer_version: text("0.1.0"),
        ..Provenance::default()
    };
    let sample = SampleRow {
        row: Row::default(),
        margin_bits: (-1.25_f32).to_bits(),
    };
    Model::new(encoder, ensemble, provenance, vec![sample]).unwrap()
}

fn served(bytes: &[u8]) -> ServedModel {
    let model = Model::from_bytes(bytes).unwrap();
    let file = model.provenance();
    let sha256 = sha256_hex(bytes);
    ServedModel {
        model_url: format!("model-files/{sha256}.leaf"),
        bundle_url: None,
        signing_key_pem: None,
        version: ModelVersion {
            model_name: file.model_name.clone(),
            version: 3,
            stage: Stage::Production,
            aliases: vec![],
            run_id: file.run_id.clone(),
            run_name: file.run_name.clone(),
            experiment_name: file.experiment_name.clone(),
            artifact_uri: file.artifact_uri.clone(),
            model_sha256: sha256,
            model_bytes: bytes.len() as i64,
            booster_sha256: file.booster_sha256.clone(),
            dataset_name: file.dataset_name.clone(),
            dataset_digest: file.dataset_digest.clone(),
            trained_at_ms: file.trained_at_ms,
            created_at_ms: file.trained_at_ms,
            metrics: vec![],
        },
    }
}

/// A key pair as PEM: private, public.
fn key(seed: u8) -> (String, String) {
    let key = SigningKey::from_slice(&[seed; 32]).unwrap();
    let private = key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string();
    (
        private,
        key.verifying_key().to_public_key_pem(LineEnding::LF).unwrap(),
    )
}

fn bundle(files: &[(&str, &str)], private_key: &str) -> String {
    let resources: Vec<Resource> = files
        .iter()
        .map(|(name, sha256)| Resource {
            name: (*name).to_owned(),
            sha256: (*sha256).to_owned(),
        })
        .collect();
    sign("criteo_ctr_model", &resources, private_key).unwrap()
}

#[test]
fn takes_an_unsigned_model_and_says_so() {
    let bytes = model().to_bytes();
    let checked = check(&bytes, &served(&bytes), None).unwrap();
    assert_eq!(checked.key_fingerprint, None);
    assert_eq!(checked.model.predict(&Row::default()).margin, -1.25);
}

#[test]
fn refuses_every_flipped_byte() {
    let bytes = model().to_bytes();
    let served = served(&bytes);
    for place in [0, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        assert!(
            matches!(check(&changed, &served, None), Err(Refusal::Digest { .. })),
            "byte {place}"
        );
    }
}

#[test]
fn refuses_bytes_that_are_no_model_even_with_the_right_digest() {
    let bytes = model().to_bytes();
    let mut served = served(&bytes);
    let truncated = &bytes[..bytes.len() - 1];
    served.version.model_sha256 = sha256_hex(truncated);
    assert!(matches!(check(truncated, &served, None), Err(Refusal::Format(_))));
}

#[test]
fn verifies_a_signature_that_covers_the_file() {
    let bytes = model().to_bytes();
    let mut served = served(&bytes);
    let (private, public) = key(7);
    let sha256 = served.version.model_sha256.clone();
    let booster = served.version.booster_sha256.clone();
    let bundle = bundle(
        &[("model.ubj", &booster), (&format!("{sha256}.leaf"), &sha256)],
        &private,
    );
    served.signing_key_pem = Some(public);
    let fingerprint = check(&bytes, &served, Some(&bundle))
        .unwrap()
        .key_fingerprint
        .unwrap();
    assert_eq!(fingerprint.len(), 64);

    served.signing_key_pem = Some(key(8).1);
    assert!(matches!(
        check(&bytes, &served, Some(&bundle)),
        Err(Refusal::Signature(_))
    ));
}

#[test]
fn refuses_a_signature_for_another_file() {
    let bytes = model().to_bytes();
    let mut served = served(&bytes);
    let (private, public) = key(7);
    served.signing_key_pem = Some(public);
    let sha256 = served.version.model_sha256.clone();
    let name = format!("{sha256}.leaf");
    let other = "00".repeat(32);
    for files in [
        &[(name.as_str(), other.as_str())],
        &[("model.ubj", sha256.as_str())],
    ] {
        let bundle = bundle(files, &private);
        assert!(
            matches!(
                check(&bytes, &served, Some(&bundle)),
                Err(Refusal::NotCovered { .. })
            ),
            "{files:?}"
        );
    }
}

#[test]
fn refuses_a_file_of_another_origin() {
    let bytes = model().to_bytes();
    type Change = fn(&mut ModelVersion);
    let changes: [(&str, Change); 5] = [
        ("run id", |version| version.run_id = "f".repeat(32)),
        ("run name", |version| version.run_name = "calm-heron-2".to_owned()),
        ("dataset digest", |version| {
            version.dataset_digest = "0".repeat(64)
        }),
        ("artifact URI", |version| version.artifact_uri.push_str("-else")),
        ("time of training", |version| version.trained_at_ms += 1),
    ];
    for (expected, change) in changes {
        let mut served = served(&bytes);
        change(&mut served.version);
        let refused = check(&bytes, &served, None).err();
        assert!(
            matches!(refused, Some(Refusal::Provenance { field, .. }) if field == expected),
            "{expected}: {refused:?}"
        );
    }
}

#[test]
fn takes_a_file_that_names_the_folder_above_the_model() {
    let bytes = model().to_bytes();
    let mut served = served(&bytes);
    served.version.artifact_uri.push_str("/deeper");
    assert!(check(&bytes, &served, None).is_ok());
}

#[test]
fn takes_a_file_whose_store_has_moved_but_none_of_another_run() {
    let bytes = model().to_bytes();
    let mut served = served(&bytes);
    served.version.artifact_uri = "file:///backup/store/mlflow-artifacts/1/0123/artifacts/model".to_owned();
    assert!(check(&bytes, &served, None).is_ok());
    for other in [
        "s3://mlflow-artifacts/1/0124/artifacts/model",
        "s3://mlflow-artifacts/1/0123/artifacts",
        "s3://mlflow-artifacts/1/00123/artifacts/model",
    ] {
        other.clone_into(&mut served.version.artifact_uri);
        let refused = check(&bytes, &served, None).err();
        let is_refused = matches!(
            refused,
            Some(Refusal::Provenance {
                field: "artifact URI",
                ..
            })
        );
        assert!(is_refused, "{other}: {refused:?}");
    }
}
