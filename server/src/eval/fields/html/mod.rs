//! The page that shows what was scored, and failures with their pixels: one
//! file that needs nothing else, for whoever decides what to improve.
//!
//! | module | what it draws |
//! |---|---|
//! | `figures` | the tables |
//! | `charts` | the reliability diagram and what may be paid |
//! | `cards` | the failures |
//! | `crops` | cut-outs of the photos |

mod cards;
mod charts;
mod crops;
mod figures;

use std::fmt::Write;
use std::io;
use std::path::Path;

use super::failures::{self, Failure};
use super::outcome::Outcome;
use super::report::FieldsReport;
use crate::eval::truth::PageKind;

const STYLE: &str = include_str!("style.css");

/// Sorts tables when a heading is clicked. The page says everything without it.
const SORT: &str = include_str!("sort.js");

/// Writes the page, with at most `most` failures.
///
/// # Errors
/// When the file cannot be written. A photo that cannot be read is left out.
pub fn write(path: &Path, report: &FieldsReport, outcomes: &[Outcome], most: usize) -> io::Result<()> {
    std::fs::write(path, page(report, outcomes, most))
}

fn page(report: &FieldsReport, outcomes: &[Outcome], most: usize) -> String {
    let receipts: Vec<&Outcome> = outcomes.iter().filter(|o| o.about.kind != PageKind::Lines).collect();
    let all: Vec<Failure> = receipts.iter().flat_map(|outcome| failures::of(outcome)).collect();
    let title = Escaped(&report.dataset);
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}: fields</title><style>{STYLE}</style></head><body><main>\n<header><h1>{title}</h1>"
    );
    figures::write(&mut out, report);
    charts::write(&mut out, report, &receipts);
    figures::write_failures(&mut out, report);
    cards::write(&mut out, &all, most);
    let _ = writeln!(out, "</main><script>{SORT}</script></body></html>");
    out
}

/// Text that may stand anywhere in the page, attributes included.
pub(in crate::eval) struct Escaped<'a>(pub(in crate::eval) &'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c if c.is_control() => f.write_char(' ')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "html_tests.rs"]
mod tests;
