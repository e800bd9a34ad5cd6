//! Serving until told to stop, then draining: no receipt that was taken is lost.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{App, router};

/// Time for answers to leave after the last receipt was read.
const FLUSH: Duration = Duration::from_secs(2);

/// Answers connections on `listener` until `stop` completes, then drains:
/// readiness turns false and new receipts are refused at once, while those in
/// flight finish for at most `drain_limit`; what is left then is answered that
/// another instance can take it, and the listener closes.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    stop: impl Future<Output = ()>,
    drain_limit: Duration,
) -> io::Result<()> {
    let (close, closed) = oneshot::channel::<()>();
    let server = axum::serve(listener, router(Arc::clone(&app))).with_graceful_shutdown(async {
        // An error means that the sender is gone, which also ends the server.
        let _ = closed.await;
    });
    let mut server = tokio::spawn(server.into_future());

    tokio::select! {
        ended = &mut server => return ended?,
        () = stop => {}
    }
    tracing::info!("draining: no new receipts are taken");
    app.admission.drain();
    if timeout(drain_limit, app.admission.idle()).await.is_err() {
        tracing::warn!(
            limit_s = drain_limit.as_secs(),
            left = app.admission.load().requests,
            "some receipts did not finish in time"
        );
        app.admission.cut_off();
    }
    drop(close);
    match timeout(FLUSH, &mut server).await {
        Ok(ended) => ended?,
        Err(_) => {
            server.abort();
            Ok(())
        }
    }
}
