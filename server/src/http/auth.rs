//! Who may call, and whose calls they are: bearer keys (RFC 6750), compared in constant time.

use std::fmt;
use std::str::FromStr;

use axum::http::{HeaderMap, header};
use slipstream_api::ErrorCode;
use slipstream_batcher::Tenant;

use super::error::ApiError;

/// What callers are called when nobody needs a key.
const ANONYMOUS: &str = "anonymous";

/// The last number that a tenant can have; one more is the server's own.
const MAX_TENANT: u16 = u16::MAX - 1;

/// Longest name of a tenant, which becomes a label of metrics.
const MAX_NAME_LENGTH: usize = 64;

/// A key, and whose it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// The tenant; keys without a name are tenants of their own.
    name: Option<String>,
    secret: String,
}

impl fmt::Debug for Key {
    /// Without the secret, which does not belong into logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Key {
    /// Whether it says whose it is; the names of others depend on their place in the list.
    pub fn is_named(&self) -> bool {
        self.name.is_some()
    }
}

impl FromStr for Key {
    type Err = String;

    /// `NAME:KEY`, or a key alone.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, secret) = match text.split_once(':') {
            Some((name, secret)) => (Some(name), secret),
            None => (None, text),
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_some_and(|name| name.is_empty() || name.len() > MAX_NAME_LENGTH || !name.chars().all(fits)) {
            return Err("the name before the colon has to be letters, digits, dots, dashes and underscores".to_owned());
        }
        if secret.is_empty() || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("a key is one or more visible ASCII characters".to_owned());
        }
        Ok(Self { name: name.map(str::to_owned), secret: secret.to_owned() })
    }
}

/// The keys that open the API; without any, everybody may call.
#[derive(Clone, Default)]
pub struct Keys {
    keys: Vec<(String, Tenant)>,
    tenants: Vec<String>,
}

/// Two keys are the same, so that nobody can say whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("--keys holds the same key twice, give every tenant its own")]
pub struct KeyTwice;

impl Keys {
    /// These keys. Several of one name are one tenant.
    ///
    /// # Errors
    /// When two are the same.
    pub fn new(keys: Vec<Key>) -> Result<Self, KeyTwice> {
        let mut these = Self::default();
        for (place, Key { name, secret }) in keys.into_iter().enumerate() {
            if these.keys.iter().any(|(known, _)| *known == secret) {
                return Err(KeyTwice);
            }
            let name = name.unwrap_or_else(|| format!("key-{}", place + 1));
            let index = these.tenants.iter().position(|known| *known == name).unwrap_or_else(|| {
                these.tenants.push(name);
                these.tenants.len() - 1
            });
            // More tenants than numbers share the last one.
            these.keys.push((secret, Tenant(u16::try_from(index).unwrap_or(u16::MAX).min(MAX_TENANT))));
        }
        if these.tenants.is_empty() {
            these.tenants.push(ANONYMOUS.to_owned());
        }
        Ok(these)
    }

    /// The names of the tenants, by their index.
    pub fn tenants(&self) -> &[String] {
        &self.tenants
    }

    /// The name of a tenant.
    pub fn name(&self, tenant: Tenant) -> &str {
        self.tenants.get(usize::from(tenant.0)).map_or(ANONYMOUS, String::as_str)
    }

    /// Lets a request through whose `authorization` header holds a known key; gives whose it is.
    ///
    /// # Errors
    /// 401 otherwise.
    pub fn check(&self, headers: &HeaderMap) -> Result<Tenant, ApiError> {
        if self.keys.is_empty() {
            return Ok(Tenant::default());
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
        let mut whose = None;
        for (key, tenant) in &self.keys {
            if equal(key.as_bytes(), given) {
                whose = Some(*tenant);
            }
        }
        whose.ok_or_else(|| unauthorized("the key is not known here"))
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

    fn keys(keys: &[&str]) -> Keys {
        Keys::new(keys.iter().map(|key| key.parse().unwrap()).collect()).unwrap()
    }

    fn whose(keys: &Keys, header: Option<&str>) -> Option<Tenant> {
        let mut headers = HeaderMap::new();
        if let Some(value) = header {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        keys.check(&headers).ok()
    }

    #[test]
    fn only_known_keys_open() {
        let cases = [
            (&[][..], None, true),
            (&["alpha", "beta"], Some("Bearer beta"), true),
            (&["alpha"], Some("bearer alpha"), true),
            (&["till:alpha"], Some("Bearer alpha"), true),
            (&["till:alpha"], Some("Bearer till:alpha"), false),
            (&["alpha"], None, false),
            (&["alpha"], Some("Bearer "), false),
            (&["alpha"], Some("Bearer alph"), false),
            (&["alpha"], Some("Bearer alphaa"), false),
            (&["alpha"], Some("Basic alpha"), false),
        ];
        let wrong: Vec<_> =
            cases.into_iter().filter(|(these, header, open)| whose(&keys(these), *header).is_some() != *open).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn keys_of_one_name_are_one_tenant() {
        let keys = keys(&["acme:old", "globex:g==", "acme:new", "loose"]);
        assert_eq!(keys.tenants(), ["acme", "globex", "key-4"]);
        let tenants = ["old", "new", "g==", "loose"].map(|key| whose(&keys, Some(&format!("Bearer {key}"))).unwrap().0);
        assert_eq!(tenants, [0, 0, 1, 2]);
        assert_eq!(super::Keys::new(Vec::new()).unwrap().tenants(), ["anonymous"]);
        assert!(Keys::new(vec!["a:same".parse().unwrap(), "b:same".parse().unwrap()]).is_err());
    }

    #[test]
    fn keys_that_cannot_be_sent_and_names_that_cannot_be_shown_are_refused() {
        let wrong: Vec<_> = ["", ":", "a:", ":key", "two words", "na me:key", "naïve:key"]
            .into_iter()
            .filter(|text| Key::from_str(text).is_ok())
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
