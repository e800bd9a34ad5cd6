//! Receipts that come again, over HTTP: what is asked for, what is answered, and who is told what.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use common::{Answer, Server, Setup, images, until};
use serde_json::{Value, json};
use slipstream::pipeline::duplicates::Store;
use slipstream_duplicates::{Index, Secret, Settings};
use tempfile::TempDir;

/// A server that remembers receipts, and the folder that it does so in.
fn remembering(settings: Settings) -> (Server, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let secret = Secret::new("a secret of tests only").unwrap();
    let index = Index::open(&dir.path().join("store"), secret, settings).unwrap();
    let store = Store::new(index, Duration::from_secs(3_600));
    let setup = Setup { duplicates: Some(store), keys: vec!["acme:alpha", "globex:beta"], ..Setup::default() };
    (setup.start(), dir)
}

async fn post(server: &Server, key: &str, query: &str, customer: Option<&str>) -> Answer {
    let mut request = Request::post(format!("/v1/receipts{query}"))
        .header("content-type", "image/png")
        .header("authorization", format!("Bearer {key}"));
    if let Some(customer) = customer {
        request = request.header("x-customer", customer);
    }
    server.send(request.body(images::receipt_png().into()).unwrap()).await
}

async fn erase(server: &Server, key: &str, customer: &str) -> Answer {
    let request = Request::delete(format!("/v1/customers/{customer}/fingerprints"))
        .header("authorization", format!("Bearer {key}"));
    server.send(request.body(Body::empty()).unwrap()).await
}

fn verdict(answer: &Answer) -> Value {
    answer.json()["duplicates"]["verdict"].clone()
}

#[tokio::test]
async fn a_receipt_that_comes_again_is_told_with_its_evidence() {
    let (server, _dir) = remembering(Settings::default());
    let first = post(&server, "alpha", "", None).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.json());
    let first = first.json()["duplicates"].clone();
    assert_eq!(first["verdict"], "distinct", "{first}");
    assert!(first["earlier"].is_null() && first["evidence"].is_null(), "{first}");
    let again = post(&server, "alpha", "?duplicates=check", None).await;
    assert!(again.header("server-timing").contains("duplicates;dur="), "{}", again.header("server-timing"));
    let again = again.json()["duplicates"].clone();
    assert_eq!(again["earlier"]["id"], first["id"], "{again}");
    assert!(again["earlier"]["seen"].as_str().unwrap().ends_with('Z') && again["id"].is_null(), "{again}");
    assert_ne!(again["verdict"], "distinct", "{again}");
    assert!(again["evidence"]["agreed"].as_array().unwrap().contains(&json!("total")), "{again}");
    assert_eq!(again["evidence"]["differed"], json!([]));
}

#[tokio::test]
async fn callers_decide_whether_a_receipt_is_remembered() {
    let (server, _dir) = remembering(Settings::default());
    for query in ["?duplicates=check", "?duplicates=check", "?duplicates=off"] {
        let answer = post(&server, "alpha", query, None).await;
        let expected = if query.ends_with("off") { Value::Null } else { json!("distinct") };
        assert_eq!(verdict(&answer), expected, "{query}");
    }
    assert_eq!(verdict(&post(&server, "alpha", "?duplicates=remember", None).await), "distinct");
    assert_ne!(verdict(&post(&server, "alpha", "?duplicates=check", None).await), "distinct");
    assert_eq!(post(&server, "alpha", "?duplicates=maybe", None).await.problem(), "malformed");
}

#[tokio::test]
async fn tenants_are_told_nothing_of_each_other_and_erase_only_their_own() {
    let (server, _dir) = remembering(Settings::default());
    assert_eq!(verdict(&post(&server, "alpha", "", Some("c-17")).await), "distinct");
    assert_eq!(verdict(&post(&server, "beta", "", Some("c-17")).await), "distinct");
    assert_eq!(erase(&server, "beta", "c-17").await.json(), json!({"erased": 1}));
    assert_eq!(erase(&server, "beta", "c-17").await.json(), json!({"erased": 0}));
    assert_ne!(verdict(&post(&server, "alpha", "?duplicates=check", None).await), "distinct");
    assert_eq!(verdict(&post(&server, "beta", "?duplicates=check", None).await), "distinct");
    assert_eq!(erase(&server, "gamma", "c-17").await.problem(), "unauthorized");
    assert_eq!(erase(&server, "alpha", &"x".repeat(300)).await.problem(), "malformed");
}

#[tokio::test]
async fn of_equal_claims_that_come_together_one_is_first() {
    let (server, _dir) = remembering(Settings::default());
    let claims: [_; 6] = std::array::from_fn(|_| post(&server, "alpha", "", None));
    let mut verdicts = Vec::new();
    let [a, b, c, d, e, f] = claims;
    let (a, b, c, d, e, f) = tokio::join!(a, b, c, d, e, f);
    verdicts.extend([a, b, c, d, e, f].iter().map(verdict));
    let firsts = verdicts.iter().filter(|verdict| **verdict == "distinct").count();
    assert_eq!(firsts, 1, "{verdicts:?}");
}

#[tokio::test]
async fn without_a_store_nothing_is_remembered_and_asking_is_an_error() {
    let server = Setup { keys: vec!["acme:alpha"], ..Setup::default() }.start();
    for query in ["", "?duplicates=off"] {
        let answer = post(&server, "alpha", query, Some("c-17")).await;
        assert_eq!((answer.status, verdict(&answer)), (StatusCode::OK, Value::Null), "{query}");
    }
    assert_eq!(post(&server, "alpha", "?duplicates=check", None).await.problem(), "malformed");
    assert_eq!(erase(&server, "alpha", "c-17").await.problem(), "not_found");
}

#[tokio::test]
async fn a_store_that_is_full_is_an_error_with_a_time_to_come_back() {
    // Room for the tables alone.
    let (server, _dir) = remembering(Settings { max_bytes: Some(56 << 10), ..Settings::default() });
    until("the store never filled up", async || {
        let answer = post(&server, "alpha", "", None).await;
        if answer.status == StatusCode::OK {
            return false;
        }
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::SERVICE_UNAVAILABLE, "duplicates_unavailable")
        );
        assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
        true
    })
    .await;
    // What was remembered is still known, and receipts are still read.
    assert_ne!(verdict(&post(&server, "alpha", "?duplicates=check", None).await), "distinct");
    assert_eq!(post(&server, "alpha", "?duplicates=off", None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_no_document_is_neither_looked_up_nor_remembered() {
    let (server, _dir) = remembering(Settings::default());
    *server.fakes.blind.lock().unwrap() = true;
    assert_eq!(verdict(&post(&server, "alpha", "", None).await), Value::Null);
    *server.fakes.blind.lock().unwrap() = false;
    assert_eq!(verdict(&post(&server, "alpha", "", None).await), "distinct");
}

#[tokio::test]
async fn the_contract_says_how_receipts_are_forgotten() {
    let (server, _dir) = remembering(Settings::default());
    let contract = server.get("/openapi.json").await.json();
    let erase = &contract["paths"]["/v1/customers/{reference}/fingerprints"]["delete"];
    assert!(erase["responses"]["200"].is_object() && erase["responses"]["404"].is_object(), "{erase}");
    assert!(contract["components"]["schemas"]["Duplicates"].is_object());
}
