#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::{JsonError, Value};

fn number(text: &str) -> Option<f64> {
    Value::parse(text.as_bytes()).ok()?.as_f64()
}

/// What an independent reader makes of the text.
fn expected(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(value),
        serde_json::Value::Number(number) => Value::Number(number.to_string()),
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(items) => Value::Array(items.into_iter().map(expected).collect()),
        serde_json::Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| (name, expected(value)))
                .collect(),
        ),
    }
}

#[test]
fn numbers_are_the_nearest_ones() {
    let long = format!("0.{}1", "0".repeat(320));
    let halfway = format!("{}", 9_007_199_254_740_993_u64);
    let above_halfway = format!("9007199254740993.{}1", "0".repeat(900));
    let below = format!("9007199254740992.{}", "9".repeat(1200));
    for text in [
        "0",
        "-0",
        "0.0",
        "1",
        "-1.5",
        "0.1",
        "1e22",
        "1e23",
        "123456789012345678",
        "8.5e-320",
        "5e-324",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.2250738585072014e-308",
        "2.2250738585072011e-308",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "0.4862345678901234",
        "9007199254740993",
        "9007199254740991",
        "1e-400",
        "0e999999999",
        "6.02214076e23",
        "1.0000000000000002",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124",
        "1.00000000000000011102230246251565404236316680908203126",
        &long,
        &halfway,
        &above_halfway,
        &below,
    ] {
        let expected: f64 = text.parse().unwrap();
        assert_eq!(number(text).map(f64::to_bits), Some(expected.to_bits()), "{text}");
    }
    for text in [
        "1e309",
        "-1e400",
        "1.7976931348623159e308",
        "1e99999999999999999999",
    ] {
        assert_eq!(number(text), None, "{text}");
    }
}

#[test]
fn whole_numbers_keep_all_digits() {
    let value = |text: &str| Value::parse(text.as_bytes()).unwrap();
    assert_eq!(value("-9223372036854775808").as_i64(), Some(i64::MIN));
    assert_eq!(value("18446744073709551615").as_u64(), Some(u64::MAX));
    for text in ["9223372036854775808", "1.0", "1e3", "\"1\""] {
        assert_eq!(value(text).as_i64(), None, "{text}");
    }
    assert_eq!(value("-1").as_u64(), None);
}

#[test]
fn says_where_a_text_stops_being_json() {
    for (text, offset) in [
        ("", 0),
        ("  ", 2),
        ("nul", 3),
        ("[1,]", 3),
        ("[1 2]", 3),
        ("{\"a\" 1}", 5),
        ("{\"a\":1,}", 7),
        ("{a:1}", 1),
        ("01", 1),
        ("-", 1),
        ("+1", 0),
        ("1.", 2),
        (".5", 0),
        ("1e", 2),
        ("\"a\nb\"", 2),
        ("\"\\x\"", 2),
        ("\"\\ud800\"", 7),
        ("\"\\ud800\\u0041\"", 13),
        ("\"\\udc00\"", 7),
        ("\"open", 5),
        ("1 1", 2),
        ("NaN", 0),
    ] {
        assert_eq!(Value::parse(text.as_bytes()), Err(JsonError { offset }), "{text}");
        assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
    }
    assert_eq!(Value::parse(b"\"a\xff\""), Err(JsonError { offset: 2 }));
}

#[test]
fn nesting_has_a_limit() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(Value::parse(nested(64).as_bytes()).is_ok());
    assert!(Value::parse(nested(65).as_bytes()).is_err());
    assert!(Value::parse("[".repeat(1_000_000).as_bytes()).is_err());
    assert!(Value::parse("{\"a\":".repeat(1_000_000).as_bytes()).is_err());
}

#[test]
fn the_last_of_equal_names_counts() {
    let value = Value::parse(br#"{"a":1,"b":2,"a":3}"#).unwrap();
    assert_eq!(value.get("a").and_then(Value::as_i64), Some(3));
    assert_eq!((value.get("c"), value.fields().unwrap().len()), (None, 3));
}

fn values() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn reads_what_another_program_writes(value in values()) {
        let text = serde_json::to_vec_pretty(&value).unwrap();
        prop_assert_eq!(Value::parse(&text), Ok(expected(value)));
    }

    #[test]
    fn written_floats_come_back(bits in any::<u64>(), digits in 1..25_usize) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        prop_assert_eq!(number(&format!("{value:e}")).map(f64::to_bits), Some(bits));
        let rounded = format!("{value:.digits$e}");
        let expected: f64 = rounded.parse().unwrap();
        prop_assert_eq!(number(&rounded), Some(expected).filter(|value| value.is_finite()));
    }

    #[test]
    fn agrees_with_another_reader_on_what_is_json(text in r#"[\[\]{},:"\\0-9eE.+\-a-fu tnrl]{0,12}"#) {
        let other = serde_json::from_str::<serde_json::Value>(&text);
        let found = Value::parse(text.as_bytes());
        // The other one refuses numbers beyond the largest, too.
        if other.is_ok() || !text.contains(['e', 'E']) {
            prop_assert_eq!(found.is_ok(), other.is_ok(), "{:?} and {:?}", found, other);
        }
    }
}
