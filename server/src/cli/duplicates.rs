//! Flags of the store that finds receipts sent twice.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use slipstream_duplicates::{Index, Secret, Settings};

use super::Failure;
use crate::http::auth::Key;
use crate::pipeline::duplicates::Store;

const DAY: Duration = Duration::from_secs(86_400);

#[derive(Debug, Args)]
pub(super) struct DuplicatesArgs {
    /// File that remembers fingerprints of receipts, to find those that come again; made where there is none [default: nothing is remembered]
    #[arg(long, value_name = "FILE", env = "SLIPSTREAM_DUPLICATES_STORE", requires = "duplicates_secrets")]
    duplicates_store: Option<PathBuf>,
    #[command(flatten)]
    secrets: SecretArgs,
    /// Days after which a receipt is forgotten.
    #[arg(long, value_name = "DAYS", env = "SLIPSTREAM_DUPLICATES_DAYS", default_value = "365", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    duplicates_days: u32,
    /// The store does not grow beyond this, in GiB [default: as long as the disk has room]
    #[arg(long, value_name = "GIB", env = "SLIPSTREAM_DUPLICATES_MAX_GIB", value_parser = clap::value_parser!(u64).range(1..=65_536))]
    duplicates_max_gib: Option<u64>,
}

/// Where the secret comes from.
#[derive(Debug, Args)]
#[group(id = "duplicates_secrets", multiple = false)]
struct SecretArgs {
    /// What fingerprints are keyed with, at least 16 characters; keep it apart from the store. Processes of this machine can see flags: better give the environment variable or the file.
    #[arg(long, value_name = "SECRET", env = "SLIPSTREAM_DUPLICATES_SECRET", hide_env_values = true)]
    duplicates_secret: Option<String>,
    /// File with the secret.
    #[arg(long, value_name = "FILE", env = "SLIPSTREAM_DUPLICATES_SECRET_FILE")]
    duplicates_secret_file: Option<PathBuf>,
}

impl DuplicatesArgs {
    /// Opens the store, where there is to be one, for the tenants of `keys`.
    pub(super) fn open(&self, keys: &[Key]) -> Result<Option<Store>, Failure> {
        let Some(path) = &self.duplicates_store else { return Ok(None) };
        if keys.iter().any(|key| !key.is_named()) {
            return Err(
                "--duplicates-store needs keys with names, as NAME:KEY, since receipts are remembered by name".into()
            );
        }
        let secret = Secret::new(&self.secrets.text()?)?;
        let max_bytes = self.duplicates_max_gib.map(|gib| gib << 30);
        let index = Index::open(path, secret, Settings { max_bytes, ..Settings::default() })?;
        Ok(Some(Store::new(index, DAY * self.duplicates_days)))
    }
}

impl SecretArgs {
    fn text(&self) -> Result<String, Failure> {
        match (&self.duplicates_secret, &self.duplicates_secret_file) {
            (Some(secret), _) => Ok(secret.clone()),
            (None, Some(file)) => Ok(read(file)?),
            (None, None) => Err("--duplicates-store needs --duplicates-secret or --duplicates-secret-file".into()),
        }
    }
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("cannot read the secret in {}: {error}", file.display()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn args(store: &Path, secret: Option<&str>) -> DuplicatesArgs {
        DuplicatesArgs {
            duplicates_store: Some(store.to_owned()),
            secrets: SecretArgs { duplicates_secret: secret.map(str::to_owned), duplicates_secret_file: None },
            duplicates_days: 30,
            duplicates_max_gib: None,
        }
    }

    #[test]
    fn a_store_needs_a_secret_and_keys_with_names() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store");
        let secret = Some("a secret of tests only");
        let named: Vec<Key> = vec!["till:alpha".parse().unwrap()];
        let opened = |args: DuplicatesArgs, keys: &[Key]| args.open(keys).map(|store| store.is_some());
        assert!(opened(args(&store, secret), &named).unwrap() && opened(args(&store, secret), &[]).unwrap());
        let loose: Vec<Key> = vec!["alpha".parse().unwrap()];
        assert!(opened(args(&store, secret), &loose).unwrap_err().to_string().contains("NAME:KEY"));
        assert!(opened(args(&store, None), &named).unwrap_err().to_string().contains("--duplicates-secret"));
        assert!(opened(args(&store, Some("short")), &named).unwrap_err().to_string().contains("16"));
        let none = DuplicatesArgs { duplicates_store: None, ..args(&store, None) };
        assert!(!opened(none, &loose).unwrap());
    }

    #[test]
    fn a_secret_comes_from_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        std::fs::write(&file, "a secret of tests only\n").unwrap();
        let secrets = SecretArgs { duplicates_secret: None, duplicates_secret_file: Some(file) };
        assert_eq!(secrets.text().unwrap(), "a secret of tests only\n");
        let missing = SecretArgs { duplicates_secret_file: Some(dir.path().join("none")), ..secrets };
        assert!(missing.text().unwrap_err().to_string().contains("none"));
    }
}
