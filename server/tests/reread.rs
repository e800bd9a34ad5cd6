//! Lines that the first recogniser doubts, and the second one that is asked about them.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use common::fakes::LINES;
use common::{Server, Setup};

/// A server with a second reader, and a first one that doubts `line`.
fn server(second_reader: Option<f32>, line: Option<usize>) -> Server {
    let server = Setup { second_reader, ..Setup::default() }.start();
    *server.fakes.doubtful_line.lock().unwrap() = line;
    server
}

async fn text(server: &Server) -> String {
    server.post_receipt().await.json()["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_second_reader_is_asked_about_doubtful_lines_alone() {
    let server = server(Some(0.9), Some(2));
    let expected = LINES.join("\n").replace(LINES[2], &LINES[2].to_lowercase());
    assert_eq!(text(&server).await, expected);
    assert_eq!(server.fakes.reread.load(Ordering::SeqCst), 1);
    // Other tests of this process count as well.
    let metrics = String::from_utf8(server.get("/metrics").await.body).unwrap();
    assert!(metrics.contains("slipstream_lines_total{reader=\"second\"} "), "{metrics}");
}

#[tokio::test]
async fn the_surer_reading_stays() {
    let server = server(Some(0.3), Some(2));
    assert_eq!(text(&server).await, LINES.join("\n"));
    assert_eq!(server.fakes.reread.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn nobody_else_is_asked_without_doubt_or_without_a_second_reader() {
    for (second, line) in [(Some(0.9), None), (None, Some(2))] {
        let server = server(second, line);
        assert_eq!(text(&server).await, LINES.join("\n"));
        assert_eq!(server.fakes.reread.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn a_second_reader_that_fails_is_a_fault_of_the_server() {
    let server = server(Some(0.9), Some(0));
    *server.fakes.fails.lock().unwrap() = Some("reread");
    assert_eq!(server.post_receipt().await.status, StatusCode::INTERNAL_SERVER_ERROR);
}
