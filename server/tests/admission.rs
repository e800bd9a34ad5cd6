//! Who is let in, as callers see it: shares of tenants, room for bulk, deadlines, the load header.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use common::{Answer, Connection, Server, Setup, receipt_request, until};
use slipstream::scheduling::Scheduling;
use slipstream_batcher::Discipline;
use tokio::task::JoinHandle;

/// Room for two receipts of which nothing is known yet, with some 100 ms to spare for what they have done meanwhile; two tenants.
fn small() -> Setup {
    let wait = Duration::from_millis(120);
    let scheduling = Scheduling { max_wait: wait, target_wait: wait, bulk_share: 0.5, ..Scheduling::unbounded() };
    Setup { scheduling, keys: vec!["acme:A", "globex:G"], ..Setup::default() }
}

/// Posts a receipt with these headers in the background.
fn post(server: &Arc<Server>, headers: &[(&'static str, &'static str)]) -> JoinHandle<Answer> {
    let mut request = receipt_request();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let server = Arc::clone(server);
    tokio::spawn(async move { server.send(request).await })
}

const ACME: (&str, &str) = ("authorization", "Bearer A");
const GLOBEX: (&str, &str) = ("authorization", "Bearer G");
const BULK: (&str, &str) = ("x-priority", "bulk");

/// Waits until so many receipts are in.
async fn inside(server: &Arc<Server>, count: usize) {
    until("they are in", async || server.app.admission.load().requests == count).await;
}

#[tokio::test]
async fn a_tenant_that_floods_is_told_so_and_shuts_nobody_out() {
    let server = Arc::new(small().start());
    server.fakes.detect_gate.close();
    let mut taken: Vec<_> = (0..2).map(|_| post(&server, &[ACME])).collect();
    inside(&server, 2).await;
    // Alone it may use all there is.
    let refused = post(&server, &[ACME]).await.unwrap();
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (503, "overloaded"));
    taken.push(post(&server, &[GLOBEX]));
    inside(&server, 3).await;
    let refused = post(&server, &[ACME]).await.unwrap();
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (429, "over_quota"));
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    server.fakes.detect_gate.open();
    for answer in taken {
        assert_eq!(answer.await.unwrap().status, StatusCode::OK);
    }
}

#[tokio::test]
async fn bulk_leaves_room_for_those_who_wait() {
    let server = Arc::new(small().start());
    server.fakes.detect_gate.close();
    let mut taken = vec![post(&server, &[ACME, BULK])];
    inside(&server, 1).await;
    let refused = post(&server, &[ACME, BULK]).await.unwrap();
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (503, "overloaded"));
    taken.push(post(&server, &[ACME]));
    inside(&server, 2).await;
    server.fakes.detect_gate.open();
    for answer in taken {
        assert_eq!(answer.await.unwrap().status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_deadline_that_cannot_be_kept_is_refused_at_once() {
    let scheduling = Scheduling { max_wait: Duration::from_secs(60), ..small().scheduling };
    let server = Arc::new(Setup { scheduling, ..small() }.start());
    server.fakes.detect_gate.close();
    let taken = post(&server, &[ACME]);
    inside(&server, 1).await;
    // A receipt is thought to take 100 ms on two threads. The one that is inside goes before bulk, and there is no time
    // for both, or none for one either.
    let cases = [("170", 503, "overloaded"), ("50", 504, "deadline_exceeded")];
    for (budget, status, code) in cases {
        let refused = post(&server, &[ACME, BULK, ("x-deadline-ms", budget)]).await.unwrap();
        assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (status, code), "{budget} ms");
        assert_eq!(refused.header("retry-after").is_empty(), status == 504, "{budget} ms");
    }
    server.fakes.detect_gate.open();
    assert_eq!(taken.await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn first_come_first_served_refuses_nobody_but_by_number() {
    let scheduling =
        Scheduling { discipline: Discipline::Fifo { window: Duration::ZERO }, max_in_flight: 6, ..small().scheduling };
    let server = Arc::new(Setup { scheduling, ..small() }.start());
    server.fakes.detect_gate.close();
    let taken: Vec<_> = (0..6).map(|_| post(&server, &[ACME])).collect();
    inside(&server, 6).await;
    assert_eq!(post(&server, &[ACME]).await.unwrap().problem(), "overloaded");
    server.fakes.detect_gate.open();
    for answer in taken {
        assert_eq!(answer.await.unwrap().status, StatusCode::OK);
    }
}

#[tokio::test]
async fn uploads_in_memory_are_bounded() {
    let scheduling = Scheduling { max_upload_memory: 1_500_000, ..Scheduling::unbounded() };
    let server = Arc::new(Setup { scheduling, max_upload_bytes: 1_000_000, ..Setup::default() }.start());
    server.fakes.detect_gate.close();
    let taken = post(&server, &[]);
    inside(&server, 1).await;
    // Uploads whose size is unknown count as the largest that they may become.
    let head =
        b"POST /v1/receipts HTTP/1.1\r\nhost: x\r\ncontent-type: image/png\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut first = Connection::open(&server).await;
    first.write(head).await;
    inside(&server, 2).await;
    let mut second = Connection::open(&server).await;
    second.write(head).await;
    assert_eq!(second.read().await.problem(), "overloaded");
    drop(first);
    server.fakes.detect_gate.open();
    assert_eq!(taken.await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn every_answer_carries_the_load() {
    let server = small().start();
    for answer in [server.post_receipt().await, server.send(authorised()).await] {
        let load = answer.header("endpoint-load-metrics").to_owned();
        assert!(load.starts_with("TEXT cpu_utilization="), "{} {load}", answer.status);
        assert!(
            load.contains("application_utilization=") && load.contains("named_metrics.requests_in_flight="),
            "{load}"
        );
    }
}

fn authorised() -> axum::http::Request<axum::body::Body> {
    let mut request = receipt_request();
    request.headers_mut().insert(ACME.0, ACME.1.parse().unwrap());
    request
}
