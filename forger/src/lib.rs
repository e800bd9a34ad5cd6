//! Forges pictures of receipts the way people do, to measure whether that is noticed.
//!
//! | file | what it knows |
//! |---|---|
//! | `page.rs` | where the characters of a page are |
//! | `copy.rs` | characters of this page or of another one pasted over others |
//! | `remove.rs` | characters taken away |
//! | `retype.rs`, `digits.rs` | digits drawn anew |
//! | `brush.rs` | strokes over characters |
//! | `treatment.rs` | what happens to the picture afterwards |
//! | `canvas.rs` | colours of ink and paper, blending |
//! | `dice.rs` | chance, from a seed |
//!
//! The trainer of the forgery classifier (`models/train/forgery`) has a forger of its own, in Python. This one shares
//! nothing with it: other ways to find characters, to blend, to fill and to draw. A classifier that had learnt the marks
//! of the trainer's tools would fail here.

mod area;
mod brush;
mod canvas;
mod copy;
mod dice;
mod digits;
mod page;
mod remove;
mod retype;
mod treatment;

use image::RgbImage;

pub use area::Area;
use dice::Dice;
pub use page::Page;
pub use treatment::Treatment;

/// What people do to a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edit {
    /// Characters of the same receipt over others.
    CopyMove,
    /// Characters of another receipt over these.
    Splice,
    /// Characters taken away.
    Remove,
    /// Digits drawn anew.
    Retype,
    /// Strokes over characters.
    Brush,
}

impl Edit {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::CopyMove, Self::Splice, Self::Remove, Self::Retype, Self::Brush];

    /// What reports call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CopyMove => "copy_move",
            Self::Splice => "splice",
            Self::Remove => "remove",
            Self::Retype => "retype",
            Self::Brush => "brush",
        }
    }
}

/// A forged picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Forged {
    /// The pixels.
    pub image: RgbImage,
    /// What was edited; never empty.
    pub areas: Vec<Area>,
}

/// Places that are tried for each edit, since not every one offers what it takes.
const TRIES: usize = 12;

/// Edits `page` in one to three places, with characters of `other` where it takes another receipt. Equal seeds give equal
/// pictures. Nothing where the page has no characters to edit.
pub fn forge(page: &Page, other: &Page, edit: Edit, seed: u64) -> Option<Forged> {
    let mut dice = Dice::new(seed);
    let times = dice.between(1, 3);
    let mut forged = Forged { image: page.image().clone(), areas: Vec::new() };
    for _ in 0..TRIES {
        if forged.areas.len() == times {
            break;
        }
        let Some(place) = page.place(&mut dice) else { break };
        // What was edited once is no honest ground for a second edit.
        if forged.areas.iter().all(|area| !area.grown(8).meets(&place)) {
            forged.areas.extend(apply(&mut forged.image, page, other, edit, place, &mut dice));
        }
    }
    (!forged.areas.is_empty()).then_some(forged)
}

/// Edits `page` in the given ways at the given places, as far as that can be done there.
pub fn forge_at(page: &Page, other: &Page, edits: &[(Edit, Area)], seed: u64) -> Option<Forged> {
    let mut dice = Dice::new(seed);
    let mut forged = Forged { image: page.image().clone(), areas: Vec::new() };
    for (edit, place) in edits {
        let place = place.within(page.image());
        if place.width() >= 3 && place.height() >= 3 {
            let tried = (0..TRIES).find_map(|_| apply(&mut forged.image, page, other, *edit, place, &mut dice));
            forged.areas.extend(tried);
        }
    }
    (!forged.areas.is_empty()).then_some(forged)
}

/// One edit; gives the pixels that it touched, or nothing where it could not be done.
fn apply(image: &mut RgbImage, page: &Page, other: &Page, edit: Edit, place: Area, dice: &mut Dice) -> Option<Area> {
    match edit {
        Edit::CopyMove => copy::copy_move(image, page, place, dice),
        Edit::Splice => copy::splice(image, other, place, dice),
        Edit::Remove => remove::remove(image, place, dice),
        Edit::Retype => retype::retype(image, place, page.characters_in(&place), dice),
        Edit::Brush => brush::brush(image, place, dice),
    }
}
