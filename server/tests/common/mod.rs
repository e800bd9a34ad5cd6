//! A server with fake models, and what tests need to talk to it.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "a module of every test binary, each of which uses its part"
)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod connection;
pub mod fakes;
pub mod images;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use serde_json::Value;
use slipstream::compute::Compute;
use slipstream::http::admission::Admission;
use slipstream::http::auth::Keys;
use slipstream::http::health::Prober;
use slipstream::http::load_report::Utilisation;
use slipstream::http::{App, RequestLimits, router};
use slipstream::pipeline::decode::DecodeLimits;
use slipstream::pipeline::document::DocumentSettings;
use slipstream::pipeline::duplicates::Store;
use slipstream::pipeline::fraud::pixels::ForgeryMode;
use slipstream::pipeline::fraud::threshold::Thresholds;
use slipstream::pipeline::quality::QualitySettings;
use slipstream::pipeline::{PdfSettings, Pipeline, PipelineSettings};
use slipstream::registry::{QueueSettings, Registry, Serving};
use slipstream::scheduling::Scheduling;
use slipstream::telemetry::door::DoorMetrics;
use slipstream::telemetry::metrics;
use slipstream_batcher::{Door, TokioClock};
use tokio::task::JoinHandle;
use tower::ServiceExt;

pub use connection::Connection;
use fakes::Fakes;

/// How a test server is set up.
pub struct Setup {
    pub scheduling: Scheduling,
    pub max_upload_bytes: usize,
    pub max_deadline: Duration,
    /// Predicted work that each queue holds.
    pub max_waiting: Duration,
    pub max_batch: Duration,
    pub lanes: usize,
    pub keys: Vec<&'static str>,
    pub threads: usize,
    pub with_models: bool,
    /// How PDFs are read; the worker is the program under test.
    pub pdf: PdfSettings,
    /// Remembers receipts.
    pub duplicates: Option<Store>,
    /// How sure a second reader is of everything; none without.
    pub second_reader: Option<f32>,
    /// From which score uploads are suspicious.
    pub thresholds: Thresholds,
    /// When pixels are looked at for edits; no classifier without.
    pub forgery: Option<ForgeryMode>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            scheduling: Scheduling { max_in_flight: 16, ..Scheduling::unbounded() },
            max_upload_bytes: 20 << 20,
            max_deadline: Duration::from_secs(30),
            max_waiting: Duration::from_secs(60),
            max_batch: Duration::from_secs(60),
            lanes: 1,
            keys: Vec::new(),
            threads: 2,
            with_models: true,
            pdf: PdfSettings { program: env!("CARGO_BIN_EXE_slipstream").into(), ..PdfSettings::default() },
            duplicates: None,
            second_reader: None,
            thresholds: Thresholds::default(),
            forgery: None,
        }
    }
}

/// A server whose models are fakes.
pub struct Server {
    pub app: Arc<App>,
    pub fakes: Arc<Fakes>,
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Setup {
    /// Starts the server on the current runtime.
    pub fn start(self) -> Server {
        // First of all, since metrics that are made before it go nowhere.
        let metrics = metrics::install().unwrap();
        let compute = Compute::start(self.threads, &self.scheduling).unwrap();
        let registry = Registry::default();
        let fakes = Arc::new(Fakes::default());
        let queues = QueueSettings {
            max_waiting: self.max_waiting,
            max_batch: self.max_batch,
            lanes: self.lanes,
            order: self.scheduling.order(),
        };
        if self.with_models {
            let mut set = match self.second_reader {
                None => Fakes::model_set(&fakes),
                Some(confidence) => Fakes::model_set_with_second(&fakes, confidence),
            };
            if self.forgery.is_some() {
                set.forgery = Some(Fakes::classifier(&fakes));
            }
            let serving = Serving::start(set, &compute, &queues);
            registry.publish(Arc::new(serving));
        }
        let settings = PipelineSettings {
            decode: DecodeLimits::default(),
            quality: QualitySettings::default(),
            document: DocumentSettings::default(),
            pages: self.scheduling.pages(self.threads),
            pdf: self.pdf,
            barcodes: true,
            forgery: self.forgery.unwrap_or_default(),
            merchants: Default::default(),
        };
        let keys = Keys::new(self.keys.iter().map(|key| key.parse().unwrap()).collect()).unwrap();
        let observer = DoorMetrics::new(keys.tenants().to_vec());
        let door = Door::open(self.scheduling.admission(self.threads), TokioClock, observer);
        let app = Arc::new(App {
            pipeline: Pipeline::new(settings, compute, registry),
            admission: Admission::new(door),
            keys,
            duplicates: self.duplicates,
            thresholds: self.thresholds,
            limits: RequestLimits { max_upload_bytes: self.max_upload_bytes, max_deadline: self.max_deadline },
            utilisation: Utilisation::default(),
            metrics,
            prober: Prober::default(),
        });
        Server { app, fakes }
    }
}

impl Server {
    pub fn router(&self) -> Router {
        router(Arc::clone(&self.app))
    }

    /// Answers a request without a network.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Posts a small receipt.
    pub async fn post_receipt(&self) -> Answer {
        self.send(receipt_request()).await
    }
}

/// At most `max_in_flight` receipts, nothing else bounded.
pub fn at_most(max_in_flight: usize) -> Setup {
    Setup { scheduling: Scheduling { max_in_flight, ..Scheduling::unbounded() }, ..Setup::default() }
}

/// `POST /v1/receipts` with a small receipt.
pub fn receipt_request() -> Request<Body> {
    upload("image/png", images::receipt_png())
}

/// `POST /v1/receipts` with `body` as `media_type`.
pub fn upload(media_type: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post("/v1/receipts").header(header::CONTENT_TYPE, media_type).body(body.into()).unwrap()
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The code of the problem, after checking that everything about it agrees.
    pub fn problem(&self) -> String {
        let json = self.json();
        assert_eq!(self.header("content-type"), "application/problem+json", "{json}");
        assert_eq!(json["status"], self.status.as_u16(), "{json}");
        assert_eq!(json["instance"], self.header("x-request-id"), "{json}");
        let code = json["code"].as_str().unwrap();
        assert_eq!(json["type"], format!("urn:slipstream:problem:{code}"));
        assert!(!json["title"].as_str().unwrap().is_empty() && !json["detail"].as_str().unwrap().is_empty());
        code.to_owned()
    }
}

/// Posts a receipt in the background.
pub fn post(server: &Arc<Server>) -> JoinHandle<Answer> {
    let server = Arc::clone(server);
    tokio::spawn(async move { server.post_receipt().await })
}

/// Waits until `condition` holds.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    for _ in 0..1_000 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{what}");
}
