//! The kinds of codes that are read.

use std::fmt;

/// A kind of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symbology {
    /// EAN-13, 13 digits.
    Ean13,
    /// EAN-8, 8 digits.
    Ean8,
    /// UPC-A, 12 digits. The same bars as the EAN-13 with a zero before it.
    UpcA,
    /// UPC-E, 8 digits as printed: number system, six digits, check digit.
    UpcE,
    /// Code 128, any text of Latin-1.
    Code128,
    /// QR code, any text.
    QrCode,
}

impl Symbology {
    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ean13 => "ean_13",
            Self::Ean8 => "ean_8",
            Self::UpcA => "upc_a",
            Self::UpcE => "upc_e",
            Self::Code128 => "code_128",
            Self::QrCode => "qr_code",
        }
    }
}

impl fmt::Display for Symbology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
