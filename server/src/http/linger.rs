//! Reads and forgets the rest of an upload that was refused.
//!
//! Closing a connection on data that the client still sends makes its kernel
//! throw away the answer that it already received (RFC 9112, section 9.6). The
//! answer goes out first; what follows is read for a while, into nothing.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use http_body_util::BodyExt;

/// Enough for a client to notice the answer, too little to keep a connection busy.
const MAX_TIME: Duration = Duration::from_secs(3);

/// Bytes that are read at most.
const MAX_BYTES: usize = 64 << 20;

/// Forgets `body` in the background.
pub fn linger(mut body: Body) {
    if body.is_end_stream() {
        return;
    }
    tokio::spawn(tokio::time::timeout(MAX_TIME, async move {
        let mut read = 0;
        while let Some(Ok(frame)) = body.frame().await {
            read += frame.data_ref().map_or(0, |data| data.len());
            if read > MAX_BYTES {
                break;
            }
        }
    }));
}
