//! Requests under stress: overload, deadlines, hang-ups, panics, sharing, draining.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use common::{Connection, Server, Setup, at_most, images, post, receipt_request, until};
use slipstream::http::serve::serve;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

#[tokio::test]
async fn a_full_server_says_when_to_come_back() {
    let server = Arc::new(at_most(1).start());
    server.fakes.detect_gate.close();
    let first = post(&server);
    server.fakes.detect_gate.wait_for(1).await;
    let refused = server.post_receipt().await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (503, "overloaded"));
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    server.fakes.detect_gate.open();
    assert_eq!(first.await.unwrap().status, StatusCode::OK);
    assert_eq!(server.post_receipt().await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_deadline_is_kept_whatever_the_model_does() {
    let server = Setup { max_deadline: Duration::from_millis(300), ..Setup::default() }.start();
    server.fakes.recognise_gate.close();
    for own in ["80", "60000"] {
        let mut request = receipt_request();
        request.headers_mut().insert("x-deadline-ms", own.parse().unwrap());
        let started = Instant::now();
        let answer = server.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (504, "deadline_exceeded"));
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }
    server.fakes.recognise_gate.open();
    assert_eq!(server.post_receipt().await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_client_that_hangs_up_frees_its_place() {
    let server = at_most(1).start();
    server.fakes.recognise_gate.close();
    let mut client = Connection::open(&server).await;
    client.post(&images::receipt_png(), "").await;
    server.fakes.recognise_gate.wait_for(1).await;
    assert_eq!(server.post_receipt().await.problem(), "overloaded");
    drop(client);
    until("the place is free", async || server.app.admission.load().requests == 0).await;
    server.fakes.recognise_gate.open();
    assert_eq!(server.post_receipt().await.status, StatusCode::OK);
}

#[tokio::test]
async fn work_of_a_client_that_hung_up_is_not_done() {
    let server = Setup { threads: 1, ..Setup::default() }.start();
    server.fakes.detect_gate.close();
    let mut staying = Connection::open(&server).await;
    staying.post(&images::receipt_png(), "").await;
    server.fakes.detect_gate.wait_for(1).await;
    let mut leaving = Connection::open(&server).await;
    leaving.post(&images::receipt_png(), "").await;
    until("both are in", async || server.app.admission.load().requests == 2).await;
    drop(leaving);
    until("one has left", async || server.app.admission.load().requests == 1).await;
    server.fakes.detect_gate.open();
    assert_eq!(staying.read().await.status, StatusCode::OK);
    assert_eq!(server.fakes.detect_gate.arrived.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_panic_or_a_failure_of_a_model_ends_one_request_only() {
    let server = Setup::default().start();
    for stage in ["detect", "recognise", "extract"] {
        for panic in [true, false] {
            let switch = if panic { &server.fakes.panics } else { &server.fakes.fails };
            *switch.lock().unwrap() = Some(stage);
            let answer = server.post_receipt().await;
            assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (500, "internal"), "{stage}");
            assert!(!answer.json()["detail"].as_str().unwrap().contains("told"), "{stage}: the cause stays inside");
            *switch.lock().unwrap() = None;
            assert_eq!(server.post_receipt().await.status, StatusCode::OK, "after {stage}");
        }
    }
    until("all have left", async || server.app.admission.load().requests == 0).await;
}

#[tokio::test]
async fn readiness_notices_broken_models() {
    let server = Setup::default().start();
    *server.fakes.fails.lock().unwrap() = Some("recognise");
    let ready = server.get("/health/ready").await;
    assert_eq!((ready.status.as_u16(), &ready.json()["status"]), (503, &"failing".into()));
    *server.fakes.fails.lock().unwrap() = None;
    until("ready again", async || server.get("/health/ready").await.status == StatusCode::OK).await;
}

/// A server that can be told to stop.
struct Running {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
}

async fn run(server: &Server, drain_limit: Duration) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let app = Arc::clone(&server.app);
    let ended = tokio::spawn(async move {
        let stopped = async {
            let _ = stopped.await;
        };
        serve(listener, app, stopped, drain_limit).await
    });
    Running { address, stop, ended }
}

#[tokio::test]
async fn draining_finishes_what_was_taken_and_takes_nothing_new() {
    let server = Setup::default().start();
    let Running { address, stop, ended } = run(&server, Duration::from_secs(20)).await;
    server.fakes.recognise_gate.close();
    let mut taken = Connection::to(address).await;
    taken.post(&images::receipt_png(), "").await;
    server.fakes.recognise_gate.wait_for(1).await;

    stop.send(()).unwrap();
    until("it drains", async || server.app.admission.is_draining()).await;
    let mut late = Connection::to(address).await;
    let ready = late.get("/health/ready").await;
    assert_eq!((ready.status.as_u16(), &ready.json()["status"]), (503, &"draining".into()));
    late.post(&images::receipt_png(), "").await;
    assert_eq!(late.read().await.problem(), "not_ready");

    server.fakes.recognise_gate.open();
    assert_eq!(taken.read().await.status, StatusCode::OK);
    ended.await.unwrap().unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "the listener is closed");
}

#[tokio::test]
async fn what_is_not_done_when_draining_ends_is_told_so() {
    let server = Setup::default().start();
    let Running { address, stop, ended } = run(&server, Duration::from_millis(100)).await;
    server.fakes.recognise_gate.close();
    let mut stuck = Connection::to(address).await;
    stuck.post(&images::receipt_png(), "").await;
    server.fakes.recognise_gate.wait_for(1).await;
    // A client that is still sending when the time is over.
    let mut sending = Connection::to(address).await;
    sending
        .write(b"POST /v1/receipts HTTP/1.1\r\nhost: x\r\ncontent-type: image/png\r\ncontent-length: 999\r\n\r\n")
        .await;
    until("both are in", async || server.app.admission.load().requests == 2).await;
    stop.send(()).unwrap();
    let started = Instant::now();
    for client in [&mut stuck, &mut sending] {
        let answer = client.read().await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (503, "not_ready"));
        assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    }
    ended.await.unwrap().unwrap();
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    server.fakes.recognise_gate.open();
}
