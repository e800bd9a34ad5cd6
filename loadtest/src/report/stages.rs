//! What the server says about its stages, beside what the client sees.

use std::time::Duration;

use super::{StageReport, Times};
use crate::error::LoadError;
use crate::outcome::Outcome;
use crate::record::{Latencies, Sent};
use crate::timing::StageTime;

/// The entry of `server-timing` that is the whole.
const TOTAL: &str = "total";

/// Where the time of the receipts of `sent` that were read went.
///
/// # Errors
/// When there is no memory for histograms.
pub(super) fn times<'a>(sent: impl IntoIterator<Item = &'a Sent<'a>>) -> Result<Times, LoadError> {
    // Stages are few: looking through a list keeps their order.
    let mut stages: Vec<(&str, Latencies)> = Vec::new();
    let (mut between, mut server) = (Latencies::new()?, Latencies::new()?);
    let (mut rest, mut client) = (Latencies::new()?, Latencies::new()?);
    for sent in sent.into_iter().filter(|sent| sent.outcome() == Outcome::Read) {
        let reply = &sent.sample.reply;
        client.record(reply.ended_after);
        let mut in_stages = Duration::ZERO;
        let took = |stage: &StageTime| Duration::try_from_secs_f64(stage.took_ms / 1e3).unwrap_or(Duration::MAX);
        for stage in reply.stages.iter().filter(|stage| stage.name != TOTAL) {
            in_stages = in_stages.saturating_add(took(stage));
            match stages.iter_mut().find(|(name, _)| *name == stage.name) {
                Some((_, latencies)) => latencies.record(took(stage)),
                None => stages.push((&stage.name, Latencies::of([took(stage)])?)),
            }
        }
        if let Some(total) = reply.stages.iter().find(|stage| stage.name == TOTAL).map(took) {
            server.record(total);
            between.record(total.saturating_sub(in_stages));
            rest.record(reply.ended_after.saturating_sub(total));
        }
    }
    Ok(Times {
        stages: stages.iter().filter_map(|(name, latencies)| report(name, latencies)).collect(),
        between: report("between stages", &between),
        server: report("server total", &server),
        rest: report("rest", &rest),
        client: report("client total", &client),
    })
}

fn report(stage: &str, latencies: &Latencies) -> Option<StageReport> {
    Some(StageReport {
        stage: stage.to_owned(),
        count: latencies.count(),
        mean_ms: latencies.mean_ms()?,
        p50_ms: latencies.quantile_ms(0.5)?,
        p99_ms: latencies.quantile_ms(0.99)?,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::outcome::Reply;
    use crate::record::Sample;
    use crate::schedule::Arrival;
    use crate::timing;

    #[test]
    fn the_rest_is_what_the_server_does_not_account_for() {
        let arrival =
            Arrival { at: Duration::ZERO, phase: 0, tenant: 0, image: 0, huge: false, bulk: false, patience: None };
        let sample = |outcome, ended_ms, header| Sample {
            arrival: 0,
            // The generator's lateness is not the server's.
            lateness: Duration::from_millis(700),
            reply: Reply {
                outcome,
                head_after: None,
                ended_after: Duration::from_millis(ended_ms),
                stages: timing::parse(header),
            },
        };
        let samples = [
            sample(Outcome::Read, 100, "decode;dur=10.0, detect;dur=60.0, total;dur=80.0"),
            sample(Outcome::Read, 120, "decode;dur=30.0, total;dur=90.0"),
            sample(Outcome::Missed, 999, ""),
        ];
        let sent: Vec<_> = samples.iter().map(|sample| Sent { arrival: &arrival, sample }).collect();
        let times = times(&sent).unwrap();
        let stages: Vec<_> = times.stages.iter().map(|s| (s.stage.as_str(), s.count, s.mean_ms.round())).collect();
        assert_eq!(stages, [("decode", 2, 20.0), ("detect", 1, 60.0)]);
        let sums = [&times.between, &times.server, &times.rest, &times.client];
        assert_eq!(sums.map(|s| s.as_ref().unwrap().mean_ms.round()), [35.0, 85.0, 25.0, 110.0]);
    }
}
