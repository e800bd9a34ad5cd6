//! Bad input: every error of the contract, as problem details and never as a 200.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use common::{Connection, Setup, at_most, images, receipt_request, upload};

#[tokio::test]
async fn bad_uploads_are_named() {
    let server = Setup::default().start();
    let html = "<!doctype html><title>receipt</title>";
    let cases: Vec<(&str, Request<Body>, u16, &str)> = vec![
        ("empty body", upload("image/jpeg", Body::empty()), 400, "malformed"),
        ("empty body without a type", Request::post("/v1/receipts").body(Body::empty()).unwrap(), 400, "malformed"),
        ("text", upload("text/plain", "TOTAL 9.00"), 415, "unsupported_media"),
        ("html", upload("text/html", html), 415, "unsupported_media"),
        ("html without a type", Request::post("/v1/receipts").body(html.into()).unwrap(), 415, "unsupported_media"),
        ("a gif", upload("application/octet-stream", &b"GIF89a\x01\0\x01\0\0\0\0;"[..]), 415, "unsupported_media"),
        ("a truncated jpeg", upload("image/jpeg", images::truncated_jpeg()), 422, "undecodable"),
        ("a truncated png", upload("image/png", images::receipt_png()[..200].to_vec()), 422, "undecodable"),
        ("a png of 60,000 by 60,000", upload("image/png", images::claimed_png(60_000)), 413, "too_large"),
        ("30 MB", upload("image/jpeg", vec![0; 30_000_000]), 413, "too_large"),
    ];
    for (name, request, status, code) in cases {
        let answer = server.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (status, code), "{name}");
    }
    assert_eq!(server.post_receipt().await.status, StatusCode::OK);
}

#[tokio::test]
async fn metadata_is_no_reason_to_refuse_a_picture() {
    let server = Setup::default().start();
    let cases = [
        ("text that unfolds to 64 MiB", "image/png", images::png_with_bomb()),
        (
            "EXIF of noise",
            "image/jpeg",
            images::jpeg_with_segment(0xe1, &[b"Exif\0\0".as_slice(), &[0xa5; 60_000]].concat()),
        ),
        (
            "EXIF that points to itself",
            "image/jpeg",
            images::jpeg_with_segment(0xe1, b"Exif\0\0II*\0\x08\0\0\0\x00\x00\x08\0\0\0"),
        ),
        (
            "a manifest of boxes in boxes",
            "image/jpeg",
            images::jpeg_with_segment(
                0xeb,
                &[b"JP\0\x01\0\0\0\x01".as_slice(), &b"\0\0\0\0jumb".repeat(7_000)].concat(),
            ),
        ),
        ("one pixel", "image/png", images::dot_png()),
    ];
    for (name, media_type, bytes) in cases {
        let answer = server.send(upload(media_type, bytes)).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}");
        assert_eq!(answer.json()["fraud"]["signals"], serde_json::json!([]), "{name}");
    }
}

#[tokio::test]
async fn an_upload_that_says_it_is_too_large_is_refused_before_it_comes() {
    let server = Setup::default().start();
    let mut client = Connection::open(&server).await;
    client
        .write(b"POST /v1/receipts HTTP/1.1\r\nhost: x\r\ncontent-type: image/jpeg\r\ncontent-length: 30000000\r\n\r\n")
        .await;
    let answer = client.read().await;
    assert_eq!(answer.problem(), "too_large");
}

#[tokio::test]
async fn an_upload_of_unknown_length_is_refused_as_soon_as_it_is_too_large() {
    let server = Setup { max_upload_bytes: 1 << 20, ..Setup::default() }.start();
    let form = "multipart/form-data; boundary=b";
    let part = "--b\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\n";
    for (media, head) in [("image/jpeg", ""), (form, part)] {
        let mut client = Connection::open(&server).await;
        let request = format!(
            "POST /v1/receipts HTTP/1.1\r\nhost: x\r\ncontent-type: {media}\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        client.write(request.as_bytes()).await;
        // One chunk of a little more than the limit, and the body goes on: no last chunk follows.
        let chunk = [head.as_bytes(), &vec![b'x'; (1 << 20) + 1]].concat();
        client.write(format!("{:x}\r\n", chunk.len()).as_bytes()).await;
        client.write(&chunk).await;
        client.write(b"\r\n").await;
        assert_eq!(client.read().await.problem(), "too_large", "{media}");
    }
}

#[tokio::test]
async fn a_client_that_sends_everything_before_it_reads_still_gets_its_413() {
    let server = Setup::default().start();
    let mut client = Connection::open(&server).await;
    client
        .write(b"POST /v1/receipts HTTP/1.1\r\nhost: x\r\ncontent-type: image/jpeg\r\ncontent-length: 30000000\r\n\r\n")
        .await;
    client.write(&vec![0; 30_000_000]).await;
    assert_eq!(client.read().await.problem(), "too_large");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_a_timeout() {
    let server = at_most(1).start();
    let mut client = Connection::open(&server).await;
    client.write(b"POST /v1/receipts HTTP/1.1\r\nhost: x\r\ncontent-type: image/jpeg\r\ncontent-length: 1000\r\nx-deadline-ms: 50\r\n\r\nabc").await;
    assert_eq!(client.read().await.problem(), "request_timeout");
    assert_eq!(server.post_receipt().await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_form_that_breaks_off_is_malformed() {
    let server = Setup::default().start();
    let form = "--b\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\nabc";
    let answer = server.send(upload("multipart/form-data; boundary=b", form)).await;
    assert_eq!(answer.problem(), "malformed");
    let html =
        "--b\r\ncontent-disposition: form-data; name=\"file\"\r\ncontent-type: text/html\r\n\r\n<p>\r\n--b--\r\n";
    let answer = server.send(upload("multipart/form-data; boundary=b", html)).await;
    assert_eq!(answer.problem(), "unsupported_media");
}

#[tokio::test]
async fn bad_options_are_named() {
    let server = Setup::default().start();
    let cases = [("include=boxes", "x-priority", "bulk"), ("", "x-priority", "urgent"), ("", "x-deadline-ms", "soon")];
    for (query, name, value) in cases {
        let request =
            Request::post(format!("/v1/receipts?{query}")).header("content-type", "image/png").header(name, value);
        let answer = server.send(request.body(images::receipt_png().into()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (400, "malformed"), "{query} {name}: {value}");
    }
}

#[tokio::test]
async fn routes_and_methods_that_do_not_exist_are_problems_too() {
    let server = Setup::default().start();
    for path in ["/", "/v1", "/v1/receipts/", "/v2/receipts", "/../etc/passwd"] {
        let answer = server.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (404, "not_found"), "{path}");
    }
    let cases = [("GET", "/v1/receipts", "POST"), ("POST", "/v1/models", "GET,HEAD"), ("BREW", "/metrics", "GET,HEAD")];
    for (method, path, allowed) in cases {
        let answer = server.send(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (405, "method_not_allowed"), "{method} {path}");
        assert_eq!(answer.header("allow"), allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn without_models_receipts_are_refused_and_readiness_says_why() {
    let server = Setup { with_models: false, ..Setup::default() }.start();
    let answer = server.send(receipt_request()).await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (503, "not_ready"));
    assert_eq!(answer.header("retry-after"), "1");
    let ready = server.get("/health/ready").await;
    assert_eq!((ready.status.as_u16(), &ready.json()["status"]), (503, &"starting".into()));
    assert_eq!(server.get("/health/live").await.status, StatusCode::OK);
}
