//! A directory of merchants that the operator knows, and what it corrects.
//!
//! A name that was read is replaced by a known one only if the two are alike to
//! the last letter or but for one in twenty; blanks, case and punctuation do not
//! count. Looser matching corrects more names and makes as many wrong: a branch
//! becomes its neighbour. What was read stays in the answer, as `text` and among
//! the alternatives.

use std::{
    collections::{HashMap, hash_map::Entry},
    path::{Path, PathBuf},
};

use super::{Candidate, Findings, Found};

/// What [`Found::repaired_by`] says of values that the directory corrected.
pub const CODE: &str = "merchants_directory";

/// Letters and digits for each that may differ.
const PER_EDIT: usize = 20;

/// Least likeness of an address: one in twenty letters and digits may differ.
const ALIKE: f64 = 1.0 - 1.0 / PER_EDIT as f64;

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The file cannot be read.
    #[error("cannot read the directory of merchants {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is not as it should be.
    #[error("{path}, line {line}: {problem}; each line is a name and, after a tab, an address")]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: &'static str,
    },
}

/// A merchant and where it trades.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Merchant {
    name: String,
    /// As written, and folded.
    addresses: Vec<(String, String)>,
}

/// Merchants by name.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    merchants: Vec<Merchant>,
    /// By folded name.
    exact: HashMap<String, usize>,
    /// By folded name with one character left out; nothing where two merchants share one.
    nearly: HashMap<String, Option<usize>>,
}

impl Directory {
    /// Reads a file of UTF-8 text: a name and, after a tab, an address on each
    /// line. A merchant with several addresses has several lines; empty lines and
    /// those that begin with `#` are skipped.
    ///
    /// # Errors
    /// When it cannot be read, or a line has no name.
    pub fn open(path: &Path) -> Result<Self, DirectoryError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| DirectoryError::Read { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|(line, problem)| DirectoryError::Line { path: path.to_owned(), line, problem })
    }

    /// The same of its text; errors are a line, from 1, and what is wrong with it.
    fn parse(text: &str) -> Result<Self, (usize, &'static str)> {
        let mut directory = Self::default();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let mut columns = line.split('\t').map(str::trim);
            let name = columns.next().unwrap_or_default();
            if folded(name).is_empty() {
                return Err((index + 1, "the name has no letter or digit"));
            }
            let address = columns.next().filter(|address| !address.is_empty());
            if columns.next().is_some() {
                return Err((index + 1, "there are more than two columns"));
            }
            directory.add(name, address);
        }
        Ok(directory)
    }

    fn add(&mut self, name: &str, address: Option<&str>) {
        let key = folded(name);
        let index = match self.exact.entry(key.clone()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(free) => {
                let index = *free.insert(self.merchants.len());
                self.merchants.push(Merchant { name: name.to_owned(), addresses: Vec::new() });
                for shorter in with_one_left_out(&key) {
                    let shared = self.nearly.entry(shorter).or_insert(Some(index));
                    *shared = shared.filter(|other| *other == index);
                }
                index
            }
        };
        if let (Some(merchant), Some(address)) = (self.merchants.get_mut(index), address) {
            merchant.addresses.push((address.to_owned(), folded(address)));
        }
    }

    /// The one merchant whose name is as good as `read`.
    fn find(&self, read: &str) -> Option<&Merchant> {
        let key = folded(read);
        let by_edit = || {
            let lost = self.exact_from_shorter(&key);
            let mut found = with_one_left_out(&key).chain([key.clone()]).filter_map(|k| *self.nearly.get(&k)?);
            let first = found.next().or(lost)?;
            (found.all(|other| other == first) && lost.is_none_or(|other| other == first)).then_some(first)
        };
        let index = self.exact.get(&key).copied().or_else(|| {
            // A letter more or less must still leave one in twenty.
            by_edit().filter(|index| {
                let known = self.merchants.get(*index).map(|merchant| folded(&merchant.name)).unwrap_or_default();
                strsim::normalized_levenshtein(&known, &key) >= ALIKE
            })
        })?;
        self.merchants.get(index)
    }

    /// The merchant whose name is `key` with one character left out.
    fn exact_from_shorter(&self, key: &str) -> Option<usize> {
        with_one_left_out(key).find_map(|shorter| self.exact.get(&shorter).copied())
    }
}

/// Writes the merchant's name and address as the directory does, where it knows them.
pub(super) fn correct(findings: &mut Findings, directory: &Directory) {
    let Some(name) = &mut findings.merchant_name else { return };
    let Some(merchant) = name.value().and_then(|read| directory.find(read)) else { return };
    rewrite(name, &merchant.name);
    let Some(address) = &mut findings.merchant_address else { return };
    let Some(read) = address.value().map(|read| folded(read)) else { return };
    let likeness = |(_, known): &&(String, String)| strsim::normalized_levenshtein(known, &read);
    let best = merchant.addresses.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    if let Some((known, _)) = best.filter(|known| likeness(known) >= ALIKE) {
        rewrite(address, known);
    }
}

fn rewrite(found: &mut Found<String>, known: &str) {
    if found.value().is_some_and(|value| value == known) {
        return;
    }
    let read = found.best.clone();
    found.best.value = Some(known.to_owned());
    found.alternatives.retain(|other| other.value.as_deref() != Some(known));
    found.alternatives.insert(0, Candidate { confidence: 0.0, ..read });
    found.repaired_by = Some(CODE);
}

/// Letters and digits alone, in upper case.
fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// A name is found under each of these by a reading with one edit; short names allow none.
fn with_one_left_out(key: &str) -> impl Iterator<Item = String> + use<'_> {
    let allowed = key.chars().count() >= PER_EDIT;
    key.char_indices().filter(move |_| allowed).map(|(at, c)| {
        let (before, after) = key.split_at(at);
        [before, after.get(c.len_utf8()..).unwrap_or_default()].concat()
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test should stop at the spot")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KNOWN: &str = "# names and addresses\n\
        KETTELHUT & SOHN HOFLADEN GMBH\tZellauer Str. 3, 67268 Erfurt\n\
        Kettelhut & Sohn Hofladen GmbH\tAm Markt 12, 99084 Erfurt\n\
        \n\
        BREZEL-ECK\n";

    fn found(text: &str) -> Option<Found<String>> {
        let best = Candidate { value: Some(text.into()), text: text.into(), spans: vec![], confidence: 0.9 };
        Some(Found::new(best, vec![]))
    }

    fn corrected(name: &str, address: &str) -> (String, String, Option<&'static str>) {
        let directory = Directory::parse(KNOWN).unwrap();
        let mut findings =
            Findings { merchant_name: found(name), merchant_address: found(address), ..Findings::default() };
        correct(&mut findings, &directory);
        let value = |field: &Option<Found<String>>| field.as_ref().and_then(|f| f.value().cloned()).unwrap();
        let by = findings.merchant_name.as_ref().and_then(|f| f.repaired_by);
        (value(&findings.merchant_name), value(&findings.merchant_address), by)
    }

    #[test]
    fn known_names_and_addresses_are_written_as_in_the_directory() {
        let name = "KETTELHUT & SOHN HOFLADEN GMBH";
        for read in [
            "KETTELHUT&SOHN HOFLADEN GMBH",
            "Kettelhut & Sohn Hofladen Gmbh.",
            "KETTELHUT & S0HN HOFLADEN GMBH",
            "KETTELHUT & SOHN HOFLADN GMBH",
            "KETTELHUTT & SOHN HOFLADEN GMBH",
        ] {
            let (written, address, by) = corrected(read, "AM MARKT 12 99084 ERFURT");
            assert_eq!((written.as_str(), by), (name, Some(CODE)), "{read}");
            assert_eq!(address, "Am Markt 12, 99084 Erfurt", "{read}");
        }
        assert_eq!(corrected("BREZELECK", "x").0, "BREZEL-ECK");
    }

    #[test]
    fn names_that_differ_stay() {
        for read in ["KETTELHUT & SOHN HOFCAFE GMBH", "BREZEL-ECKE", "BREZELECH", "KETTELHUT", ""] {
            assert_eq!(corrected(read, "x"), (read.to_owned(), "x".to_owned(), None), "{read}");
        }
        let (_, address, _) = corrected("KETTELHUT & SOHN HOFLADEN GMBH", "AM MARKT 21 99084 WEIMAR");
        assert_eq!(address, "AM MARKT 21 99084 WEIMAR");
    }

    #[test]
    fn between_two_known_names_none_is_chosen() {
        let directory = Directory::parse("SUPERMARKT NORDSTADT FILIALE 1\nSUPERMARKT NORDSTADT FILIALE 2").unwrap();
        assert_eq!(directory.find("SUPERMARKT NORDSTADT FILIALE 3"), None);
        assert_eq!(directory.find("SUPERMARKT NORDSTADT FILIALE"), None);
        assert!(directory.find("SUPERMARKT NORDSTADT FILIALE 2").is_some_and(|m| m.name.ends_with('2')));
    }

    #[test]
    fn what_was_read_stays_visible() {
        let mut findings = Findings { merchant_name: found("BREZEL ECK"), ..Findings::default() };
        correct(&mut findings, &Directory::parse(KNOWN).unwrap());
        let name = findings.merchant_name.unwrap();
        assert_eq!((name.best.text.as_str(), name.value().map(String::as_str)), ("BREZEL ECK", Some("BREZEL-ECK")));
        assert_eq!(name.alternatives[0].value.as_deref(), Some("BREZEL ECK"));
    }

    #[test]
    fn bad_lines_are_named() {
        for (text, line) in [("A\n--\n", 2), ("A\tB\tC", 1)] {
            assert_eq!(Directory::parse(text).err().map(|(at, _)| at), Some(line), "{text:?}");
        }
        assert!(Directory::open(Path::new("/nowhere")).is_err());
    }

    proptest! {
        #[test]
        fn a_name_is_found_whatever_one_edit_did_to_it(name in "[A-Z]{20,40}", at in any::<prop::sample::Index>(), c in "[0-9]", kind in 0..3) {
            let directory = Directory::parse(&name).unwrap();
            let mut read: Vec<char> = name.chars().collect();
            let at = at.index(read.len());
            match kind {
                0 => { read.remove(at); }
                1 => read.insert(at, c.chars().next().unwrap()),
                _ => read[at] = c.chars().next().unwrap(),
            }
            let read: String = read.into_iter().collect();
            prop_assert_eq!(directory.find(&read).map(|m| m.name.as_str()), Some(name.as_str()));
        }
    }
}
