//! What a caller can ask for beside the image: query and headers.

use std::time::Duration;

use axum::extract::Query;
use axum::http::request::Parts;
use serde::Deserialize;
use slipstream_api::Include;
use slipstream_batcher::Priority;

use super::error::ApiError;

/// Longest customer reference.
pub const MAX_CUSTOMER_BYTES: usize = 256;

/// What is done about duplicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Nothing.
    Off,
    /// The receipt is looked up.
    Check,
    /// The receipt is looked up and remembered.
    Remember,
}

/// The options of `POST /v1/receipts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Optional members of the answer.
    pub include: Include,
    /// Whether somebody waits.
    pub priority: Priority,
    /// The caller's own budget, if it has one.
    pub budget: Option<Duration>,
    /// What is done about duplicates, if it says.
    pub duplicates: Option<Wish>,
    /// Whose receipt it is, in the caller's own words.
    pub customer: Option<String>,
}

#[derive(Deserialize)]
struct RawQuery {
    include: Option<String>,
    duplicates: Option<String>,
}

impl Options {
    /// Reads them from a request's head.
    ///
    /// # Errors
    /// `malformed` for a value that is not understood.
    pub fn from_head(parts: &Parts) -> Result<Self, ApiError> {
        let Query(query) = Query::<RawQuery>::try_from_uri(&parts.uri).map_err(|_| {
            ApiError::malformed("cannot understand the query, use include=text,lines,… and duplicates=check")
        })?;
        let include = match query.include {
            Some(list) => list.parse().map_err(|error| ApiError::malformed(format!("{error}")))?,
            None => Include::default(),
        };
        let priority = match header(parts, "x-priority")? {
            None | Some("interactive") => Priority::Interactive,
            Some("bulk") => Priority::Bulk,
            Some(_) => return Err(ApiError::malformed("x-priority must be interactive or bulk")),
        };
        let budget = match header(parts, "x-deadline-ms")?.map(str::parse::<u32>) {
            None => None,
            Some(Ok(ms)) if ms > 0 => Some(Duration::from_millis(u64::from(ms))),
            Some(_) => return Err(ApiError::malformed("x-deadline-ms must be a positive number of milliseconds")),
        };
        let duplicates = match query.duplicates.as_deref() {
            None => None,
            Some("off") => Some(Wish::Off),
            Some("check") => Some(Wish::Check),
            Some("remember") => Some(Wish::Remember),
            Some(_) => return Err(ApiError::malformed("duplicates must be check, remember or off")),
        };
        let customer = header(parts, "x-customer")?.map(str::to_owned);
        if customer.as_ref().is_some_and(|name| name.is_empty() || name.len() > MAX_CUSTOMER_BYTES) {
            return Err(ApiError::malformed(format!("x-customer must have 1 to {MAX_CUSTOMER_BYTES} characters")));
        }
        Ok(Self { include, priority, budget, duplicates, customer })
    }
}

fn header<'a>(parts: &'a Parts, name: &str) -> Result<Option<&'a str>, ApiError> {
    let value = parts.headers.get(name).map(|value| value.to_str());
    value.transpose().map_err(|_| ApiError::malformed(format!("the header {name} must be plain ASCII")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn options(query: &str, headers: &[(&str, &str)]) -> Result<Options, String> {
        let request = headers.iter().fold(Request::post(format!("/v1/receipts{query}")), |r, (k, v)| r.header(*k, *v));
        Options::from_head(&request.body(()).unwrap().into_parts().0).map_err(|error| error.detail)
    }

    #[test]
    fn without_any_the_contract_s_defaults_hold() {
        let expected = Options {
            include: Include::default(),
            priority: Priority::Interactive,
            budget: None,
            duplicates: None,
            customer: None,
        };
        assert_eq!(options("", &[]), Ok(expected));
    }

    #[test]
    fn all_are_understood() {
        let given = options("?include=lines,timings", &[("x-priority", "bulk"), ("x-deadline-ms", "1500")]).unwrap();
        assert_eq!(given.include.to_string(), "lines,timings");
        assert_eq!((given.priority, given.budget), (Priority::Bulk, Some(Duration::from_millis(1500))));
        let given = options("?duplicates=check", &[("x-customer", "c-17")]).unwrap();
        assert_eq!((given.duplicates, given.customer.as_deref()), (Some(Wish::Check), Some("c-17")));
    }

    #[test]
    fn nonsense_is_named() {
        let cases = [
            ("?include=boxes", &[][..], "include"),
            ("?include=text&include=lines", &[], "query"),
            ("?duplicates=maybe", &[], "duplicates"),
            ("", &[("x-customer", "")], "x-customer"),
            ("", &[("x-priority", "urgent")], "x-priority"),
            ("", &[("x-deadline-ms", "0")], "x-deadline-ms"),
            ("", &[("x-deadline-ms", "-5")], "x-deadline-ms"),
            ("", &[("x-deadline-ms", "soon")], "x-deadline-ms"),
        ];
        for (query, headers, named) in cases {
            let detail = options(query, headers).unwrap_err();
            assert!(detail.contains(named), "{query} {headers:?}: {detail}");
        }
    }
}
