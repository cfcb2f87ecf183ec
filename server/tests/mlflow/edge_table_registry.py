"""The rows of [`edge_table`] about registered models and files, and those where this server differs on purpose."""

from edge_table import FILES, INTERNAL, INVALID, JSON, MISSING, ROWS, ZZ, Unordered, refuses, row  # noqa: F401

MODELS, VERSIONS = f"{JSON}/registered-models", f"{JSON}/model-versions"


def version(number="1", stage="Production", **rest):
    """A version as it is shown."""
    return {
        "name": "{model}", "version": number, "creation_timestamp": "<integer>", "last_updated_timestamp": "<integer>",
        "current_stage": stage, "description": "", "source": "mlflow-artifacts:/{experiment}/{auto}/artifacts/model",
        "run_id": "{auto}", "status": "READY", "run_link": "", "tags?": [], "user_id?": "<string>", "model_id?": "<string>",
        "status_message?": "<string>",
    } | rest  # fmt: skip


ANY_VERSION = {
    key: value if key.endswith("?") else "<any>" for key, value in version(aliases=[], description="").items()
}
ANY_VERSION = {(f"{key}?" if key in ("aliases", "description", "run_link") else key): value
               for key, value in ANY_VERSION.items()} | {"tags?": "<any>"}  # fmt: skip
ANY_MODEL = {
    "name": "<string>", "creation_timestamp": "<integer>", "last_updated_timestamp": "<integer>", "description?": "<string>",
    "latest_versions?": "<any>", "tags?": "<any>", "aliases?": "<any>",
}  # fmt: skip
PAGE = {"next_page_token?": "<string>"}
# Where this server's answer has one alias more.
FOLLOWS = ("champion", "the alias champion follows what is in Production")

row("GET", f"{MODELS}/search", {"max_results": 1}, answer={"registered_models": [ANY_MODEL]} | PAGE)
refuses("GET", f"{MODELS}/search", {"max_results": 2000}, 400, INVALID, "for parameter 'max_results' supplied")
row("GET", f"{VERSIONS}/search", {"filter": "name ILIKE 'EDGES%' AND run_id IN ('x')"}, answer={})
row("GET", f"{VERSIONS}/search", {"filter": "version_number > 0 AND tag.k = '{unique}'"}, answer={})
refuses("GET", f"{VERSIONS}/search", {"filter": "current_stage = 'Production'"}, 400, INVALID,
        "Invalid attribute key 'current_stage' specified", "version_number")  # fmt: skip
row(
    "GET",
    f"{VERSIONS}/search",
    {"order_by": "name DESC", "max_results": 1},
    answer={"model_versions": [ANY_VERSION]} | PAGE,
)
MOVE = {"name": "{model}", "version": "1"}
row("POST", f"{VERSIONS}/transition-stage", MOVE | {"stage": "production", "archive_existing_versions": False},
    answer={"model_version": version(aliases=Unordered(["stable"]))}, besides=FOLLOWS)  # fmt: skip
refuses("POST", f"{VERSIONS}/transition-stage", MOVE | {"stage": "Archived", "archive_existing_versions": True}, 500, INTERNAL,
        "cannot archive existing model versions because 'Archived' is not an Active stage",
        ours=(400, INVALID, "the request is what is wrong, and clients repeat what a server answers with 500"))  # fmt: skip
row("POST", f"{VERSIONS}/transition-stage", MOVE | {"stage": "Production"},
    answer={"model_version": version(aliases=Unordered(["stable"]))}, besides=FOLLOWS)  # fmt: skip
row("POST", f"{VERSIONS}/create", {"name": "{model}", "source": "s3://bucket/x"},
    answer={"model_version": version("2", "None", source="s3://bucket/x", run_id="", status="READY")})  # fmt: skip
refuses("POST", f"{VERSIONS}/create", {"name": "{model}", "source": "/etc"}, 400, INVALID,
        "Invalid model version source: '/etc'", "run_id")  # fmt: skip
refuses("POST", f"{VERSIONS}/create", {"name": "{model}", "source": "mlflow-artifacts:/9/zz/artifacts/m"}, 400, INVALID,
        "Invalid model version source: 'mlflow-artifacts:/9/zz/artifacts/m'", "run_id")  # fmt: skip
refuses(
    "POST",
    f"{VERSIONS}/create",
    {"name": "nope", "source": "s3://b/x"},
    404,
    MISSING,
    "Registered Model with name=nope not found",
)
row(
    "GET", f"{VERSIONS}/get-download-uri", {"name": "{model}", "version": "2"}, answer={"artifact_uri": "s3://bucket/x"}
)
ALIAS = f"{MODELS}/alias"
row("DELETE", ALIAS, {"name": "{model}", "alias": "zzz"}, answer={})
refuses("POST", ALIAS, {"name": "{model}", "alias": "bad alias", "version": "1"}, 400, INVALID,
        "Invalid alias name: 'bad alias'", "alphanumerics")  # fmt: skip
refuses("POST", ALIAS, {"name": "{model}", "alias": "x", "version": "99"}, 404, MISSING,
        "Model Version (name={model}, version=99) not found")  # fmt: skip
row("GET", f"{MODELS}/get-latest-versions", {"name": "{model}"},
    answer={"model_versions": Unordered([
        version(**{"aliases?": Unordered(["stable"])}),
        version("2", "None", source="s3://bucket/x", run_id="", status="READY"),
    ])}, besides=FOLLOWS)  # fmt: skip

# Files
for way in ("x/../../etc", "%2e%2e/%2e%2e/etc"):
    refuses("PUT", f"{FILES}/artifacts/{{experiment}}/{way}", b"x", 400, INVALID, "Invalid path")
refuses("GET", f"{FILES}/artifacts", {"path": "../.."}, 400, INVALID, "Invalid path")
refuses("GET", f"{FILES}/artifacts/{{experiment}}/nofile", None, 404, MISSING, "{experiment}/nofile")
row("GET", f"{FILES}/artifacts", {"path": "{experiment}/none"}, answer={})
row("DELETE", f"{FILES}/artifacts/{{experiment}}/none", answer={})
refuses(
    "POST",
    f"{FILES}/mpu/create/{{experiment}}/x",
    {"path": "x", "num_parts": 2},
    501,
    "NOT_IMPLEMENTED",
    "Multipart upload",
)
refuses("GET", f"{FILES}/presigned/{{experiment}}/x", None, 501, "NOT_IMPLEMENTED")
row("GET", f"{JSON}/artifacts/list", {"run_id": "{ctr}"}, answer={
    "root_uri": "mlflow-artifacts:/{experiment}/{ctr}/artifacts",
    "files": [{"path": "d.json", "is_dir": False, "file_size": 12}, {"path": "sub", "is_dir": True}],
})  # fmt: skip
row("GET", "/get-artifact", {"run_id": "{ctr}", "path": "sub/x.txt"}, answer=b"hello artifact")
refuses("GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk", {"run_ids": "{ctr}", "metric_key": "auc"}, 400, INVALID,
        "GetMetricHistoryBulk request must specify at least one run_id")  # fmt: skip

# Strangers
row("GET", "/", status=403, headers={"Host": "evil.example"},
    ours=(200, None, "the page is public, whatever name leads to it; this API is not"))  # fmt: skip
row("POST", f"{JSON}/runs/search", {"experiment_ids": ["{experiment}"], "max_results": 1}, status=403,
    headers={"Origin": "https://evil.example"})  # fmt: skip

RECORDED = len(ROWS)

# Where this server differs on purpose.
row("POST", f"{JSON}/runs/search", b'{"experiment_ids": [', answer={},
    ours=(400, INVALID, "a body that is no JSON is the caller's mistake, not a request without parameters"))  # fmt: skip
row("PUT", f"{FILES}/artifacts/{{experiment}}/{{auto}}/artifacts/model/MLmodel", b"flavors: {}", answer=None,
    ours=(409, "RESOURCE_CONFLICT", "what a version points to never changes"))  # fmt: skip
row("PUT", f"{FILES}/artifacts/{{experiment}}/{{auto}}/artifacts/model/new.txt", b"new", answer=None,
    ours=(409, "RESOURCE_CONFLICT", "what a version points to gains no files"))  # fmt: skip
row("DELETE", f"{FILES}/artifacts/{{experiment}}/{{auto}}/artifacts/model", answer=None,
    ours=(409, "RESOURCE_CONFLICT", "what a version points to never goes away"))  # fmt: skip
# An answer must reach a client that is still sending.
row(
    "PUT",
    f"{FILES}/artifacts/{{experiment}}/{{auto}}/artifacts/model/model.ubj",
    bytes(8_000_000),
    answer=None,
    ours=(409, "RESOURCE_CONFLICT", "what a version points to never changes"),
)
# And where it does not: a file beside the version's.
row("PUT", f"{FILES}/artifacts/{{experiment}}/{{auto}}/artifacts/beside.txt", b"new", answer=None)
