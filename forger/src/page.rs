//! A receipt with the places of its characters.
//!
//! A character is a group of dark pixels that hang together, inside the box of a line. Its neighbours are those whose
//! middle is next to its own.

use image::RgbImage;

use crate::Area;
use crate::canvas::brightness;
use crate::dice::Dice;

/// A character has at least so many pixels, and is at least so tall.
const LEAST_PIXELS: usize = 12;
const LEAST_HEIGHT: u32 = 8;
/// A group that is wider than so many times the line's height is a rule or a logo.
const WIDEST: f32 = 1.4;
/// The part of edits that choose a place among digits, where there are any.
const AMONG_DIGITS: f32 = 0.8;

/// A line's characters from left to right.
#[derive(Debug, Clone)]
struct Line {
    characters: Vec<Area>,
    /// Whether digits are most of what it says.
    of_digits: bool,
}

/// A receipt that can be forged.
#[derive(Debug, Clone)]
pub struct Page {
    image: RgbImage,
    lines: Vec<Line>,
}

impl Page {
    /// A receipt whose lines stand in these boxes and say this.
    pub fn new<'a>(image: RgbImage, lines: impl IntoIterator<Item = (Area, &'a str)>) -> Self {
        let line = |(area, text): (Area, &str)| {
            let characters = characters(&image, area.within(&image));
            let (digits, all) = (text.chars().filter(char::is_ascii_digit).count(), text.chars().count());
            (!characters.is_empty()).then_some(Line { characters, of_digits: 2 * digits >= all })
        };
        let lines = lines.into_iter().filter_map(line).collect();
        Self { image, lines }
    }

    /// The pixels.
    pub fn image(&self) -> &RgbImage {
        &self.image
    }

    /// One to four neighbouring characters, mostly digits, with some paper around them.
    pub(crate) fn place(&self, dice: &mut Dice) -> Option<Area> {
        let digits: Vec<&Line> = self.lines.iter().filter(|line| line.of_digits).collect();
        let all: Vec<&Line> = self.lines.iter().collect();
        let among = if !digits.is_empty() && dice.happens(AMONG_DIGITS) { &digits } else { &all };
        let line = dice.pick(among)?;
        let count = dice.between(1, 4).min(line.characters.len());
        let first = dice.between(0, line.characters.len() - count);
        let run = line.characters.get(first..first + count)?;
        let around = run.iter().copied().reduce(|a, b| a.with(&b))?;
        Some(around.grown(dice.between(1, 3) as u32).within(&self.image))
    }

    /// How many characters have their middle in `place`; at least one.
    pub(crate) fn characters_in(&self, place: &Area) -> usize {
        let inside = |area: &&Area| {
            let (x, y) = ((area.left + area.right) / 2, (area.top + area.bottom) / 2);
            (place.left..place.right).contains(&x) && (place.top..place.bottom).contains(&y)
        };
        self.lines.iter().flat_map(|line| &line.characters).filter(inside).count().max(1)
    }

    /// All runs of `count` neighbouring characters.
    pub(crate) fn runs(&self, count: usize) -> Vec<Area> {
        let windows = self.lines.iter().flat_map(|line| line.characters.windows(count.max(1)));
        windows.filter_map(|run| run.iter().copied().reduce(|a, b| a.with(&b))).collect()
    }
}

/// The characters in `area`.
fn characters(image: &RgbImage, area: Area) -> Vec<Area> {
    let (width, height) = (area.width() as usize, area.height() as usize);
    let levels: Vec<u32> = area.pixels().map(|(x, y)| brightness(*image.get_pixel(x, y)) / 8).collect();
    let (Some(dark), Some(light)) = (levels.iter().min(), levels.iter().max()) else { return Vec::new() };
    let limit = (dark + light) / 2;
    let mut left: Vec<bool> = levels.iter().map(|level| *level < limit).collect();
    let mut found = Vec::new();
    for start in 0..left.len() {
        if !std::mem::take(&mut left[start]) {
            continue;
        }
        let (mut pixels, mut waiting) = (0, vec![start]);
        let mut bounds = Area { left: u32::MAX, top: u32::MAX, right: 0, bottom: 0 };
        while let Some(at) = waiting.pop() {
            pixels += 1;
            let (x, y) = (at % width, at / width);
            let (column, row) = (area.left + x as u32, area.top + y as u32);
            bounds = bounds.with(&Area { left: column, top: row, right: column + 1, bottom: row + 1 });
            for next_y in y.saturating_sub(1)..(y + 2).min(height) {
                for next_x in x.saturating_sub(1)..(x + 2).min(width) {
                    let next = next_y * width + next_x;
                    if std::mem::take(&mut left[next]) {
                        waiting.push(next);
                    }
                }
            }
        }
        let fits = bounds.height() >= LEAST_HEIGHT && (bounds.width() as f32) < WIDEST * height as f32;
        if pixels >= LEAST_PIXELS && fits {
            found.push(bounds);
        }
    }
    found.sort_by_key(|area| area.left + area.right);
    found
}

#[cfg(test)]
pub(crate) mod tests {
    use image::Rgb;

    use super::*;

    /// Bright paper with three lines of ten dark boxes, 12×20 pixels each.
    pub(crate) fn page() -> Page {
        let inked = |x: u32, y: u32| {
            let (row, column) = (y % 40, x % 20);
            (20..220).contains(&x) && (10..30).contains(&row) && (4..16).contains(&column)
        };
        let grain =
            |x: u32, y: u32| (x.wrapping_mul(2_654_435_761).wrapping_add(y.wrapping_mul(40_503)) >> 13) as u8 % 6;
        let image = RgbImage::from_fn(240, 120, |x, y| Rgb([if inked(x, y) { 40 } else { 228 } + grain(x, y); 3]));
        let line = |i: u32| Area { left: 16, top: i * 40 + 4, right: 224, bottom: i * 40 + 36 };
        Page::new(image, [(line(0), "0123456789"), (line(1), "ABCDEFGHIJ"), (line(2), "12.34 x 56")])
    }

    #[test]
    fn characters_are_found_from_left_to_right() {
        let page = page();
        assert_eq!(page.lines.iter().map(|line| line.characters.len()).collect::<Vec<_>>(), [10, 10, 10]);
        assert_eq!(page.lines[0].characters[0], Area { left: 24, top: 10, right: 36, bottom: 30 });
        assert_eq!(page.lines.iter().map(|line| line.of_digits).collect::<Vec<_>>(), [true, false, true]);
        assert_eq!(page.characters_in(&Area { left: 20, top: 0, right: 80, bottom: 40 }), 3);
        assert_eq!((page.runs(3).len(), page.runs(11).len()), (24, 0));
    }

    #[test]
    fn blank_pages_offer_no_place() {
        let blank = RgbImage::from_pixel(100, 60, Rgb([230; 3]));
        let line = Area { left: 0, top: 0, right: 500, bottom: 500 };
        let page = Page::new(blank, [(line, "12"), (Area { left: 9, top: 9, right: 9, bottom: 9 }, "")]);
        assert_eq!(page.place(&mut Dice::new(1)), None);
    }
}
