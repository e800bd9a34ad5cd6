//! A tiny HTTP server that behaves as it is told to.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// What the server does with receipts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manners {
    /// How long a receipt takes.
    pub(crate) takes: Duration,
    /// More than this many at a time are refused before their body is read.
    pub(crate) room: usize,
    /// The connection of a refusal is closed while its body is still on the way.
    pub(crate) slams: bool,
    /// Every so many receipts, the connection is closed instead of an answer; 0 is never.
    pub(crate) drops_every: u64,
    /// Receipts are never answered.
    pub(crate) silent: bool,
    /// What refusals carry.
    pub(crate) refusal: &'static str,
}

impl Default for Manners {
    fn default() -> Self {
        let refusal = "retry-after: 2\r\n";
        Self { takes: Duration::ZERO, room: 1_000, slams: false, drops_every: 0, silent: false, refusal }
    }
}

/// What the server has done.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) read: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) cancelled: AtomicU64,
    pub(crate) bulk: AtomicU64,
    posts: AtomicU64,
    inside: AtomicUsize,
    pub(crate) most_inside: AtomicUsize,
    /// Receipts by the value of `authorization`.
    pub(crate) callers: Mutex<BTreeMap<String, u64>>,
}

/// A running server; it ends with the runtime.
#[derive(Debug, Clone)]
pub(crate) struct Fake {
    pub(crate) url: String,
    pub(crate) counts: Arc<Counts>,
}

impl Fake {
    pub(crate) async fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let counts = Arc::new(Counts::default());
        let fake = Self { url, counts: Arc::clone(&counts) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, manners, Arc::clone(&counts)));
            }
        });
        fake
    }

    pub(crate) fn read(&self) -> u64 {
        self.counts.read.load(Ordering::SeqCst)
    }

    pub(crate) fn refused(&self) -> u64 {
        self.counts.refused.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, manners: Manners, counts: Arc<Counts>) -> io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&buffer[..end]).to_lowercase();
                buffer.drain(..end + 4);
                break head;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(':'));
            lines.find(|(key, _)| *key == name).map(|(_, value)| value.trim().to_owned())
        };
        let length: usize = header("content-length").map_or(0, |value| value.parse().unwrap());
        if head.starts_with("get /metrics") {
            let cancelled = counts.cancelled.load(Ordering::SeqCst);
            let body = format!("slipstream_queue_dropped_total{{queue=\"detect\",reason=\"cancelled\"}} {cancelled}\n");
            answer(&mut stream, "200 OK", "", &body).await?;
            continue;
        }
        if head.starts_with("get ") {
            answer(&mut stream, "200 OK", "", "{}").await?;
            continue;
        }
        *counts.callers.lock().unwrap().entry(header("authorization").unwrap_or_default()).or_default() += 1;
        counts.bulk.fetch_add(u64::from(header("x-priority").as_deref() == Some("bulk")), Ordering::SeqCst);
        let post = counts.posts.fetch_add(1, Ordering::SeqCst) + 1;
        if counts.inside.fetch_add(1, Ordering::SeqCst) >= manners.room {
            counts.inside.fetch_sub(1, Ordering::SeqCst);
            counts.refused.fetch_add(1, Ordering::SeqCst);
            let body = r#"{"code":"overloaded"}"#;
            answer(&mut stream, "503 Service Unavailable", manners.refusal, body).await?;
            if manners.slams {
                return Ok(());
            }
            take(&mut stream, &mut buffer, length).await?;
            continue;
        }
        counts.most_inside.fetch_max(counts.inside.load(Ordering::SeqCst), Ordering::SeqCst);
        let outcome = read(&mut stream, &mut buffer, length, post, manners, &counts).await;
        counts.inside.fetch_sub(1, Ordering::SeqCst);
        if !outcome? {
            return Ok(());
        }
    }
}

/// Reads a receipt; false ends the connection.
async fn read(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    length: usize,
    post: u64,
    manners: Manners,
    counts: &Counts,
) -> io::Result<bool> {
    take(stream, buffer, length).await?;
    if manners.drops_every > 0 && post.is_multiple_of(manners.drops_every) {
        counts.dropped.fetch_add(1, Ordering::SeqCst);
        return Ok(false);
    }
    let takes = if manners.silent { Duration::from_secs(3600) } else { manners.takes };
    tokio::select! {
        () = sleep(takes) => {}
        // No client sends more before its answer: it has hung up.
        _ = stream.read_buf(buffer) => {
            counts.cancelled.fetch_add(1, Ordering::SeqCst);
            return Ok(false);
        }
    }
    counts.read.fetch_add(1, Ordering::SeqCst);
    answer(stream, "200 OK", "server-timing: decode;dur=3.0, detect;dur=9.0, total;dur=12.5\r\n", "{}").await?;
    Ok(true)
}

/// Takes the body off the connection.
async fn take(stream: &mut TcpStream, buffer: &mut Vec<u8>, length: usize) -> io::Result<()> {
    while buffer.len() < length {
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    buffer.drain(..length);
    Ok(())
}

async fn answer(stream: &mut TcpStream, status: &str, headers: &str, body: &str) -> io::Result<()> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).await
}
