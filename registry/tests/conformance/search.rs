use registry::{
    Batch, Dataset, Lifecycle, NewExperiment, NewRun, RegistryError, RunStatus, RunUpdate, Search, View,
};

use crate::{
    backend::Backend,
    tracking::{metric, pair},
};

/// Four runs, `a` to `d` by name, started at 1, 2, 3 and 4; the experiment's id is handed back.
async fn four_runs(backend: &Backend) -> String {
    let registry = &backend.registry;
    let experiment = registry.get_or_create_experiment("searched").await.unwrap();
    let id = experiment.experiment_id;
    for (start, name) in (1..).zip(["a", "b", "c", "d"]) {
        let run = registry
            .create_run(NewRun {
                experiment_id: id.clone(),
                run_name: Some(name.to_owned()),
                user_name: "Root".to_owned(),
                start_time_ms: start,
                tags: Vec::new(),
            })
            .await
            .unwrap();
        let batch = match name {
            "a" => Batch {
                metrics: vec![metric("auc", 0.7, 0, 0), metric("train auc", 1.0, 0, 0)],
                params: vec![pair("eta", "0.1"), pair("k", "50%_x")],
                tags: vec![pair("phase", "Dev"), pair("its own", "de''v")],
                ..Batch::default()
            },
            "b" => Batch {
                metrics: vec![metric("auc", f64::NAN, 0, 0)],
                params: vec![pair("eta", "0.2")],
                tags: vec![pair("phase", "dev")],
                ..Batch::default()
            },
            "c" => Batch {
                metrics: vec![metric("auc", 0.9, 0, 0)],
                ..Batch::default()
            },
            _ => Batch::default(),
        };
        registry.log(&run.run_id, &batch).await.unwrap();
        let dataset = Dataset {
            name: "criteo".to_owned(),
            digest: format!("digest {name}"),
            tags: vec![pair(
                "mlflow.data.context",
                if name == "a" { "training" } else { "test" },
            )],
            ..Dataset::default()
        };
        if name < "c" {
            registry.log_input(&run.run_id, &dataset).await.unwrap();
        }
        if name == "c" {
            let update = RunUpdate {
                status: Some(RunStatus::Finished),
                end_time_ms: Some(30),
                run_name: None,
            };
            registry.change_run(&run.run_id, update).await.unwrap();
        }
        if name == "d" {
            registry
                .set_run_lifecycle(&run.run_id, Lifecycle::Deleted)
                .await
                .unwrap();
        }
    }
    id
}

async fn names(backend: &Backend, experiment_id: &str, search: Search) -> Result<String, RegistryError> {
    let ids = [experiment_id.to_owned(), experiment_id.to_owned()];
    let page = backend.registry.search_runs(&ids, &search).await?;
    Ok(page.items.iter().map(|run| run.run_name.as_str()).collect())
}

pub(crate) async fn runs_are_found_by_every_kind_of_clause(backend: &Backend) {
    let id = four_runs(backend).await;
    for (filter, expected) in [
        ("", "cba"),
        ("metrics.auc > 0.1", "ca"),
        ("metric.auc>=0.9", "c"),
        ("metrics.auc != 0.7", "cb"),
        ("metrics.auc < 1e-3", ""),
        ("metrics.auc > -1 AND", "ca"),
        ("metrics.`train auc` = 1", "a"),
        ("metrics.\"train auc\" = 1 and params.eta = \"0.1\"", "a"),
        (
            "params.eta = '0.1' AND tags.phase = 'Dev' AND metrics.auc = 0.7",
            "a",
        ),
        ("parameters.eta != '0.1'", "b"),
        ("params.eta ilike '0.%'", "ba"),
        ("params.k LIKE '50%'", "a"),
        ("params.k LIKE '50\\%%'", ""),
        ("params.k LIKE '50\\'", ""),
        ("tag.phase LIKE 'd%'", "b"),
        ("tags.phase LIKE 'D%'", "a"),
        ("tags.phase ILIKE 'D%'", "ba"),
        ("tags.\"its own\" = 'de''v'", "a"),
        ("params.eta IS NULL", "c"),
        ("params.eta is not null", "ba"),
        ("tags.absent IS NULL", "cba"),
        ("attributes.status = 'FINISHED'", "c"),
        ("status = 'finished'", ""),
        ("run_name = 'a'", "a"),
        ("attr.`Run name` LIKE 'b'", "b"),
        ("tags.mlflow.runName = 'a'", "a"),
        ("user_id = 'Root'", "cba"),
        ("user_id = 'root'", ""),
        ("start_time > 1", "cb"),
        ("created >= 2.5", "c"),
        ("end_time > 1", "c"),
        ("run_id NOT IN ('x', \"y\")", "cba"),
        ("run_id IN ('x',)", ""),
        ("artifact_uri LIKE 'mlflow-artifacts:/%/artifacts'", "cba"),
        ("artifact_uri LIKE 'file%'", ""),
        ("dataset.name = 'criteo'", "ba"),
        ("datasets.digest IN ('digest a', 'digest z')", "a"),
        ("dataset.context = 'training'", "a"),
        ("dataset.context LIKE 't%'", "ba"),
    ] {
        let search = Search {
            filter: filter.to_owned(),
            limit: 10,
            ..Search::default()
        };
        let found = names(backend, &id, search).await;
        assert_eq!(found.unwrap(), expected, "{filter}");
    }
    for (view, expected) in [(View::DeletedOnly, "d"), (View::All, "dcba")] {
        let search = Search {
            view,
            limit: 10,
            ..Search::default()
        };
        assert_eq!(names(backend, &id, search).await.unwrap(), expected);
    }
    let search = Search {
        limit: 10,
        ..Search::default()
    };
    assert!(
        backend
            .registry
            .search_runs(&[], &search)
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

pub(crate) async fn orders_put_what_is_missing_last(backend: &Backend) {
    let id = four_runs(backend).await;
    for (order, expected) in [
        (vec!["metrics.auc DESC"], "cabd"),
        (vec!["metrics.auc"], "acbd"),
        (vec!["params.eta", "start_time desc"], "abdc"),
        (vec!["params.eta DESC"], "badc"),
        (vec!["tags.`phase` ASC"], "abdc"),
        (vec!["attributes.start_time"], "abcd"),
        (vec!["created"], "abcd"),
        (vec!["end_time DESC"], "cdba"),
        (vec!["run_name DESC"], "dcba"),
        (vec!["status", "attribute.start_time ASC"], "cabd"),
    ] {
        let search = Search {
            order_by: order.iter().map(|term| (*term).to_owned()).collect(),
            view: View::All,
            limit: 10,
            ..Search::default()
        };
        assert_eq!(names(backend, &id, search).await.unwrap(), expected, "{order:?}");
    }
}

pub(crate) async fn pages_go_through_all_runs(backend: &Backend) {
    let registry = &backend.registry;
    let mut runs = Vec::new();
    for _ in 0..7 {
        runs.push(backend.run().await);
    }
    let mut expected: Vec<String> = runs.iter().map(|run| run.run_id.clone()).collect();
    expected.sort();
    let mut found = Vec::new();
    loop {
        let search = Search {
            limit: 3,
            offset: found.len() as i64,
            ..Search::default()
        };
        let page = registry
            .search_runs(&[runs[0].experiment_id.clone()], &search)
            .await
            .unwrap();
        found.extend(page.items.into_iter().map(|run| run.run_id));
        assert_eq!(page.has_more, found.len() < 7);
        if !page.has_more {
            break;
        }
    }
    assert_eq!(found, expected, "ties go to the smaller id");
}

pub(crate) async fn experiments_are_found(backend: &Backend) {
    let registry = &backend.registry;
    for (name, value) in [("a", Some("value")), ("ab", Some("vaLue")), ("Abc", None)] {
        let tags = value.map(|value| pair("key", value)).into_iter().collect();
        registry
            .create_experiment(NewExperiment {
                name: name.to_owned(),
                tags,
                ..NewExperiment::default()
            })
            .await
            .unwrap();
    }
    let found = async |filter: &str, order_by: &[&str], view: View| {
        let search = Search {
            filter: filter.to_owned(),
            order_by: order_by.iter().map(|term| (*term).to_owned()).collect(),
            view,
            limit: 10,
            ..Search::default()
        };
        let page = registry.search_experiments(&search).await.unwrap();
        let names: Vec<String> = page.items.into_iter().map(|one| one.name).collect();
        names.join(" ")
    };
    for (filter, expected) in [
        ("attribute.name = 'a'", "a"),
        ("name != 'a'", "Default ab Abc"),
        ("name LIKE 'a%'", "a ab"),
        ("name ILIKE 'a%'", "a ab Abc"),
        ("tag.key = 'value'", "a"),
        ("tags.key != 'value'", "ab"),
        ("tag.key ILIKE '%alu%'", "a ab"),
        ("tag.key IS NULL", "Default Abc"),
        ("experiment_id IN ('1', '3')", "a Abc"),
        (
            "experiment_id != '0' AND creation_time > 1 and last_update_time > 1",
            "a ab Abc",
        ),
    ] {
        assert_eq!(
            found(filter, &["experiment_id ASC"], View::ActiveOnly).await,
            expected,
            "{filter}"
        );
    }
    assert_eq!(found("", &["name DESC"], View::All).await, {
        // Each database compares texts in its own way.
        let mut names = vec!["ab", "a", "Default", "Abc"];
        if found("", &["name"], View::All).await.starts_with('a') {
            names = vec!["Default", "Abc", "ab", "a"];
        }
        names.join(" ")
    });
    registry
        .set_experiment_lifecycle("2", Lifecycle::Deleted)
        .await
        .unwrap();
    assert_eq!(
        found("", &["experiment_id"], View::ActiveOnly).await,
        "Default a Abc"
    );
    assert_eq!(found("", &[], View::DeletedOnly).await, "ab");
}

pub(crate) async fn what_cannot_be_understood_is_told_in_mlflows_words(backend: &Backend) {
    let id = backend.run().await.experiment_id;
    let many = vec!["metrics.a > 1"; 101].join(" AND ");
    for (filter, message) in [
        (
            "metrics.auc > 0.1 OR metrics.auc < 9",
            "Invalid clause(s) in filter string: 'OR'",
        ),
        (
            "(metrics.auc > 0.1)",
            "Invalid clause(s) in filter string: '(metrics.auc > 0.1)'",
        ),
        (
            "metrics.auc LIKE 'x'",
            "Expected numeric value type for metric. Found 'x'",
        ),
        (
            "metrics.auc = nan",
            "Expected numeric value type for metric. Found nan",
        ),
        (
            "params.eta = 0.1",
            "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 0.1",
        ),
        ("params.eta = abc", "Parameter value is either not quoted"),
        (
            "name = 'auto'",
            "Invalid attribute key 'name' specified. Valid keys are '{",
        ),
        (
            "attributes.start_time > '1'",
            "Expected numeric value type for numeric attribute: start_time. Found '1'",
        ),
        (
            "run_name IN ('auto','x')",
            "Only ['run_id'] attributes support comparison with a list of quoted string values.",
        ),
        (
            "metrics.auc == 1",
            "Invalid comparator '==' not one of '{'>', '!=', '<', '>=', '=', '<='}",
        ),
        (
            "metrics.auc IS NULL",
            "IS NULL / IS NOT NULL is only supported for tags and params, not for 'metric' 'auc'",
        ),
        (
            "foo.bar = 'x'",
            "Invalid entity type 'foo'. Valid values are ['metric', 'parameter'",
        ),
        ("'a' = 'b'", "Expected 'Identifier' found ''a''"),
        (
            "run_id IN ()",
            "expected a non-empty list of string values, but got empty list",
        ),
        ("run_id IN (1, 2)", "got different type in list"),
        ("run_id = ('a')", "Invalid comparator '='"),
        ("params.a = 'x", "Invalid clause(s) in filter string"),
        ("metrics.a > 1; metrics.b > 1", "multiple expression"),
        ("dataset.foo = 'x'", "Invalid dataset key 'foo' specified"),
        (many.as_str(), "100 is the most"),
        ("params.a = '\0'", "NUL"),
    ] {
        let search = Search {
            filter: filter.to_owned(),
            limit: 1,
            ..Search::default()
        };
        match names(backend, &id, search).await {
            Err(RegistryError::InvalidSearch { message: told }) => {
                assert!(told.contains(message), "{filter}: {told}");
            }
            other => panic!("{filter}: {other:?}"),
        }
    }
    for (order, message) in [
        (
            "metrics.auc WRONG",
            "Invalid ordering key in order_by clause 'metrics.auc WRONG'.",
        ),
        (
            "attributes.foo",
            "Invalid attribute key 'foo' specified. Valid keys are '{",
        ),
        ("metrics.a b c", "Could not be parsed"),
        ("", "Could not be parsed"),
        ("dataset.name", "Invalid identifier type"),
    ] {
        let search = Search {
            order_by: vec![order.to_owned()],
            limit: 1,
            ..Search::default()
        };
        match names(backend, &id, search).await {
            Err(RegistryError::InvalidSearch { message: told }) => {
                assert!(told.contains(message), "{order}: {told}");
            }
            other => panic!("{order}: {other:?}"),
        }
    }
}
