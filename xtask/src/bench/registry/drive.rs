//! Sends requests over several connections for a while and takes the times.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::Agent;

use super::contestants::Server;
use super::requests::{Operation, Prepared};

/// A connection that is kept open.
#[derive(Debug)]
pub(super) struct Connection {
    agent: Agent,
    url: String,
    authorization: Option<String>,
}

/// One kind of request, in one round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    /// Requests that were answered in a second.
    pub(super) per_second: f64,
    /// Half of them took at most so many milliseconds.
    pub(super) median: f64,
    /// All but one in a hundred took at most so many milliseconds.
    pub(super) p99: f64,
}

impl Connection {
    /// Opens with the first request.
    pub(super) fn new(server: &Server) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(120)));
        Self {
            agent: config.build().new_agent(),
            url: server.url.clone(),
            authorization: server.authorization.clone(),
        }
    }

    /// Asks; the path goes on after the API's.
    pub(super) fn get(&self, path: &str) -> Result<Vec<u8>> {
        let mut request = self.agent.get(format!("{}/api/2.0/mlflow/{path}", self.url));
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        answer(request.call(), path)
    }

    /// Posts JSON.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Vec<u8>> {
        let mut request = self
            .agent
            .post(format!("{}/api/2.0/mlflow/{path}", self.url))
            .header("Content-Type", "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        answer(request.send(body.to_string()), path)
    }

    /// Uploads a file.
    pub(super) fn put(&self, path: &str, bytes: &[u8]) -> Result<Vec<u8>> {
        let url = format!("{}/api/2.0/mlflow-artifacts/artifacts/{path}", self.url);
        let mut request = self
            .agent
            .put(url)
            .header("Content-Type", "application/octet-stream");
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        answer(request.send(bytes), path)
    }
}

/// Sends one request after another over each connection until the time is up.
pub(super) fn drive(
    server: &Server,
    prepared: &mut Prepared,
    operation: Operation,
    connections: usize,
    time: Duration,
) -> Result<Sample> {
    let shared = &*prepared;
    let begun = Instant::now();
    let times = thread::scope(|scope| {
        let threads: Vec<_> = (0..connections)
            .map(|number| {
                scope.spawn(move || -> Result<Vec<f64>> {
                    let connection = Connection::new(server);
                    let mut times = Vec::new();
                    while begun.elapsed() < time {
                        let sent = Instant::now();
                        operation.send(&connection, shared, number, times.len() as u64)?;
                        times.push(sent.elapsed().as_secs_f64() * 1e3);
                    }
                    Ok(times)
                })
            })
            .collect();
        let mut all = Vec::new();
        let mut longest = 0;
        for thread in threads {
            match thread.join() {
                Ok(times) => {
                    let times = times?;
                    longest = longest.max(times.len());
                    all.extend(times);
                }
                Err(_) => bail!("a connection ended early"),
            }
        }
        Ok((all, longest))
    });
    let elapsed = begun.elapsed();
    let (times, longest) = times?;
    prepared.step += longest as u64;
    Sample::of(times, elapsed).context("no request was answered")
}

impl Sample {
    fn of(mut times: Vec<f64>, elapsed: Duration) -> Option<Self> {
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times.get(((times.len() as f64 * share).ceil() as usize).saturating_sub(1));
        Some(Self {
            per_second: times.len() as f64 / elapsed.as_secs_f64(),
            median: *at(0.5)?,
            p99: *at(0.99)?,
        })
    }
}

fn answer(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>, path: &str) -> Result<Vec<u8>> {
    let mut response = response.with_context(|| format!("sending {path}"))?;
    let status = response.status();
    let body = response
        .body_mut()
        .read_to_vec()
        .with_context(|| format!("reading the answer of {path}"))?;
    if status.is_success() {
        return Ok(body);
    }
    let said = String::from_utf8_lossy(&body);
    bail!("{path}: {status}: {}", said.chars().take(300).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_of_a_hundred_is_left_out_of_p99() {
        let times: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        let sample = Sample::of(times, Duration::from_secs(4)).unwrap();
        assert_eq!(
            (sample.per_second, sample.median, sample.p99),
            (50.0, 100.0, 198.0)
        );
        assert_eq!(Sample::of(Vec::new(), Duration::from_secs(4)), None);
        assert_eq!(Sample::of(vec![7.0], Duration::from_secs(1)).unwrap().p99, 7.0);
    }
}
