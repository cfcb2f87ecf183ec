//! Who grows the trees.

use clap::ValueEnum;
use registry::Engine;

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum EngineArg {
    /// XGBoost, from its C++ sources
    #[cfg(feature = "xgboost")]
    Xgboost,
    /// The pure-Rust crate gbdt
    Gbdt,
}

impl EngineArg {
    pub(crate) fn engine(self) -> Engine {
        match self {
            #[cfg(feature = "xgboost")]
            EngineArg::Xgboost => Engine::Xgboost,
            EngineArg::Gbdt => Engine::Gbdt,
        }
    }
}

/// Who grows the trees when nobody says it.
pub(crate) const DEFAULT_ENGINE: Engine = if cfg!(feature = "xgboost") {
    Engine::Xgboost
} else {
    Engine::Gbdt
};
