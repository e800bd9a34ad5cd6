//! The program sends traces: one tree a request, whose parts add up, to a collector that a test plays.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Cursor, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use image::ImageFormat;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

/// Takes what exporters post until the test ends.
fn collector() -> (String, Arc<Mutex<Vec<Span>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let spans = Arc::default();
    let seen = Arc::clone(&spans);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let seen = Arc::clone(&seen);
            thread::spawn(move || take(stream.unwrap(), &seen));
        }
    });
    (endpoint, spans)
}

/// Answers the requests of one connection.
fn take(stream: TcpStream, spans: &Mutex<Vec<Span>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut length, mut line, mut first) = (0, String::new(), String::new());
        while reader.read_line(&mut line).unwrap_or(0) > 2 {
            if first.is_empty() {
                first.clone_from(&line);
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        if first.is_empty() {
            return;
        }
        assert!(first.starts_with("POST /v1/traces "), "{first}");
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let export = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
        let scopes = export.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        spans.lock().unwrap().extend(scopes.flat_map(|scope| scope.spans));
        reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
    }
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Posts a receipt and reads the answer's head.
fn post(address: &str, image: &[u8], headers: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /v1/receipts HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: image/png\r\ncontent-length: {}\r\n{headers}\r\n",
        image.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(image).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_request_is_one_tree_whose_stages_add_up() {
    let (endpoint, spans) = collector();
    let mut server = Server(
        Command::new(env!("CARGO_BIN_EXE_slipstream"))
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--preset",
                "tiny",
                "--threads",
                "1",
                "--otlp-endpoint",
                &endpoint,
            ])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut log = BufReader::new(server.0.stderr.take().unwrap());
    let (mut line, mut address) = (String::new(), String::new());
    while !line.contains("models are ready") {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "the server ended");
        if let Some((_, rest)) = line.split_once("address=") {
            rest.split_whitespace().next().unwrap().clone_into(&mut address);
        }
    }
    thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));

    let mut receipt = Cursor::new(Vec::new());
    slipstream_training_data::samples()[0].image.write_to(&mut receipt, ImageFormat::Png).unwrap();
    let receipt = receipt.into_inner();
    let parent = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";
    let answer = post(&address, &receipt, parent);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // A caller that decided against recording.
    let unsampled = "traceparent: 00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00\r\n";
    assert!(post(&address, &receipt, unsampled).starts_with("HTTP/1.1 200"));
    assert!(Command::new("kill").args(["-TERM", &server.0.id().to_string()]).status().unwrap().success());
    assert!(server.0.wait().unwrap().success());

    let spans = spans.lock().unwrap();
    let requests: Vec<&Span> = spans.iter().filter(|span| span.name == "request").collect();
    assert_eq!(requests.len(), 1, "{:?}", spans.iter().map(|span| &span.name).collect::<Vec<_>>());
    let root = requests[0];
    assert_eq!(
        root.trace_id,
        [0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c]
    );
    assert_eq!(root.parent_span_id, [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]);

    let took = |span: &Span| span.end_time_unix_nano - span.start_time_unix_nano;
    let mut parts: BTreeMap<&str, u64> = BTreeMap::new();
    for span in spans.iter().filter(|span| span.parent_span_id == root.span_id) {
        assert_eq!(span.trace_id, root.trace_id);
        assert!(
            span.start_time_unix_nano >= root.start_time_unix_nano
                && span.end_time_unix_nano <= root.end_time_unix_nano
        );
        *parts.entry(&span.name).or_default() += took(span);
    }
    let stages = [
        "receive",
        "turn",
        "decode",
        "quality",
        "barcodes",
        "detect",
        "crop",
        "recognise",
        "orient",
        "extract",
        "check",
        "fraud",
        "document",
    ];
    assert_eq!(parts.keys().copied().collect::<Vec<_>>(), {
        let mut s = stages;
        s.sort_unstable();
        s
    });
    // Pixels are looked at while the text is read, so that what counts is when anything was done at all.
    let mut stages: Vec<_> = spans.iter().filter(|span| span.parent_span_id == root.span_id).collect();
    stages.sort_by_key(|span| span.start_time_unix_nano);
    let (mut sum, mut until) = (0, 0);
    for span in stages {
        sum += span.end_time_unix_nano.saturating_sub(until.max(span.start_time_unix_nano));
        until = until.max(span.end_time_unix_nano);
    }
    let all = took(root);
    assert!(sum <= all, "{sum} of {all}: {parts:?}");
    assert!(sum as f64 > 0.7 * all as f64, "{sum} of {all}: {parts:?}");
    let computed = |span: &Span| span.attributes.iter().any(|attribute| attribute.key == "compute_ms");
    let detect = spans.iter().find(|span| span.name == "detect" && span.parent_span_id == root.span_id).unwrap();
    assert!(computed(detect), "{detect:?}");
}
