//! What side-by-side runs share; criterion benches live in `benches/`.

pub mod words;
