//! Keys: everything that is stored is hashed with a key of the tenant's own, derived from one secret of the server.
//!
//! Keyed BLAKE3 serves as the pseudorandom function (BLAKE3 paper, section 2.3): without the secret a stored hash says
//! nothing about what was hashed, and hashes of two tenants cannot be compared. Who holds both the secret and the store
//! can try out guesses, which no scheme that finds duplicates can prevent; keep them apart.

use std::fmt;

/// Contexts of key derivation. Never change one: stored hashes depend on it.
const SECRET_CONTEXT: &str = "slipstream duplicates 2026-11 secret";
const TENANT_CONTEXT: &str = "slipstream duplicates 2026-11 tenant";
const CHECK_CONTEXT: &str = "slipstream duplicates 2026-11 check";

/// Fewer bytes can be guessed.
const MIN_SECRET_BYTES: usize = 16;

/// The text given as the secret is too short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret has {length} bytes, give at least {MIN_SECRET_BYTES}; `openssl rand -hex 32` makes a good one")]
pub struct SecretTooShort {
    length: usize,
}

/// What all tenants' keys are derived from. Whoever changes it starts with an empty index.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// The secret that `text` stands for; blanks around it do not count, since files end with a line break.
    ///
    /// # Errors
    /// When it is shorter than 16 bytes.
    pub fn new(text: &str) -> Result<Self, SecretTooShort> {
        let text = text.trim();
        if text.len() < MIN_SECRET_BYTES {
            return Err(SecretTooShort { length: text.len() });
        }
        Ok(Self(blake3::derive_key(SECRET_CONTEXT, text.as_bytes())))
    }

    /// The key of the tenant called `name`.
    pub fn tenant(&self, name: &str) -> TenantKey {
        let mut material = self.0.to_vec();
        material.extend_from_slice(name.as_bytes());
        TenantKey(blake3::derive_key(TENANT_CONTEXT, &material))
    }

    /// Says whether two secrets are the same without giving one away.
    pub(crate) fn check(&self) -> [u8; 16] {
        first_bytes(&blake3::derive_key(CHECK_CONTEXT, &self.0))
    }
}

/// What is hashed; the same bytes in two roles have unrelated hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Role {
    Shingle = 1,
    Row = 2,
    RowDigits = 3,
    Word = 4,
    Field = 5,
    Neighbour = 6,
    Combination = 7,
    Customer = 8,
    Tenant = 9,
    Name = 10,
    Seal = 11,
}

/// A tenant's key.
#[derive(Clone)]
pub struct TenantKey([u8; 32]);

impl fmt::Debug for TenantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TenantKey")
    }
}

impl TenantKey {
    /// 128 bits of the keyed hash of `parts` in this role. Parts are told apart: `["ab", "c"]` is not `["a", "bc"]`.
    pub(crate) fn wide(&self, role: Role, parts: &[&[u8]]) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&[role as u8]);
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        first_bytes(hasher.finalize().as_bytes())
    }

    /// 64 bits of the same.
    pub(crate) fn hash(&self, role: Role, parts: &[&[u8]]) -> u64 {
        (u128::from_le_bytes(self.wide(role, parts)) & u128::from(u64::MAX)) as u64
    }
}

fn first_bytes(hash: &[u8; 32]) -> [u8; 16] {
    let mut first = [0; 16];
    first.copy_from_slice(&hash[..16]);
    first
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::new("0123456789abcdef").unwrap()
    }

    #[test]
    fn tenants_roles_and_parts_have_unrelated_hashes() {
        let (shop, other) = (secret().tenant("shop"), secret().tenant("other"));
        let hash = shop.hash(Role::Word, &[b"ab", b"c"]);
        assert_eq!(hash, secret().tenant("shop").hash(Role::Word, &[b"ab", b"c"]));
        assert_ne!(hash, other.hash(Role::Word, &[b"ab", b"c"]));
        assert_ne!(hash, shop.hash(Role::Field, &[b"ab", b"c"]));
        assert_ne!(hash, shop.hash(Role::Word, &[b"a", b"bc"]));
    }

    #[test]
    fn a_secret_is_long_and_its_line_break_does_not_count() {
        assert_eq!(Secret::new("0123456789abcdef\n").unwrap().check(), secret().check());
        assert_ne!(Secret::new("0123456789abcdeg").unwrap().check(), secret().check());
        assert!(Secret::new("  0123456789  \n").unwrap_err().to_string().contains("10 bytes"));
    }

    #[test]
    fn nothing_prints_a_key() {
        assert_eq!(format!("{:?} {:?}", secret(), secret().tenant("shop")), "Secret TenantKey");
    }
}
