//! Peak memory of a real `slipstream serve` process: under 16 requests at once, and over many in a row.
//!
//! `cargo bench -p slipstream-benches --bench memory -- [REQUESTS] [PRESET]`
//! (default 2,000 requests, `balanced`). Needs `cargo build --release` before
//! and Linux's /proc. Receipts are the project's rendered samples.

#![allow(missing_docs, clippy::print_stdout)]

use std::error::Error;
use std::io::{Cursor, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use image::ImageFormat;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const PARALLEL: usize = 16;

/// The server, stopped when the bench ends, however it ends.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing is left to do when the process has gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(preset: &str) -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        // A free port: bound for a moment, then left to the server.
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
        let program = target.join("release/slipstream");
        let process = Command::new(&program)
            .args(["serve", "--listen", &address.to_string(), "--preset", preset, "--log", "warn"])
            .current_dir(root)
            .spawn()
            .map_err(|e| format!("cannot start {}: {e}; run `cargo build --release` first", program.display()))?;
        let server = Self { process, address };
        let started = Instant::now();
        while server.request("GET /health/ready", &[]).is_none_or(|status| status != 200) {
            if started.elapsed() > Duration::from_secs(30) {
                return Err("the server was not ready within 30 s".into());
            }
            thread::sleep(Duration::from_millis(10));
        }
        println!("ready after {:.2} s", started.elapsed().as_secs_f64());
        Ok(server)
    }

    /// The status of the answer, if there is one.
    fn request(&self, line: &str, body: &[u8]) -> Option<u16> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        let head = format!(
            "{line} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\ncontent-type: image/png\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()
    }

    /// A line of /proc/PID/status in MiB: `VmRSS` is now, `VmHWM` the peak.
    fn memory_mib(&self, name: &str) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find(|line| line.starts_with(name)).ok_or("no such line in /proc")?;
        let kib: f64 = line.split_whitespace().nth(1).ok_or("an empty line in /proc")?.parse()?;
        Ok(kib / 1024.0)
    }
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let requests: usize = arguments.next().map_or(Ok(2000), |n| n.parse())?;
    let preset = arguments.next().unwrap_or_else(|| "balanced".into());
    let mut receipts = Vec::new();
    for sample in slipstream_training_data::samples() {
        let mut png = Cursor::new(Vec::new());
        sample.image.write_to(&mut png, ImageFormat::Png)?;
        receipts.push(png.into_inner());
    }

    let server = Server::start(&preset)?;
    println!("idle: {:.0} MiB", server.memory_mib("VmRSS")?);
    let answered = thread::scope(|scope| {
        let threads: Vec<_> = (0..PARALLEL)
            .map(|i| {
                scope.spawn({
                    let (server, receipt) = (&server, &receipts[i % receipts.len()]);
                    move || (0..4).filter(|_| server.request("POST /v1/receipts", receipt) == Some(200)).count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum::<usize>()
    });
    println!(
        "{PARALLEL} at once: {answered} of {} answered, peak {:.0} MiB",
        PARALLEL * 4,
        server.memory_mib("VmHWM")?
    );

    for i in 0..requests {
        if i % (requests / 10).max(1) == 0 {
            println!("after {i} in a row: {:.0} MiB", server.memory_mib("VmRSS")?);
        }
        let status = server.request("POST /v1/receipts", &receipts[i % receipts.len()]);
        if status != Some(200) {
            return Err(format!("request {i} was answered with {status:?}").into());
        }
    }
    println!("after {requests} in a row: {:.0} MiB", server.memory_mib("VmRSS")?);
    Ok(())
}
