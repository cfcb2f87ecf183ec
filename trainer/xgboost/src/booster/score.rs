//! How much each feature matters to the trees.

use std::ptr;

use super::{Booster, copied, copied_texts};
use crate::error::{XGBoostError, c_string, check};
use crate::ffi;

/// What is measured of a feature's splits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Importance {
    /// How many there are.
    Weight,
    /// The mean reduction of the loss.
    Gain,
    /// The mean sum of hessians.
    Cover,
}

impl Importance {
    fn name(self) -> &'static str {
        match self {
            Importance::Weight => "weight",
            Importance::Gain => "gain",
            Importance::Cover => "cover",
        }
    }
}

impl Booster {
    /// A score for each column of the matrix it was trained on; 0 where no split looks at the column.
    pub fn feature_scores(&self, importance: Importance) -> Result<Vec<f32>, XGBoostError> {
        let mut columns = 0;
        // SAFETY: the handle is live and `columns` takes one write.
        check(unsafe { ffi::XGBoosterGetNumFeature(self.handle, &mut columns) })?;
        // By index, whatever the features are called.
        let names: Vec<String> = (0..columns).map(|column| format!("\"{column}\"")).collect();
        let config = format!(
            r#"{{"importance_type":"{}","feature_names":[{}]}}"#,
            importance.name(),
            names.join(",")
        );
        let config = c_string("the configuration", &config)?;
        let (mut count, mut features) = (0, ptr::null());
        let (mut dimensions, mut shape, mut out) = (0, ptr::null(), ptr::null());
        // SAFETY: the handle is live, the text is NUL-terminated, the five outputs take one write each.
        check(unsafe {
            ffi::XGBoosterFeatureScore(
                self.handle,
                config.as_ptr(),
                &mut count,
                &mut features,
                &mut dimensions,
                &mut shape,
                &mut out,
            )
        })?;
        // SAFETY: XGBoost gives `count` NUL-terminated texts, the numbers of a shape and as many values as their
        // product, all living until its next call on this thread.
        let (features, values) = unsafe {
            let length = copied(shape, dimensions).iter().product();
            (copied_texts(features, count), copied(out, length))
        };
        let mut scores = vec![0.0; columns as usize];
        if features.len() != values.len() {
            return Err(XGBoostError::new("scores are not one for each feature"));
        }
        for (feature, value) in features.iter().zip(values) {
            let column = feature
                .parse()
                .ok()
                .and_then(|column: usize| scores.get_mut(column));
            *column.ok_or_else(|| XGBoostError::new(format!("there is no feature {feature}")))? = value;
        }
        Ok(scores)
    }
}
