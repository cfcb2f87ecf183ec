//! Tables that aren't Criteo's: the same rows from every kind of file give the same model, which predicts as the engine
//! that grew it does; what doesn't fit is refused with its place.

#![allow(clippy::unwrap_used, reason = "what a test relies on may panic")]

#[path = "../../model-export/cli/tests/support/parquet.rs"]
mod parquet_files;
mod support;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use model_export::{ModelFile, TableModel};
use parquet::basic::Compression;
use parquet_files::Column;
use registry::Engine;
use support::program::{ok, refused};
use support::{Home, engine, small};
use trainer::cancel::CancelToken;
use trainer::crosses::Crosses;
use trainer::data_row::DataRow;
use trainer::error_chain;
use trainer::export::ExportError;
use trainer::ingest::{BadRowPolicy, Data, IngestError};
use trainer::metrics::Metrics;
use trainer::pipeline::{self, PipelineConfig, PipelineError, Promotion};
use trainer::process::ProcessError;
use trainer::progress::NoProgress;
use trainer::recipe::{TABLE_KEYS, TableSchema};
use trainer::source::Source;
use trainer::train::{EngineMargins, TrainParams};
use trainer::work_folder::WorkFolder;

const ROWS: usize = 6_000;
const COLUMNS: [&str; 9] = [
    "time", "bought", "price", "age", "stock", "depth", "city", "job", "Größe",
];
const SCHEMA: &str = r#"
label = "bought"
positive = ["yes"]
numbers = ["price", "age", "stock", "depth"]
categories = ["city", "job", "Größe"]
order_by = "time"
missing = ["NA"]
"#;

type TextRow = [Option<String>; 9];

/// Rows of which price and city say much, job a little and the rest nothing.
fn rows() -> Vec<TextRow> {
    let cities = [
        "Zürich",
        "São \"Paulo\"",
        "東京",
        "Paris, France",
        "Oslo",
        "naïve 'x'",
    ];
    let mut state = 7_u64;
    let mut draw = |below: u64| {
        // A linear congruential generator (Knuth, MMIX).
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut rows = Vec::new();
    for index in 0..ROWS {
        let (price, city, job) = (draw(1000), draw(6), draw(40));
        let score =
            if price < 400 { 30 } else { 0 } + if city < 2 { 35 } else { 0 } + if job < 9 { 15 } else { 0 };
        let label = if draw(100) < 8 + score { "yes" } else { "no" };
        let mut some = |value: String| (draw(12) > 0).then_some(value);
        rows.push([
            Some((1_700_000_000 + index / 3).to_string()),
            Some(label.to_owned()),
            some((price as f64 / 8.0).to_string()),
            some((index * 31 % 80).to_string()),
            some((index % 7).to_string()),
            some(format!("-{}.5", index % 11)),
            some(cities[city as usize].to_owned()),
            some(format!("job {job}")),
            some(format!("größe\u{a0}{}", index % 500)),
        ]);
    }
    rows
}

fn text(row: &TextRow, column: usize) -> &str {
    row[column].as_deref().unwrap_or_default()
}

fn csv(rows: &[TextRow]) -> String {
    let line = |row: &TextRow| -> String {
        let cells = (0..9).map(|column| format!("\"{}\"", text(row, column).replace('"', "\"\"")));
        cells.collect::<Vec<_>>().join(",") + "\r\n"
    };
    COLUMNS.join(",") + "\n" + &rows.iter().map(line).collect::<String>()
}

fn tsv(rows: &[TextRow]) -> String {
    let line = |row: &TextRow| -> String {
        let cell = |column| match text(row, column) {
            "" => "NA",
            text => text,
        };
        (0..9).rev().map(cell).collect::<Vec<_>>().join("\t") + "\n"
    };
    let names: Vec<&str> = COLUMNS.iter().rev().copied().collect();
    names.join("\t") + "\n" + &rows.iter().map(line).collect::<String>()
}

fn parquet(path: &Path, rows: &[TextRow]) {
    let of = |column: usize| rows.iter().map(move |row| row[column].clone());
    let columns: Vec<(&str, Column)> = COLUMNS
        .iter()
        .enumerate()
        .map(|(column, name)| {
            let values = match column {
                0 => Column::Long(
                    of(column)
                        .map(|value| value.map(|text| text.parse().unwrap()))
                        .collect(),
                ),
                2 | 5 => Column::Double(
                    of(column)
                        .map(|value| value.map(|text| text.parse().unwrap()))
                        .collect(),
                ),
                3 | 4 => Column::Int(
                    of(column)
                        .map(|value| value.map(|text| text.parse().unwrap()))
                        .collect(),
                ),
                _ => Column::Text(of(column).collect()),
            };
            (*name, values)
        })
        .collect();
    parquet_files::write(path.to_str().unwrap(), &columns, 1_000, Compression::SNAPPY);
}

fn schema(text: &str) -> TableSchema {
    TableSchema::parse(text, Path::new("table.toml")).unwrap()
}

fn config(path: PathBuf, engine: Engine) -> PipelineConfig {
    let mut config = small(1, 1);
    config.data = Data::of(vec![Source::Path(path)], Some(schema(SCHEMA)));
    config.train.engine = engine;
    config.train.params = TrainParams {
        rounds: 15,
        eta: 0.3,
        seed: 1,
        ..TrainParams::for_engine(engine)
    };
    config
}

fn files(folder: &Path, rows: &[TextRow]) -> [PathBuf; 4] {
    let paths =
        ["rows.csv", "rows.tsv.gz", "rows.parquet", "packed.parquet.gz"].map(|name| folder.join(name));
    std::fs::write(&paths[0], csv(rows)).unwrap();
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    std::fs::write(&paths[1], gzip(tsv(rows).as_bytes())).unwrap();
    parquet(&paths[2], rows);
    std::fs::write(&paths[3], gzip(&std::fs::read(&paths[2]).unwrap())).unwrap();
    paths
}

#[test]
fn every_kind_of_file_gives_the_same_trees_and_the_file_predicts_as_the_engine_does() {
    let home = tempfile::tempdir().unwrap();
    let rows = rows();
    let engines: &[Engine] = match engine() {
        Engine::Gbdt => &[Engine::Gbdt],
        Engine::Xgboost => &[Engine::Xgboost, Engine::Gbdt],
    };
    let cancel = CancelToken::new();
    for engine in engines {
        let mut models = BTreeSet::new();
        for path in files(home.path(), &rows) {
            let config = config(path, *engine);
            let folder = WorkFolder::open(None).unwrap();
            let ingested = folder
                .ingest(&config.data, BadRowPolicy::Fail, None, &NoProgress, &cancel)
                .unwrap();
            let processed = folder
                .process(&ingested, &config.process, &NoProgress, &cancel)
                .unwrap();
            let (processed, trained) = folder
                .train(
                    &ingested,
                    (processed, &config.process),
                    &config.train,
                    &mut |_| (),
                    &NoProgress,
                    &cancel,
                )
                .unwrap();
            models.insert((ingested.rows.digest.clone(), trained.booster.clone()));
            // What the engine says of the rows that nothing was fitted on, and what the file says of their columns.
            let provenance = model_export::Provenance::default();
            let exported = trainer::export::export(
                &ingested,
                &processed,
                &trained,
                provenance,
                None,
                &NoProgress,
                &cancel,
            )
            .unwrap();
            let file = TableModel::from_bytes(&exported.bytes).unwrap();
            let range = processed.fitted_rows..ROWS as u64;
            let engine = EngineMargins::load(*engine, &trained.booster, processed.encoded.width).unwrap();
            let mut batches = processed.encoded.batches(range.clone()).unwrap();
            let (mut features, mut labels, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
            while batches.read(&mut features, &mut labels).unwrap() {
                theirs.extend(engine.margins(&features).unwrap());
            }
            let ours = ingested
                .rows
                .data(range.start, range.end)
                .unwrap()
                .map(|row| match row.unwrap() {
                    DataRow::Table(row) => file.predict(&row.numbers, &row.keys).margin.to_bits(),
                    DataRow::Criteo(_) => panic!("a row of a table"),
                });
            let theirs: Vec<u32> = theirs.into_iter().map(f32::to_bits).collect();
            assert!(theirs.len() >= ROWS / 10 && theirs.iter().any(|bits| *bits != theirs[0]));
            assert_eq!(ours.collect::<Vec<_>>(), theirs);
            assert!(exported.metrics.auc > 0.65, "{:?}", exported.metrics);
        }
        assert_eq!(models.len(), 1, "{engine:?}");
    }
}

/// Logloss of the share of positive training rows for all test rows.
fn constant_logloss(rows: &[TextRow]) -> f64 {
    let share =
        |rows: &[TextRow]| rows.iter().filter(|row| text(row, 1) == "yes").count() as f64 / rows.len() as f64;
    let (trained, test) = (share(&rows[..ROWS * 8 / 10]), share(&rows[ROWS * 9 / 10..]));
    -(test * trained.ln() + (1.0 - test) * (1.0 - trained).ln())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_registers_a_file_that_beats_the_constant_and_gives_the_logged_metrics() {
    let home = Home::new().await;
    let rows = rows();
    let [path, ..] = files(home.folder.path(), &rows);
    let mut config = config(path, engine());
    config.keep_data = true;
    config.promote = Some(Promotion {
        actor: "tester".into(),
        reason: "first".into(),
    });
    let outcome = pipeline::run(&home.registry, &config, &NoProgress, &CancelToken::new())
        .await
        .unwrap();
    assert_eq!((outcome.version, outcome.stage.as_str()), (1, "Production"));
    assert!(
        outcome.metrics["test_logloss"] < constant_logloss(&rows) - 0.02,
        "{:?}",
        outcome.metrics
    );
    let stored = async |name: &str| {
        let uri = format!("{}/{name}", outcome.artifact_uri);
        home.registry.artifacts().get_uri(&uri).await.unwrap().unwrap()
    };
    let bytes = stored(&format!("{}.leaf", outcome.model_sha256)).await;
    let ModelFile::Table(model) = ModelFile::from_bytes(&bytes).unwrap() else {
        panic!("no model of a table");
    };
    assert_eq!(model.schema().names().collect::<Vec<_>>(), COLUMNS[2..].to_vec());
    // The file's own predictions of the text give every logged metric.
    let predictions: Vec<(f64, bool)> = rows[ROWS * 9 / 10..]
        .iter()
        .map(|row| {
            let numbers: Vec<f32> = (2..6)
                .map(|column| text(row, column).parse().unwrap_or(f32::NAN))
                .collect();
            let keys: Vec<Option<u32>> = (6..9)
                .map(|column| model_export::category_key(text(row, column).as_bytes()))
                .collect();
            (
                f64::from(model.predict(&numbers, &keys).probability),
                text(row, 1) == "yes",
            )
        })
        .collect();
    let recomputed = Metrics::of(&predictions).unwrap().named("test_");
    assert_eq!(model.provenance().metrics, recomputed);
    let mlmodel = String::from_utf8(stored("MLmodel").await.to_vec()).unwrap();
    assert!(mlmodel.contains("run_id"), "{mlmodel}");
    let root = outcome.artifact_uri.trim_end_matches("/model").to_owned();
    for (file, part) in [
        ("table.toml", "positive"),
        ("report/report.json", "rare categories"),
        ("report/report.html", "7 columns"),
    ] {
        let bytes = home
            .registry
            .artifacts()
            .get_uri(&format!("{root}/{file}"))
            .await
            .unwrap()
            .unwrap();
        assert!(String::from_utf8_lossy(&bytes).contains(part), "{file}");
    }
}

#[test]
fn labels_that_say_nothing_are_not_learnt() {
    let home = tempfile::tempdir().unwrap();
    let mut rows = rows();
    let labels: Vec<_> = rows.iter().map(|row| row[1].clone()).collect();
    for (index, row) in rows.iter_mut().enumerate() {
        // A permutation, since the factor and the number of rows have no factor in common.
        row[1] = labels[index * 2_477 % ROWS].clone();
    }
    let path = home.path().join("rows.csv");
    std::fs::write(&path, csv(&rows)).unwrap();
    let config = config(path, engine());
    let folder = WorkFolder::open(None).unwrap();
    let cancel = CancelToken::new();
    let ingested = folder
        .ingest(&config.data, BadRowPolicy::Fail, None, &NoProgress, &cancel)
        .unwrap();
    let processed = folder
        .process(&ingested, &config.process, &NoProgress, &cancel)
        .unwrap();
    let (processed, trained) = folder
        .train(
            &ingested,
            (processed, &config.process),
            &config.train,
            &mut |_| (),
            &NoProgress,
            &cancel,
        )
        .unwrap();
    let exported = trainer::export::export(
        &ingested,
        &processed,
        &trained,
        model_export::Provenance::default(),
        None,
        &NoProgress,
        &cancel,
    )
    .unwrap();
    assert!(
        (exported.metrics.auc - 0.5).abs() < 0.05,
        "{:?}",
        exported.metrics
    );
}

fn ingest(
    text: &str,
    name: &str,
    schema_text: &str,
    policy: BadRowPolicy,
) -> Result<trainer::ingest::Ingested, IngestError> {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(name);
    std::fs::write(&path, text).unwrap();
    let data = Data::of(vec![Source::Path(path)], Some(schema(schema_text)));
    let folder = WorkFolder::open(None).unwrap();
    folder.ingest(&data, policy, None, &NoProgress, &CancelToken::new())
}

const SMALL: &str = "label = \"y\"\nnumbers = [\"a\"]\ncategories = [\"b\"]\norder_by = \"t\"\n";

#[test]
fn bad_rows_are_refused_with_their_place_or_left_out_and_counted() {
    let cases = [
        (
            "t,y,a,b\n1,1,2,x\n2,0,z,x\n",
            "line 3, column 3, a: expected a number or nothing, found \"z\"",
        ),
        (
            "t,y,a,b\n1,2,2,x\n",
            "line 2, column 2, y: expected 0, 1, false or true, found \"2\"",
        ),
        (
            "t,y,a,b\n1,,2,x\n",
            "line 2, column 2, y: expected 0, 1, false or true, found nothing",
        ),
        ("t,y,a,b\n1,1,2\n", "line 2: expected 4 columns, found 3"),
        (
            "t,y,a,b\n,1,2,x\n",
            "line 2, column 1, t: expected a value that rows are ordered by",
        ),
        (
            "t,y,a,b\n2,1,2,x\n1,0,2,x\n",
            "line 3, column 1, t: 1 comes after 2: rows must be in this column's order",
        ),
        ("t,y,a\n1,1,2\n", "the input has no column called b"),
        (
            "t,y,a,b,a\n1,1,2,x,3\n",
            "column 5, a: the input has two columns of this name",
        ),
        ("t,y,a,b\n", "no rows"),
    ];
    for (text, expected) in cases {
        let error = ingest(text, "rows.csv", SMALL, BadRowPolicy::Fail).unwrap_err();
        assert!(error_chain(&error).contains(expected), "{error}");
        assert!(PipelineError::from(error).is_refused_data(), "{text}");
    }
    let text = "t,y,a,b\n1,1,z,x\n2,1,1,x\n3,maybe,1,x\n4,0\n5,0,1,x\n";
    let ingested = ingest(text, "rows.csv", SMALL, BadRowPolicy::Skip { cap: 3 }).unwrap();
    assert_eq!((ingested.rows.rows, ingested.bad_rows.total), (2, 3));
    let shown = ingested.bad_rows.to_string();
    for part in [
        "1 × bad value of a, first at",
        "line 2 column 3",
        "1 × bad value of y",
        "line 4 column 2",
        "1 × wrong number of columns",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    let error = ingest(text, "rows.csv", SMALL, BadRowPolicy::Skip { cap: 2 }).unwrap_err();
    assert!(
        matches!(error, IngestError::TooManyBadRows { cap: 2, .. }),
        "{error}"
    );
    // Order is no matter of single rows.
    let text = "t,y,a,b\n2,1,1,x\n1,0,1,x\n";
    let error = ingest(text, "rows.csv", SMALL, BadRowPolicy::Skip { cap: 9 }).unwrap_err();
    assert!(matches!(error, IngestError::Refused { .. }), "{error}");
    let error = ingest("t,y,a,b\n", "rows.parquet", SMALL, BadRowPolicy::Fail).unwrap_err();
    assert!(
        error.to_string().ends_with("this is not a Parquet file"),
        "{error}"
    );
}

#[test]
fn a_bad_schema_is_refused_with_its_place() {
    let cases = [
        ("label = ", "s.toml: line 1, column 9: "),
        ("numbers = [\"a\"]", "s.toml: line 1, column 1: label is missing"),
        (
            "label = \"y\"\nnumber = [\"a\"]",
            "line 2, column 1: there is no key number; here may be label, positive, numbers,",
        ),
        (
            "label = \"y\"\nnumbers = [\"a\",\n  \"y\"]",
            "line 3, column 3: numbers: \"y\" is the label",
        ),
        (
            "label = \"y\"\nnumbers = [\"a\"]\ncategories = [\"b\", \"a\"]",
            "line 3, column 20: categories: \"a\" is there twice",
        ),
        (
            "label = \"y\"\nnumbers = [\"a\\t\"]",
            "line 2, column 12: numbers: \"a\\t\" has a control character",
        ),
        (
            "label = \"y\"\nnumbers = [1]",
            "line 2, column 11: numbers must be a list of texts",
        ),
        (
            "label = \"y\"",
            "numbers and categories don't fit: a table has 1 to 4096 columns, not 0",
        ),
        (
            "label = \"y\"\nnumbers = [\"a\"]\nformat = \"xls\"",
            "line 3, column 10: format must be \"csv\" or \"tsv\" or \"parquet\"",
        ),
        (
            "label = \"y\"\nnumbers = [\"a\"]\norder_by = \"y\"",
            "line 3, column 12: order_by can't be the label",
        ),
        ("[label]\nx = 1", "line 1, column 1: label must be a text"),
    ];
    for (text, expected) in cases {
        let error = TableSchema::parse(text, Path::new("s.toml"))
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{text:?}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_tables_can_not_have_is_refused_before_any_work() {
    let home = Home::new().await;
    let mut budget = config("nowhere.csv".into(), engine());
    budget.register.max_bytes = Some(100_000);
    let mut crossed = config("nowhere.csv".into(), engine());
    crossed.process.crosses = Crosses::Count(2);
    let run = async |config| {
        pipeline::run(&home.registry, config, &NoProgress, &CancelToken::new())
            .await
            .unwrap_err()
    };
    assert!(matches!(
        run(&budget).await,
        PipelineError::Export(ExportError::BudgetOfTable)
    ));
    assert!(matches!(
        run(&crossed).await,
        PipelineError::Process(ProcessError::TableCrosses)
    ));
}

#[test]
fn a_recipe_or_a_flag_names_the_schema_and_steps_are_the_run() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    std::fs::write(home.join("rows.csv"), csv(&rows()[..2_000])).unwrap();
    std::fs::write(home.join("table.toml"), SCHEMA).unwrap();
    let engine = trainer::train::engine_name(engine());
    let recipe = format!(
        "[data]\nschema = \"table.toml\"\nsources = [\"rows.csv\"]\n[booster]\nengine = \"{engine}\"\nrounds = 4\n"
    );
    std::fs::write(home.join("r.toml"), recipe).unwrap();
    let outcome =
        |arguments: &[&str]| -> serde_json::Value { serde_json::from_str(&ok(home, arguments)).unwrap() };
    let whole = outcome(&["run", "--recipe", "r.toml", "--json"]);
    let flags = [
        "run",
        "--schema",
        "table.toml",
        "--data",
        "rows.csv",
        "--engine",
        engine,
        "--rounds",
        "4",
        "--json",
    ];
    assert_eq!(outcome(&flags)["metrics"], whole["metrics"]);
    ok(
        home,
        &[
            "ingest",
            "--schema",
            "table.toml",
            "--data",
            "rows.csv",
            "--work-dir",
            "w",
        ],
    );
    ok(home, &["process", "--work-dir", "w"]);
    ok(
        home,
        &["train", "--engine", engine, "--rounds", "4", "--work-dir", "w"],
    );
    let steps = outcome(&["register", "--work-dir", "w", "--json"]);
    assert_eq!(steps["metrics"], whole["metrics"]);
    let stderr = refused(home, &["run", "--recipe", "r.toml", "--crosses", "3"], 3);
    assert!(stderr.contains("can't be crossed"), "{stderr}");
    std::fs::write(home.join("table.toml"), "label = 1\n").unwrap();
    let stderr = refused(home, &["run", "--recipe", "r.toml"], 2);
    assert_eq!(
        stderr,
        "error: table.toml: line 1, column 9: label must be a text in quotes, not empty\n"
    );
    refused(home, &["worker", "--recipe", "r.toml"], 2);
}

#[test]
fn every_key_of_a_schema_is_documented() {
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tables.md")).unwrap();
    let documented: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let keys: Vec<&str> = TABLE_KEYS.iter().map(|key| key.name).collect();
    assert_eq!(documented, keys);
    let example = page
        .split("```toml\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    TableSchema::parse(example, Path::new("docs/tables.md")).unwrap();
}
