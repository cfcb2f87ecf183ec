//! What the npm package `clickleaf` asks of WebAssembly: one model, its scratch memory, and refusals with positions.
//!
//! JavaScript writes features into the scratch and reads margins and outputs from it, so that a prediction copies
//! nothing and allocates nothing on the way. Lines of click rows come as text, since their one parser is here.
//! Invariant: nothing that JavaScript passes makes this crate panic.

mod description;
mod handle;
mod refusal;
