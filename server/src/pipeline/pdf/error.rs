//! Why a PDF or an e-invoice is not read.

use slipstream_api::ErrorCode;
use slipstream_pdf::OpenError;
use slipstream_pdf::frames::FrameError;

/// Why a PDF or an e-invoice is not read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// More bytes than allowed.
    #[error("the file has {got} bytes, send at most {max}")]
    TooManyBytes {
        /// Bytes of the file.
        got: usize,
        /// What is allowed.
        max: usize,
    },
    /// The file is not what can be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Reading it takes more memory or processor time than it may.
    #[error("the PDF takes too much memory or time to render, print it to a new PDF")]
    OutOfLimits,
    /// The renderer came to grief over it.
    #[error("the PDF cannot be rendered, print it to a new PDF")]
    Unrenderable,
    /// The worker could not be started, or did not keep to the protocol.
    #[error("the PDF worker failed: {0}")]
    Worker(String),
}

impl DocumentError {
    /// The code that a client sees.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::TooManyBytes { .. }
            | Self::Open(OpenError::TooManyPages { .. } | OpenError::TooManyPixels { .. }) => ErrorCode::TooLarge,
            Self::Open(OpenError::Encrypted | OpenError::Damaged | OpenError::NoPages | OpenError::NoInvoice(_))
            | Self::OutOfLimits
            | Self::Unrenderable => ErrorCode::Undecodable,
            Self::Worker(_) => ErrorCode::Internal,
        }
    }
}

impl From<FrameError> for DocumentError {
    fn from(error: FrameError) -> Self {
        Self::Worker(error.to_string())
    }
}
