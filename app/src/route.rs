//! The page's three views, named by the URL's hash so that any static host can serve them.

/// A view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// `#/`: predict a row.
    Predict,
    /// `#/versions`: all versions of the model.
    Versions,
    /// `#/training`: queue and watch training runs.
    Training,
}

impl Route {
    /// All views, in the order of the navigation.
    pub const ALL: [Route; 3] = [Route::Predict, Route::Versions, Route::Training];

    /// Reads `location.hash`; an empty or unknown one is the predict view.
    pub fn parse(hash: &str) -> Route {
        Route::ALL
            .into_iter()
            .find(|route| route.href() == hash)
            .unwrap_or(Route::Predict)
    }

    /// The hash that leads here.
    pub fn href(self) -> &'static str {
        match self {
            Route::Predict => "#/",
            Route::Versions => "#/versions",
            Route::Training => "#/training",
        }
    }

    /// The view's name in the navigation.
    pub fn label(self) -> &'static str {
        match self {
            Route::Predict => "Predict",
            Route::Versions => "Versions",
            Route::Training => "Training",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_is_found_by_its_own_hash() {
        for route in Route::ALL {
            assert_eq!(Route::parse(route.href()), route);
        }
    }

    #[test]
    fn anything_else_is_the_first_view() {
        for hash in ["", "#", "#/nowhere", "#/versions/"] {
            assert_eq!(Route::parse(hash), Route::Predict, "{hash}");
        }
    }
}
