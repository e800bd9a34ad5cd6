//! Who may call: bearer keys (RFC 6750), compared in constant time.

use axum::http::{HeaderMap, header};
use slipstream_api::ErrorCode;

use super::error::ApiError;

/// The keys that open the API; without any, everybody may call.
#[derive(Clone, Default)]
pub struct Keys(Vec<String>);

impl Keys {
    /// These keys.
    pub fn new(keys: Vec<String>) -> Self {
        Self(keys)
    }

    /// Lets a request through whose `authorization` header holds a known key.
    ///
    /// # Errors
    /// 401 otherwise.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let value = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
        let given = value.and_then(|value| {
            let (scheme, key) = value.split_at_checked(7)?;
            scheme.eq_ignore_ascii_case(b"bearer ").then_some(key.trim_ascii())
        });
        let Some(given) = given else {
            return Err(unauthorized("send the header authorization: Bearer KEY"));
        };
        // All keys are compared, so that the time does not tell which one is near.
        let known = self.0.iter().fold(false, |known, key| known | equal(key.as_bytes(), given));
        if known { Ok(()) } else { Err(unauthorized("the key is not known here")) }
    }
}

fn unauthorized(detail: &str) -> ApiError {
    ApiError::new(ErrorCode::Unauthorized, detail)
}

/// Equality whose time depends on the lengths alone.
fn equal(a: &[u8], b: &[u8]) -> bool {
    let difference = a.iter().zip(b).fold(0, |bits, (a, b)| bits | (a ^ b));
    a.len() == b.len() && std::hint::black_box(difference) == 0
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn verdict(keys: &[&str], header: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(value) = header {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        Keys::new(keys.iter().map(|k| (*k).to_owned()).collect()).check(&headers).is_ok()
    }

    #[test]
    fn only_known_keys_open() {
        let cases = [
            (&[][..], None, true),
            (&["alpha", "beta"], Some("Bearer beta"), true),
            (&["alpha"], Some("bearer alpha"), true),
            (&["alpha"], None, false),
            (&["alpha"], Some("Bearer "), false),
            (&["alpha"], Some("Bearer alph"), false),
            (&["alpha"], Some("Bearer alphaa"), false),
            (&["alpha"], Some("Basic alpha"), false),
            (&["alpha"], Some("alpha"), false),
        ];
        let wrong: Vec<_> = cases.into_iter().filter(|(keys, header, open)| verdict(keys, *header) != *open).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
