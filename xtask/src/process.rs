//! Child processes. Each has a process group of its own, known here, so that none outlives this process:
//! not when a step fails, and not on Ctrl-C.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

static GROUPS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());
/// Set once this process is about to end; changed and asked only while `GROUPS` is locked.
static STOPPING: AtomicBool = AtomicBool::new(false);

/// The exit status after Ctrl-C.
pub const INTERRUPTED: i32 = 130;

/// From now on Ctrl-C, SIGTERM and SIGHUP stop every child before this process ends with [`INTERRUPTED`].
pub fn stop_children_on_signals() -> Result<()> {
    ctrlc::set_handler(|| {
        eprintln!("\ninterrupted: stopping what was started");
        let groups = GROUPS.lock().map(|set| {
            STOPPING.store(true, Ordering::Relaxed);
            set.iter().copied().collect::<Vec<i32>>()
        });
        let groups = groups.unwrap_or_default();
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGKILL] {
            let alive = |group: &i32| killpg(Pid::from_raw(*group), signal).is_ok();
            if !groups.iter().map(alive).fold(false, |any, one| any | one) {
                break;
            }
            let deadline = Instant::now() + Duration::from_secs(5);
            while Instant::now() < deadline && groups.iter().any(|g| killpg(Pid::from_raw(*g), None).is_ok())
            {
                thread::sleep(Duration::from_millis(50));
            }
        }
        std::process::exit(INTERRUPTED);
    })
    .context("setting the Ctrl-C handler")
}

/// Runs a command to its end; an error names the command line and its status.
pub fn run(command: &mut Command) -> Result<()> {
    let line = command_line(command);
    let status = start(command.stdin(Stdio::null()))?
        .wait()
        .with_context(|| format!("waiting for {line}"))?;
    check(status, &line)
}

/// Runs a command to its end and gives its standard output; an error carries its standard error.
pub fn output(command: &mut Command) -> Result<String> {
    let line = command_line(command);
    let child = start(
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped()),
    )?;
    let output = child.finish().with_context(|| format!("waiting for {line}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{line}: {}\n{}", output.status, said.trim_end());
    }
    String::from_utf8(output.stdout).with_context(|| format!("{line}: its output is not UTF-8"))
}

/// Like [`output`], for a program that shows its progress on standard error, which stays visible.
pub fn answer(command: &mut Command) -> Result<String> {
    let line = command_line(command);
    let child = start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let output = child.finish().with_context(|| format!("waiting for {line}"))?;
    check(output.status, &line)?;
    String::from_utf8(output.stdout).with_context(|| format!("{line}: its output is not UTF-8"))
}

/// A child in its own process group, which is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    child: Option<Child>,
    group: i32,
}

/// Starts a command in its own process group.
pub fn start(command: &mut Command) -> Result<Running> {
    let line = command_line(command);
    // Locked until the child is known: what is started while this process is being interrupted would outlive it.
    let mut groups = GROUPS.lock().unwrap_or_else(PoisonError::into_inner);
    if STOPPING.load(Ordering::Relaxed) {
        bail!("interrupted before starting {line}");
    }
    let child = command
        .process_group(0)
        .spawn()
        .with_context(|| format!("starting {line}"))?;
    let group = i32::try_from(child.id()).context("a process id beyond i32")?;
    groups.insert(group);
    drop(groups);
    Ok(Running {
        child: Some(child),
        group,
    })
}

impl Running {
    /// The pipe of the child's standard output, once.
    pub fn take_stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.child.as_mut().and_then(|child| child.stdout.take())
    }

    /// The pipe of the child's standard input, once.
    pub fn take_stdin(&mut self) -> Option<std::process::ChildStdin> {
        self.child.as_mut().and_then(|child| child.stdin.take())
    }

    /// Waits for the end.
    pub fn wait(mut self) -> Result<ExitStatus> {
        let mut child = self.child.take().context("the child was waited for already")?;
        let status = child.wait();
        self.forget();
        Ok(status?)
    }

    /// The status, if the child has ended.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(match &mut self.child {
            Some(child) => child.try_wait()?,
            None => None,
        })
    }

    /// Ends the child itself as a power cut would, and waits until it is gone. What it started must notice by itself.
    pub fn kill(mut self) -> Result<()> {
        let mut child = self.child.take().context("the child was waited for already")?;
        let killed = child.kill().and_then(|()| child.wait().map(|_| ()));
        self.forget();
        killed.context("killing a child")
    }

    /// The child's process id.
    pub fn id(&self) -> i32 {
        self.group
    }

    fn finish(mut self) -> Result<std::process::Output> {
        let child = self.child.take().context("the child was waited for already")?;
        let output = child.wait_with_output();
        self.forget();
        Ok(output?)
    }

    fn forget(&self) {
        if let Ok(mut groups) = GROUPS.lock() {
            groups.remove(&self.group);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGKILL] {
            if killpg(Pid::from_raw(self.group), signal).is_err() {
                break;
            }
            let deadline = Instant::now() + Duration::from_secs(5);
            while Instant::now() < deadline && matches!(child.try_wait(), Ok(None)) {
                thread::sleep(Duration::from_millis(20));
            }
            if !matches!(child.try_wait(), Ok(None)) {
                break;
            }
        }
        self.forget();
    }
}

/// A server in the background whose output goes to a file; stopped when dropped.
#[derive(Debug)]
pub struct Service {
    name: &'static str,
    running: Running,
    log: PathBuf,
}

impl Service {
    /// Starts it.
    pub fn start(name: &'static str, command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::create(log).with_context(|| format!("creating {}", log.display()))?;
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file);
        Ok(Self {
            name,
            running: start(command)?,
            log: log.to_owned(),
        })
    }

    /// Asks `ready` until it says yes; an error when the service ends or the time is up, with the log's last lines.
    pub fn wait_until(&mut self, limit: Duration, mut ready: impl FnMut() -> bool) -> Result<()> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.running.ended()? {
                bail!(
                    "{} ended with {status}; its last lines:\n{}",
                    self.name,
                    self.last_lines()
                );
            }
            if ready() {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!(
                    "{} is not ready after {} s; its last lines:\n{}",
                    self.name,
                    limit.as_secs(),
                    self.last_lines()
                );
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Fails when the service has ended.
    pub fn check(&mut self) -> Result<()> {
        match self.running.ended()? {
            Some(status) => bail!(
                "{} ended with {status}; its last lines:\n{}",
                self.name,
                self.last_lines()
            ),
            None => Ok(()),
        }
    }

    /// Ends it without warning.
    pub fn kill(self) -> Result<()> {
        let name = self.name;
        self.running.kill().with_context(|| format!("killing {name}"))
    }

    /// Its process id.
    pub fn id(&self) -> i32 {
        self.running.id()
    }

    /// The end of what it wrote.
    pub fn last_lines(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

/// The command as one would type it.
pub fn command_line(command: &Command) -> String {
    let mut line = String::new();
    for part in std::iter::once(command.get_program()).chain(command.get_args()) {
        let text = part.to_string_lossy();
        let space = if line.is_empty() { "" } else { " " };
        let quote = if text.is_empty() || text.contains([' ', '\t', '\n']) {
            "'"
        } else {
            ""
        };
        let _ = write!(line, "{space}{quote}{text}{quote}");
    }
    line
}

fn check(status: ExitStatus, line: &str) -> Result<()> {
    if status.success() {
        Ok(())
    } else {
        bail!("{line}: {status}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_command_and_what_it_said() {
        let error = output(Command::new("sh").args(["-c", "echo broken >&2; exit 3"]))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("sh -c 'echo broken >&2; exit 3'") && error.contains("broken"),
            "{error}"
        );
        assert!(run(&mut Command::new("no-such-program")).is_err());
    }

    #[test]
    fn a_dropped_child_takes_its_own_children_along() {
        let mut command = Command::new("sh");
        command
            .args(["-c", "trap '' INT; sleep 300 & echo $!; wait"])
            .stdout(Stdio::piped());
        let mut running = start(&mut command).unwrap();
        let mut line = String::new();
        let stdout = running.take_stdout().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).unwrap();
        let grandchild = Pid::from_raw(line.trim().parse().unwrap());
        assert!(nix::sys::signal::kill(grandchild, None).is_ok());
        drop(running);
        let gone = || nix::sys::signal::kill(grandchild, None).is_err() || zombie(grandchild);
        let deadline = Instant::now() + Duration::from_secs(10);
        while !gone() {
            assert!(Instant::now() < deadline, "{grandchild} is still there");
            thread::sleep(Duration::from_millis(20));
        }
    }

    #[test]
    fn a_killed_service_is_gone_and_its_signals_do_not_matter() {
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' INT TERM; echo ready; while :; do sleep 1; done"]);
        let mut service = Service::start("database", &mut command, log.path()).unwrap();
        let ready = || std::fs::read_to_string(log.path()).unwrap().contains("ready");
        service.wait_until(Duration::from_secs(10), ready).unwrap();
        let process = Pid::from_raw(service.id());
        service.kill().unwrap();
        assert!(nix::sys::signal::kill(process, None).is_err());
    }

    #[test]
    fn a_service_that_ends_is_an_error_with_its_last_lines() {
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo no such database; exit 1"]);
        let mut service = Service::start("database", &mut command, log.path()).unwrap();
        let error = service
            .wait_until(Duration::from_secs(10), || false)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("database ended") && error.contains("no such database"),
            "{error}"
        );
    }

    /// Ended, and waiting for init to take notice.
    fn zombie(pid: Pid) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.contains(") Z ")
    }
}
