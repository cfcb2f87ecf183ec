//! A process that evaluates models on request: one JSON request and one JSON answer per line.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::{self, Running};

/// Variables that keep peers on one thread.
const ONE_THREAD: [(&str, &str); 6] = [
    ("OMP_NUM_THREADS", "1"),
    ("OMP_WAIT_POLICY", "passive"),
    ("MKL_NUM_THREADS", "1"),
    ("OPENBLAS_NUM_THREADS", "1"),
    ("RAYON_NUM_THREADS", "1"),
    ("PYTHONDONTWRITEBYTECODE", "1"),
];

/// It waits for requests and uses no processor meanwhile; it ends when dropped.
#[derive(Debug)]
pub(super) struct Host {
    name: &'static str,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    log: PathBuf,
    // Dropped last: it waits for the process to end.
    _running: Running,
}

impl Host {
    /// Starts it; what it says besides answers goes to a file in `work`.
    pub(super) fn start(name: &'static str, command: &mut Command, work: &Path) -> Result<Self> {
        let log = work.join(format!("{name}.log"));
        let file = File::create(&log).with_context(|| format!("creating {}", log.display()))?;
        command
            .envs(ONE_THREAD)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(file);
        let mut running = process::start(command)?;
        Ok(Self {
            name,
            stdin: running.take_stdin().context("no pipe to its input")?,
            stdout: BufReader::new(running.take_stdout().context("no pipe from its output")?),
            log,
            _running: running,
        })
    }

    /// The answer; an error is what the process says went wrong, or its last lines when it has ended.
    pub(super) fn ask(&mut self, request: &Value) -> Result<Value> {
        let mut line = String::new();
        let asked = writeln!(self.stdin, "{request}").and_then(|()| self.stdin.flush());
        if asked.and_then(|()| self.stdout.read_line(&mut line)).unwrap_or(0) == 0 {
            bail!("the {} process ended: {}", self.name, self.last_line());
        }
        let answer: Value =
            serde_json::from_str(&line).with_context(|| format!("{} answered {line}", self.name))?;
        match answer["error"].as_str() {
            Some(error) => bail!("{error}"),
            None => Ok(answer),
        }
    }

    fn last_line(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        text.lines().last().unwrap_or("it said nothing").to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shell(script: &str) -> (Host, tempfile::TempDir) {
        let work = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        let host = Host::start("shell", command.args(["-c", script]), work.path()).unwrap();
        (host, work)
    }

    #[test]
    fn an_answer_is_a_value_and_an_error_an_error() {
        let (mut host, _work) =
            shell(r#"read a; echo '{"n": 1}'; read b; echo '{"error": "no such model"}'; read c"#);
        assert_eq!(host.ask(&json!({})).unwrap(), json!({ "n": 1 }));
        assert_eq!(host.ask(&json!({})).unwrap_err().to_string(), "no such model");
    }

    #[test]
    fn a_process_that_ends_is_an_error_with_its_last_line() {
        let (mut host, _work) = shell("echo starting >&2; echo out of memory >&2; exit 1");
        let error = host.ask(&json!({})).unwrap_err().to_string();
        assert_eq!(error, "the shell process ended: out of memory");
        assert!(host.ask(&json!({})).is_err(), "and stays one");
    }
}
