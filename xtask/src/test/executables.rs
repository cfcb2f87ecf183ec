//! The test executables: built once, run one after the other, their output shown and their results counted.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::State;
use super::checks::SELECTION;
use crate::tools::{self, Tool};
use crate::{process, workspace};

/// The package whose tests drive the whole system.
const END_TO_END: &str = "e2e";
/// A test executable that runs longer hangs.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// One test executable.
#[derive(Clone, Debug)]
pub(super) struct Executable {
    package: String,
    target: String,
    folder: PathBuf,
    path: PathBuf,
}

/// How tests ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    passed: u64,
    failed: u64,
    ignored: u64,
    skipped: u64,
}

/// Builds libraries, programs and tests in one go, so that the programs that tests start are there too.
pub(super) fn build(state: &mut State) -> Result<()> {
    let mut cargo = workspace::cargo();
    cargo
        .arg("build")
        .args(SELECTION)
        .args(["--all-targets", "--message-format=json-render-diagnostics"]);
    cargo.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut running = process::start(&mut cargo)?;
    let stdout = running.take_stdout().context("cargo's output is not piped")?;
    let mut found = BTreeMap::new();
    for line in BufReader::new(stdout).lines() {
        let message: Value = serde_json::from_str(&line?).context("reading cargo's messages")?;
        if let Some(executable) = test_executable(&message) {
            found.insert((executable.package.clone(), executable.path.clone()), executable);
        }
    }
    let status = running.wait()?;
    if !status.success() {
        bail!("cargo build: {status}");
    }
    eprintln!("{} test executables", found.len());
    state.executables = Some(found.into_values().collect());
    Ok(())
}

/// Runs all but the end-to-end tests.
pub(super) fn test(state: &mut State) -> Result<()> {
    run_where(state, |executable| executable.package != END_TO_END, &[])?;
    state.tested = true;
    Ok(())
}

/// Runs the end-to-end tests.
pub(super) fn end_to_end(state: &mut State) -> Result<()> {
    let text = |path: PathBuf| path.display().to_string();
    let environment = [
        ("CLICKLEAF_APP_DIST", text(state.page()?)),
        ("CLICKLEAF_BIN_DIR", text(workspace::target_dir().join("debug"))),
        (
            "CLICKLEAF_PYTHON",
            text(tools::ensure(Tool::Python)?.join("python")),
        ),
        // Browsers, servers and trainers share few cores.
        ("RUST_TEST_THREADS", "1".to_owned()),
    ];
    run_where(state, |executable| executable.package == END_TO_END, &environment)
}

fn run_where(
    state: &mut State,
    chosen: fn(&Executable) -> bool,
    environment: &[(&str, String)],
) -> Result<()> {
    if state.executables.is_none() {
        build(state)?;
    }
    let executables = state.executables.clone().unwrap_or_default();
    let mut variables: Vec<(String, String)> = state
        .services()?
        .environment()
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    variables.extend(
        environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone())),
    );
    for executable in executables.iter().filter(|executable| chosen(executable)) {
        eprintln!("\n--- {} ({})", executable.package, executable.target);
        let (count, skipped, success) = executable.run(&variables)?;
        state.tests.add(count);
        state.skipped.extend(skipped);
        state.services()?.check()?;
        if !success {
            bail!("tests of {} ({}) failed", executable.package, executable.target);
        }
    }
    Ok(())
}

impl Executable {
    /// Runs it from its package's folder, as cargo would; shows its lines, of passed tests' output only what was skipped.
    fn run(&self, variables: &[(String, String)]) -> Result<(Count, Vec<String>, bool)> {
        let mut command = Command::new(&self.path);
        command
            .arg("--show-output")
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        command
            .env("CARGO_MANIFEST_DIR", &self.folder)
            .env("CARGO_PKG_NAME", &self.package);
        command
            .env("INSTA_WORKSPACE_ROOT", workspace::root())
            .env("INSTA_UPDATE", "no");
        command
            .env("OMP_WAIT_POLICY", "passive")
            .env("RUST_BACKTRACE", "1");
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let mut running = process::start(&mut command)?;
        let stdout = running.take_stdout().context("the test's output is not piped")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
                if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    break;
                }
            }
        });
        let mut count = Count::default();
        let mut skipped = Vec::new();
        let mut of_passed = false;
        loop {
            let line = match lines.recv_timeout(LIMIT) {
                Ok(line) => line,
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    bail!("no line for {} min: stopped", LIMIT.as_secs() / 60)
                }
            };
            match line.as_str() {
                "successes:" => of_passed = true,
                "failures:" => of_passed = false,
                _ if line.starts_with("test result:") => {
                    of_passed = false;
                    count.add(Count::parse(&line));
                }
                _ if line.starts_with("SKIPPED") => {
                    count.skipped += 1;
                    skipped.push(line.clone());
                    eprintln!("{line}");
                    continue;
                }
                _ => {}
            }
            if !of_passed {
                eprintln!("{line}");
            }
        }
        Ok((count, skipped, running.wait()?.success()))
    }
}

impl Count {
    /// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    pub(super) fn parse(line: &str) -> Self {
        let number = |word: &str| {
            let before = line.split(word).next().filter(|before| before.len() < line.len());
            before
                .and_then(|text| text.trim().rsplit(' ').next())
                .and_then(|digits| digits.parse().ok())
                .unwrap_or(0)
        };
        Self {
            passed: number(" passed"),
            failed: number(" failed"),
            ignored: number(" ignored"),
            skipped: 0,
        }
    }

    /// Takes a line of the summary that `node --test` ends with, such as `# pass 12`.
    pub(super) fn read_tap(&mut self, line: &str) {
        let mut words = line.split(' ');
        let (Some("#"), Some(what), Some(Ok(number)), None) = (
            words.next(),
            words.next(),
            words.next().map(str::parse::<u64>),
            words.next(),
        ) else {
            return;
        };
        match what {
            "pass" => self.passed += number,
            "fail" | "cancelled" => self.failed += number,
            "skipped" => self.skipped += number,
            "todo" => self.ignored += number,
            _ => {}
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            ignored,
            skipped,
        } = self;
        write!(
            out,
            "{passed} tests passed, {failed} failed, {ignored} ignored, {skipped} skipped aloud"
        )
    }
}

fn test_executable(message: &Value) -> Option<Executable> {
    let kinds = message["target"]["kind"].as_array()?;
    let is_test = message["reason"] == "compiler-artifact" && message["profile"]["test"] == true;
    if !is_test || kinds.iter().any(|kind| kind == "bench" || kind == "example") {
        return None;
    }
    let manifest = PathBuf::from(message["manifest_path"].as_str()?);
    let folder = manifest.parent()?.to_owned();
    let id = message["package_id"].as_str()?;
    // `path+file:///…/server/api-types#0.1.0` or `path+file:///…/model-export/cli#clickleaf-export@0.1.0`
    let (source, fragment) = id.rsplit_once('#')?;
    let package = match fragment.split_once('@') {
        Some((name, _)) => name,
        None => source.rsplit('/').next()?,
    };
    Some(Executable {
        package: package.to_owned(),
        target: message["target"]["name"].as_str()?.to_owned(),
        folder,
        path: PathBuf::from(message["executable"].as_str()?),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_result_line_is_counted() {
        let count =
            Count::parse("test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out");
        assert_eq!((count.passed, count.failed, count.ignored), (12, 3, 1));
    }

    #[test]
    fn the_summary_of_node_is_counted() {
        let mut count = Count::default();
        for line in [
            "# tests 9",
            "# pass 5",
            "# fail 1",
            "# cancelled 1",
            "# skipped 2",
            "# Subtest: pass 9",
            "ok 1 - pass 7",
        ] {
            count.read_tap(line);
        }
        assert_eq!(
            (count.passed, count.failed, count.ignored, count.skipped),
            (5, 2, 0, 2)
        );
    }

    #[test]
    fn only_test_executables_are_taken() {
        let message = |id: &str, test: bool, kind: &str| {
            json!({
                "reason": "compiler-artifact", "package_id": id, "manifest_path": "/x/cli/Cargo.toml",
                "target": {"name": "t", "kind": [kind]}, "profile": {"test": test}, "executable": "/x/target/t",
            })
        };
        let found = test_executable(&message(
            "path+file:///x/cli#clickleaf-export@0.1.0",
            true,
            "test",
        ))
        .unwrap();
        assert_eq!(
            (found.package.as_str(), found.folder.to_str()),
            ("clickleaf-export", Some("/x/cli"))
        );
        assert_eq!(
            test_executable(&message("path+file:///x/cli#0.1.0", true, "lib"))
                .unwrap()
                .package,
            "cli"
        );
        assert!(test_executable(&message("path+file:///x/cli#0.1.0", false, "bin")).is_none());
        assert!(test_executable(&message("path+file:///x/cli#0.1.0", true, "bench")).is_none());
    }
}
