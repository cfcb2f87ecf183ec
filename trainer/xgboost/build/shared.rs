//! Links a ready-made `libxgboost.so`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Links `folder/libxgboost.so`.
///
/// The library and its OpenMP runtime are copied into `OUT_DIR`, which `cargo run` and `cargo test` put on
/// the library path; a binary started without Cargo needs `LD_LIBRARY_PATH` or an installed library.
pub(crate) fn link(folder: &Path) -> Result<(), String> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let library = folder.join("libxgboost.so");
    if !library.is_file() {
        return Err(format!("XGBOOST_LIB_DIR: {} does not exist", library.display()));
    }
    println!("cargo::rerun-if-changed={}", library.display());
    // The wheel's file is named libxgboost.so, but the name recorded inside is libxgboost.so.3.
    for name in ["libxgboost.so", "libxgboost.so.3"] {
        copy(&library, &out.join(name))?;
    }
    for runtime_folder in ["../../xgboost_cpu.libs", "../../xgboost.libs"] {
        let Ok(entries) = fs::read_dir(folder.join(runtime_folder)) else {
            continue;
        };
        for entry in entries.flatten() {
            copy(&entry.path(), &out.join(entry.file_name()))?;
        }
    }
    println!("cargo::rustc-link-search=native={}", out.display());
    println!("cargo::rustc-link-lib=dylib=xgboost");
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to)
        .map_err(|error| format!("cannot copy {} to {}: {error}", from.display(), to.display()))?;
    Ok(())
}
