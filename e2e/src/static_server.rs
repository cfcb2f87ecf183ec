//! Two small HTTP servers: a plain static host, and a proxy through which model files come damaged.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::Result;

/// Serves a folder's files under a path, as any static host would; no API, no compression.
#[derive(Debug)]
pub struct StaticServer {
    listener: Listening,
    prefix: String,
}

impl StaticServer {
    /// Serves `folder` under `prefix`, such as `/sub/app/`.
    pub fn start(folder: &Path, prefix: &str) -> Result<Self> {
        let (folder, below) = (folder.to_owned(), prefix.to_owned());
        let listener = Listening::start(move |request, mut stream| {
            let file = request
                .path
                .strip_prefix(&below)
                .and_then(|path| find(&folder, path));
            let (status, kind, body) =
                match file.and_then(|file| Some((content_type(&file), std::fs::read(file).ok()?))) {
                    Some((kind, body)) => ("200 OK", kind, body),
                    None => ("404 Not Found", "text/plain", b"not found".to_vec()),
                };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes())?;
            stream.write_all(&body)
        })?;
        Ok(Self {
            listener,
            prefix: prefix.to_owned(),
        })
    }

    /// The site's address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.listener.port, self.prefix)
    }
}

/// Hands requests on to a server, and flips one bit in every model file that comes back.
#[derive(Debug)]
pub struct FlippingProxy {
    listener: Listening,
}

impl FlippingProxy {
    /// Stands before the server on this loopback port.
    pub fn start(port: u16) -> Result<Self> {
        let listener = Listening::start(move |request, mut stream| {
            let mut server = TcpStream::connect(("127.0.0.1", port))?;
            server.write_all(&request.plain())?;
            let mut answer = Vec::new();
            server.read_to_end(&mut answer)?;
            if request.path.ends_with(".leaf")
                && let Some(last) = answer.last_mut()
            {
                *last ^= 1;
            }
            stream.write_all(&answer)
        })?;
        Ok(Self { listener })
    }

    /// Its address, with a slash at the end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.listener.port)
    }
}

struct Request {
    line: String,
    path: String,
    headers: Vec<String>,
    body: Vec<u8>,
}

impl Request {
    fn read(stream: &TcpStream) -> std::io::Result<Self> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut headers = Vec::new();
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let header = header.trim_end().to_owned();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            headers.push(header);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let target = line.split(' ').nth(1).unwrap_or("/");
        let path = target.split('?').next().unwrap_or("/").to_owned();
        Ok(Self {
            line: line.trim_end().to_owned(),
            path,
            headers,
            body,
        })
    }

    /// The request again, for an answer that is not compressed and ends with its connection.
    fn plain(&self) -> Vec<u8> {
        let kept = self.headers.iter().filter(|header| {
            let name = header.to_ascii_lowercase();
            !name.starts_with("connection:") && !name.starts_with("accept-encoding:")
        });
        let mut text = format!("{}\r\nConnection: close\r\n", self.line);
        kept.for_each(|header| text.extend([header, "\r\n"]));
        text.push_str("\r\n");
        [text.as_bytes(), &self.body].concat()
    }
}

/// A loopback port, answered by a thread for each connection until dropped.
#[derive(Debug)]
struct Listening {
    port: u16,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listening {
    fn start<F>(answer: F) -> Result<Self>
    where
        F: Fn(&Request, &TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopped);
        let answer = Arc::new(answer);
        let thread = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let answer = Arc::clone(&answer);
                // A browser that goes away in the middle is none of our business.
                thread::spawn(move || Request::read(&stream).and_then(|request| answer(&request, &stream)));
            }
        });
        Ok(Self {
            port,
            stopped,
            thread: Some(thread),
        })
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread; then the port is closed.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn find(folder: &Path, path: &str) -> Option<PathBuf> {
    let path = if path.is_empty() { "index.html" } else { path };
    let plain = Path::new(path)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let file = folder.join(path);
    (plain && file.is_file()).then_some(file)
}

fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}
