//! What fingerprints are made of: the lines of a page, its pixels, and the values that were found on it.

/// One line of text as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it says.
    pub text: String,
    /// Probabilities of its characters, 0 to 1, one for each `char`; a missing one is 0.
    pub certainties: Vec<f32>,
    /// Corners `[x, y]` in pixels of the page, clockwise from the text's top left.
    pub quad: [[f32; 2]; 4],
}

/// The pixels that the lines stand on.
#[derive(Debug, Clone, Copy)]
pub struct Photo<'a> {
    width: usize,
    height: usize,
    rgb: &'a [u8],
}

impl<'a> Photo<'a> {
    /// Rows of pixels of three bytes: red, green, blue. Nothing where the number of bytes does not fit the size.
    pub fn new(width: usize, height: usize, rgb: &'a [u8]) -> Option<Self> {
        let fits = width > 0 && height > 0 && width.checked_mul(height)?.checked_mul(3)? == rgb.len();
        fits.then_some(Self { width, height, rgb })
    }

    /// Brightness at (`x`, `y`), 0 to 255; beyond an edge that of the nearest pixel.
    pub(crate) fn luma(&self, x: f32, y: f32) -> f32 {
        // The cast saturates and makes zero of what is no number.
        let (x, y) = ((x as usize).min(self.width - 1), (y as usize).min(self.height - 1));
        let start = (y * self.width + x) * 3;
        match self.rgb.get(start..start + 3) {
            Some(&[r, g, b]) => 0.299 * f32::from(r) + 0.587 * f32::from(g) + 0.114 * f32::from(b),
            _ => 0.0,
        }
    }
}

/// A page that was read.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Its lines, in any order.
    pub lines: &'a [Line],
    /// Its pixels; documents that were never pixels have none.
    pub photo: Option<Photo<'a>>,
}

/// A value that was found on a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Told<T> {
    /// The value.
    pub value: T,
    /// Its characters as printed.
    pub printed: String,
    /// Probability that it is the field's value, 0 to 1.
    pub confidence: f32,
}

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Year of the Common Era.
    pub year: i16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

/// A minute of a day. Seconds are left out: half of the tills do not print them, and a reading may lose them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minute {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

/// What identifies a purchase; `None` for what the page does not show.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Purchase {
    /// Name of the shop.
    pub merchant: Option<Told<String>>,
    /// Day of the purchase.
    pub date: Option<Told<Day>>,
    /// Time of the purchase.
    pub time: Option<Told<Minute>>,
    /// What was paid, in minor units.
    pub total: Option<Told<i64>>,
    /// The number of the receipt.
    pub receipt_number: Option<Told<String>>,
    /// Amounts of the items in minor units, in any order.
    pub items: Vec<i64>,
}
