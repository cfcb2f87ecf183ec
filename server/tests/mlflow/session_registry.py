"""Registered models, versions, stages, aliases and tags."""

import os

import mlflow

from suite import Suite, equal, holds, refused

suite = Suite()
check = suite.check


def set_by_us(aliases):
    """Without the one that `clickleaf-server` gives to what is in Production, if nobody else sets it."""
    return {alias: version for alias, version in aliases.items() if alias != "champion"}


@check("30 create_registered_model keeps tags and description")
def create_registered_model(state):
    state.second = f"ctr-second-{state.unique}"
    made = state.client.create_registered_model(state.second, tags={"t": "1"}, description="d")
    equal((made.name, made.description, made.tags), (state.second, "d", {"t": "1"}), "what is answered")
    kept = state.client.get_registered_model(state.second)
    equal((kept.name, kept.description, kept.tags), (state.second, "d", {"t": "1"}), "what is kept")
    equal(kept.latest_versions, [], "versions")
    holds(kept.creation_timestamp > 1_600_000_000_000, f"creation time {kept.creation_timestamp}")


@check("31 create_model_version counts from 1 in each model")
def create_model_version(state):
    source = state.client.get_model_version(state.name, "1").source
    how = {"model_id": state.model_id} if hasattr(state, "model_id") else {}
    made = state.client.create_model_version(
        state.second, source, run_id=state.run, tags={"k": "v"}, description="mvd", **how
    )
    equal((made.name, str(made.version)), (state.second, "1"), "version")
    kept = state.client.get_model_version(state.second, "1")
    equal((kept.source, kept.run_id, kept.tags), (source, state.run, {"k": "v"}), "version")
    equal((kept.description, kept.status, kept.current_stage), ("mvd", "READY", "None"), "version")
    again = state.client.create_model_version(state.second, source, run_id=state.run, **how)
    equal(str(again.version), "2", "the next version")


@check("32 transition_model_version_stage moves a version and archives the one before")
def transition_stage(state):
    def move(name, version, stage, **how):
        return state.client.transition_model_version_stage(name, version, stage, **how).current_stage

    def stages(name):
        versions = state.client.search_model_versions(f"name = '{name}'", order_by=["version_number ASC"])
        return [version.current_stage for version in versions]

    equal(move(state.name, "1", "Production", archive_existing_versions=True), "Production", "stage")
    equal(state.client.get_model_version(state.name, "1").current_stage, "Production", "stage, read again")
    equal(move(state.second, "1", "production"), "Production", "stage, by a name in lower case")
    equal(move(state.second, "2", "Production", archive_existing_versions=True), "Production", "stage")
    equal(stages(state.second), ["Archived", "Production"], "stages")
    equal(move(state.second, "1", "Staging"), "Staging", "stage")
    equal(move(state.second, "1", "None"), "None", "stage")
    equal(stages(state.second), ["None", "Production"], "stages")


@check("33 set_registered_model_alias names a version")
def set_alias(state):
    state.client.set_registered_model_alias(state.name, "champion", "1")
    equal(state.client.get_registered_model(state.name).aliases, {"champion": "1"}, "aliases")
    equal(list(state.client.get_model_version(state.name, "1").aliases), ["champion"], "aliases of the version")


@check("34 get_model_version_by_alias follows the alias when it moves")
def get_by_alias(state):
    equal(str(state.client.get_model_version_by_alias(state.name, "champion").version), "1", "version")
    for version in ("1", "2", "1"):
        state.client.set_registered_model_alias(state.second, "candidate", version)
        found = state.client.get_model_version_by_alias(state.second, "candidate")
        equal((found.name, str(found.version)), (state.second, version), "version")


@check("35 search_model_versions finds by name, run and tag, in order")
def search_model_versions(state):
    def found(text, **how):
        return [(each.name, str(each.version)) for each in state.client.search_model_versions(text, **how)]

    first, one, two = (state.name, "1"), (state.second, "1"), (state.second, "2")
    equal(found(f"name='{state.name}'"), [first], "versions by name")
    by_run = f"run_id='{state.run}'"
    equal(sorted(found(by_run)), sorted([first, one, two]), "versions by run")
    how = {"order_by": ["version_number DESC"], "max_results": 1}
    equal(found(by_run, **how), [two], "the highest version")
    equal(found(f"name = '{state.second}' AND tag.k = 'v'"), [one], "versions by tag")
    equal(found(f"name LIKE 'ctr-%{state.unique}' AND version_number > 1"), [two], "versions above 1")
    equal(found(f"run_id IN ('{state.run}') AND name ILIKE 'CTR-SECOND%'", order_by=["version_number ASC"]), [one, two])
    equal(found("name = 'nothing'"), [], "versions of nothing")


@check("36 search_registered_models finds by name and tag, and pages")
def search_registered_models(state):
    def found(text, **how):
        return [each.name for each in state.client.search_registered_models(text, **how)]

    like = f"name LIKE 'ctr-%{state.unique}'"
    both = sorted([state.name, state.second])
    equal(found(like), both, "models by name")
    equal(found(like, order_by=["name DESC"]), both[::-1], "models by name, descending")
    equal(found(f"{like} AND tag.t = '1'"), [state.second], "models by tag")
    equal(found(f"name ILIKE 'CTR-SECOND-{state.unique}'"), [state.second], "models, whatever the case")
    equal(found(f"name = 'nothing-{state.unique}'"), [], "no models")
    page = state.client.search_registered_models(like, max_results=1)
    equal(([each.name for each in page], bool(page.token)), (both[:1], True), "the first page")
    rest = state.client.search_registered_models(like, max_results=1, page_token=page.token)
    equal([each.name for each in rest], both[1:], "the second page")


@check("37 get_latest_versions gives the highest version of each stage")
def get_latest_versions(state):
    def latest(name, stages=None):
        versions = state.client.get_latest_versions(name, stages)
        return sorted((each.current_stage, str(each.version)) for each in versions)

    equal(latest(state.name, ["Production"]), [("Production", "1")], "in Production")
    equal(latest(state.second), [("None", "1"), ("Production", "2")], "in all stages")
    equal(latest(state.second, ["staging"]), [], "in Staging")
    versions = state.client.get_registered_model(state.second).latest_versions
    stages = sorted((each.current_stage, str(each.version)) for each in versions)
    equal(stages, [("None", "1"), ("Production", "2")], "latest versions of the model")


@check("38 get_model_version_download_uri says where the files are")
def get_download_uri(state):
    uri = state.client.get_model_version_download_uri(state.name, "1")
    equal(uri, state.download_uri, "URI")
    files = {os.path.basename(file.path) for file in mlflow.artifacts.list_artifacts(uri)}
    holds("MLmodel" in files, f"no MLmodel in {files}")


@check("39 tags of models and versions are set, changed and deleted")
def tags(state):
    client = state.client
    client.set_model_version_tag(state.name, "1", "auc", "0.7")
    client.set_model_version_tag(state.name, "1", "auc", "0.75")
    client.set_registered_model_tag(state.name, "owner", "me")
    equal(client.get_model_version(state.name, "1").tags.get("auc"), "0.75", "tag of the version")
    equal(client.get_registered_model(state.name).tags.get("owner"), "me", "tag of the model")
    equal(
        [each.name for each in client.search_registered_models(f"tag.owner = 'me' AND name = '{state.name}'")],
        [state.name],
    )
    client.delete_model_version_tag(state.name, "1", "auc")
    client.delete_registered_model_tag(state.name, "owner")
    equal(client.get_model_version(state.name, "1").tags.get("auc"), None, "tag of the version")
    equal(client.get_registered_model(state.name).tags.get("owner"), None, "tag of the model")


@check("40 update_model_version and update_registered_model describe")
def describe(state):
    equal(state.client.update_model_version(state.name, "1", "desc").description, "desc", "answer")
    equal(state.client.get_model_version(state.name, "1").description, "desc", "version")
    equal(state.client.update_registered_model(state.name, "of all").description, "of all", "answer")
    equal(state.client.get_registered_model(state.name).description, "of all", "model")


@check("41 get_registered_model has latest versions and aliases")
def get_registered_model(state):
    model = state.client.get_registered_model(state.name)
    equal(model.aliases, {"champion": "1"}, "aliases")
    (latest,) = model.latest_versions
    equal((str(latest.version), latest.current_stage), ("1", "Production"), "latest version")
    equal(model.description, "of all", "description")
    holds(model.last_updated_timestamp >= model.creation_timestamp, "updated before it was made")


@check("42 rename_registered_model takes versions, tags and aliases along")
def rename(state):
    state.renamed = f"ctr-renamed-{state.unique}"
    state.client.rename_registered_model(state.second, state.renamed)
    model = state.client.get_registered_model(state.renamed)
    equal((model.tags, set_by_us(model.aliases)), ({"t": "1"}, {"candidate": "1"}), "tags and aliases")
    equal(state.client.get_model_version(state.renamed, "2").current_stage, "Production", "stage")
    with refused("RESOURCE_DOES_NOT_EXIST", state.second):
        state.client.get_registered_model(state.second)


@check("43 delete_registered_model_alias deletes once and is no error twice")
def delete_alias(state):
    state.client.set_registered_model_alias(state.renamed, "x", "1")
    state.client.delete_registered_model_alias(state.renamed, "x")
    state.client.delete_registered_model_alias(state.renamed, "x")
    equal(set_by_us(state.client.get_registered_model(state.renamed).aliases), {"candidate": "1"}, "aliases")


@check("44 delete_model_version takes the version and its aliases away, and no number is used twice")
def delete_model_version(state):
    state.client.delete_model_version(state.renamed, "1")
    with refused("RESOURCE_DOES_NOT_EXIST", "version=1"):
        state.client.get_model_version(state.renamed, "1")
    equal(set_by_us(state.client.get_registered_model(state.renamed).aliases), {}, "aliases")
    versions = state.client.search_model_versions(f"name = '{state.renamed}'")
    equal([str(each.version) for each in versions], ["2"], "versions that are left")
    source = state.client.get_model_version(state.name, "1").source
    how = {"model_id": state.model_id} if hasattr(state, "model_id") else {}
    made = state.client.create_model_version(state.renamed, source, run_id=state.run, **how)
    equal(str(made.version), "3", "the next version")


@check("45 delete_registered_model takes all away")
def delete_registered_model(state):
    for version in ("2", "3"):
        state.client.transition_model_version_stage(state.renamed, version, "Archived")
    state.client.delete_registered_model(state.renamed)
    with refused("RESOURCE_DOES_NOT_EXIST", state.renamed):
        state.client.get_registered_model(state.renamed)
    equal(state.client.search_model_versions(f"name = '{state.renamed}'"), [], "versions")
    equal(state.client.search_registered_models(f"name = '{state.renamed}'"), [], "models")
