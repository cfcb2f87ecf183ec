//! What this server says of itself to MLflow's clients.

use axum::Json;
use serde_json::{Value, json};

/// The version of MLflow whose API this is; clients look at it to know what they may ask.
const VERSION: &str = "3.17.2";

pub(crate) async fn version() -> &'static str {
    VERSION
}

/// Everything that is optional is off.
pub(crate) async fn server_info() -> Json<Value> {
    Json(json!({
        "store_type": "SqlStore",
        "workspaces_enabled": false,
        "trace_archival_enabled": false,
        "multipart_uploads_enabled": false,
        "multipart_downloads_enabled": false,
        "presigned_upload_run_id_supported": false,
        "presigned_upload_model_id_supported": false,
        "features_enabled": {"gateway": false},
    }))
}
