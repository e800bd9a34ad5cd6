//! Edited pixels: who is looked at, beside what, and what the answer says of it.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use common::fakes::EDITED;
use common::{Server, Setup, images, post, upload};
use serde_json::{Value, json};
use slipstream::pipeline::fraud::pixels::ForgeryMode;
use slipstream::pipeline::fraud::threshold::{EVERYBODY, Thresholds};

fn server(forgery: ForgeryMode) -> Server {
    Setup { forgery: Some(forgery), ..Setup::default() }.start()
}

async fn fraud(server: &Server, request: Request<Body>) -> Value {
    let answer = server.send(request).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.json()["fraud"].clone()
}

fn asked(server: &Server) -> usize {
    server.fakes.forgery_gate.arrived.load(Ordering::SeqCst)
}

#[tokio::test]
async fn what_was_edited_is_pointed_at() {
    let server = server(ForgeryMode::Lossless);
    let fraud = fraud(&server, upload("image/png", images::receipt_png())).await;
    assert_eq!(fraud["pixels"], "judged");
    let signal = &fraud["signals"][0];
    assert_eq!((&signal["code"], signal["score"].as_f64().unwrap() > 0.85), (&json!("edited_pixels"), true));
    let (left, top, right, bottom) = EDITED.bounds();
    assert_eq!(signal["polygon"], json!([[left, top], [right, top], [right, bottom], [left, bottom]]));
    assert!(fraud["score"].as_f64().unwrap() > 0.2, "{fraud}");
}

#[tokio::test]
async fn only_uploads_that_keep_traces_are_looked_at() {
    let cases = [
        (ForgeryMode::Off, "image/png", images::receipt_png(), "off"),
        (ForgeryMode::Lossless, "image/webp", images::receipt_webp(), "judged"),
        (ForgeryMode::Lossless, "image/jpeg", images::receipt_jpeg(), "compressed"),
        (ForgeryMode::Lossless, "image/jpeg", images::receipt_jpeg_of(100), "judged"),
        (ForgeryMode::Lossless, "image/png", images::large_png(), "too_large"),
        (ForgeryMode::Always, "image/jpeg", images::receipt_jpeg(), "judged"),
        (ForgeryMode::Always, "image/png", images::large_png(), "judged"),
    ];
    for (mode, media_type, bytes, expected) in cases {
        let server = server(mode);
        let fraud = fraud(&server, upload(media_type, bytes)).await;
        assert_eq!(fraud["pixels"], expected, "{mode:?} {media_type}");
        assert_eq!(asked(&server), usize::from(expected == "judged"), "{mode:?} {media_type}");
    }
    let metrics = String::from_utf8(server(ForgeryMode::Off).get("/metrics").await.body).unwrap();
    assert!(metrics.contains("slipstream_pixel_checks_total{outcome=\"compressed\"} "), "{metrics}");
}

#[tokio::test]
async fn nobody_looks_when_nobody_wants_to_know() {
    let server = server(ForgeryMode::Always);
    let request = Request::post("/v1/receipts?include=text").header("content-type", "image/png");
    let answer = server.send(request.body(images::receipt_png().into()).unwrap()).await;
    assert_eq!((answer.status, asked(&server)), (StatusCode::OK, 0));
}

#[tokio::test]
async fn pixels_are_looked_at_while_the_text_is_read() {
    let server = Arc::new(server(ForgeryMode::Lossless));
    server.fakes.recognise_gate.close();
    let answer = post(&server);
    server.fakes.forgery_gate.wait_for(1).await;
    server.fakes.recognise_gate.open();
    assert_eq!(answer.await.unwrap().json()["fraud"]["pixels"], "judged");
}

#[tokio::test]
async fn a_tenant_is_told_what_reaches_its_own_threshold() {
    let mut thresholds = Thresholds::default();
    thresholds.set("till", 0.99);
    thresholds.set(EVERYBODY, 0.2);
    let keys = vec!["till:alpha", "shop:beta"];
    let server = Setup { keys, thresholds, forgery: Some(ForgeryMode::Lossless), ..Setup::default() }.start();
    for (key, suspicious) in [("alpha", false), ("beta", true)] {
        let mut request = upload("image/png", images::receipt_png());
        request.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
        assert_eq!(fraud(&server, request).await["suspicious"], suspicious, "{key}");
    }
    let without = Setup::default().start().post_receipt().await.json();
    assert_eq!(without["fraud"].get("suspicious"), None);
}

#[tokio::test]
async fn a_classifier_that_fails_is_a_fault_of_the_server() {
    let server = server(ForgeryMode::Lossless);
    *server.fakes.fails.lock().unwrap() = Some("forgery");
    assert_eq!(server.post_receipt().await.status, StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn a_set_is_warm_when_its_classifier_has_run() {
    let server = server(ForgeryMode::Lossless);
    let serving = server.app.pipeline.registry().current().unwrap();
    server.app.pipeline.warm(&serving).await.unwrap();
    assert_eq!(asked(&server), 1);
}
