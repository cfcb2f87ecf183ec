//! A table of routes, each with what it needs.
//!
//! Invariant: a handler comes to the router through such a table, which asks for what the route needs; a test keeps
//! `Router::route` out of every other file.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, on};

use crate::access::{Form, Guard, Needs, guard};
use crate::state::AppState;

/// A route, and what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedRoute {
    /// The method; `HEAD` goes with `GET`.
    pub method: Method,
    /// The path, with `{names}` in it.
    pub path: String,
    /// What a request must bring.
    pub needs: Needs,
}

/// Routes that are put together.
#[derive(Clone, Default)]
pub(crate) struct Routes {
    routes: Vec<(StatedRoute, MethodRouter<AppState>)>,
}

impl Routes {
    pub(crate) fn new() -> Routes {
        Routes::default()
    }

    pub(crate) fn get<H, T>(self, path: &str, needs: Needs, handler: H) -> Routes
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.add(Method::GET, path, needs, on(MethodFilter::GET, handler))
    }

    pub(crate) fn post<H, T>(self, path: &str, needs: Needs, handler: H) -> Routes
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.add(Method::POST, path, needs, on(MethodFilter::POST, handler))
    }

    pub(crate) fn put<H, T>(self, path: &str, needs: Needs, handler: H) -> Routes
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.add(Method::PUT, path, needs, on(MethodFilter::PUT, handler))
    }

    pub(crate) fn patch<H, T>(self, path: &str, needs: Needs, handler: H) -> Routes
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.add(Method::PATCH, path, needs, on(MethodFilter::PATCH, handler))
    }

    pub(crate) fn delete<H, T>(self, path: &str, needs: Needs, handler: H) -> Routes
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        self.add(Method::DELETE, path, needs, on(MethodFilter::DELETE, handler))
    }

    /// A handler of `method` alone, with layers of its own.
    pub(crate) fn add(
        mut self,
        method: Method,
        path: &str,
        needs: Needs,
        handler: MethodRouter<AppState>,
    ) -> Routes {
        let stated = StatedRoute {
            method,
            path: path.to_owned(),
            needs,
        };
        self.routes.push((stated, handler));
        self
    }

    pub(crate) fn and(mut self, others: Routes) -> Routes {
        self.routes.extend(others.routes);
        self
    }

    /// What the routes need, below `prefix`.
    pub(crate) fn stated<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = StatedRoute> + 'a {
        self.routes.iter().map(move |(route, _)| StatedRoute {
            path: format!("{prefix}{}", route.path),
            ..route.clone()
        })
    }

    /// The router, with a guard before every route that needs something.
    pub(crate) fn into_router(self, state: &AppState, form: Form) -> Router<AppState> {
        let mut router = Router::new();
        for (route, handler) in self.routes {
            let handler = match route.needs {
                Needs::Nothing => handler,
                needs => {
                    let state = state.clone();
                    handler.route_layer(from_fn_with_state(Guard { state, needs, form }, guard))
                }
            };
            router = router.route(&route.path, handler);
        }
        router
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Files under `folder` that add a route past the table.
    fn strays(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("the sources are there") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                strays(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a source");
            let calls = [".route", ".route_service", ".nest_service"].map(|call| format!("{call}("));
            if !path.ends_with("src/routes.rs") && calls.iter().any(|call| text.contains(call)) {
                found.push(path.display().to_string());
            }
        }
    }

    #[test]
    fn every_route_is_in_a_table() {
        let mut found = Vec::new();
        strays(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert_eq!(found, Vec::<String>::new());
    }
}
