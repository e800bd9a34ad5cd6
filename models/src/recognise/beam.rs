//! The likeliest text of a line where a language model has a say: prefix beam search (Hannun et al., arXiv 1408.2873).
//!
//! A prefix's probability is the network's, summed over all ways of spreading it over the steps, times the language
//! model's to the power of its weight.

use super::language::{History, LanguageModel, Symbol};

/// What is followed of all prefixes.
#[derive(Clone, Copy)]
struct Limits {
    /// So many at the same time.
    width: usize,
    /// Those that are less unlikely than this beside the best one, as a difference of logarithms: a language model that is
    /// asked about all of them costs more than the network.
    deepest: f32,
}

/// Those of the server.
const LIMITS: Limits = Limits { width: 8, deepest: 7.0 };

/// Classes less probable than this at a step are not followed.
const LEAST: f32 = 0.0025;

/// CTC's blank.
pub(super) const BLANK: usize = 0;

/// The logarithm of no probability.
const NEVER: f32 = -1e30;

/// What the search has to know of the classes.
pub(super) struct Labels {
    /// What the language model takes each class for; nothing reads as a blank.
    pub(super) symbols: Vec<Option<Symbol>>,
    /// The class that reads as a space, which no line starts with.
    pub(super) space: Option<usize>,
}

/// A prefix, as its last class and the prefix before it.
struct Prefix {
    parent: usize,
    class: usize,
    history: History,
    /// What the language model gives for it.
    gain: f32,
    /// The prefixes one class longer, which are linked to each other.
    first_child: usize,
    next_sibling: usize,
}

/// No prefix.
const NONE: usize = usize::MAX;

/// A prefix that is followed, with the logarithms of its probability so far.
#[derive(Clone, Copy)]
struct Followed {
    prefix: usize,
    /// By paths that end with a blank.
    blank: f32,
    /// By paths that end with its last class.
    class: f32,
}

impl Followed {
    fn total(&self) -> f32 {
        added(self.blank, self.class)
    }
}

/// The logarithm of the sum of two numbers that are given by their logarithms.
fn added(a: f32, b: f32) -> f32 {
    let (high, low) = if a < b { (b, a) } else { (a, b) };
    if low <= NEVER { high } else { high + (low - high).exp().ln_1p() }
}

/// The classes of the likeliest text; `probabilities` are `[steps][classes]`.
pub(super) fn search(probabilities: &[f32], labels: &Labels, language: &LanguageModel) -> Vec<usize> {
    search_within(LIMITS, probabilities, labels, language)
}

fn search_within(limits: Limits, probabilities: &[f32], labels: &Labels, language: &LanguageModel) -> Vec<usize> {
    let mut search = Search {
        limits,
        labels,
        language,
        prefixes: vec![Prefix {
            parent: NONE,
            class: BLANK,
            history: History::START,
            gain: 0.0,
            first_child: NONE,
            next_sibling: NONE,
        }],
        places: vec![NONE],
        next: Vec::new(),
    };
    let mut followed = vec![Followed { prefix: 0, blank: 0.0, class: NEVER }];
    let mut classes = Vec::new();
    for row in probabilities.chunks_exact(labels.symbols.len()) {
        classes.clear();
        classes.extend(row.iter().enumerate().filter(|(_, p)| **p > LEAST).map(|(class, p)| (class, p.ln())));
        if let [(BLANK, p)] = classes[..] {
            for f in &mut followed {
                (f.blank, f.class) = (f.total() + p, NEVER);
            }
        } else {
            search.step(&mut followed, &classes, row);
        }
    }
    let best = followed.iter().max_by(|a, b| search.end(a).total_cmp(&search.end(b)));
    let mut text = Vec::new();
    let mut prefix = best.map_or(0, |best| best.prefix);
    while prefix != 0 {
        text.push(search.prefixes[prefix].class);
        prefix = search.prefixes[prefix].parent;
    }
    text.reverse();
    text
}

struct Search<'a> {
    limits: Limits,
    labels: &'a Labels,
    language: &'a LanguageModel,
    /// All prefixes that were ever followed; the first is empty.
    prefixes: Vec<Prefix>,
    /// Where each prefix is in `next`.
    places: Vec<usize>,
    /// What is followed after the current step.
    next: Vec<Followed>,
}

impl Search<'_> {
    /// Goes on from `followed` by one step, at which `classes` are possible.
    fn step(&mut self, followed: &mut Vec<Followed>, classes: &[(usize, f32)], row: &[f32]) {
        let Limits { width, deepest } = self.limits;
        let score = |f: &Followed, prefixes: &[Prefix]| f.total() + prefixes[f.prefix].gain;
        let likeliest = classes.iter().map(|(_, p)| *p).fold(NEVER, f32::max);
        let best = followed.iter().map(|f| score(f, &self.prefixes)).fold(NEVER, f32::max);
        for f in &*followed {
            let total = f.total();
            let Prefix { class: last, gain, .. } = self.prefixes[f.prefix];
            let mut repeated = false;
            for &(class, p) in classes {
                if total + gain + p < best + likeliest - deepest {
                    continue;
                }
                // Space at a line's start belongs to its margin.
                if class == BLANK || f.prefix == 0 && self.labels.space == Some(class) {
                    self.reach(f.prefix, total + p, NEVER);
                } else if f.prefix != 0 && class == last {
                    repeated = true;
                    self.reach(f.prefix, NEVER, f.class + p);
                    let longer = self.longer(f.prefix, class);
                    self.reach(longer, NEVER, f.blank + p);
                } else {
                    let longer = self.longer(f.prefix, class);
                    self.reach(longer, NEVER, total + p);
                }
            }
            if f.prefix != 0 && !repeated {
                let p = row.get(last).map_or(NEVER, |p| p.max(1e-9).ln());
                self.reach(f.prefix, NEVER, f.class + p);
            }
        }
        for f in &self.next {
            self.places[f.prefix] = NONE;
        }
        let Self { next, prefixes, .. } = self;
        let score = |f: &Followed| score(f, prefixes);
        next.sort_by(|a, b| score(b).total_cmp(&score(a)));
        let best = next.first().map_or(NEVER, score);
        next.truncate(next.partition_point(|f| score(f) > best - deepest).clamp(1, width));
        std::mem::swap(followed, next);
        next.clear();
    }

    /// The prefix that is `class` longer.
    fn longer(&mut self, prefix: usize, class: usize) -> usize {
        let Prefix { first_child, history, gain, .. } = self.prefixes[prefix];
        let mut child = first_child;
        while child != NONE {
            if self.prefixes[child].class == class {
                return child;
            }
            child = self.prefixes[child].next_sibling;
        }
        let (history, gain) = match self.labels.symbols[class] {
            Some(symbol) => (history.then(symbol), gain + self.language.gain(history, symbol)),
            None => (history, gain),
        };
        let new = self.prefixes.len();
        let next_sibling = first_child;
        self.prefixes.push(Prefix { parent: prefix, class, history, gain, first_child: NONE, next_sibling });
        self.prefixes[prefix].first_child = new;
        self.places.push(NONE);
        new
    }

    /// `prefix` is reached by paths of these probabilities.
    fn reach(&mut self, prefix: usize, blank: f32, class: f32) {
        match self.next.get_mut(self.places[prefix]) {
            Some(f) => (f.blank, f.class) = (added(f.blank, blank), added(f.class, class)),
            None => {
                self.places[prefix] = self.next.len();
                self.next.push(Followed { prefix, blank, class });
            }
        }
    }

    /// The logarithm for a line that ends with what is followed.
    fn end(&self, f: &Followed) -> f32 {
        let prefix = &self.prefixes[f.prefix];
        f.total() + prefix.gain + self.language.gain(prefix.history, Symbol::END)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::language::tests::silent;
    use super::*;

    /// Blank, two letters and a space.
    fn labels() -> Labels {
        let symbol = |ch| Some(silent().symbol(ch));
        Labels { symbols: vec![None, symbol('a'), symbol('b'), symbol(' ')], space: Some(3) }
    }

    /// The probability of every text, of paths through `rows` that are looked at one by one.
    fn texts(rows: &[f32]) -> BTreeMap<Vec<usize>, f64> {
        let steps = rows.len() / 4;
        let mut texts = BTreeMap::<Vec<usize>, f64>::new();
        for path in 0..4usize.pow(steps as u32) {
            let (mut text, mut last, mut p) = (Vec::new(), BLANK, 1.0);
            for step in 0..steps {
                let class = path / 4usize.pow(step as u32) % 4;
                p *= f64::from(rows[step * 4 + class]);
                // A space before all characters is margin.
                let class = if class == 3 && text.is_empty() { BLANK } else { class };
                if class != BLANK && class != last {
                    text.push(class);
                }
                last = class;
            }
            *texts.entry(text).or_default() += p;
        }
        texts
    }

    /// The text that all paths through `rows` together make likeliest.
    fn likeliest(rows: &[f32]) -> Vec<usize> {
        texts(rows).into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(text, _)| text).unwrap_or_default()
    }

    /// `weights` as probabilities of four classes.
    fn rows(weights: &[f32]) -> Vec<f32> {
        weights.chunks_exact(4).flat_map(|row| row.iter().map(|w| w / row.iter().sum::<f32>())).collect()
    }

    proptest! {
        #[test]
        fn the_likeliest_text_is_found(weights in prop::collection::vec(0.02f32..1.0, 4..=16)) {
            let rows = rows(&weights);
            // Whatever is not followed may have become the likeliest.
            let all = Limits { width: usize::MAX, deepest: f32::INFINITY };
            prop_assert_eq!(search_within(all, &rows, &labels(), &silent()), likeliest(&rows));
        }

        #[test]
        fn what_is_not_followed_costs_little(weights in prop::collection::vec(0.02f32..1.0, 4..=16)) {
            let rows = rows(&weights);
            let texts = texts(&rows);
            let found = search(&rows, &labels(), &silent());
            prop_assert!(texts[&found] > 0.5 * texts[&likeliest(&rows)], "{found:?} for {:?}", likeliest(&rows));
        }
    }

    #[test]
    fn without_steps_there_is_no_text() {
        assert!(search(&[], &labels(), &silent()).is_empty());
    }
}
