//! How margins become probabilities.

use clap::{Args, ValueEnum};
use trainer::calibrate::{CalibrationConfig, Method};
use trainer::recipe::{Recipe, RecipeError};

#[derive(Args)]
#[group(skip)]
pub(crate) struct CalibrationArgs {
    /// How margins become probabilities, by the early-stopping rows [default: auto]
    #[arg(long = "calibration", value_name = "METHOD")]
    method: Option<MethodArg>,
    /// Share of the rows without a click that the data have, after negative downsampling; probabilities are corrected
    /// [default: 1]
    #[arg(long, value_name = "SHARE")]
    negative_sampling_rate: Option<f64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum MethodArg {
    /// Whichever lowers calibration error and logloss most, if any does
    Auto,
    /// The sigmoid of the margin
    None,
    /// A line through the log-odds
    Platt,
    /// Steps joined by lines
    Isotonic,
}

impl CalibrationArgs {
    /// The flags over the recipe.
    pub(crate) fn config(&self, recipe: &Recipe) -> Result<CalibrationConfig, RecipeError> {
        let default = recipe.calibration()?;
        Ok(CalibrationConfig {
            method: self.method.map_or(default.method, MethodArg::method),
            negative_sampling_rate: self
                .negative_sampling_rate
                .unwrap_or(default.negative_sampling_rate),
        })
    }
}

impl MethodArg {
    fn method(self) -> Method {
        match self {
            MethodArg::Auto => Method::Auto,
            MethodArg::None => Method::None,
            MethodArg::Platt => Method::Platt,
            MethodArg::Isotonic => Method::Isotonic,
        }
    }
}
