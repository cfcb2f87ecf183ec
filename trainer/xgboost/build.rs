//! Gives the linker XGBoost 3.4.1.
//!
//! By default its C++ sources are compiled once per compiler and set of flags into a cache folder that
//! every profile and every checkout shares: `CLICKLEAF_CACHE`, else `$XDG_CACHE_HOME/clickleaf`, else
//! `$HOME/.cache/clickleaf`. With `XGBOOST_LIB_DIR` (a folder with `libxgboost.so`, say from an unpacked
//! PyPI wheel) nothing is compiled.

#[path = "build/archives.rs"]
mod archives;
#[path = "build/shared.rs"]
mod shared;
#[path = "build/sources.rs"]
mod sources;

use std::env;
use std::path::PathBuf;

fn main() {
    for file in ["build.rs", "build"] {
        println!("cargo::rerun-if-changed={file}");
    }
    for variable in [
        "XGBOOST_LIB_DIR",
        "CLICKLEAF_CACHE",
        "XDG_CACHE_HOME",
        "CXX",
        "CXXFLAGS",
    ] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    let linked = match env::var_os("XGBOOST_LIB_DIR") {
        Some(folder) => shared::link(&PathBuf::from(folder)),
        None => archives::link(),
    };
    if let Err(message) = linked {
        println!("cargo::error={message}");
    }
}
