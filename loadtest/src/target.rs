//! The server to load: its URL, its address, and the guard that keeps load on this machine.

use std::net::{SocketAddr, ToSocketAddrs};

use hyper::Uri;
use hyper::header::HeaderValue;

use crate::error::LoadError;

/// A server that may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// As it is shown: `http://HOST:PORT`.
    pub url: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// The value of the `host` header.
    pub authority: HeaderValue,
}

impl Target {
    /// The server at `url`. A host that is another machine is refused unless `allow_remote`, by its addresses and not by
    /// its name.
    ///
    /// # Errors
    /// When `url` is not `http://HOST[:PORT]`, the host has no address, or is remote and may not be.
    pub fn find(url: &str, allow_remote: bool) -> Result<Self, LoadError> {
        let wrong = |reason| LoadError::Url { url: url.to_owned(), reason };
        let uri: Uri = url.parse().map_err(|_| wrong("write it as http://HOST:PORT"))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(wrong("only plain http is spoken, call the server behind the proxy")),
            _ => return Err(wrong("write it as http://HOST:PORT")),
        }
        let authority = uri.authority().ok_or_else(|| wrong("write it as http://HOST:PORT"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("leave out the user, keys go into --keys"));
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(wrong("leave out the path, receipts go to /v1/receipts"));
        }
        let host = authority.host();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let port = authority.port_u16().unwrap_or(80);
        let resolve = |source| LoadError::Resolve { host: bare.to_owned(), source };
        let addresses: Vec<SocketAddr> = (bare, port).to_socket_addrs().map_err(resolve)?.collect();
        if !allow_remote && addresses.iter().any(|address| !address.ip().is_loopback()) {
            return Err(LoadError::Remote { host: bare.to_owned() });
        }
        // IPv4 first: that is what the server listens on by default.
        let preferred = addresses.iter().find(|address| address.is_ipv4()).or(addresses.first());
        let address = *preferred.ok_or_else(|| wrong("the host has no address"))?;
        let value = HeaderValue::from_str(authority.as_str()).map_err(|_| wrong("write it as http://HOST:PORT"))?;
        Ok(Self { url: format!("http://{authority}"), address, authority: value })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_may_be_called() {
        let cases = [
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
            ("http://127.9.9.9", "127.9.9.9:80"),
            ("http://[::1]:9901", "[::1]:9901"),
        ];
        for (url, address) in cases {
            assert_eq!(Target::find(url, false).unwrap().address, address.parse().unwrap(), "{url}");
        }
        assert!(Target::find("http://localhost:8080", false).unwrap().address.ip().is_loopback());
    }

    #[test]
    fn another_machine_needs_a_flag() {
        for url in ["http://192.0.2.1:8080", "http://0.0.0.0:8080", "http://[2001:db8::1]:80"] {
            let error = Target::find(url, false).unwrap_err().to_string();
            assert!(error.contains("--allow-remote"), "{url}: {error}");
            assert!(Target::find(url, true).is_ok(), "{url}");
        }
    }

    #[test]
    fn nonsense_is_named() {
        let cases = [
            ("https://127.0.0.1", "plain http"),
            ("127.0.0.1:8080", "http://HOST:PORT"),
            ("ftp://127.0.0.1", "http://HOST:PORT"),
            ("", "http://HOST:PORT"),
            ("http://127.0.0.1:8080/v1/receipts", "path"),
            ("http://key@127.0.0.1:8080", "--keys"),
        ];
        for (url, named) in cases {
            let error = Target::find(url, false).unwrap_err().to_string();
            assert!(error.contains(named), "{url}: {error}");
        }
    }
}
