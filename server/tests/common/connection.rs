//! A client on a real connection, for what only a network shows.

use std::time::Duration;

use axum::http::StatusCode;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::{Answer, Server};

/// Longer than any answer should take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to a server on the loopback interface.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Serves `server` on a port of its own and connects to it.
    pub async fn open(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = server.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self::to(address).await
    }

    pub async fn to(address: std::net::SocketAddr) -> Self {
        Self { stream: BufReader::new(TcpStream::connect(address).await.unwrap()) }
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        timeout(PATIENCE, self.stream.write_all(bytes)).await.expect("the server takes it in time").unwrap();
    }

    /// Posts a receipt, with more header lines if there are any.
    pub async fn post(&mut self, image: &[u8], headers: &str) {
        let head = format!(
            "POST /v1/receipts HTTP/1.1\r\nhost: x\r\ncontent-type: image/png\r\ncontent-length: {}\r\n{headers}\r\n",
            image.len()
        );
        self.write(head.as_bytes()).await;
        self.write(image).await;
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.write(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await;
        self.read().await
    }

    /// The next answer.
    pub async fn read(&mut self) -> Answer {
        timeout(PATIENCE, self.answer()).await.expect("an answer in time")
    }

    async fn answer(&mut self) -> Answer {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(self.stream.read_line(&mut head).await.unwrap() > 0, "closed after {head:?}");
        }
        let mut lines = head.lines();
        let status: StatusCode = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: axum::http::HeaderMap = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.parse::<axum::http::HeaderName>().unwrap(), value.parse().unwrap()))
            .collect();
        let length = headers.get("content-length").map_or(0, |v| v.to_str().unwrap().parse().unwrap());
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.unwrap();
        Answer { status, headers, body }
    }
}
