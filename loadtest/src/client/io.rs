//! A connection whose answers can be read after it has stopped taking what is written.
//!
//! A server that refuses a request may answer and close while the image is still on its way. Writing then fails, and an
//! HTTP client that gives up at that moment never sees the answer that lies in its receive buffer. Here, what cannot be
//! written is thrown away, and reading decides: there is an answer, or the connection is lost.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A TCP connection that swallows errors of writing.
#[derive(Debug)]
pub(super) struct Stream {
    inner: TokioIo<TcpStream>,
    /// The server has stopped reading.
    deaf: bool,
}

impl Stream {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { inner: TokioIo::new(stream), deaf: false }
    }

    fn write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: usize,
        write: impl FnOnce(Pin<&mut TokioIo<TcpStream>>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if self.deaf {
            return Poll::Ready(Ok(bytes));
        }
        match write(Pin::new(&mut self.inner), cx) {
            Poll::Ready(Err(_)) => {
                self.deaf = true;
                Poll::Ready(Ok(bytes))
            }
            other => other,
        }
    }
}

impl Read for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.write(cx, buf.len(), |inner, cx| inner.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bytes = bufs.iter().map(|buf| buf.len()).sum();
        self.write(cx, bytes, |inner, cx| inner.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(cx, 0, |inner, cx| inner.poll_flush(cx).map_ok(|()| 0)).map_ok(|_| ())
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(cx, 0, |inner, cx| inner.poll_shutdown(cx).map_ok(|()| 0)).map_ok(|_| ())
    }
}
