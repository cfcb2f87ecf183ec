//! The clients of MLflow against this project's server: a user's whole session with each, requests at the edges,
//! models of our trainer loaded by MLflow, tokens of each role, and fifty writers at once, once on SQLite and files, once
//! on PostgreSQL and S3, where the database is also killed while they write. At the end MLflow opens what was exported
//! for it, and everything that a server of MLflow's holds is taken in.

mod coming;
mod site;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::State;
use super::executables::{self, Count};
use crate::mlflow::{Generation, python};
use crate::process;
use crate::services::Services;
use site::{Backend, Site, TRAINED_ON};

/// What `writers.py` says when half of its values are in.
const HALF: &str = "HALF";
/// How long the database is gone.
const GONE_FOR: Duration = Duration::from_secs(3);
/// Lines of standard error that are shown of a script that failed.
const LAST_LINES: usize = 20;

/// Runs everything on both backends; scripts after a failed one run too.
pub(super) fn check(state: &mut State) -> Result<()> {
    let three = Generation::Three.install()?;
    let two = Generation::Two.install()?;
    if state.executables.is_none() {
        executables::build(state)?;
    }
    // Its database is killed, so these are not the services that other steps share.
    let mut services = Services::start()?;
    let mut failed = Vec::new();
    for backend in [Backend::SqliteAndFiles, Backend::PostgresAndS3] {
        eprintln!("\n--- {backend}");
        let mut site = Site::start(backend, &services)?;
        let trained = site.trained()?;
        let url = site.url().to_owned();
        let token = site.token().to_owned();
        let script = |bin: &Path, name: &str, arguments: &[&str]| {
            let mut command = python(bin, name, Some(&token));
            command.arg(&url).args(arguments);
            command
        };
        let mut scripts = vec![
            script(&three, "client_3.py", &[]),
            script(&two, "client_2.py", &[]),
            script(&three, "edges.py", &["clickleaf"]),
            script(&three, "contract.py", &["clickleaf"]),
            script(
                &three,
                "trained.py",
                &[&trained.encoded, &trained.margins, &TRAINED_ON.to_string()],
            ),
            script(&three, "roles.py", &[]),
            script(&three, "writers.py", &[]),
        ];
        if backend == Backend::PostgresAndS3 {
            scripts.push(script(&three, "writers.py", &["--interrupted"]));
        }
        let mut run_all = |scripts: Vec<Command>, site: &mut Site| -> Result<()> {
            for mut command in scripts {
                let line = process::command_line(&command);
                eprintln!("\n{line}");
                let (count, success) = run(&mut command, site.folder(), || services.kill_database(GONE_FOR))?;
                state.tests.add(count);
                if !success {
                    failed.push(format!("on {backend}: {line}"));
                }
                site.check()?;
                services.check()?;
            }
            Ok(())
        };
        run_all(scripts, &mut site)?;
        // With all that the scripts have left.
        let leaving = site.exported()?;
        let exported = script(
            &three,
            "exported.py",
            &[
                &leaving,
                &trained.encoded,
                &trained.margins,
                &TRAINED_ON.to_string(),
            ],
        );
        run_all(vec![exported], &mut site)?;
    }
    eprintln!("\n--- from MLflow's server");
    let (count, success) = coming::check(&three, &services)?;
    state.tests.add(count);
    if !success {
        failed.push("what was taken from MLflow's server".to_owned());
    }
    if failed.is_empty() {
        Ok(())
    } else {
        bail!("these failed:\n{}", failed.join("\n"))
    }
}

/// Runs a script, shows its lines of TAP and counts them.
fn run(
    command: &mut Command,
    folder: &Path,
    mut interrupt: impl FnMut() -> Result<()>,
) -> Result<(Count, bool)> {
    let said = folder.join("script.log");
    let interrupted = command.get_args().any(|argument| argument == "--interrupted");
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(&said).context("creating a log")?);
    let mut running = process::start(command)?;
    let stdout = running
        .take_stdout()
        .context("the script's output is not piped")?;
    let mut count = Count::default();
    for line in BufReader::new(stdout).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        count.read_tap(&line);
        if line == HALF && interrupted {
            eprintln!("# the database is killed");
            interrupt()?;
            eprintln!("# the database is back");
        } else if ["ok ", "not ok ", "# "]
            .iter()
            .any(|start| line.starts_with(start))
        {
            eprintln!("{line}");
        }
    }
    let success = running.wait()?.success();
    if !success {
        let text = std::fs::read_to_string(&said).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        eprintln!("{}", lines[lines.len().saturating_sub(LAST_LINES)..].join("\n"));
    }
    Ok((count, success))
}
