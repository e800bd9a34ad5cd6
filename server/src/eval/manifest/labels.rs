//! Which characters of the lines are which field: the places of a manifest's values.

use std::collections::HashMap;

use serde::Deserialize;
use slipstream_models::{Quad, TextLine};

use super::Line;
use crate::eval::truth::TrueCell;

/// A field's place in a line.
#[derive(Deserialize)]
pub(super) struct Label {
    field: String,
    /// First character of the line's text.
    start: usize,
    /// One past the last character.
    end: usize,
    /// The row of the field's table.
    group: Option<usize>,
}

/// Text with its place.
type Piece = (String, Quad);

/// Pieces by field and row, from top to bottom.
pub(super) struct Labels(HashMap<(String, Option<usize>), Vec<Piece>>);

impl Labels {
    pub(super) fn of(lines: &[Line]) -> Self {
        let mut pieces: HashMap<_, Vec<_>> = HashMap::new();
        for line in lines {
            let spaced = TextLine::evenly_spaced(&line.text, 1.0, line.quad());
            for Label { field, start, end, group } in &line.labels {
                let text: String = line.text.chars().skip(*start).take(end.saturating_sub(*start)).collect();
                pieces.entry((field.clone(), *group)).or_default().push((text, spaced.quad_of(*start, *end)));
            }
        }
        Self(pieces)
    }

    fn pieces(&self, field: &str, group: Option<usize>) -> &[Piece] {
        self.0.get(&(field.to_owned(), group)).map_or(&[], Vec::as_slice)
    }

    /// Where a field stands; nowhere, if no line shows it.
    pub(super) fn places(&self, field: &str, group: Option<usize>) -> Vec<Quad> {
        self.pieces(field, group).iter().map(|(_, place)| *place).collect()
    }

    /// The cell of a table with the value `value`, if it has any.
    pub(super) fn cell(&self, value: Option<&str>, field: &str, group: usize) -> Option<TrueCell> {
        let pieces = self.pieces(field, Some(group));
        Some(TrueCell {
            value: value?.to_owned(),
            pieces: pieces.iter().map(|(text, _)| text.clone()).collect(),
            places: pieces.iter().map(|(_, place)| *place).collect(),
        })
    }
}
