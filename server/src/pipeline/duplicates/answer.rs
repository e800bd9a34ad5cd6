//! The report in the words of the contract.

use jiff::Timestamp;
use slipstream_api::{DuplicateEvidence, DuplicateVerdict, Duplicates, EarlierReceipt};
use slipstream_duplicates::index::Match;
use slipstream_duplicates::{Evidence, Field, Outcome, Verdict};

use super::DuplicateReport;

/// What a client is told.
pub(in crate::pipeline) fn answer(report: &DuplicateReport) -> Duplicates {
    let Some(Match { judgement, id, seen }) = &report.earlier else {
        return Duplicates {
            verdict: DuplicateVerdict::Distinct,
            score: 0.0,
            id: report.id.clone(),
            earlier: None,
            evidence: None,
        };
    };
    let seen = i64::try_from(*seen).ok().and_then(|second| Timestamp::from_second(second).ok()).unwrap_or_default();
    Duplicates {
        verdict: verdict(judgement.verdict),
        score: judgement.score,
        id: report.id.clone(),
        earlier: Some(EarlierReceipt { id: id.clone(), seen: seen.to_string() }),
        evidence: Some(evidence(&judgement.evidence)),
    }
}

fn verdict(verdict: Verdict) -> DuplicateVerdict {
    match verdict {
        Verdict::SameImage => DuplicateVerdict::SameImage,
        Verdict::SameReceiptAgain => DuplicateVerdict::SameReceiptAgain,
        Verdict::EqualPurchase => DuplicateVerdict::EqualPurchase,
        Verdict::Distinct => DuplicateVerdict::Distinct,
    }
}

fn evidence(evidence: &Evidence) -> DuplicateEvidence {
    let fields = |outcome: Outcome| {
        let such = Field::ALL.into_iter().filter(|field| evidence.field(*field) == outcome);
        such.map(|field| field.name().to_owned()).collect()
    };
    let count = |rows: usize| u32::try_from(rows).unwrap_or(u32::MAX);
    DuplicateEvidence {
        agreed: fields(Outcome::Same),
        nearly_agreed: fields(Outcome::Near),
        differed: fields(Outcome::Different),
        text_shared: evidence.text,
        numbers_only_earlier: count(evidence.only_earlier),
        numbers_only_here: count(evidence.only_new),
        rows_same: count(evidence.rows_same),
        rows_different: count(evidence.rows_different),
        rows_moved: evidence.misfit,
        rows_look_different: evidence.row_looks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_verdicts_are_the_same_on_both_sides() {
        let wrong: Vec<_> = Verdict::ALL
            .into_iter()
            .filter(|v| serde_json::to_value(verdict(*v)).ok().as_ref().and_then(|v| v.as_str()) != Some(v.name()))
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn what_nothing_agrees_with_is_distinct() {
        let told = answer(&DuplicateReport { id: Some("7".to_owned()), earlier: None });
        assert_eq!((told.verdict, told.id.as_deref()), (DuplicateVerdict::Distinct, Some("7")));
        assert!(told.earlier.is_none() && told.evidence.is_none());
    }
}
