use super::*;

const PUBLIC: &str = include_str!("../../tests/fixtures/signing.pub");

#[test]
fn refuses_keys_that_are_not_p256() {
    for pem in [
        "",
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----",
        &PUBLIC.replace("MFkw", "MFkx"),
        // One bit of a coordinate is another, so that the point is not on the curve.
        &PUBLIC.replace("dnJA==", "dnJQ=="),
        // A point of one coordinate, by its first byte.
        &PUBLIC.replace("QgAEcT", "QgACcT"),
    ] {
        assert_eq!(verify("{}", pem), Err(SignatureError::PublicKey));
    }
    let key = pem::PublicKey::from_pem(PUBLIC).unwrap();
    assert_eq!(key.to_pem(), PUBLIC);
    assert_eq!(key.fingerprint().len(), 64);
}

#[test]
fn refuses_what_is_not_a_bundle() {
    for bundle in [
        "",
        "[]",
        "{}",
        r#"{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}"#,
    ] {
        assert!(
            matches!(verify(bundle, PUBLIC), Err(SignatureError::Bundle(_))),
            "{bundle}"
        );
    }
}

#[cfg(feature = "sign")]
mod signed {
    use serde_json::Value;

    use super::*;
    use crate::sha256_hex;

    /// The scalar of `signing.pub`.
    fn private() -> String {
        signing_key_pem(&[9; 32]).unwrap()
    }

    fn resources() -> Vec<Resource> {
        let resource = |name: &str| Resource {
            name: name.to_owned(),
            sha256: sha256_hex(name.as_bytes()),
        };
        ["model.ubj", "MLmodel", "data-1/x", "data/x"]
            .map(resource)
            .to_vec()
    }

    #[test]
    fn a_bundle_verifies_and_is_always_the_same() {
        let bundle = sign("model", &resources(), &private()).unwrap();
        let mut reversed = resources();
        reversed.reverse();
        assert_eq!(sign("model", &reversed, &private()).unwrap(), bundle);
        let verified = verify(&bundle, PUBLIC).unwrap();
        let names: Vec<&str> = verified
            .resources
            .iter()
            .map(|resource| resource.name.as_str())
            .collect();
        assert_eq!(names, ["MLmodel", "data/x", "data-1/x", "model.ubj"]);
        assert_eq!(public_key_pem(&private()).unwrap(), PUBLIC);
    }

    #[test]
    fn another_key_is_refused_with_and_without_its_hint() {
        let other = signing_key_pem(&[7; 32]).unwrap();
        let bundle = sign("model", &resources(), &other).unwrap();
        assert_eq!(verify(&bundle, PUBLIC), Err(SignatureError::OtherKey));
        let mut json: Value = serde_json::from_str(&bundle).unwrap();
        json["verificationMaterial"]["publicKey"]["hint"] = Value::Null;
        assert_eq!(verify(&json.to_string(), PUBLIC), Err(SignatureError::Mismatch));
        assert!(verify(&json.to_string(), &public_key_pem(&other).unwrap()).is_ok());
    }

    #[test]
    fn a_changed_bundle_is_refused_wherever_it_is_changed() {
        let bundle = sign("model", &resources(), &private()).unwrap();
        let original = verify(&bundle, PUBLIC).unwrap();
        for at in 0..bundle.len() {
            let mut changed = bundle.clone().into_bytes();
            changed[at] ^= 1;
            if let Ok(changed) = String::from_utf8(changed)
                && let Ok(verified) = verify(&changed, PUBLIC)
            {
                // Names of optional fields are not signed; what is vouched for is.
                assert_eq!(verified, original, "byte {at}");
            }
            assert!(verify(&bundle[..at], PUBLIC).is_err());
        }
    }

    #[test]
    fn statements_must_agree_with_themselves() {
        let statement = |edit: &dyn Fn(&mut Value)| {
            let bundle: Value =
                serde_json::from_str(&sign("model", &resources(), &private()).unwrap()).unwrap();
            let envelope = bundle::Envelope::parse(&bundle.to_string()).unwrap();
            let mut statement: Value = serde_json::from_slice(&envelope.payload).unwrap();
            edit(&mut statement);
            bundle::read_statement(statement.to_string().as_bytes())
        };
        assert!(statement(&|_| ()).is_ok());
        let edits: [&dyn Fn(&mut Value); 8] = [
            &|s| s["_type"] = "x".into(),
            &|s| s["predicateType"] = "https://model_signing/Digests/v0.1".into(),
            &|s| s["subject"][0]["digest"]["sha256"] = sha256_hex(b"").into(),
            &|s| s["predicate"]["resources"][0]["digest"] = sha256_hex(b"").into(),
            &|s| s["predicate"]["resources"][0]["name"] = "../MLmodel".into(),
            &|s| s["predicate"]["resources"][0]["name"] = "zzz".into(),
            &|s| s["predicate"]["resources"][0]["algorithm"] = "sha1".into(),
            &|s| s["predicate"]["serialization"]["method"] = "shards".into(),
        ];
        for (index, edit) in edits.iter().enumerate() {
            assert!(
                matches!(statement(edit), Err(SignatureError::Statement(_))),
                "edit {index}"
            );
        }
    }

    #[test]
    fn refuses_to_sign_what_it_would_not_verify() {
        let sign_one = |name: &str, sha256: &str| {
            let resource = Resource {
                name: name.to_owned(),
                sha256: sha256.to_owned(),
            };
            sign("model", &[resource.clone(), resource], &private())
        };
        for (name, digest) in [
            ("a", sha256_hex(b"")),
            ("/a", sha256_hex(b"")),
            ("a", "AB".repeat(32)),
        ] {
            assert!(matches!(
                sign_one(name, &digest),
                Err(SignatureError::Resource { .. })
            ));
        }
        assert_eq!(sign("model", &[], "no key"), Err(SignatureError::SigningKey));
    }
}
