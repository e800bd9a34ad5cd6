//! As whom requests are sent.

use hyper::header::HeaderValue;

/// A caller with its own key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its name in reports and traces.
    pub name: String,
    /// The value of its `authorization` header; none for a server without keys.
    pub authorization: Option<HeaderValue>,
}

impl Tenant {
    /// Whoever calls a server without keys.
    pub fn anonymous() -> Self {
        Self { name: "everybody".to_owned(), authorization: None }
    }

    /// A tenant from `NAME:KEY`.
    ///
    /// # Errors
    /// When it has another form. The message never holds the key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, key) = text.split_once(':').ok_or("write every tenant as NAME:KEY")?;
        if name.is_empty() || key.is_empty() || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err("a name and a key of visible ASCII characters are needed, as NAME:KEY".to_owned());
        }
        let mut value = HeaderValue::from_str(&format!("Bearer {key}")).map_err(|_| "the key is not a header value")?;
        value.set_sensitive(true);
        Ok(Self { name: name.to_owned(), authorization: Some(value) })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_a_name_and_a_key() {
        let tenant = Tenant::parse("shop:a=b").unwrap();
        assert_eq!(
            (tenant.name.as_str(), tenant.authorization.unwrap()),
            ("shop", HeaderValue::from_static("Bearer a=b"))
        );
    }

    #[test]
    fn a_bad_tenant_is_refused_without_showing_its_key() {
        for text in ["sesame", ":sesame", "shop:", "shop:ses ame", "shop:sesamé"] {
            let error = Tenant::parse(text).unwrap_err();
            assert!(error.contains("NAME:KEY") && !error.contains("ses"), "{text}: {error}");
        }
    }
}
