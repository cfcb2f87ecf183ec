//! Everything that CI checks, step by step; the first step that fails ends it.

mod checks;
mod executables;
mod manifests;
mod matrix;
mod mlflow;
mod package;
mod page;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::services::Services;
use crate::{directions, tools};

pub use page::build_page;

/// Which steps to run.
#[derive(Args, Debug)]
pub struct Options {
    /// Runs only this step; may be given several times.
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
    /// Leaves this step out; may be given several times.
    #[arg(long, value_name = "STEP")]
    skip: Vec<String>,
    /// Prints the steps and ends.
    #[arg(long)]
    list: bool,
}

struct Step {
    name: &'static str,
    about: &'static str,
    run: fn(&mut State) -> Result<()>,
}

/// What steps hand on to later ones.
#[derive(Default)]
struct State {
    services: Option<Services>,
    executables: Option<Vec<executables::Executable>>,
    page: Option<PathBuf>,
    tests: executables::Count,
    /// Whether all tests but the end-to-end ones ran.
    tested: bool,
    /// What was left out, one line each; said again at the end.
    skipped: Vec<String>,
}

const STEPS: &[Step] = &[
    Step {
        name: "system",
        about: "what must be installed is installed",
        run: |_| tools::require_system(),
    },
    Step {
        name: "fmt",
        about: "rustfmt",
        run: checks::fmt,
    },
    Step {
        name: "directions",
        about: "which crate may depend on which",
        run: |_| directions::check(),
    },
    Step {
        name: "deny",
        about: "licences and sources of dependencies",
        run: checks::deny,
    },
    Step {
        name: "machete",
        about: "dependencies that nothing uses",
        run: checks::machete,
    },
    Step {
        name: "clippy",
        about: "clippy, warnings denied",
        run: checks::clippy,
    },
    Step {
        name: "clippy-wasm",
        about: "clippy of what the browser runs",
        run: checks::clippy_wasm,
    },
    Step {
        name: "doc",
        about: "rustdoc, warnings denied",
        run: checks::doc,
    },
    Step {
        name: "fuzz",
        about: "every input that fuzzing kept, once",
        run: checks::fuzz,
    },
    Step {
        name: "build",
        about: "all crates and their tests",
        run: executables::build,
    },
    Step {
        name: "page",
        about: "the page, its size within the budget",
        run: page::step,
    },
    Step {
        name: "test",
        about: "tests, with real PostgreSQL and S3",
        run: executables::test,
    },
    Step {
        name: "doctest",
        about: "examples in the documentation",
        run: checks::doctest,
    },
    Step {
        name: "wasm-test",
        about: "tests inside WebAssembly",
        run: checks::wasm_test,
    },
    Step {
        name: "matrix-wasm",
        about: "the matrix of models inside WebAssembly, plain and simd128",
        run: matrix::check,
    },
    Step {
        name: "package",
        about: "the npm package, its size, its examples in Node, Chromium, edge runtime",
        run: package::check,
    },
    Step {
        name: "e2e",
        about: "the whole system, in a real browser",
        run: executables::end_to_end,
    },
    Step {
        name: "mlflow",
        about: "the clients of MLflow 3 and 2, on SQLite and files, on PostgreSQL and S3",
        run: mlflow::check,
    },
    Step {
        name: "manifests",
        about: "Kubernetes manifests against their schemas",
        run: manifests::check,
    },
];

/// Runs the steps.
pub fn run(options: &Options) -> Result<()> {
    if options.list {
        STEPS
            .iter()
            .for_each(|step| eprintln!("{:<12} {}", step.name, step.about));
        return Ok(());
    }
    for name in options.only.iter().chain(&options.skip) {
        if !STEPS.iter().any(|step| step.name == name) {
            bail!("there is no step {name}; --list shows them");
        }
    }
    let chosen = |step: &&Step| {
        let named = |list: &[String]| list.iter().any(|name| name == step.name);
        (options.only.is_empty() || named(&options.only)) && !named(&options.skip)
    };
    let mut state = State::default();
    let mut times: Vec<(&str, Duration)> = Vec::new();
    let begun = Instant::now();
    for step in STEPS.iter().filter(chosen) {
        eprintln!("\n==> {}: {}", step.name, step.about);
        let begun = Instant::now();
        let result = (step.run)(&mut state);
        times.push((step.name, begun.elapsed()));
        eprintln!(
            "<== {} {} in {:.1} s",
            step.name,
            if result.is_ok() { "ok" } else { "FAILED" },
            begun.elapsed().as_secs_f64()
        );
        if let Err(error) = result {
            summary(&times, &state);
            return Err(error.context(format!("xtask test: FAILED at step {}", step.name)));
        }
    }
    summary(&times, &state);
    eprintln!(
        "xtask test: ok in {:.0} s: {}",
        begun.elapsed().as_secs_f64(),
        state.tests
    );
    Ok(())
}

fn summary(times: &[(&str, Duration)], state: &State) {
    eprintln!();
    for (name, time) in times {
        eprintln!("{name:<12} {:>8.1} s", time.as_secs_f64());
    }
    for line in &state.skipped {
        eprintln!("{line}");
    }
}

impl State {
    fn services(&mut self) -> Result<&mut Services> {
        if self.services.is_none() {
            self.services = Some(Services::start()?);
        }
        self.services.as_mut().context("the services were not started")
    }

    fn page(&mut self) -> Result<PathBuf> {
        match &self.page {
            Some(folder) => Ok(folder.clone()),
            None => Ok(self.page.insert(build_page()?).clone()),
        }
    }

    fn skip(&mut self, why: &str) {
        let line = format!("SKIPPED: {why}");
        eprintln!("{line}");
        self.skipped.push(line);
    }
}
