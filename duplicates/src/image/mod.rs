//! The fingerprint of a page: what it says and how it looks, piece by piece.
//!
//! All receipts look alike to a hash of the whole image, so the pieces are what a receipt has: its rows of text.
//!
//! | part | survives |
//! |---|---|
//! | [`shingles`]: keyed hashes of pieces of rows | crops, turns, misread characters elsewhere |
//! | rows: keyed hash of the text, place, look | crops, turns, sizes; the places say whether it is one image |
//! | [`numerals`]: keyed hashes of them | an extraction that takes another number for the receipt's |
//! | page: perceptual hash inside the frame of the rows | turns, sizes, light, compression |

mod look;
pub(crate) mod numerals;
mod rows;
pub(crate) mod shingles;

use crate::fold::digits;
use crate::key::{Role, TenantKey};
use crate::page::Page;
use rows::{Row, Rows};

/// Rows that are kept of a page.
pub(crate) const MAX_ROWS: usize = 64;

/// Fewer digits than this do not tell rows apart.
const MIN_DIGITS: usize = 3;

/// Places are kept in this part of the height of a row.
const PLACE: f32 = 16.0;

/// A row of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowPrint {
    /// Keyed hash of the folded text.
    pub(crate) text: u32,
    /// Keyed hash of its digits; 0 where there are hardly any.
    pub(crate) digits: u16,
    /// Middle of the row in sixteenths of the height of the page's rows.
    pub(crate) place: (i16, i16),
    /// How its pixels look; 0 without pixels.
    pub(crate) look: u32,
}

/// What is kept of a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PagePrint {
    /// Smallest hashes of its shingles, ascending.
    pub(crate) shingles: Vec<u64>,
    /// Rows from top to bottom.
    pub(crate) rows: Vec<RowPrint>,
    /// Keyed hashes of its numerals, ascending.
    pub(crate) numerals: Vec<u32>,
    /// How the page looks inside the frame of its rows; 0 without pixels.
    pub(crate) look: u64,
}

impl PagePrint {
    pub(crate) fn new(page: &Page, key: &TenantKey) -> Self {
        let rows = Rows::new(page.lines);
        let look = page.photo.as_ref().filter(|_| !rows.rows.is_empty()).map_or(0, |p| look::page_look(&rows, p));
        let mut prints: Vec<RowPrint> = rows.rows.iter().map(|row| row_print(row, &rows, page, key)).collect();
        keep_smallest(&mut prints);
        Self {
            shingles: shingles::sketch(&rows.rows, key),
            rows: prints,
            numerals: numerals::kept(page.lines, key),
            look,
        }
    }
}

fn row_print(row: &Row, rows: &Rows, page: &Page, key: &TenantKey) -> RowPrint {
    let digits = digits(&row.text);
    let place = |pixels: f32| (pixels / rows.unit * PLACE).round() as i16;
    RowPrint {
        text: (key.hash(Role::Row, &[row.text.as_bytes()]) >> 32) as u32,
        digits: if digits.len() < MIN_DIGITS { 0 } else { short(Role::RowDigits, &digits, key) },
        place: (place((row.left + row.right) / 2.0), place(row.y)),
        look: page.photo.as_ref().map_or(0, |photo| look::row_look(row, rows, photo)),
    }
}

/// Keeps as many rows as there is room for: those with the smallest hashes, so that two readings keep the same ones.
fn keep_smallest(rows: &mut Vec<RowPrint>) {
    if rows.len() > MAX_ROWS {
        let mut hashes: Vec<u32> = rows.iter().map(|row| row.text).collect();
        hashes.sort_unstable();
        let last = hashes.get(MAX_ROWS - 1).copied().unwrap_or(u32::MAX);
        rows.retain(|row| row.text <= last);
        rows.truncate(MAX_ROWS);
    }
}

/// 16 bits that are never 0.
fn short(role: Role, text: &str, key: &TenantKey) -> u16 {
    ((key.hash(role, &[text.as_bytes()]) >> 48) as u16).max(1)
}
