//! Limits that a worker sets for itself before it looks at anything.

use nix::sys::resource::{Resource, setrlimit};
use serde::{Deserialize, Serialize};

/// What a worker allows itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// Bytes of address space: what a stream may unfold to, before the allocator gives up and the process ends.
    pub memory_bytes: u64,
    /// Seconds of processor time, after which the kernel ends the process, whatever becomes of its parent.
    pub cpu_s: u64,
}

/// A page with a large scan on it takes some 300 MiB; a gibibyte is room enough.
impl Default for Confinement {
    fn default() -> Self {
        Self { memory_bytes: 1 << 30, cpu_s: 60 }
    }
}

/// The three streams that are open already.
const OPEN_FILES: u64 = 3;

/// Limits this process for good: memory, processor time, no further files, no further threads, nothing written to disk.
///
/// # Errors
/// When the system refuses.
pub fn confine(to: &Confinement) -> nix::Result<()> {
    let limit = |resource, value| setrlimit(resource, value, value);
    limit(Resource::RLIMIT_AS, to.memory_bytes)?;
    // The kernel kills at the hard limit; both are the same, so that nothing can catch the first signal.
    limit(Resource::RLIMIT_CPU, to.cpu_s.max(1))?;
    limit(Resource::RLIMIT_NOFILE, OPEN_FILES)?;
    limit(Resource::RLIMIT_FSIZE, 0)?;
    // A core file would hold the invoice.
    limit(Resource::RLIMIT_CORE, 0)?;
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "macos"))]
    limit(Resource::RLIMIT_NPROC, 0)?;
    Ok(())
}
