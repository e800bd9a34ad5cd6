//! The queues that requests share, seen through their metrics.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use common::fakes::LINES;
use common::{Setup, post, until};
use tokio::sync::Mutex;

/// Metrics belong to the process, so these tests take turns.
static METRICS: Mutex<()> = Mutex::const_new(());

/// The metric of `items` that wait before a fake model.
fn depth(stage: &str, items: usize) -> String {
    format!("slipstream_queue_depth{{stage=\"{stage}\",model=\"fake-{stage}\",model_set=\"fakes\"}} {items}\n")
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_back() {
    let _turn = METRICS.lock().await;
    let server = Arc::new(Setup { max_waiting: Duration::from_micros(1), ..Setup::default() }.start());
    server.fakes.detect_gate.close();
    // One is being detected, the next waits alone, and the third is too much.
    let first = post(&server);
    server.fakes.detect_gate.wait_for(1).await;
    let second = post(&server);
    until("the second waits in the queue", async || {
        let metrics = String::from_utf8(server.get("/metrics").await.body).unwrap();
        metrics.contains(&depth("detect", 1))
    })
    .await;
    let refused = server.post_receipt().await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (503, "overloaded"));
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    // One after the other: the queues behind are as short, and two that reach one together would be one too many.
    server.fakes.detect_gate.let_one_by();
    assert_eq!(first.await.unwrap().status, StatusCode::OK);
    server.fakes.detect_gate.open();
    assert_eq!(second.await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn lines_of_different_requests_share_a_batch() {
    let _turn = METRICS.lock().await;
    let server = Arc::new(Setup::default().start());
    server.fakes.recognise_gate.close();
    // One batch runs at a time; what comes meanwhile goes together afterwards.
    let mut answers = vec![post(&server)];
    server.fakes.recognise_gate.wait_for(1).await;
    answers.extend([post(&server), post(&server), post(&server)]);
    let waiting = depth("recognise", 3 * LINES.len());
    until("their lines wait", async || {
        String::from_utf8(server.get("/metrics").await.body).unwrap().contains(&waiting)
    })
    .await;
    server.fakes.recognise_gate.open();
    for answer in answers {
        let answer = answer.await.unwrap();
        assert_eq!(answer.json()["text"], LINES.join("\n"));
    }
    assert_eq!(*server.fakes.batches.lock().unwrap(), [LINES.len(), 3 * LINES.len()]);
}
