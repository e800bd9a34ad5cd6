//! Bar codes and QR codes as grids of modules.

use qrcode::{Color, EcLevel, QrCode};

use crate::truth::Symbology;

/// A code that can be drawn: rows of modules, dark where true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) symbology: Symbology,
    /// What a reader gets.
    pub(crate) value: String,
    /// Modules in a row.
    pub(crate) width: usize,
    /// All rows, from top to bottom; one row where the code has bars.
    pub(crate) dark: Vec<bool>,
}

impl Code {
    /// A QR code of this text, with medium error correction; nothing where the text is too long for any.
    pub(crate) fn qr(value: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(value, EcLevel::M).ok()?;
        let dark = code.to_colors().into_iter().map(|c| c == Color::Dark).collect();
        Some(Self { symbology: Symbology::QrCode, value: value.to_string(), width: code.width(), dark })
    }

    /// An EAN-13 of these twelve digits and their check digit (GS1 General
    /// Specifications, section 5.2); nothing where they are not twelve digits.
    pub(crate) fn ean_13(twelve: &str) -> Option<Self> {
        let mut digits: Vec<usize> =
            twelve.chars().map(|c| c.to_digit(10).map(|d| d as usize)).collect::<Option<_>>()?;
        if digits.len() != 12 {
            return None;
        }
        let sum: usize = digits.iter().enumerate().map(|(i, d)| if i % 2 == 0 { *d } else { 3 * d }).sum();
        digits.push((10 - sum % 10) % 10);
        let (first, rest) = digits.split_first()?;
        let parity = PARITIES.get(*first)?;
        let mut dark = vec![true, false, true];
        for (i, digit) in rest.iter().enumerate() {
            let bits = SET_A.get(*digit)?;
            let bit = |k: usize| bits >> (6 - k) & 1 == 1;
            match (i < 6, parity >> (5 - i.min(5)) & 1 == 1) {
                (true, false) => dark.extend((0..7).map(bit)),
                // Set B is set C mirrored, which is set A inverted.
                (true, true) => dark.extend((0..7).rev().map(|k| !bit(k))),
                (false, _) => dark.extend((0..7).map(|k| !bit(k))),
            }
            if i == 5 {
                dark.extend([false, true, false, true, false]);
            }
        }
        dark.extend([true, false, true]);
        let value = digits.iter().map(usize::to_string).collect();
        Some(Self { symbology: Symbology::Ean13, value, width: dark.len(), dark })
    }

    /// Rows of modules.
    pub(crate) fn height(&self) -> usize {
        self.dark.len() / self.width.max(1)
    }

    /// Modules left blank at each side, as readers ask for.
    pub(crate) fn quiet(&self) -> usize {
        match self.symbology {
            Symbology::QrCode => 4,
            Symbology::Ean13 => 11,
        }
    }

    /// Runs of dark modules: row, first module, one past the last.
    pub(crate) fn runs(&self) -> Vec<(usize, usize, usize)> {
        let mut runs = Vec::new();
        for (row, modules) in self.dark.chunks(self.width.max(1)).enumerate() {
            let mut start = None;
            for (i, dark) in modules.iter().chain([&false]).enumerate() {
                match (start, dark) {
                    (None, true) => start = Some(i),
                    (Some(from), false) => {
                        runs.push((row, from, i));
                        start = None;
                    }
                    _ => {}
                }
            }
        }
        runs
    }
}

/// Modules of the digits in set A, dark where a bit is set.
const SET_A: [u8; 10] = [
    0b000_1101, 0b001_1001, 0b001_0011, 0b011_1101, 0b010_0011, 0b011_0001, 0b010_1111, 0b011_1011, 0b011_0111,
    0b000_1011,
];

/// By the first digit: which of the next six are of set B.
const PARITIES: [u8; 10] =
    [0b00_0000, 0b00_1011, 0b00_1101, 0b00_1110, 0b01_0011, 0b01_1001, 0b01_1100, 0b01_0101, 0b01_0110, 0b01_1010];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn modules(code: &Code) -> String {
        code.dark.iter().map(|d| if *d { '1' } else { '0' }).collect()
    }

    #[test]
    fn the_bars_of_a_known_number() {
        // 4006381333931: the first digit 4 asks for the sets A B A A B B.
        let code = Code::ean_13("400638133393").unwrap();
        let left = ["0001101", "0100111", "0101111", "0111101", "0001001", "0110011"].concat();
        let right = ["1000010", "1000010", "1000010", "1110100", "1000010", "1100110"].concat();
        assert_eq!(code.value, "4006381333931");
        assert_eq!(modules(&code), format!("101{left}01010{right}101"));
        assert_eq!((code.width, code.height()), (95, 1));
        assert!(Code::ean_13("40063813339").is_none() && Code::ean_13("40063813339x").is_none());
    }

    #[test]
    fn runs_are_the_dark_modules() {
        let code = Code::qr("https://www.example.com").unwrap();
        let mut drawn = vec![false; code.dark.len()];
        for (row, from, to) in code.runs() {
            drawn[row * code.width + from..row * code.width + to].fill(true);
        }
        assert_eq!((code.height(), drawn), (code.width, code.dark));
    }
}
