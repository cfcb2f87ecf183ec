"""Whether two registries hold the same, each as MLflow's client sees it.

Experiments are compared by name, everything else by its id or name. Places are not compared: they belong to a store.
"""

from mlflow.entities import ViewType

from suite import equal, holds


def pages(search, **arguments):
    """Everything that a search finds."""
    token = None
    while True:
        page = search(page_token=token, **arguments)
        yield from page
        token = page.token
        if not token:
            return


def by(key, things):
    found = {key(thing): thing for thing in things}
    return dict(sorted(found.items()))


def number(value):
    """A text of a number that is the same for the same bits, and for every NaN."""
    return "NaN" if value != value else float(value).hex()


def experiments(client):
    found = pages(client.search_experiments, view_type=ViewType.ALL, max_results=100)
    return by(lambda experiment: experiment.name, found)


def runs(client, experiment_id):
    found = pages(client.search_runs, experiment_ids=[experiment_id], run_view_type=ViewType.ALL, max_results=500)
    # A search leaves out the models that a run read.
    whole = (client.get_run(run.info.run_id) for run in found)
    return by(lambda run: run.info.run_id, whole)


def told_experiment(experiment):
    return (experiment.name, experiment.lifecycle_stage, experiment.tags, experiment.creation_time)


def told_input(dataset_input):
    dataset = dataset_input.dataset
    tags = sorted((tag.key, tag.value) for tag in dataset_input.tags)
    said = (dataset.name, dataset.digest, dataset.source_type, dataset.source, dataset.schema or "", dataset.profile or "")
    return said + (tags,)


def told_run(run):
    info, data = run.info, run.data
    inputs = run.inputs.dataset_inputs if run.inputs else []
    read = run.inputs.model_inputs if run.inputs else []
    made = run.outputs.model_outputs if run.outputs else []
    return {
        "info": (
            info.run_id,
            info.run_name,
            info.status,
            info.user_id,
            info.start_time,
            info.end_time,
            info.lifecycle_stage,
        ),
        "params": data.params,
        "tags": data.tags,
        "metrics": {key: number(value) for key, value in data.metrics.items()},
        "inputs": sorted(map(told_input, inputs)),
        "models read": sorted(each.model_id for each in read),
        "models made": sorted((each.model_id, each.step) for each in made),
    }


def history(client, run_id, key):
    return sorted((m.step, m.timestamp, number(m.value)) for m in client.get_metric_history(run_id, key))


def told_logged(model):
    metrics = sorted((m.key, m.step, m.timestamp, number(m.value), m.run_id) for m in model.metrics or [])
    return {
        "name": model.name,
        "status": str(model.status),
        "run": model.source_run_id or "",
        "type": model.model_type or "",
        "params": model.params,
        "tags": model.tags,
        "times": (model.creation_timestamp, model.last_updated_timestamp),
        "metrics": metrics,
    }


def told_model(model):
    return {
        "description": model.description or "",
        "tags": model.tags,
        "aliases": {alias: str(version) for alias, version in model.aliases.items()},
        "made": model.creation_timestamp,
    }


def told_version(version):
    return {
        "stage": version.current_stage,
        "run": version.run_id or "",
        "status": version.status,
        "description": version.description or "",
        "tags": version.tags,
        "aliases": sorted(version.aliases),
        "made": version.creation_timestamp,
        "run link": version.run_link or "",
    }


def same(told, one, other, what):
    """Fails unless both have the same keys, and the same is told of each."""
    equal(sorted(other), sorted(one), what)
    for key in one:
        expected, actual = told(one[key]), told(other[key])
        if isinstance(expected, dict):
            for part in expected:
                equal(actual[part], expected[part], f"{part} of {what} {key}")
        else:
            equal(actual, expected, f"{what} {key}")


def same_experiments(one, other):
    same(told_experiment, experiments(one), experiments(other), "experiments")


def same_runs(one, other, most_histories=2000):
    """Runs with params, tags, inputs, the latest value of every metric, and histories."""
    ids = {name: found.experiment_id for name, found in experiments(other).items()}
    seen, histories = 0, 0
    for name, experiment in experiments(one).items():
        mine, theirs = runs(one, experiment.experiment_id), runs(other, ids[name])
        same(told_run, mine, theirs, f"runs of {name}")
        seen += len(mine)
        for run_id, run in mine.items():
            for key in run.data.metrics:
                if histories < most_histories:
                    histories += 1
                    equal(history(other, run_id, key), history(one, run_id, key), f"history of {key} of {run_id}")
    holds(seen > 0 and histories > 0, f"{seen} runs and {histories} histories are few")
    return seen, histories


def same_logged_models(one, other):
    ids = {name: found.experiment_id for name, found in experiments(other).items()}
    seen = 0
    for name, experiment in experiments(one).items():
        if experiment.lifecycle_stage != "active":
            continue
        find = lambda client, id: by(
            lambda model: model.model_id, pages(client.search_logged_models, experiment_ids=[id], max_results=50)
        )
        mine = find(one, experiment.experiment_id)
        same(told_logged, mine, find(other, ids[name]), f"logged models of {name}")
        seen += len(mine)
    return seen


def same_models(one, other, told_of_version=told_version):
    """Registered models with tags and aliases, and their versions."""
    find = lambda client: by(lambda model: model.name, pages(client.search_registered_models, max_results=100))
    mine = find(one)
    same(told_model, mine, find(other), "registered models")
    versions = 0
    for name in mine:
        quoted = name.replace("'", "\\'")
        found = lambda client: by(
            lambda version: int(version.version),
            pages(client.search_model_versions, filter_string=f"name='{quoted}'", max_results=500),
        )
        theirs = found(one)
        same(told_of_version, theirs, found(other), f"versions of {name}")
        versions += len(theirs)
    holds(len(mine) > 0 and versions > 0, f"{len(mine)} models and {versions} versions are few")
    return len(mine), versions
