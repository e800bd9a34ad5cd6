//! Flags and their bounds.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use clap::builder::RangedU64ValueParser;

use crate::profile::Profile;
use crate::tenants::Tenant;

/// Puts load on a Slipstream server and reports how it fares.
#[derive(Debug, Parser)]
#[command(name = "slipstream-loadtest", version, max_term_width = 120)]
pub struct Arguments {
    /// The server.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// A second server, on which the same requests are run after the first; for example one with other settings.
    #[arg(long, value_name = "URL")]
    pub against: Option<String>,
    /// Allow a server that is not on this machine. Load only what you may.
    #[arg(long)]
    pub allow_remote: bool,
    /// What kind of day it is.
    #[arg(long, value_enum, required_unless_present = "trace")]
    pub profile: Option<Profile>,
    /// Arrivals to send again instead of a profile's: a file with seconds, tenant and priority in columns, split by tabs.
    #[arg(long, value_name = "FILE", conflicts_with = "profile")]
    pub trace: Option<PathBuf>,
    /// Folder with the images to send (.jpg, .jpeg, .png, .webp; up to 256 MiB).
    #[arg(long, value_name = "DIR")]
    pub images: PathBuf,
    /// Where to write the report as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Where to write the report as a page.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Time that the server is given for each request, in milliseconds.
    #[arg(long, value_name = "MS", default_value = "2000", value_parser = RangedU64ValueParser::<u32>::new().range(1..=600_000))]
    pub deadline_ms: u32,
    /// Length of the phase that the figures are about, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = seconds)]
    pub duration_s: Duration,
    /// Length of the base load before a campaign's peak, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub base_s: Duration,
    /// Length of the base load after a campaign's peak, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "15", value_parser = seconds)]
    pub recovery_s: Duration,
    /// Receipts a second that the server can read; measured unless it is given or follows from --rate.
    #[arg(long, value_name = "PER_S", value_parser = positive)]
    pub capacity: Option<f64>,
    /// How long capacity is measured, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "8", value_parser = seconds)]
    pub capacity_s: Duration,
    /// How long a server rests between two parts of a run, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    pub rest_s: Duration,
    /// An overload, as a multiple of capacity.
    #[arg(long, value_name = "TIMES", default_value = "3", value_parser = positive)]
    pub factor: f64,
    /// Requests a second in the phase that the figures are about; follows from the capacity by default.
    #[arg(long, value_name = "PER_S", value_parser = positive)]
    pub rate: Option<f64>,
    /// Tenants and their keys, as NAME:KEY,NAME:KEY.
    #[arg(long, value_name = "NAME:KEY", env = "SLIPSTREAM_LOADTEST_KEYS", value_delimiter = ',', hide_env_values = true, value_parser = Tenant::parse)]
    pub keys: Vec<Tenant>,
    /// Requests of a run against one server at most, and as many while capacity is measured.
    #[arg(long, value_name = "N", default_value = "20000", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    pub max_requests: usize,
    /// Connections to a server at most; a request that gets none counts as failed.
    #[arg(long, value_name = "N", default_value = "512", value_parser = RangedU64ValueParser::<usize>::new().range(1..=16_384))]
    pub connections: usize,
    /// Equal seeds give equal requests.
    #[arg(long, value_name = "N", default_value = "1")]
    pub seed: u64,
}

impl Arguments {
    /// The deadline of every request.
    pub fn deadline(&self) -> Duration {
        Duration::from_millis(u64::from(self.deadline_ms))
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.1..=3600.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("give seconds from 0.1 to 3600".to_owned()),
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.01..=10_000.0).contains(&number) => Ok(number),
        _ => Err("give a number from 0.01 to 10000".to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parse(flags: &str) -> Result<Arguments, String> {
        let words = ["slipstream-loadtest", "--images", "DIR"].into_iter().chain(flags.split_whitespace());
        Arguments::try_parse_from(words).map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_are_of_this_machine_and_bounded() {
        let arguments = parse("--profile campaign-peak").unwrap();
        assert_eq!((arguments.url.as_str(), arguments.deadline()), ("http://127.0.0.1:8080", Duration::from_secs(2)));
        assert_eq!((arguments.profile, arguments.max_requests), (Some(Profile::CampaignPeak), 20_000));
    }

    #[test]
    fn nonsense_is_refused() {
        let cases = [
            "",
            "--profile chaos",
            "--profile smoke --trace FILE",
            "--profile smoke --deadline-ms 0",
            "--profile smoke --deadline-ms soon",
            "--profile smoke --duration-s 0",
            "--profile smoke --duration-s NaN",
            "--profile smoke --duration-s 1e9",
            "--profile smoke --rate 0",
            "--profile smoke --rate inf",
            "--profile smoke --factor -3",
            "--profile smoke --max-requests 0",
            "--profile smoke --connections 0",
            "--profile smoke --keys sesame",
        ];
        let accepted: Vec<_> = cases.iter().filter(|flags| parse(flags).is_ok()).collect();
        assert!(accepted.is_empty(), "{accepted:?}");
    }

    #[test]
    fn tenants_are_a_list() {
        let names = parse("--profile smoke --keys a:1,b:2").unwrap().keys.into_iter().map(|tenant| tenant.name);
        assert_eq!(names.collect::<Vec<_>>(), ["a", "b"]);
    }
}
