//! The process that opens and renders one PDF, seen from the server.
//!
//! The program starts itself again as `slipstream pdf-worker`. The child has no
//! environment, no terminal and no way to other files; it is killed when its
//! handle is dropped, which is also what happens at the deadline and when the
//! client goes away.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use slipstream_models::Raster;
use slipstream_pdf::frames::{self, FrameHead, FrameKind, HEAD, Kind, Opened, PageHead, Request};
use slipstream_pdf::text::Line;
use slipstream_pdf::{Limits, confine::Confinement};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::DocumentError;

/// The name of the hidden command that [`slipstream_pdf::worker::run`] stands behind.
pub const COMMAND: &str = "pdf-worker";

/// Where this program's own file is, also after it was replaced by another version.
const OWN_PROGRAM: &str = "/proc/self/exe";

/// Exit code of a Rust program that panicked.
const PANICKED: i32 = 101;

/// How PDFs are read.
#[derive(Debug, Clone)]
pub struct PdfSettings {
    /// The program that has the worker's command.
    pub program: PathBuf,
    /// How much of a PDF is read.
    pub limits: Limits,
    /// What a worker may take.
    pub confinement: Confinement,
    /// Whether the e-invoice in a PDF is believed; its pages are read in any case.
    pub e_invoices: bool,
}

/// This program itself, with the limits that [`Limits`] and [`Confinement`] have by default.
impl Default for PdfSettings {
    fn default() -> Self {
        let own = Path::new(OWN_PROGRAM);
        let program = if own.exists() { own.to_owned() } else { std::env::current_exe().unwrap_or_default() };
        Self { program, limits: Limits::default(), confinement: Confinement::default(), e_invoices: true }
    }
}

/// A worker with its document open.
#[derive(Debug)]
pub(super) struct Worker {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    request: Request,
}

/// A rendered page.
#[derive(Debug)]
pub(super) struct RenderedPage {
    /// Its pixels.
    pub(super) raster: Raster,
    /// Its visible text.
    pub(super) lines: Vec<Line>,
}

impl Worker {
    /// Starts a worker and has it open `document`.
    pub(super) async fn open(
        settings: &PdfSettings,
        kind: Kind,
        document: &[u8],
    ) -> Result<(Self, Opened), DocumentError> {
        let PdfSettings { program, limits, confinement, e_invoices } = settings;
        let request = Request { kind, limits: *limits, confinement: *confinement, invoice: *e_invoices };
        let mut child = Command::new(program)
            .arg(COMMAND)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A renderer's complaints quote the document.
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| DocumentError::Worker(error.to_string()))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(DocumentError::Worker("it has no pipes".to_owned()));
        };
        let mut worker = Self { child, input, output, request };
        let head =
            frames::request_head(&request, document.len()).map_err(|error| DocumentError::Worker(error.to_string()))?;
        if worker.send(&head).await.is_err() || worker.send(document).await.is_err() {
            return Err(worker.end().await);
        }
        let (head, payload) = worker.receive().await?;
        match head.kind {
            FrameKind::Opened => Ok((worker, frames::opened(&payload, &request)?)),
            FrameKind::Failed => Err(frames::failed(&payload)?.into()),
            FrameKind::Page | FrameKind::Pixels => Err(out_of_turn()),
        }
    }

    /// Has the worker render a page that was announced with `opened`.
    pub(super) async fn page(&mut self, opened: &Opened, page: usize) -> Result<RenderedPage, DocumentError> {
        let size = *opened.pages.get(page).ok_or_else(out_of_turn)?;
        if self.send(&frames::page_request(page)).await.is_err() {
            return Err(self.end().await);
        }
        let (head, payload) = self.receive().await?;
        if head.kind != FrameKind::Page {
            return Err(out_of_turn());
        }
        let PageHead { width, height, lines } = frames::page(&payload, size)?;
        let (head, rgb) = self.receive().await?;
        if head.kind != FrameKind::Pixels {
            return Err(out_of_turn());
        }
        let raster = Raster::new(width, height, rgb).map_err(|_| DocumentError::Worker("too few pixels".to_owned()))?;
        Ok(RenderedPage { raster, lines })
    }

    async fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.input.write_all(bytes).await?;
        self.input.flush().await
    }

    /// The next frame, within the bounds of the request.
    async fn receive(&mut self) -> Result<(FrameHead, Vec<u8>), DocumentError> {
        let mut head = [0; HEAD];
        if self.output.read_exact(&mut head).await.is_err() {
            return Err(self.end().await);
        }
        let head = FrameHead::parse(head, frames::most_pixels(&self.request.limits))?;
        // Grows with what comes: a length alone takes no memory.
        let mut payload = Vec::new();
        let got = (&mut self.output).take(head.length as u64).read_to_end(&mut payload).await;
        match got {
            Ok(got) if got == head.length => Ok((head, payload)),
            _ => Err(self.end().await),
        }
    }

    /// Why the worker fell silent.
    async fn end(&mut self) -> DocumentError {
        match self.child.wait().await {
            Ok(status) => silence(status),
            Err(error) => DocumentError::Worker(error.to_string()),
        }
    }
}

/// What an exit means. The kernel kills a process that used up its time; the
/// allocator aborts one that used up its memory, and so does a stack that ran over.
fn silence(status: ExitStatus) -> DocumentError {
    match (status.signal(), status.code()) {
        (Some(_), _) => DocumentError::OutOfLimits,
        (None, Some(PANICKED)) => DocumentError::Unrenderable,
        (None, code) => DocumentError::Worker(format!("it ended with {code:?}")),
    }
}

fn out_of_turn() -> DocumentError {
    DocumentError::Worker("it answered out of turn".to_owned())
}
