//! Who is taken for whom.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use slipstream_duplicates::index::{Claim, Match};
use slipstream_duplicates::verdict::{Judgement, judge};
use slipstream_duplicates::{Fingerprint, Index, IndexError, TenantKey, Verdict};

use super::altered::Alteration;
use super::report::{DuplicatesReport, Share, Wrong};
use super::{Taken, Task};
use crate::eval::lines::LinePage;

/// Seconds that receipts are remembered for: longer than measuring takes.
const KEEP_S: u64 = 1 << 32;

/// A receipt of the data set by what it truly says.
pub(super) struct Stranger {
    id: String,
    /// Hash of its image's bytes.
    image: Option<u64>,
    /// Its lines with digits.
    telling: BTreeSet<String>,
}

/// Lines with fewer digits do not tell receipts apart.
const MIN_DIGITS: usize = 4;

/// Data sets hold some papers twice, with transcripts that differ by a letter.
const SAME_PAPER: f64 = 0.91;

impl Stranger {
    pub(super) fn new(page: &LinePage) -> Self {
        let folded = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
        let tells = |text: &&str| text.chars().filter(char::is_ascii_digit).count() >= MIN_DIGITS;
        let lines = page.lines.iter().map(|line| line.text.as_str());
        let bytes = std::fs::read(&page.image).ok();
        let image = bytes.map(|bytes| {
            let mut hasher = DefaultHasher::new();
            bytes.hash(&mut hasher);
            hasher.finish()
        });
        Self { id: page.id.clone(), image, telling: lines.filter(tells).map(folded).collect() }
    }

    /// Whether the data set holds one paper twice.
    fn is_same_paper(&self, other: &Self) -> bool {
        if self.image.is_some() && self.image == other.image {
            return true;
        }
        let shared = self.telling.intersection(&other.telling).count();
        let smaller = self.telling.len().min(other.telling.len());
        smaller > 0 && shared as f64 >= SAME_PAPER * smaller as f64
    }
}

/// Compares everything with everything: all receipts are remembered in `index`, and whatever was done to them is looked up.
pub(super) fn compare(
    strangers: &[Stranger],
    tasks: &[Task],
    taken: &[Option<Taken>],
    index: &Index,
    key: &TenantKey,
) -> Result<DuplicatesReport, IndexError> {
    let mut measured = Measured { strangers, report: DuplicatesReport::default(), ids: BTreeMap::new() };
    let claims = tasks.iter().zip(taken);
    for (now, (task, taken)) in claims.clone().filter(|(task, _)| task.alteration.is_none()).enumerate() {
        let Some(taken) = taken else {
            measured.report.unread += 1;
            continue;
        };
        let claim = Claim { fingerprint: &taken.fingerprint, customer: None, now: now as u64, keep_s: KEEP_S };
        let remembered = index.remember(key, &claim)?;
        measured.stranger(task, remembered.earlier.as_ref());
        measured.ids.insert(remembered.id, task.of);
    }
    let own: BTreeMap<usize, &Fingerprint> = claims
        .clone()
        .filter(|(task, _)| task.alteration.is_none())
        .filter_map(|(task, taken)| Some((task.of, &taken.as_ref()?.fingerprint)))
        .collect();
    let now = tasks.len() as u64;
    for (task, taken) in claims.clone() {
        let Some(taken) = taken else {
            if let Some(alteration) = task.alteration {
                measured.again(task, alteration, None, None);
            }
            continue;
        };
        if let Some(alteration) = task.alteration {
            let found = index.check(key, &taken.fingerprint, now)?;
            let missed = own.get(&task.of).map(|own| judge(own, &taken.fingerprint));
            measured.again(task, alteration, found.as_ref(), missed);
        }
        // A slip is bought again once as it lies there, and once on another photo.
        if let Some(next) = &taken.next
            && matches!(task.alteration, None | Some(Alteration::SecondPhoto))
        {
            let found = index.check(key, next, now)?;
            measured.bought_again(task, found.as_ref());
        }
    }
    let originals: Vec<(&Task, &Taken)> = claims
        .filter(|(task, _)| task.alteration.is_none())
        .filter_map(|(task, taken)| Some((task, taken.as_ref()?)))
        .collect();
    for (i, (task, taken)) in originals.iter().enumerate() {
        for (other, earlier) in originals.iter().take(i) {
            if !measured.same_paper(task.of, other.of) {
                let judged = judge(&earlier.fingerprint, &taken.fingerprint);
                measured.report.false_pairs.add(judged.verdict.is_duplicate());
            }
        }
    }
    measured.report.sum_up();
    Ok(measured.report)
}

/// What was found out so far.
struct Measured<'a> {
    strangers: &'a [Stranger],
    report: DuplicatesReport,
    /// Which receipt was remembered under which id.
    ids: BTreeMap<String, usize>,
}

impl Measured<'_> {
    fn same_paper(&self, one: usize, other: usize) -> bool {
        let both = self.strangers.get(one).zip(self.strangers.get(other));
        one == other || both.is_some_and(|(a, b)| a.is_same_paper(b))
    }

    /// The receipt that was found, if it is said to be the same one.
    fn duplicate(&self, found: Option<&Match>) -> Option<usize> {
        let found = found.filter(|found| found.judgement.verdict.is_duplicate())?;
        self.ids.get(&found.id).copied()
    }

    fn wrong(&mut self, task: &Task, what: &str, found: Option<&Match>, own: Option<Judgement>) {
        let id = |of: usize| self.strangers.get(of).map(|stranger| stranger.id.clone()).unwrap_or_default();
        let taken_for = found.and_then(|found| self.ids.get(&found.id)).map(|of| id(*of));
        let judged = found.map(|found| found.judgement).or(own);
        self.report.wrong.push(Wrong::new(what, id(task.of), taken_for, judged.as_ref()));
    }

    /// A receipt came for the first time.
    fn stranger(&mut self, task: &Task, found: Option<&Match>) {
        let duplicate = self.duplicate(found);
        let twice = duplicate.is_some_and(|of| self.same_paper(of, task.of));
        if twice {
            self.report.found_in_data_set += 1;
            return;
        }
        self.report.false_matches.add(duplicate.is_some());
        if duplicate.is_some() {
            self.wrong(task, "false match", found, None);
        }
    }

    /// A receipt came again.
    /// What it is to its own first image explains why it was missed.
    fn again(&mut self, task: &Task, alteration: Alteration, found: Option<&Match>, own: Option<Judgement>) {
        let duplicate = self.duplicate(found);
        let right = duplicate.is_some_and(|of| self.same_paper(of, task.of));
        self.report.again.entry(alteration.name()).or_default().add(right);
        let image = found.is_some_and(|found| found.judgement.verdict == Verdict::SameImage);
        self.report.same_image.entry(alteration.name()).or_default().add(right && image);
        // Whoever is told of the wrong receipt is told wrongly, even where there is a right one.
        self.report.false_matches.add(duplicate.is_some() && !right);
        if !right {
            self.wrong(task, alteration.name(), found, own);
        }
    }

    /// Somebody bought the same.
    fn bought_again(&mut self, task: &Task, found: Option<&Match>) {
        let duplicate = self.duplicate(found);
        let what = if task.alteration.is_some() { "equal purchase, other photo" } else { "equal purchase" };
        self.report.equal.entry(what).or_default().add(duplicate.is_none());
        let named = found.is_some_and(|found| found.judgement.verdict == Verdict::EqualPurchase);
        self.report.equal_named.add(named);
        if duplicate.is_some() {
            self.wrong(task, what, found, None);
        }
    }
}

impl Share {
    fn add(&mut self, counts: bool) {
        self.of += 1;
        self.count += usize::from(counts);
    }
}
