//! Recipes: what is accepted, what is refused and where, and that every key is documented.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use model_export::{EncoderConfig, EncoderError, EncoderFit};
use registry::Engine;
use serde_json::Value;
use trainer::crosses::Crosses;
use trainer::ingest::{BadRowPolicy, Data};
use trainer::process::ProcessConfig;
use trainer::recipe::{KEYS, Kind, Recipe, SearchConfig, json_schema};
use trainer::source::Source;
use trainer::split::SplitAt;
use trainer::train::TrainParams;

fn parse(text: &str) -> Recipe {
    Recipe::parse(text, "recipe.toml").unwrap()
}

fn refusal(text: &str) -> String {
    let error = Recipe::parse(text, "r.toml").unwrap_err();
    error.to_string()
}

#[test]
fn the_printed_recipe_is_the_defaults() {
    let printed = parse(&Recipe::default().explained().unwrap());
    let defaults = Recipe::default();
    assert_eq!(printed.resolved().unwrap(), defaults.resolved().unwrap());
    assert_eq!(printed.process().unwrap(), ProcessConfig::default());
    assert_eq!(
        printed.params(Engine::Xgboost).unwrap(),
        TrainParams::for_engine(Engine::Xgboost)
    );
    assert_eq!(
        defaults.params(Engine::Gbdt).unwrap(),
        TrainParams::for_engine(Engine::Gbdt)
    );
    assert_eq!(printed.search(), SearchConfig::default());
    assert_eq!(printed.bad_rows(), BadRowPolicy::Fail);
    assert!(printed.data().unwrap().is_none());
}

#[test]
fn every_field_is_a_key_and_every_key_a_field() {
    let fields = |value: Value| -> BTreeSet<String> { value.as_object().unwrap().keys().cloned().collect() };
    let keys = |section: &str, but: &[&str]| -> BTreeSet<String> {
        let keys = KEYS.iter().filter(|key| key.section == section);
        keys.map(|key| key.name.to_owned())
            .filter(|name| !but.contains(&name.as_str()))
            .collect()
    };
    let mut encoder = fields(serde_json::to_value(ProcessConfig::default()).unwrap());
    encoder.remove("split");
    assert_eq!(encoder, keys("encoder", &[]));
    let booster = fields(serde_json::to_value(TrainParams::default()).unwrap());
    assert_eq!(booster, keys("booster", &["engine"]));
}

#[test]
fn a_recipe_says_what_is_done() {
    let text = r#"
        seed = 7
        [data]
        sources = ["day_0.gz", "s3://bucket/day_1.gz"]
        bad_rows = "skip"
        max_bad_rows = 3
        [split]
        stop_from = 88_001
        test_from = 99_001
        [encoder]
        prior_weight = 20
        seed = 9
        [booster]
        engine = "gbdt"
        eta = 0.1
        other = { gamma = 0.5, grow_policy = "lossguide", flag = true }
        [register]
        model_name = "ads"
        max_bytes = 1000
    "#;
    let recipe = parse(text);
    let process = recipe.process().unwrap();
    assert_eq!(
        process.split,
        SplitAt::Rows {
            stop_from: 88_001,
            test_from: 99_001
        }
    );
    assert_eq!((process.prior_weight, process.seed, process.folds), (20.0, 9, 5));
    let params = recipe.params(recipe.engine().unwrap()).unwrap();
    assert_eq!((params.eta, params.seed, params.rounds), (0.1, 7, 60));
    let other: BTreeMap<_, _> = [("flag", "true"), ("gamma", "0.5"), ("grow_policy", "lossguide")].into();
    let given = params.other.iter().map(|(k, v)| (k.as_str(), v.as_str()));
    assert_eq!(given.collect::<BTreeMap<_, _>>(), other);
    assert_eq!(recipe.bad_rows(), BadRowPolicy::Skip { cap: 3 });
    let Some(Data::Sources(sources)) = recipe.data().unwrap() else {
        panic!("no sources");
    };
    assert_eq!(sources[1], Source::Url("s3://bucket/day_1.gz".to_owned()));
    assert_eq!(
        (recipe.model_name(), recipe.max_bytes()),
        (Some("ads"), Some(1000))
    );
    let resolved = recipe.resolved().unwrap();
    assert_eq!(resolved.process().unwrap(), process);
    assert_eq!(parse(&resolved.to_toml()), resolved);
}

#[test]
fn what_does_not_fit_is_refused_with_its_place() {
    let cases = [
        ("seed = ", "r.toml: line 1, column 8: "),
        (
            "sed = 1",
            "r.toml: line 1, column 1: there is no key sed; here may be seed, data,",
        ),
        ("[boster]\neta = 1", "line 1, column 2: there is no key boster"),
        (
            "[booster]\n  etta = 0.1",
            "line 2, column 3: there is no key booster.etta; here may be engine, eta,",
        ),
        (
            "[booster]\neta = \"x\"",
            "line 2, column 7: booster.eta must be a number above 0, at most 1",
        ),
        (
            "[booster]\neta = 1.5",
            "line 2, column 7: booster.eta must be a number above 0, at most 1",
        ),
        ("[booster]\neta = nan", "booster.eta must be a number above 0"),
        (
            "booster = 3",
            "line 1, column 11: booster must be a table: [booster]",
        ),
        (
            "[booster]\nmax_depth = 5.0",
            "booster.max_depth must be a whole number from 1 to 16",
        ),
        (
            "[booster]\nmax_depth = 17",
            "line 2, column 13: booster.max_depth must be a whole number from 1 to 16",
        ),
        (
            "[booster]\nengine = \"cat\"",
            "booster.engine must be \"xgboost\" or \"gbdt\"",
        ),
        (
            "[booster]\nother = { eta = 0.1 }",
            "line 2, column 11: booster.other.eta has its own key: booster.eta",
        ),
        (
            "[booster.other]\nobjective = \"x\"",
            "line 2, column 1: booster.other.objective can't be set",
        ),
        (
            "[booster.other]\na = []",
            "line 2, column 5: booster.other.a must be a text, a number or a switch",
        ),
        (
            "[encoder]\ncrosses = 65",
            "line 2, column 11: encoder.crosses must be a whole number from 0 to 64, or a list",
        ),
        (
            "[encoder]\ncrosses = [\"C1xC99\"]",
            "encoder.crosses must be a whole number from 0 to 64, or a list of pairs",
        ),
        (
            "[data]\nsources = []",
            "data.sources must be a list of texts in quotes, not empty",
        ),
        (
            "[data]\nsources = [\"é\"]\ngenerate = 5",
            "line 3, column 1: data.generate doesn't go with data.sources",
        ),
        (
            "data = { sources = [\"é\"], generate = 0 }",
            "line 1, column 38: data.generate must be",
        ),
        (
            "[split]\nstop_from = 5",
            "line 2, column 1: split.stop_from needs split.test_from",
        ),
        (
            "[split]\ntest_from = 0.5",
            "split.test_from needs split.stop_from",
        ),
        (
            "[split]\nstop_from = 5\ntest_from = 0.5",
            "line 3, column 1: split.test_from must be a row if",
        ),
        (
            "[split]\nstop_from = 0.9\ntest_from = 0.5",
            "split.test_from must be greater than split.stop_from",
        ),
        (
            "[split]\nstop_from = 1.5\ntest_from = 2.5",
            "split.stop_from must be a row, counted from 1, or a share",
        ),
        (
            "[search.ranges]\nbooster.eta = { log = [0.1, 0.2] }",
            "there is no key search.ranges.\"booster\"",
        ),
        (
            "[search.ranges]\n\"booster.rounds\" = { integers = [1, 2] }",
            "there is no key search.ranges.\"booster.rounds\"",
        ),
        (
            "[search.ranges]\n\"booster.eta\" = { log = [0.0, 0.2] }",
            "must be of values that are a number above 0",
        ),
        (
            "[search.ranges]\n\"booster.lambda\" = { log = [0.0, 0.2] }",
            "must be above 0 for a logarithm",
        ),
        (
            "[search.ranges]\n\"booster.eta\" = { range = [0.2, 0.1] }",
            "line 2, column 17: search.ranges.\"booster.eta\" must be from the lesser",
        ),
        (
            "[search.ranges]\n\"booster.eta\" = { range = [0.1] }",
            "must be one of { log = [a, b] }",
        ),
        (
            "[search.ranges]\n\"booster.eta\" = [0.1, 0.2]",
            "must be one of { log = [a, b] }",
        ),
        (
            "[search.ranges]\n\"booster.max_depth\" = { integers = [4, 80] }",
            "values that are a whole number from 1 to 16",
        ),
        (
            "[search.ranges]\n\"booster.other.objective\" = { choices = [\"a\"] }",
            "line 2, column 1: booster.other.objective can't be set",
        ),
        (
            "[search.ranges]\n\"booster.other.gamma\" = { choices = [] }",
            "must be at least one choice",
        ),
    ];
    for (text, expected) in cases {
        let message = refusal(text);
        assert!(message.contains(expected), "{text}\n{message}");
    }
}

#[test]
fn domains_are_those_of_the_program() {
    let values = [
        "-1", "0", "1", "2", "16", "17", "100", "256", "1000", "1001", "65536", "65537", "100000", "100001",
        "0.0", "0.5", "1.0", "1.5", "1e12", "1e13", "nan", "inf",
    ];
    let mut compared = 0;
    for key in KEYS
        .iter()
        .filter(|key| ["booster", "encoder"].contains(&key.section))
    {
        for value in values {
            let table = |field: toml::Table, value: &str| {
                let mut field = field;
                field.insert(key.name.to_owned(), value.parse::<toml::Value>().unwrap());
                field
            };
            let accepted = match key.section {
                "booster" => table(toml::Table::try_from(TrainParams::default()).unwrap(), value)
                    .try_into::<TrainParams>()
                    .is_ok_and(|params| params.check().is_ok()),
                _ => table(toml::Table::try_from(EncoderConfig::default()).unwrap(), value)
                    .try_into::<EncoderConfig>()
                    .is_ok_and(|config| {
                        matches!(EncoderFit::new(config).finish(), Err(EncoderError::NoRows))
                    }),
            };
            let bounded = key.name != "nthread";
            if key.kind.is_numeric() && bounded {
                let text = format!("[{}]\n{} = {value}", key.section, key.name);
                assert_eq!(Recipe::parse(&text, "r").is_ok(), accepted, "{text}");
                compared += 1;
            }
        }
    }
    assert!(compared > 250, "{compared}");
}

#[test]
fn what_a_run_did_is_a_recipe_that_does_it_again() {
    let mut config = support::small(2_000, 5);
    config.train.params.other = [("gamma".to_owned(), "0.5".to_owned())].into();
    config.process.min_count = 4;
    config.register.max_bytes = Some(9_000);
    for split in [
        SplitAt::default(),
        SplitAt::Rows {
            stop_from: 5,
            test_from: 9,
        },
    ] {
        config.process.split = split;
        config.process.crosses = match split {
            SplitAt::Rows { .. } => {
                Crosses::Listed(vec!["C23xC6".parse().unwrap(), "I2xC26".parse().unwrap()])
            }
            SplitAt::Shares { .. } => Crosses::Count(3),
        };
        let recipe = Recipe::of(&config).unwrap();
        let again = parse(&recipe.to_toml());
        assert_eq!(again, recipe);
        assert_eq!(again.process().unwrap(), config.process);
        assert_eq!(
            again.params(again.engine().unwrap()).unwrap(),
            config.train.params
        );
        assert_eq!(again.max_bytes(), Some(9_000));
        assert!(matches!(
            again.data().unwrap(),
            Some(Data::Generated { rows: 2_000, seed: 5 })
        ));
    }
    config.data = Data::Sources(vec![
        Source::parse("https://host/a.gz?signature=secret"),
        Source::Stdin,
    ]);
    let text = Recipe::of(&config).unwrap().to_toml();
    assert!(text.contains(r#"sources = ["https://host/a.gz", "-"]"#), "{text}");
}

#[test]
fn the_document_names_every_key_with_its_default() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/recipe.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, keys) = text.split_once("## Keys").unwrap();
    let rows = keys.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: BTreeMap<String, String> = rows
        .map(|row| {
            let mut cells = row.split(" | ");
            let key = cells.next().unwrap().trim_end_matches('`').to_owned();
            (key, cells.next().unwrap().trim_matches('`').to_owned())
        })
        .collect();
    let resolved: toml::Table = Recipe::default().resolved().unwrap().to_toml().parse().unwrap();
    let expected: BTreeMap<String, String> = KEYS
        .iter()
        .map(|key| {
            let path = key.path();
            let table = match key.section {
                "" => Some(&resolved),
                section => resolved[section].as_table(),
            };
            let default = match (key.kind, table.and_then(|table| table.get(key.name))) {
                (Kind::Ranges, _) => "see above".to_owned(),
                (_, Some(value)) => value.to_string(),
                (_, None) => "none".to_owned(),
            };
            (path, default)
        })
        .collect();
    assert_eq!(documented, expected);
}

#[test]
fn the_schema_knows_the_same_keys() {
    let schema = json_schema().unwrap();
    let properties = schema["properties"].as_object().unwrap();
    let mut keys = BTreeSet::new();
    for (name, property) in properties {
        match property["properties"].as_object() {
            Some(inner) => {
                assert_eq!(property["additionalProperties"], false, "{name}");
                keys.extend(inner.keys().map(|key| format!("{name}.{key}")));
            }
            None => {
                keys.insert(name.clone());
            }
        }
    }
    assert_eq!(keys, KEYS.iter().map(|key| key.path()).collect());
    let eta = &properties["booster"]["properties"]["eta"];
    assert_eq!(
        (&eta["default"], &eta["exclusiveMinimum"]),
        (&0.06.into(), &0.into())
    );
}
