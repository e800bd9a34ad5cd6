//! Seeded receipt synthesiser with exact truth.
//!
//! One seed makes one receipt: an invented seller ([`locale`]), a purchase with
//! exact sums, rows of text in the style of some till, and places on a page.
//! The result carries both what is to be drawn ([`Sheet`]) and what it says
//! ([`Truth`]); truth alone is cheap, since boxes come from font metrics.
//! [`render()`] draws it plainly, [`photograph`] as a camera would see it, and
//! [`synthesise`] writes whole collections, with pages of unrelated lines
//! ([`specimen`]) for readers to learn from. [`import`] brings data sets of real
//! receipts into the same manifest.

mod code;
mod compose;
mod dice;
mod font;
mod format;
mod goods;
mod grain;
pub mod import;
mod inconsistent;
mod layout;
pub mod locale;
mod look;
pub mod manifest;
mod merchant;
pub mod photo;
mod receipt;
mod render;
mod sale;
mod samples;
pub mod specimen;
pub mod synthesise;
mod text;
pub mod truth;

pub use dice::Dice;
pub use font::{Face, FontError, Typeface, Typefaces};
pub use layout::{Run, Sheet, Zeros};
pub use locale::Locale;
pub use photo::{PhotoOptions, photograph};
pub use receipt::{Receipt, Wishes, generate, generate_as, generate_in};
pub use render::{RenderOptions, Rendered, render};
pub use samples::samples;
pub use specimen::generate_lines;
pub use truth::Truth;
