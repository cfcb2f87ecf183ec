//! What an engine is: where it runs, what it reads, and how exactly it has to agree with XGBoost.

mod list;

use std::path::{Path, PathBuf};

pub(super) use list::ENGINES;

/// The process an engine runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// `bench/native`.
    Native,
    /// `bench/python`.
    Python,
    /// `bench/node`: WebAssembly.
    Node,
}

/// What an engine gives, and how near it must be to XGBoost's margins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    /// Margins with the same bits.
    Bits,
    /// Margins, added in another order or precision.
    Margins,
    /// Probabilities.
    Probabilities,
    /// Probabilities of a model of its own, trained on the same rows: it can't read XGBoost's.
    OwnModel,
}

/// The file that an engine loads.
#[derive(Clone, Copy, Debug)]
pub(super) enum File {
    /// Written beside the reference models.
    Kept(&'static str),
    /// Written by `bench-native convert`, anew in each run.
    Converted(&'static str),
}

/// Where an engine's version is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Version {
    /// It is this project's.
    Ours,
    /// In `bench/Cargo.lock`.
    Crate(&'static str),
    /// In `bench/python/requirements.txt`.
    Python(&'static str),
    /// In `bench/node/package.json`.
    Npm(&'static str),
}

/// The WebAssembly that an engine is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Code {
    /// None: it is native.
    Native,
    /// A package of `bench/wasm`, with SIMD128 or without.
    Built {
        /// Name of the package.
        package: &'static str,
        /// Whether the compiler may use SIMD128.
        simd: bool,
    },
    /// A file in `node_modules`.
    Package(&'static str),
}

/// An engine.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) place: Place,
    pub(super) agreement: Agreement,
    pub(super) file: File,
    pub(super) version: Version,
    pub(super) code: Code,
}

impl Engine {
    /// Whether it is this project's.
    pub(super) fn is_ours(&self) -> bool {
        matches!(self.version, Version::Ours)
    }

    /// Whether it is WebAssembly.
    pub(super) fn in_wasm(&self) -> bool {
        self.place == Place::Node
    }
}

impl File {
    /// The part of its name after the model's.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Kept(extension) | Self::Converted(extension) => extension,
        }
    }

    /// Where a model's file is.
    pub(super) fn path(self, kept: &Path, work: &Path, model: &str) -> PathBuf {
        let folder = match self {
            Self::Kept(_) => kept,
            Self::Converted(_) => work,
        };
        folder.join(format!("{model}.{}", self.extension()))
    }
}
