//! Manifests: many receipts of a mix of locales, one JSON object a line.

use std::io::{self, Write};

use crate::dice::Dice;
use crate::locale::{self, Locale};
use crate::receipt::{Receipt, Wishes, generate, generate_as};
use crate::truth::Truth;

/// Which locales a collection draws from, and how often.
#[derive(Debug, Clone)]
pub struct Mix(Vec<(&'static Locale, f64)>);

/// Asked for a language that the synthesiser does not speak.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no locale {name:?}: choose among {known}")]
pub struct UnknownLocale {
    name: String,
    known: String,
}

/// How many receipts of a collection are of some kind, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Shares {
    /// Invoices; the others are till receipts.
    pub invoice: f64,
    /// Receipts and invoices with a list of a hundred rows and more.
    pub long: f64,
    /// Receipts and invoices with one amount that contradicts the others.
    pub inconsistent: f64,
}

impl Shares {
    /// What receipt `index` of the collection `seed` is.
    pub fn draw(self, seed: u64, index: u64) -> Wishes<'static> {
        // Streams of their own, so that one share does not move the other.
        let of = |stream: u32, share: f64| Dice::new(seed.rotate_left(stream), index).chance(share);
        let [invoice, long, inconsistent] = [of(32, self.invoice), of(16, self.long), of(48, self.inconsistent)];
        Wishes { invoice, long, inconsistent, typefaces: None }
    }
}

impl Default for Mix {
    /// A third Malaysian, the rest spread evenly.
    fn default() -> Self {
        let others = (locale::all().len().max(2) - 1) as f64;
        Self(locale::all().iter().map(|l| (l, if l.tag == "en-MY" { 0.5 } else { 1.0 / others })).collect())
    }
}

impl Mix {
    /// Equal shares of the named locales (`de-DE`) and languages (`en`).
    ///
    /// # Errors
    /// A name that is neither.
    pub fn of(names: &[String]) -> Result<Self, UnknownLocale> {
        let mut chosen = Vec::new();
        for name in names {
            let found = locale::find(name);
            if found.is_empty() {
                let known = locale::all().iter().map(|l| l.tag).collect::<Vec<_>>().join(", ");
                return Err(UnknownLocale { name: name.clone(), known });
            }
            chosen.extend(found.iter().map(|l| (*l, 1.0 / found.len() as f64)));
        }
        Ok(Self(chosen))
    }

    /// The locale of receipt `index` of the collection `seed`.
    pub fn locale(&self, seed: u64, index: u64) -> &'static Locale {
        // The locale has a stream of its own, so that receipts do not change with the mix.
        let shares: Vec<f64> = self.0.iter().map(|l| l.1).collect();
        self.0.get(Dice::new(!seed, index).weighted(&shares)).map_or(&locale::all()[0], |l| l.0)
    }

    /// Receipt `index` of the collection `seed`, in so many cases an invoice or inconsistent.
    pub fn page(&self, seed: u64, index: u64, shares: Shares) -> Receipt {
        generate_as(self.locale(seed, index), seed, index, shares.draw(seed, index))
    }

    /// Receipt `index` of the collection `seed`.
    pub fn receipt(&self, seed: u64, index: u64) -> Receipt {
        generate(self.locale(seed, index), seed, index)
    }
}

/// Writes one receipt's truth as one line.
///
/// # Errors
/// What `out` reports.
pub fn write_line(out: &mut impl Write, truth: &Truth) -> io::Result<()> {
    serde_json::to_writer(&mut *out, truth)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_line_reads_back() {
        let receipt = Mix::default().receipt(3, 14);
        let mut out = Vec::new();
        write_line(&mut out, &receipt.truth).unwrap();
        assert_eq!(out.iter().filter(|b| **b == b'\n').count(), 1);
        assert_eq!(serde_json::from_slice::<Truth>(&out).unwrap(), receipt.truth);
    }

    #[test]
    fn a_third_is_malaysian_and_names_are_checked() {
        let mix = Mix::default();
        let malaysian = (0..600).filter(|i| mix.receipt(1, *i).truth.country.as_deref() == Some("MY")).count();
        assert!((150..250).contains(&malaysian), "{malaysian}");
        assert!(Mix::of(&["xx".into()]).unwrap_err().to_string().contains("en-MY"));
        let english = Mix::of(&["en".into()]).unwrap();
        assert!((0..50).all(|i| english.receipt(1, i).truth.language == "en"));
    }
}
