//! The program itself, with the models of the repository: exit codes, outputs, signals.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};

use common::images;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::Value;
use slipstream_models::Device;

fn slipstream(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slipstream"));
    command.args(arguments).args(["--preset", "tiny", "--threads", "1"]);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn read(arguments: &[&str]) -> Output {
    slipstream(&[&["read"], arguments].concat()).output().unwrap()
}

#[test]
fn files_that_cannot_be_read_do_not_keep_the_others_from_being_read() {
    let dir = tempfile::tempdir().unwrap();
    let blank = dir.path().join("blank.png");
    RgbImage::from_pixel(400, 600, Rgb([240; 3])).save_with_format(&blank, ImageFormat::Png).unwrap();
    let broken = dir.path().join("broken.jpg");
    std::fs::write(&broken, images::truncated_jpeg()).unwrap();
    let [blank, broken] = [blank, broken].map(|path| path.display().to_string());

    let output = read(&[&broken, "missing.jpg", &blank]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let stdout = text(&output.stdout);
    assert_eq!(stdout.lines().count(), 1, "one line for the one that was read: {stdout}");
    let json: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&json["id"], &json["status"]), (&blank.as_str().into(), &"not_a_document".into()));
    let stderr = text(&output.stderr);
    assert!(stderr.contains(&broken) && stderr.contains("missing.jpg") && stderr.contains("2 of 3"), "{stderr}");

    let output = read(&[&blank]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).starts_with("{\n"), "pretty when it is the only one");
    let output = read(&[&blank, "--text"]);
    assert_eq!((output.status.code(), text(&output.stdout).trim()), (Some(0), ""));
}

#[test]
fn wrong_settings_say_what_to_do() {
    let output = slipstream(&["read", "a.jpg", "--models", "/nowhere"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("--models"), "{}", text(&output.stderr));
    let cases: [(&[&str], i32, &str); 9] = [
        (&["--max-in-flight", "none"], 2, "--max-in-flight"),
        (&["--deadline-s", "0"], 2, "--deadline-s"),
        (&["--target-wait-ms", "0"], 2, "--target-wait-ms"),
        (&["--bulk-share", "120"], 2, "--bulk-share"),
        (&["--scheduling", "random"], 2, "--scheduling"),
        (&["--max-queue-s", "0.05"], 1, "--max-queue-s"),
        (&["--max-upload-memory-mib", "10"], 1, "--max-upload-memory-mib"),
        (&["--keys", "a:1,b:2", "--tenant-shares", "a=50,b=40"], 1, "--tenant-shares"),
        (&["--otlp-endpoint", "collector:4318"], 1, "--otlp-endpoint"),
    ];
    for (flags, code, named) in cases {
        let output = slipstream(&[&["serve", "--listen", "127.0.0.1:0"], flags].concat()).output().unwrap();
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{flags:?}: {stderr}");
        assert!(stderr.contains(named), "{flags:?}: {stderr}");
    }
}

#[test]
fn a_device_that_is_not_there_is_named_with_what_to_do() {
    // Where the program knows cards and there is one, only a number beyond it is refused.
    let refused = slipstream(&["read", "a.jpg", "--device", "cuda:99"]).output().unwrap();
    let stderr = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{stderr}");
    let reason = if Device::Cuda(99).is_built() { ["no NVIDIA driver", "no card"] } else { ["built without CUDA"; 2] };
    assert!(reason.iter().any(|reason| stderr.contains(reason)), "{stderr}");
    assert!(stderr.contains("--device cpu"), "{stderr}");
    let served = slipstream(&["serve", "--listen", "127.0.0.1:0", "--device", "cuda:99"]).output().unwrap();
    assert_eq!((served.status.code(), text(&served.stderr).contains("--device cpu")), (Some(1), true));
}

/// Ends the process also when the test fails.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

#[test]
fn serve_becomes_ready_and_stops_on_sigterm() {
    let mut command = slipstream(&["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--log", "debug"]);
    let mut serving = Serving(command.stderr(Stdio::piped()).spawn().unwrap());
    let mut log = BufReader::new(serving.0.stderr.take().unwrap());
    let mut address = None;
    // The address comes first, then the models.
    for line in log.by_ref().lines().map(Result::unwrap) {
        let event: Value = serde_json::from_str(&line).unwrap();
        if event["message"] == "listening" {
            address = event["address"].as_str().map(str::to_owned);
        }
        if event["message"] == "models are ready" {
            break;
        }
    }
    let address = address.unwrap();
    let ask = |head: &str, body: &[u8]| {
        let mut stream = TcpStream::connect(&address).unwrap();
        let length = body.len();
        stream
            .write_all(
                format!("{head} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n").as_bytes(),
            )
            .unwrap();
        stream.write_all(b"content-type: image/png\r\n\r\n").unwrap();
        stream.write_all(body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let ready = ask("GET /health/ready", b"");
    assert!(ready.starts_with("HTTP/1.1 200") && ready.contains("\"ready\""), "{ready}");
    let answer = ask("POST /v1/receipts", &images::receipt_png());
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let stopped = Command::new("kill").args(["-TERM", &serving.0.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    assert_eq!(serving.0.wait().unwrap().code(), Some(0));
    let mut rest = String::new();
    log.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("draining"), "{rest}");
}
