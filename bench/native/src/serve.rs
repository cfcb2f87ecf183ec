//! One JSON request per line of standard input, one JSON answer per line of standard output; the requests are those
//! of `python/serve.py`. A request that fails is answered with `{"error": WHY}`.

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

use crate::engine::{self, Engine};

/// Calls timed together, so that reading the clock doesn't count.
const BLOCK: usize = 10;

/// Answers until standard input ends.
pub(crate) fn run(libxgboost: Option<PathBuf>) -> Result<()> {
    let mut host = Host {
        libxgboost,
        rows: Vec::new(),
        out: Vec::new(),
        columns: 1,
        opened: BTreeMap::new(),
    };
    for line in io::stdin().lock().lines() {
        let answer = match host.answer(&serde_json::from_str(&line?)?) {
            Ok(answer) => answer,
            Err(error) => json!({ "error": format!("{error:#}") }),
        };
        let mut out = io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

struct Host {
    libxgboost: Option<PathBuf>,
    rows: Vec<f32>,
    out: Vec<f32>,
    columns: usize,
    opened: BTreeMap<String, Opened>,
}

struct Opened {
    bytes: Vec<u8>,
    engine: Box<dyn Engine>,
}

impl Host {
    fn answer(&mut self, request: &Value) -> Result<Value> {
        let times = |nanoseconds: Vec<f64>| json!({ "nanoseconds": nanoseconds });
        match text(request, "do")? {
            "rows" => self.set_rows(text(request, "file")?, number(request, "columns")? as usize),
            "open" => self.open(text(request, "engine")?, text(request, "file")?),
            "predict" => self.predict(request),
            "batch" => self.batch(text(request, "engine")?, seconds(request)?).map(times),
            "single" => self
                .single(text(request, "engine")?, seconds(request)?)
                .map(times),
            "load" => self.load(text(request, "engine")?).map(times),
            "close" => {
                self.opened.remove(text(request, "engine")?);
                Ok(json!({}))
            }
            other => bail!("no request {other}"),
        }
    }

    fn set_rows(&mut self, file: &str, columns: usize) -> Result<Value> {
        let bytes = fs::read(file).with_context(|| format!("reading {file}"))?;
        let (values, _) = bytes.as_chunks::<4>();
        self.rows = values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        self.columns = columns;
        self.out = vec![0.0; self.rows.len() / columns];
        Ok(json!({}))
    }

    fn open(&mut self, name: &str, file: &str) -> Result<Value> {
        let bytes = fs::read(file).with_context(|| format!("reading {file}"))?;
        let engine = engine::load(name, &bytes, self.columns, self.libxgboost.as_deref())?;
        self.opened.insert(name.to_owned(), Opened { bytes, engine });
        Ok(json!({ "nodes": null }))
    }

    fn predict(&mut self, request: &Value) -> Result<Value> {
        let engine = opened(&mut self.opened, text(request, "engine")?)?;
        engine.batch(&self.rows, &mut self.out)?;
        write(text(request, "batch")?.as_ref(), &self.out)?;
        let rows = self.rows.chunks_exact(self.columns);
        let singles: Result<Vec<f32>> = rows
            .take(number(request, "singles")? as usize)
            .map(|row| engine.single(row))
            .collect();
        write(text(request, "single")?.as_ref(), &singles?)?;
        Ok(json!({}))
    }

    fn batch(&mut self, name: &str, limit: Duration) -> Result<Vec<f64>> {
        let engine = opened(&mut self.opened, name)?;
        let (mut times, begin) = (Vec::new(), Instant::now());
        while times.is_empty() || begin.elapsed() < limit {
            let start = cpu_time()?;
            engine.batch(black_box(&self.rows), black_box(&mut self.out))?;
            times.push((cpu_time()? - start).as_nanos() as f64);
        }
        Ok(times)
    }

    fn single(&mut self, name: &str, limit: Duration) -> Result<Vec<f64>> {
        let engine = opened(&mut self.opened, name)?;
        let mut blocks = self.rows.chunks_exact(self.columns * BLOCK).cycle();
        let (mut times, begin) = (Vec::new(), Instant::now());
        while times.len() < 3 || begin.elapsed() < limit {
            let block = blocks.next().context("fewer rows than a block has")?;
            let start = Instant::now();
            for row in block.chunks_exact(self.columns) {
                black_box(engine.single(black_box(row))?);
            }
            times.push(start.elapsed().as_nanos() as f64 / BLOCK as f64);
        }
        Ok(times)
    }

    fn load(&mut self, name: &str) -> Result<Vec<f64>> {
        let bytes = &self.opened.get(name).context("it is not open")?.bytes;
        let row = self.rows.get(..self.columns).context("no rows")?;
        let start = Instant::now();
        let mut engine = engine::load(name, bytes, self.columns, self.libxgboost.as_deref())?;
        black_box(engine.single(row)?);
        Ok(vec![start.elapsed().as_nanos() as f64])
    }
}

fn opened<'a>(all: &'a mut BTreeMap<String, Opened>, name: &str) -> Result<&'a mut dyn Engine> {
    Ok(&mut *all.get_mut(name).context("it is not open")?.engine)
}

/// Of this process, whatever else the machine does.
fn cpu_time() -> Result<Duration> {
    Ok(Duration::from(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?))
}

fn write(path: &Path, values: &[f32]) -> Result<()> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    fs::write(path, bytes).with_context(|| format!("writing {}", path.display()))
}

fn text<'a>(request: &'a Value, name: &str) -> Result<&'a str> {
    request[name].as_str().with_context(|| format!("no {name}"))
}

fn number(request: &Value, name: &str) -> Result<u64> {
    request[name].as_u64().with_context(|| format!("no {name}"))
}

fn seconds(request: &Value) -> Result<Duration> {
    let seconds = request["seconds"].as_f64().context("no seconds")?;
    Ok(Duration::try_from_secs_f64(seconds)?)
}
