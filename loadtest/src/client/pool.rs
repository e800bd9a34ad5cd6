//! Connections that are kept for the next request; one request at a time on each.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use super::io::Stream;

/// Idle connections older than this are not used again, so that a server that closes idle ones is not met in the act.
const MAX_IDLE: Duration = Duration::from_secs(3);

/// How long a connection may still be busy with the rest of an upload whose answer is there.
const MAX_REST: Duration = Duration::from_secs(5);

/// A connection. Dropping it closes the socket at once, whatever it is doing.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) sender: SendRequest<Full<Bytes>>,
    driver: AbortHandle,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// The right to have a connection.
#[derive(Debug)]
pub(super) struct Place(OwnedSemaphorePermit);

/// Connections to one server. There are never more than places: a new one is made only while none is idle.
#[derive(Debug)]
pub(super) struct Pool {
    address: SocketAddr,
    idle: Mutex<Vec<(Instant, Connection)>>,
    places: Arc<Semaphore>,
}

impl Pool {
    pub(super) fn new(address: SocketAddr, max_connections: usize) -> Self {
        Self { address, idle: Mutex::default(), places: Arc::new(Semaphore::new(max_connections)) }
    }

    /// A place, if one is free now.
    pub(super) fn enter(&self) -> Option<Place> {
        Arc::clone(&self.places).try_acquire_owned().ok().map(Place)
    }

    /// The connection that was used last, if it is still good.
    pub(super) fn take(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(since, connection)| since.elapsed() < MAX_IDLE && connection.sender.is_ready());
        idle.pop().map(|(_, connection)| connection)
    }

    /// A new connection; none where the server does not take it.
    pub(super) async fn connect(&self) -> Option<Connection> {
        let stream = TcpStream::connect(self.address).await.ok()?;
        // Without it, the end of a request may wait for the acknowledgement of its beginning.
        stream.set_nodelay(true).ok()?;
        let (sender, driver) = handshake(Stream::new(stream)).await.ok()?;
        // What goes wrong there is told to the request as well.
        let driver = tokio::spawn(async move { drop(driver.await) }).abort_handle();
        Some(Connection { sender, driver })
    }

    /// Keeps `connection` for the next request as soon as it is free, and gives up the place then.
    pub(super) fn give_back(self: &Arc<Self>, mut connection: Connection, place: Place) {
        if connection.sender.is_ready() {
            self.keep(connection);
        } else if !connection.sender.is_closed() {
            let pool = Arc::clone(self);
            tokio::spawn(async move {
                if let Ok(Ok(())) = timeout(MAX_REST, connection.sender.ready()).await {
                    pool.keep(connection);
                }
                drop(place.0);
            });
        }
    }

    fn keep(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((Instant::now(), connection));
    }
}
