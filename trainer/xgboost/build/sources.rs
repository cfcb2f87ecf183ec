//! Finds XGBoost's C++ sources and groups them into translation units.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The version of XGBoost that the pinned source crate carries.
pub(crate) const XGBOOST_VERSION: &str = "3.4.1";
const SOURCE_CRATE: &str = "xgboost_lib-sys";

/// One file that includes many: the headers are parsed once for all of them.
pub(crate) struct Chunk {
    pub(crate) name: &'static str,
    /// Relative to the XGBoost folder.
    pub(crate) files: Vec<String>,
}

/// Files that specialise a registry's `Get()`. They must not follow a use of that registry in the same
/// translation unit, so they form a chunk of their own.
pub(crate) const FACTORIES: [&str; 5] = [
    "src/gbm/gbm.cc",
    "src/metric/metric.cc",
    "src/objective/objective.cc",
    "src/predictor/predictor.cc",
    "src/tree/tree_updater.cc",
];

/// Every folder of `src` belongs to exactly one chunk.
pub(crate) const FOLDERS: [(&str, &[&str]); 7] = [
    ("interface", &["", "c_api"]),
    ("collective", &["collective"]),
    ("common", &["common"]),
    ("data", &["data", "encoder"]),
    ("model", &["gbm", "linear", "predictor"]),
    ("objective", &["metric", "objective"]),
    ("tree", &["tree"]),
];

/// The parts of dmlc-core that XGBoost uses; HDFS, S3 and Azure stay out.
pub(crate) const DMLC_FILES: [&str; 10] = [
    "dmlc-core/src/config.cc",
    "dmlc-core/src/data.cc",
    "dmlc-core/src/io.cc",
    "dmlc-core/src/recordio.cc",
    "dmlc-core/src/io/filesys.cc",
    "dmlc-core/src/io/indexed_recordio_split.cc",
    "dmlc-core/src/io/input_split_base.cc",
    "dmlc-core/src/io/line_split.cc",
    "dmlc-core/src/io/local_filesys.cc",
    "dmlc-core/src/io/recordio_split.cc",
];

/// The chunks of the library itself, in a fixed order.
pub(crate) fn chunks(root: &Path) -> Result<Vec<Chunk>, String> {
    let mut files = Vec::new();
    collect(root, &root.join("src"), &mut files)?;
    files.sort();
    let mut chunks = vec![Chunk {
        name: "factories",
        files: FACTORIES.map(String::from).to_vec(),
    }];
    chunks.extend(FOLDERS.iter().map(|(name, _)| Chunk {
        name,
        files: Vec::new(),
    }));
    for file in files {
        if FACTORIES.contains(&file.as_str()) {
            continue;
        }
        let inner = file.strip_prefix("src/").unwrap_or(&file);
        let folder = inner.split_once('/').map_or("", |(folder, _)| folder);
        let place = FOLDERS.iter().position(|(_, folders)| folders.contains(&folder));
        let place = place.ok_or_else(|| format!("XGBoost's source folder `{folder}` is in no chunk"))?;
        chunks[place + 1].files.push(file);
    }
    Ok(chunks)
}

/// The folder `xgboost` of the pinned source crate, fetched if Cargo hasn't got it yet.
pub(crate) fn locate() -> Result<PathBuf, String> {
    let metadata = metadata(true).or_else(|_| metadata(false))?;
    let package = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|package| package["name"] == SOURCE_CRATE)
        .ok_or_else(|| format!("cargo metadata does not name {SOURCE_CRATE}"))?;
    let manifest = package["manifest_path"]
        .as_str()
        .ok_or("cargo metadata gives no manifest_path")?;
    let root = Path::new(manifest).with_file_name("xgboost");
    if root.join("include/xgboost/c_api.h").is_file() {
        Ok(root)
    } else {
        Err(format!("{} holds no XGBoost sources", root.display()))
    }
}

fn metadata(offline: bool) -> Result<Value, String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--format-version=1", "--locked"]);
    if offline {
        command.arg("--offline");
    }
    let output = command
        .output()
        .map_err(|error| format!("cannot run cargo metadata: {error}"))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
        return Err(format!("cargo metadata failed: {reason}"));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata is no JSON: {error}"))
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<String>) -> Result<(), String> {
    let unreadable = |error| format!("cannot list {}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if path.extension() == Some(OsStr::new("cc")) {
            let inner = path.strip_prefix(root).map_err(|error| error.to_string())?;
            files.push(inner.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}
