//! Seeded receipt synthesiser with exact truth.
//!
//! One seed makes one receipt: an invented seller ([`locale`]), a purchase with
//! exact sums, rows of text in the style of some till, and places on a page.
//! The result carries both what is to be drawn ([`Sheet`]) and what it says
//! ([`Truth`]); truth alone is cheap, since boxes come from font metrics.

mod compose;
mod dice;
mod font;
mod format;
mod goods;
mod layout;
pub mod locale;
mod look;
pub mod manifest;
mod merchant;
mod receipt;
mod render;
mod sale;
mod samples;
mod text;
pub mod truth;

pub use dice::Dice;
pub use font::Face;
pub use layout::{Run, Sheet};
pub use locale::Locale;
pub use receipt::{Receipt, generate};
pub use render::{RenderOptions, Rendered, render};
pub use samples::samples;
pub use truth::Truth;
