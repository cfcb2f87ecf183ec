//! The project's own commands, `cargo xtask …`: tools, test, demo, publish, package, bench.
//!
//! They only call other programs and move files; nothing here is part of the product, and no crate of the product
//! depends on it or is linked by it.

pub mod bench;
pub mod demo;
pub mod directions;
pub mod fuzz;
pub mod mlflow;
pub mod package;
pub mod process;
pub mod programs;
pub mod publish;
pub mod services;
pub mod test;
pub mod tools;
pub mod workspace;
