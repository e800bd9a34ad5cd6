//! The HTTP contract: what a good request is answered, and what it can ask for.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use common::fakes::LINES;
use common::{Setup, images, receipt_request, upload};
use serde_json::{Value, json};

#[tokio::test]
async fn a_receipt_is_answered_with_its_document() {
    let server = Setup::default().start();
    let answer = server.post_receipt().await;
    let json = answer.json();
    assert_eq!(answer.status, StatusCode::OK, "{json}");
    assert_eq!(json["status"], "extracted", "{json}");
    assert_eq!(json["model_set"], "fakes");
    assert_eq!(json["document"]["merchant"]["name"]["value"], "HOFLADEN SONNIG");
    assert_eq!(json["document"]["date"]["value"], "2024-02-28");
    assert_eq!(json["document"]["total"]["value"], "9.00");
    assert_eq!(json["document"]["total"]["text"], "9,00");
    assert_eq!(json["document"]["tip"], Value::Null);
    assert_eq!(json["text"], LINES.join("\n"));
    assert_eq!(json["id"], answer.header("x-request-id"));
}

#[tokio::test]
async fn every_stage_is_timed_by_its_name() {
    let answer = Setup::default().start().post_receipt().await;
    let stages =
        ["decode", "quality", "detect", "crop", "recognise", "orient", "extract", "check", "fraud", "document"];
    let timing = answer.header("server-timing");
    let timings = answer.json()["timings_ms"].clone();
    for stage in stages {
        assert!(timing.contains(&format!("{stage};dur=")), "{stage}: {timing}");
        assert!(timings[stage].as_f64().unwrap() >= 0.0, "{stage}: {timings}");
    }
    for part in ["receive", "turn", "total"] {
        assert!(timing.contains(&format!("{part};dur=")), "{part}: {timing}");
    }
}

#[tokio::test]
async fn include_decides_which_members_are_there() {
    let server = Setup::default().start();
    let members = ["text", "lines", "quality", "fraud", "timings_ms"];
    let cases = [
        ("", vec!["text", "quality", "fraud", "timings_ms"]),
        ("?include=", vec![]),
        ("?include=lines", vec!["lines"]),
        ("?include=text,timings", vec!["text", "timings_ms"]),
        ("?include=text,lines,quality,fraud,timings", members.to_vec()),
    ];
    for (query, expected) in cases {
        let request = Request::post(format!("/v1/receipts{query}")).header("content-type", "image/png");
        let json = server.send(request.body(images::receipt_png().into()).unwrap()).await.json();
        let there: Vec<_> = members.into_iter().filter(|member| json.get(member).is_some()).collect();
        assert_eq!(there, expected, "{query:?}");
        assert!(json["document"].is_object() && json["checks"].is_array());
    }
}

#[tokio::test]
async fn an_image_comes_in_any_format_raw_or_in_a_form() {
    let server = Setup::default().start();
    let form = |name: &str| {
        let head = format!(
            "--b\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"r.png\"\r\ncontent-type: image/png\r\n\r\n"
        );
        [
            b"--b\r\ncontent-disposition: form-data; name=\"note\"\r\n\r\nhello\r\n",
            head.as_bytes(),
            &images::receipt_png(),
            b"\r\n--b--\r\n",
        ]
        .concat()
    };
    let cases = [
        ("image/png", images::receipt_png(), 200),
        ("image/jpeg", images::receipt_jpeg(), 200),
        ("image/webp", images::receipt_webp(), 200),
        ("application/octet-stream", images::receipt_png(), 200),
        ("multipart/form-data; boundary=b", form("file"), 200),
        ("multipart/form-data; boundary=b", form("photo"), 400),
        ("multipart/form-data; boundary=other", form("file"), 400),
        ("multipart/form-data", form("file"), 400),
    ];
    for (media, body, status) in cases {
        let answer = server.send(upload(media, body)).await;
        assert_eq!(answer.status, status, "{media}: {}", String::from_utf8_lossy(&answer.body));
    }
}

#[tokio::test]
async fn a_request_id_is_echoed_or_made_up() {
    let server = Setup::default().start();
    let mut request = receipt_request();
    request.headers_mut().insert("x-request-id", "till-7.0815".parse().unwrap());
    let answer = server.send(request).await;
    assert_eq!((answer.header("x-request-id"), &answer.json()["id"]), ("till-7.0815", &json!("till-7.0815")));
    let (first, second) = (server.get("/health/live").await, server.get("/health/live").await);
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    assert_eq!(first.header("x-request-id").len(), 36);
}

#[tokio::test]
async fn a_page_without_text_is_no_document() {
    let server = Setup::default().start();
    *server.fakes.blind.lock().unwrap() = true;
    let answer = server.post_receipt().await;
    let json = answer.json();
    assert_eq!((answer.status, &json["status"]), (StatusCode::OK, &json!("not_a_document")), "{json}");
    let document = json["document"].as_object().unwrap();
    let filled: Vec<_> =
        document.iter().filter(|(name, value)| !["kind", "source"].contains(&name.as_str()) && !empty(value)).collect();
    assert!(filled.is_empty(), "{filled:?}");
}

#[tokio::test]
async fn a_photo_that_cannot_be_read_is_answered_before_any_model() {
    let server = Setup::default().start();
    // Whoever asked a model for anything would not be answered.
    *server.fakes.panics.lock().unwrap() = Some("detect");
    let answer = server.send(upload("image/png", images::thumbnail_png())).await;
    let json = answer.json();
    assert_eq!((answer.status, &json["status"]), (StatusCode::OK, &json!("needs_better_photo")), "{json}");
    assert_eq!(
        (&json["quality"]["usable"], &json["quality"]["issues"][0]["code"]),
        (&json!(false), &json!("too_small"))
    );
    assert_eq!((&json["text"], &json["document"]["total"]), (&json!(""), &Value::Null));
    assert_eq!(json["fraud"]["pixels"], "unreadable");
    let stages: Vec<_> = json["timings_ms"].as_object().unwrap().keys().collect();
    assert!(!stages.iter().any(|stage| ["barcodes", "detect", "recognise"].contains(&stage.as_str())), "{stages:?}");
}

/// Null, or a list or an object of nothing else.
fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.iter().all(empty),
        Value::Object(members) => members.values().all(empty),
        _ => false,
    }
}

#[tokio::test]
async fn polygons_are_in_pixels_of_the_upload_however_the_page_lay() {
    let server = Setup::default().start();
    let polygon = async |sideways: bool, upside_down: bool| {
        // The page is 400 by 480.
        *server.fakes.sideways_width.lock().unwrap() = sideways.then_some(400);
        let badly_read = if upside_down { LINES.len() } else { 0 };
        server.fakes.upside_down_lines.store(badly_read, std::sync::atomic::Ordering::SeqCst);
        let request = Request::post("/v1/receipts?include=lines").header("content-type", "image/png");
        let json = server.send(request.body(images::receipt_png().into()).unwrap()).await.json();
        serde_json::from_value::<[[f32; 2]; 4]>(json["lines"][0]["polygon"].clone()).unwrap()
    };
    assert_eq!(polygon(false, false).await[0], [0.0, 0.0]);
    // The text's top left is where the turn took it from.
    assert_eq!(polygon(false, true).await[0], [400.0, 480.0]);
    assert_eq!(polygon(true, false).await[0], [0.0, 480.0]);
    assert_eq!(polygon(true, true).await[0], [400.0, 0.0]);
}

#[tokio::test]
async fn operators_see_models_health_metrics_and_the_contract() {
    let server = Setup::default().start();
    assert_eq!(server.post_receipt().await.status, StatusCode::OK);
    assert_eq!(server.get("/v1/models").await.json()["serving"], "fakes");
    assert_eq!(server.get("/health/live").await.json(), json!({"status": "live"}));
    assert_eq!(server.get("/health/ready").await.json(), json!({"status": "ready", "model_set": "fakes"}));

    let metrics = String::from_utf8(server.get("/metrics").await.body).unwrap();
    for line in [
        "# HELP slipstream_stage_duration_seconds ",
        "# TYPE slipstream_stage_duration_seconds histogram",
        "slipstream_stage_duration_seconds_bucket{stage=\"recognise\",le=\"0.1\"}",
        "slipstream_http_request_duration_seconds_count{route=\"/v1/receipts\",method=\"POST\",status=\"200\"}",
        "slipstream_queue_depth{stage=\"detect\",model=\"fake-detect\",model_set=\"fakes\"}",
        "slipstream_batch_size_bucket{stage=\"recognise\",model=\"fake-recognise\",model_set=\"fakes\",bucket=\"inf\",le=\"4\"}",
        "slipstream_receipts_total{status=\"extracted\"}",
        "slipstream_http_requests_in_flight",
    ] {
        assert!(metrics.contains(line), "{line} is missing in\n{metrics}");
    }
}

#[tokio::test]
async fn the_contract_describes_every_route_with_its_errors() {
    let json = Setup::default().start().get("/openapi.json").await.json();
    let paths = ["/v1/receipts", "/v1/models", "/health/live", "/health/ready", "/metrics", "/openapi.json"];
    for path in paths {
        assert!(json["paths"][path].is_object(), "{path}");
    }
    let post = &json["paths"]["/v1/receipts"]["post"];
    for status in ["400", "401", "408", "413", "415", "422", "429", "500", "503", "504"] {
        let content = &post["responses"][status]["content"]["application/problem+json"];
        assert_eq!(content["schema"]["$ref"], "#/components/schemas/Problem", "{status}");
    }
    let content = post["requestBody"]["content"].as_object().unwrap();
    assert!(content.contains_key("image/jpeg") && content.contains_key("multipart/form-data"), "{content:?}");
    assert_eq!(json["components"]["securitySchemes"]["key"]["scheme"], "bearer");
}

#[tokio::test]
async fn keys_guard_the_api_but_not_its_operation() {
    let server = Setup { keys: vec!["s3cret"], ..Setup::default() }.start();
    let refused = server.post_receipt().await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::UNAUTHORIZED, "unauthorized"));
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    assert_eq!(server.get("/v1/models").await.problem(), "unauthorized");
    let mut request = receipt_request();
    request.headers_mut().insert("authorization", "Bearer s3cret".parse().unwrap());
    assert_eq!(server.send(request).await.status, StatusCode::OK);
    for path in ["/health/live", "/health/ready", "/metrics", "/openapi.json"] {
        assert_eq!(server.get(path).await.status, StatusCode::OK, "{path}");
    }
    let head = Request::head("/health/live").body(Body::empty()).unwrap();
    assert_eq!(server.send(head).await.status, StatusCode::OK);
}
