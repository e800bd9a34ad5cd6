//! The HTTP client: one request at a time on a connection, early answers, hang-ups, a limit on everything.

mod io;
mod pool;

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, Response, Uri};
use serde::Deserialize;
use slipstream_api::ErrorCode;
use tokio::time::{Instant, sleep, timeout};

use self::pool::{Connection, Place, Pool};
use crate::images::Image;
use crate::outcome::{Failure, Outcome, Reply};
use crate::target::Target;
use crate::timing::{self, StageTime};

/// How long after its deadline a request is given up.
pub const GRACE: Duration = Duration::from_secs(10);

/// Bytes of an answer that are kept at most; the metrics are the longest.
const MAX_ANSWER_BYTES: usize = 4 << 20;

const DEADLINE: HeaderName = HeaderName::from_static("x-deadline-ms");
const PRIORITY: HeaderName = HeaderName::from_static("x-priority");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// A receipt to send.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The image.
    pub image: &'a Image,
    /// As whom.
    pub authorization: Option<&'a HeaderValue>,
    /// The time that the server is given.
    pub deadline: Duration,
    /// Sent with `x-priority: bulk`.
    pub bulk: bool,
    /// The client hangs up when there is no answer after this time.
    pub patience: Option<Duration>,
}

/// A client of one server.
#[derive(Debug)]
pub struct Client {
    target: Target,
    pool: Arc<Pool>,
    grace: Duration,
}

/// The body of an error answer, as far as it is needed.
#[derive(Deserialize)]
struct Coded {
    code: ErrorCode,
}

impl Client {
    /// A client of `target` with at most `max_connections` at a time.
    pub fn new(target: Target, max_connections: usize) -> Self {
        let pool = Arc::new(Pool::new(target.address, max_connections));
        Self { target, pool, grace: GRACE }
    }

    /// The same client with another time than [`GRACE`] after which it gives up.
    #[must_use]
    pub fn with_grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// The server's URL.
    pub fn url(&self) -> &str {
        &self.target.url
    }

    /// Sends a receipt and waits for the end of the answer, at most for the deadline and a grace period.
    pub async fn send(&self, call: &Call<'_>) -> Reply {
        let sent = Instant::now();
        let ended = |outcome| Reply { outcome, head_after: None, ended_after: sent.elapsed(), stages: Vec::new() };
        let Some(place) = self.pool.enter() else { return Reply::unsent() };
        let limit = call.deadline + self.grace;
        tokio::select! {
            biased;
            // Dropping the exchange closes its connection.
            answered = self.exchange(call, sent, place) => answered.unwrap_or_else(|failure| ended(Outcome::Failed(failure))),
            () = sleep(call.patience.unwrap_or(limit).min(limit)) => match call.patience {
                Some(_) => ended(Outcome::Left),
                None => ended(Outcome::Failed(Failure::NoAnswer)),
            },
        }
    }

    async fn exchange(&self, call: &Call<'_>, sent: Instant, place: Place) -> Result<Reply, Failure> {
        let (response, connection) = self.transmit(self.request(call)).await?;
        let head_after = sent.elapsed();
        let (parts, body) = response.into_parts();
        let status = parts.status.as_u16();
        let (code, stages) = if status == 200 {
            drain(body).await?;
            (None, stages(&parts.headers))
        } else {
            let body = collect(body).await?;
            (serde_json::from_slice::<Coded>(&body).ok().map(|problem| problem.code), Vec::new())
        };
        let ended_after = sent.elapsed();
        self.pool.give_back(connection, place);
        let outcome = Outcome::of(status, code, retry_after(&parts.headers));
        Ok(Reply { outcome, head_after: Some(head_after), ended_after, stages })
    }

    /// Sends on a kept connection, or on a new one if that has been closed before anything was sent.
    async fn transmit(&self, request: Request<Full<Bytes>>) -> Result<(Response<Incoming>, Connection), Failure> {
        let mut request = request;
        if let Some(mut connection) = self.pool.take() {
            match connection.sender.try_send_request(request).await {
                Ok(response) => return Ok((response, connection)),
                Err(mut error) => request = error.take_message().ok_or(Failure::Transport)?,
            }
        }
        let mut connection = self.pool.connect().await.ok_or(Failure::Connect)?;
        let response = connection.sender.send_request(request).await.map_err(|_| Failure::Transport)?;
        Ok((response, connection))
    }

    fn request(&self, call: &Call<'_>) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(call.image.bytes.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_static("/v1/receipts");
        let headers = request.headers_mut();
        headers.insert(HOST, self.target.authority.clone());
        headers.insert(CONTENT_TYPE, call.image.content_type.clone());
        headers.insert(DEADLINE, HeaderValue::from(call.deadline.as_millis() as u64));
        if let Some(authorization) = call.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        if call.bulk {
            headers.insert(PRIORITY, HeaderValue::from_static("bulk"));
        }
        request
    }

    /// Status and body of a GET of `path`, on a connection of its own.
    ///
    /// # Errors
    /// When there is no answer within `limit`.
    pub async fn get(&self, path: &'static str, limit: Duration) -> Result<(u16, Bytes), Failure> {
        let exchange = async {
            let mut request = Request::new(Full::default());
            *request.uri_mut() = Uri::from_static(path);
            request.headers_mut().insert(HOST, self.target.authority.clone());
            let mut connection = self.pool.connect().await.ok_or(Failure::Connect)?;
            let response = connection.sender.send_request(request).await.map_err(|_| Failure::Transport)?;
            let status = response.status().as_u16();
            Ok((status, collect(response.into_body()).await?))
        };
        timeout(limit, exchange).await.unwrap_or(Err(Failure::NoAnswer))
    }
}

/// Reads to the end and forgets.
async fn drain(mut body: Incoming) -> Result<(), Failure> {
    while let Some(frame) = body.frame().await {
        frame.map_err(|_| Failure::Transport)?;
    }
    Ok(())
}

async fn collect(body: Incoming) -> Result<Bytes, Failure> {
    let collected = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
    Ok(collected.map_err(|_| Failure::Transport)?.to_bytes())
}

fn stages(headers: &HeaderMap) -> Vec<StageTime> {
    let lists = headers.get_all(SERVER_TIMING).into_iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(timing::parse).collect()
}

fn retry_after(headers: &HeaderMap) -> Option<u64> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}
