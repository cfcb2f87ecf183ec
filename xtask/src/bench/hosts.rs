//! The processes that hold the engines, all on one core, of which one works at a time; and the browser.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};

use super::builds::Builds;
use super::engines::{Engine, Place};
use super::host::Host;
use super::{machine, models, script};
use crate::{process, tools};

/// A process, or why there is none.
type Started = std::result::Result<Host, String>;

/// All of them.
#[derive(Debug)]
pub(super) struct Hosts {
    places: BTreeMap<Place, Started>,
    browser: Started,
    /// The core they are pinned to.
    pub(super) core: Option<usize>,
}

impl Hosts {
    /// Starts them. `modules` is `node_modules`, or why there is none.
    pub(super) fn start(
        python: &Path,
        builds: &Builds,
        modules: &std::result::Result<PathBuf, String>,
        work: &Path,
    ) -> Result<Self> {
        let core = last_core();
        let python = python.join("python");
        let library = ["-c", "import xgboost.libpath as p; print(p.find_lib_path()[0])"];
        let library = process::output(Command::new(&python).args(library))?;

        let mut native = pinned(core, &builds.native);
        let native = Host::start("native", native.arg("serve").arg(library.trim()), work)?;
        let mut peers = pinned(core, &python);
        let peers = Host::start("python", peers.arg(models::python("serve.py")), work)?;
        let node = modules.clone().and_then(|modules| {
            let mut node = pinned(core, Path::new("node"));
            let node = node.arg(script("node/serve.mjs")).arg(modules);
            Host::start("node", node, work).map_err(|error| format!("{error:#}"))
        });
        let browser = modules.clone().and_then(|modules| {
            let chromium = tools::chromium().ok_or("Chromium is not installed")?;
            let mut node = Command::new("node");
            let node = node.arg(script("node/browser.mjs")).arg(modules).arg(chromium);
            Host::start("browser", node, work).map_err(|error| format!("{error:#}"))
        });
        Ok(Self {
            places: BTreeMap::from([
                (Place::Native, Ok(native)),
                (Place::Python, Ok(peers)),
                (Place::Node, node),
            ]),
            browser,
            core,
        })
    }

    /// Names the rows that everything is measured on.
    pub(super) fn set_rows(&mut self, file: &Path) -> Result<()> {
        let request = json!({ "do": "rows", "file": file, "columns": models::FEATURES });
        let hosts = self.places.values_mut().chain([&mut self.browser]);
        for host in hosts.filter_map(|host| host.as_mut().ok()) {
            host.ask(&request)?;
        }
        Ok(())
    }

    /// Asks the process of an engine; `request` lacks only its name.
    pub(super) fn ask(&mut self, engine: &Engine, what: &str, mut request: Value) -> Result<Value> {
        request["do"] = what.into();
        request["engine"] = engine.id.into();
        let host = self.places.get_mut(&engine.place).context("no such process")?;
        host.as_mut().map_err(|why| anyhow!("{why}"))?.ask(&request)
    }

    /// Asks the browser to load an engine once.
    pub(super) fn load_in_browser(&mut self, engine: &Engine, file: &Path, code: &Path) -> Result<Value> {
        let request = json!({ "do": "load", "engine": engine.id, "file": file, "code": code });
        self.browser
            .as_mut()
            .map_err(|why| anyhow!("{why}"))?
            .ask(&request)
    }
}

/// The times, in ns, that an answer carries.
pub(super) fn times(answer: &Value) -> Result<Vec<f64>> {
    let times = answer["nanoseconds"]
        .as_array()
        .context("an answer without times")?;
    let numbers: Option<Vec<f64>> = times.iter().map(Value::as_f64).collect();
    numbers
        .filter(|times| !times.is_empty())
        .context("an answer without times")
}

fn pinned(core: Option<usize>, program: &Path) -> Command {
    match core {
        Some(core) => {
            let mut command = Command::new("taskset");
            command.args(["-c", &core.to_string()]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

/// The last core, where this process may use it: the first one gets most interrupts.
fn last_core() -> Option<usize> {
    let core = thread::available_parallelism().ok()?.get() - 1;
    let test = machine::said(Command::new("taskset").args(["-c", &core.to_string(), "echo", "pinned"]));
    (test == "pinned").then_some(core)
}

#[cfg(test)]
mod tests {
    use super::times;
    use serde_json::json;

    #[test]
    fn an_answer_has_at_least_one_time() {
        assert_eq!(times(&json!({ "nanoseconds": [1.5, 2] })).unwrap(), [1.5, 2.0]);
        for answer in [
            json!({}),
            json!({ "nanoseconds": [] }),
            json!({ "nanoseconds": ["fast"] }),
        ] {
            assert!(times(&answer).is_err(), "{answer}");
        }
    }
}
