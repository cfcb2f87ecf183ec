//! The HTTP server: predictions, the registry API and the page.
//!
//! A request passes [`observe`], finds its handler in the table of [`router()`], shows the token that the route needs, and
//! the handler takes what it needs from [`state::AppState`]. Beside the requests one task follows the registry ([`serving`]) and swaps the model under
//! them; a request holds one model from its first row to its last.
//!
//! Invariants: the server never trains, so it never links a trainer; it never serves bytes whose digest it hasn't
//! checked; no answer holds an internal cause.

mod access;
mod api;
mod app_files;
mod convert;
pub mod error;
mod extract;
pub mod metrics;
mod mlflow;
pub mod model_file;
pub mod observe;
pub mod openapi;
pub mod options;
mod router;
mod routes;
mod rows;
mod run;
pub mod serving;
pub mod state;

pub use access::Needs;
pub use router::{route_table, router};
pub use routes::StatedRoute;
pub use rows::{MAX_BODY_BYTES, MAX_ROWS};
pub use run::{refuse_exposure, serve};
