use xgboost::Booster;

use crate::data::{Data, trained};

#[test]
fn equal_training_gives_equal_bytes() {
    let matrix = Data::generate(800, 21).matrix();
    assert_eq!(
        trained(&matrix, 6).save_ubj().unwrap(),
        trained(&matrix, 6).save_ubj().unwrap()
    );
}

#[test]
fn a_loaded_model_saves_to_the_same_bytes_in_both_formats() {
    let matrix = Data::generate(800, 22).matrix();
    let mut booster = trained(&matrix, 6);
    booster.set_attr("best_iteration", "5").unwrap();
    let (ubj, json) = (booster.save_ubj().unwrap(), booster.save_json().unwrap());
    assert_eq!(json[0], b'{');
    for bytes in [&ubj, &json] {
        let loaded = Booster::load(bytes).unwrap();
        assert_eq!(loaded.save_ubj().unwrap(), ubj);
        assert_eq!(loaded.save_json().unwrap(), json);
        assert_eq!(
            loaded.predict(&matrix).unwrap(),
            booster.predict(&matrix).unwrap()
        );
        assert_eq!(loaded.attr("best_iteration").unwrap().as_deref(), Some("5"));
        assert_eq!(loaded.attr("best_score").unwrap(), None);
    }
}

#[test]
fn a_slice_is_the_model_after_that_many_rounds() {
    let matrix = Data::generate(800, 23).matrix();
    let (long, short) = (trained(&matrix, 9), trained(&matrix, 4));
    let slice = long.slice(0, 4).unwrap();
    assert_eq!(slice.rounds().unwrap(), 4);
    assert_eq!(
        slice.predict_margins(&matrix).unwrap(),
        short.predict_margins(&matrix).unwrap()
    );
    assert_eq!(slice.dump_json().unwrap(), short.dump_json().unwrap());
    let loaded = Booster::load(&slice.save_ubj().unwrap()).unwrap();
    assert_eq!(loaded.save_ubj().unwrap(), slice.save_ubj().unwrap());
    for (begin, end) in [(0, 10), (4, 4), (5, 2), (0, u32::MAX)] {
        assert!(long.slice(begin, end).is_err(), "{begin}..{end}");
    }
}

#[test]
fn bytes_that_are_no_model_are_refused() {
    for bytes in [
        &b""[..],
        b"{",
        b"{}",
        b"no model",
        br#"{"version":[3,4,1],"learner":{}}"#,
    ] {
        let failure = Booster::load(bytes).unwrap_err();
        assert!(!failure.message().is_empty());
    }
}
