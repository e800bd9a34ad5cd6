//! Error answers: problem details (RFC 9457) with a stable `code`.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The media type of [`Problem`].
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";

/// What went wrong, in a word that never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// 400: the request itself is wrong (empty body, unknown `include`, bad header).
    Malformed,
    /// 401: the key is missing or unknown.
    Unauthorized,
    /// 404: no such route.
    NotFound,
    /// 405: the route exists, the method does not.
    MethodNotAllowed,
    /// 408: the body did not arrive in time.
    RequestTimeout,
    /// 413: too many bytes or too many pixels.
    TooLarge,
    /// 415: not an image format that is read here.
    UnsupportedMedia,
    /// 422: the right format, but damaged.
    Undecodable,
    /// 429: the caller's share is used up; `retry-after` says when to come back.
    OverQuota,
    /// 500: a fault of the server.
    Internal,
    /// 503: the server is full; `retry-after` says when to come back.
    Overloaded,
    /// 503: models are still loading, or the server is shutting down.
    NotReady,
    /// 503: the store that finds receipts sent twice cannot be used.
    DuplicatesUnavailable,
    /// 504: the answer would have come after the deadline.
    DeadlineExceeded,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 14] = [
        Self::Malformed,
        Self::Unauthorized,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::TooLarge,
        Self::UnsupportedMedia,
        Self::Undecodable,
        Self::OverQuota,
        Self::Internal,
        Self::Overloaded,
        Self::NotReady,
        Self::DuplicatesUnavailable,
        Self::DeadlineExceeded,
    ];

    /// The word on the wire, also a metric label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unauthorized => "unauthorized",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::RequestTimeout => "request_timeout",
            Self::TooLarge => "too_large",
            Self::UnsupportedMedia => "unsupported_media",
            Self::Undecodable => "undecodable",
            Self::OverQuota => "over_quota",
            Self::Internal => "internal",
            Self::Overloaded => "overloaded",
            Self::NotReady => "not_ready",
            Self::DuplicatesUnavailable => "duplicates_unavailable",
            Self::DeadlineExceeded => "deadline_exceeded",
        }
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Unauthorized => 401,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::TooLarge => 413,
            Self::UnsupportedMedia => 415,
            Self::Undecodable => 422,
            Self::OverQuota => 429,
            Self::Internal => 500,
            Self::Overloaded | Self::NotReady | Self::DuplicatesUnavailable => 503,
            Self::DeadlineExceeded => 504,
        }
    }

    /// A short summary, the same for every occurrence (RFC 9457, section 3.1.3).
    pub const fn title(self) -> &'static str {
        match self {
            Self::Malformed => "the request is malformed",
            Self::Unauthorized => "a valid key is needed",
            Self::NotFound => "there is no such route",
            Self::MethodNotAllowed => "the route does not take this method",
            Self::RequestTimeout => "the request did not arrive in time",
            Self::TooLarge => "the image is too large",
            Self::UnsupportedMedia => "the media type is not supported",
            Self::Undecodable => "the image cannot be decoded",
            Self::OverQuota => "the caller is over its quota",
            Self::Internal => "the server failed",
            Self::Overloaded => "the server is overloaded",
            Self::NotReady => "the server is not ready",
            Self::DuplicatesUnavailable => "receipts cannot be compared with earlier ones",
            Self::DeadlineExceeded => "the deadline has passed",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The body of every error answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A URI that names the kind of problem: `urn:slipstream:problem:CODE`.
    #[serde(rename = "type")]
    #[schema(example = "urn:slipstream:problem:too_large")]
    pub type_uri: String,
    /// A short summary of the kind of problem.
    pub title: String,
    /// The HTTP status, repeated.
    pub status: u16,
    /// What went wrong this time and what to do about it.
    pub detail: String,
    /// The request's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// What went wrong, in a word that never changes.
    pub code: ErrorCode,
}

impl Problem {
    /// The problem `code` with a `detail` for this occurrence.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            type_uri: format!("urn:slipstream:problem:{code}"),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            instance: None,
            code,
        }
    }

    /// The same problem, tied to a request.
    #[must_use]
    pub fn with_instance(self, request_id: impl Into<String>) -> Self {
        Self { instance: Some(request_id.into()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_every_code_is_what_serde_writes() {
        let wrong: Vec<_> = ErrorCode::ALL
            .into_iter()
            .filter(|c| serde_json::to_value(c).ok().as_ref().and_then(|v| v.as_str()) != Some(c.as_str()))
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn every_code_is_an_error_status() {
        let wrong: Vec<_> = ErrorCode::ALL.into_iter().filter(|c| !(400..600).contains(&c.status())).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
