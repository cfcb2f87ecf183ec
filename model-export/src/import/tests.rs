mod contradictions;
mod meaning;
mod sample;

use proptest::prelude::*;

use super::*;
use sample::model;

#[test]
fn names_what_is_missing() {
    let cases: [(&str, &str); 7] = [
        ("{}", "version: the field is absent"),
        (
            "[1]",
            "byte 0: neither XGBoost's UBJSON nor its JSON begins like this",
        ),
        (r#"{"a": 1}"#, "version: the field is absent"),
        (r#"{"version": "3"}"#, "version: expected an array of numbers"),
        (
            r#"{"version": [1, 6, 2]}"#,
            "the model was saved by XGBoost 1.6.2; 1.7 to 3.x are supported",
        ),
        (
            r#"{"version": [4, 0, 0]}"#,
            "the model was saved by XGBoost 4.0.0; 1.7 to 3.x are supported",
        ),
        (
            r#"{"version": [3, 2, 0], "learner": {"objective": {}, "gradient_booster": {"name": "gbtree"}}}"#,
            "learner.objective.name: the field is absent",
        ),
    ];
    for (json, message) in cases {
        assert_eq!(
            import_xgboost(json.as_bytes()).unwrap_err().to_string(),
            message,
            "{json}"
        );
    }
    assert!(matches!(
        import_xgboost(br#"{"a": }"#),
        Err(ImportError::Syntax { offset: 6, .. })
    ));
}

#[test]
fn a_length_cannot_make_it_allocate() {
    let huge = i64::MAX.to_be_bytes();
    for prefix in [&b"{L"[..], b"{U\x01a[$d#L", b"{U\x01a[#L", b"{U\x01aSL", b"{#L"] {
        let bytes = [prefix, &huge].concat();
        assert!(
            matches!(import_xgboost(&bytes), Err(ImportError::Syntax { .. })),
            "{prefix:?}"
        );
    }
}

#[test]
fn nesting_is_bounded() {
    for depth in [60, 70, 100_000] {
        let ubjson = [&b"{U\x01a"[..], &b"[".repeat(depth), &b"]".repeat(depth), b"}"].concat();
        let json = format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        let field = |bytes: &[u8]| matches!(import_xgboost(bytes), Err(ImportError::Field { .. }));
        assert_eq!(field(&ubjson), depth < 64);
        assert_eq!(field(json.as_bytes()), depth < 64);
    }
}

proptest! {
    #[test]
    fn bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = import_xgboost(&[b"{U", &bytes[..]].concat());
        let _ = import_xgboost(&bytes);
        let _ = import_xgboost(&[b"{\"", &bytes[..]].concat());
    }

    #[test]
    fn a_changed_model_never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = model().to_string().into_bytes();
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(ensemble) = import_xgboost(&bytes) {
            ensemble.margins(&vec![f32::NAN; ensemble.features()], &mut vec![0.0; ensemble.groups()]);
        }
    }
}
