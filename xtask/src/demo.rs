//! The whole product in one folder: train, register, promote, export, serve.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::Value;

use crate::process::{self, Service};
use crate::programs::{self, Installation};
use crate::services::free_port;
use crate::test::build_page;
use crate::{tools, workspace};

/// The port when none is asked for and it is free.
const PORT: u16 = 8080;

/// What the demo does.
#[derive(Args, Debug)]
pub struct Options {
    /// Ends after the export.
    #[arg(long)]
    no_serve: bool,
    /// Trains on these Criteo rows (plain, gzip, xz or zstd) instead of generated ones; may be given several times.
    #[arg(long, value_name = "FILE")]
    data: Vec<PathBuf>,
    /// How many rows to generate.
    #[arg(long, value_name = "N", default_value_t = 60_000, conflicts_with = "data")]
    rows: u64,
    /// Seed of the generator and the trainer.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Which trainer: xgboost or gbdt.
    #[arg(long, default_value = "xgboost")]
    engine: String,
    /// Where everything is kept.
    #[arg(long, value_name = "DIR", default_value = "clickleaf-data")]
    dir: PathBuf,
    /// The server's port [default: 8080, or any free one]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Doesn't open the browser.
    #[arg(long)]
    no_open: bool,
}

/// Runs the demo.
pub fn run(options: &Options) -> Result<()> {
    let mut steps = Steps {
        number: 0,
        total: if options.no_serve { 4 } else { 6 },
    };
    let folder = absolute(&options.dir)?;
    let data = options.data.iter().map(|file| {
        file.canonicalize()
            .with_context(|| format!("opening {}", file.display()))
    });
    let data = data.collect::<Result<Vec<_>>>()?;

    steps.next("building the programs (the first time compiles XGBoost too)");
    programs::build()?;

    steps.next(&format!("preparing {}", folder.display()));
    let installation = Installation::in_folder(&folder)?;
    installation.prepare()?;
    process::run(installation.program("clickleaf-server").arg("migrate"))?;

    steps.next("training, registering and promoting a model");
    let outcome = train(&installation, options, &data)?;

    steps.next("reading back and verifying the exported file");
    let model = exported_file(&outcome)?;
    process::run(
        installation
            .program("clickleaf-export")
            .arg("inspect")
            .arg(&model),
    )?;
    let mut verify = installation.program("clickleaf-export");
    verify
        .arg("verify")
        .arg(&model)
        .arg("--bundle")
        .arg(model.with_file_name("model.sig"));
    verify.arg("--key").arg(installation.verification_key());
    process::run(&mut verify)?;
    eprintln!(
        "\n{} version {} is in Production: {}",
        text(&outcome, "model_name")?,
        outcome["version"],
        model.display()
    );
    if options.no_serve {
        return Ok(());
    }

    steps.next("building the page");
    let page = build_page()?;

    steps.next("starting server and worker");
    serve(&installation, &page, options)
}

fn train(installation: &Installation, options: &Options, data: &[PathBuf]) -> Result<Value> {
    let mut trainer = installation.program("clickleaf-trainer");
    trainer.args([
        "run",
        "--promote",
        "--json",
        "--engine",
        &options.engine,
        "--seed",
        &options.seed.to_string(),
    ]);
    if data.is_empty() {
        trainer.args(["--generate", &options.rows.to_string()]);
    }
    for file in data {
        trainer.arg("--data").arg(file);
    }
    let begun = Instant::now();
    let answer = process::answer(&mut trainer)?;
    let outcome: Value = serde_json::from_str(&answer).context("reading what clickleaf-trainer answered")?;
    eprintln!(
        "run {} ({}) made version {} in {:.0} s",
        text(&outcome, "run_name")?,
        text(&outcome, "run_id")?,
        outcome["version"],
        begun.elapsed().as_secs_f64()
    );
    for (key, value) in outcome["metrics"].as_object().into_iter().flatten() {
        if key.starts_with("test_") {
            eprintln!("  {key:<34} {value}");
        }
    }
    Ok(outcome)
}

fn exported_file(outcome: &Value) -> Result<PathBuf> {
    let uri = text(outcome, "artifact_uri")?;
    let folder = uri
        .strip_prefix("file://")
        .with_context(|| format!("{uri} is not a local folder"))?;
    let file = Path::new(folder).join(format!("{}.leaf", text(outcome, "model_sha256")?));
    ensure!(file.exists(), "the trainer left no {}", file.display());
    Ok(file)
}

fn serve(installation: &Installation, page: &Path, options: &Options) -> Result<()> {
    let port = match options.port {
        Some(port) => port,
        None if TcpListener::bind(("127.0.0.1", PORT)).is_ok() => PORT,
        None => free_port()?,
    };
    let url = format!("http://127.0.0.1:{port}/");
    let mut server = installation.program("clickleaf-server");
    server
        .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--app-dir"])
        .arg(page);
    let mut server = Service::start("clickleaf-server", &mut server, &installation.log("server"))?;
    let ready = format!("{url}health/ready");
    server.wait_until(Duration::from_secs(30), || ureq::get(&ready).call().is_ok())?;
    let mut worker = installation.program("clickleaf-trainer");
    let mut worker = Service::start(
        "clickleaf-trainer worker",
        worker.arg("worker"),
        &installation.log("worker"),
    )?;

    eprintln!("\nClickLeaf is at {url}");
    eprintln!(
        "  promoting and training ask for the token:  cat {}",
        installation.token().display()
    );
    eprintln!(
        "  logs:  {}  {}",
        installation.log("server").display(),
        installation.log("worker").display()
    );
    eprintln!("  Ctrl-C stops it; nothing is lost.");
    if !options.no_open {
        open_browser(&url);
    }
    loop {
        server.check()?;
        worker.check()?;
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Opens the page where there is a desktop to open it on.
fn open_browser(url: &str) {
    let desktop = std::env::var_os("DISPLAY").is_some() || std::env::var_os("WAYLAND_DISPLAY").is_some();
    let opener = if cfg!(target_os = "macos") {
        tools::which("open")
    } else {
        tools::which("xdg-open").filter(|_| desktop)
    };
    let Some(opener) = opener else { return };
    // A convenience: the address was printed.
    let _ = Command::new(opener)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
}

/// Relative to the checkout, wherever the command was given: the folder is the same each time.
fn absolute(dir: &Path) -> Result<PathBuf> {
    let base = if dir == Path::new("clickleaf-data") {
        workspace::root().to_owned()
    } else {
        std::env::current_dir()?
    };
    Ok(base.join(dir))
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value[key]
        .as_str()
        .with_context(|| format!("clickleaf-trainer answered without {key}"))
}

struct Steps {
    number: u32,
    total: u32,
}

impl Steps {
    fn next(&mut self, what: &str) {
        self.number += 1;
        eprintln!("\n[{}/{}] {what}", self.number, self.total);
    }
}
