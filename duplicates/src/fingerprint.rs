//! Everything that is kept of a receipt.

use crate::codec::{Reader, Writer};
use crate::image::{MAX_ROWS, PagePrint, RowPrint, numerals, shingles};
use crate::key::{Role, TenantKey};
use crate::page::{Page, Purchase};
use crate::purchase::{Field, FieldPrint, MAX_COMBINATIONS, MAX_NEIGHBOURS, PurchasePrint};

/// Changes whenever stored fingerprints can no longer be compared with new ones.
const VERSION: u8 = 1;

/// Bytes of the seal at the end.
const SEAL: usize = 8;

/// Stored bytes are not a fingerprint of this tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored fingerprint is damaged")]
pub struct Damaged;

/// Keyed hashes of a page and of the purchase that it shows; neither image nor text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    pub(crate) page: PagePrint,
    pub(crate) purchase: PurchasePrint,
}

impl Fingerprint {
    /// Takes the fingerprint of a receipt with the key of the tenant whose it is.
    pub fn new(page: &Page, purchase: &Purchase, key: &TenantKey) -> Self {
        Self { page: PagePrint::new(page, key), purchase: PurchasePrint::new(purchase, key) }
    }

    /// Whether there is nothing in it that could be found again.
    pub fn is_empty(&self) -> bool {
        self.page.shingles.is_empty() && self.purchase.combinations.is_empty()
    }

    /// Its bytes, with a keyed seal that tells damage and forgery.
    pub(crate) fn to_bytes(&self, key: &TenantKey) -> Vec<u8> {
        let mut out = Writer::new(VERSION);
        let PagePrint { shingles, rows, numerals, look } = &self.page;
        out.list(shingles, |out, hash| out.six(*hash));
        out.list(rows, |out, row| {
            out.four(row.text);
            out.two(row.digits);
            out.two(row.place.0 as u16);
            out.two(row.place.1 as u16);
            out.four(row.look);
        });
        out.list(numerals, |out, numeral| out.four(*numeral));
        out.eight(*look);
        for field in &self.purchase.fields {
            let Some(field) = field else {
                out.one(0);
                continue;
            };
            out.one(1);
            out.four(field.value);
            out.one(field.confidence);
            out.list(field.numeral.as_slice(), |out, numeral| out.four(*numeral));
            out.list(&field.near, |out, near| out.two(*near));
        }
        out.list(&self.purchase.combinations, |out, hash| out.six(*hash));
        let mut bytes = out.bytes();
        let seal = key.hash(Role::Seal, &[&bytes]);
        bytes.extend_from_slice(&seal.to_le_bytes());
        bytes
    }

    /// The fingerprint that [`Fingerprint::to_bytes`] wrote with the same key.
    pub(crate) fn from_bytes(bytes: &[u8], key: &TenantKey) -> Result<Self, Damaged> {
        let (content, seal) = bytes.split_at_checked(bytes.len().saturating_sub(SEAL)).ok_or(Damaged)?;
        if seal != key.hash(Role::Seal, &[content]).to_le_bytes() {
            return Err(Damaged);
        }
        let mut reader = Reader::new(content, VERSION)?;
        let page = PagePrint {
            shingles: reader.list(shingles::KEPT, Reader::six)?,
            rows: reader.list(MAX_ROWS, |reader| {
                Ok(RowPrint {
                    text: reader.four()?,
                    digits: reader.two()?,
                    place: (reader.two()? as i16, reader.two()? as i16),
                    look: reader.four()?,
                })
            })?,
            numerals: reader.list(numerals::KEPT, Reader::four)?,
            look: reader.eight()?,
        };
        let mut fields = [const { None }; Field::ALL.len()];
        for field in &mut fields {
            if reader.one()? == 1 {
                *field = Some(FieldPrint {
                    value: reader.four()?,
                    confidence: reader.one()?,
                    numeral: reader.list(1, Reader::four)?.first().copied(),
                    near: reader.list(MAX_NEIGHBOURS, Reader::two)?,
                });
            }
        }
        let combinations = reader.list(MAX_COMBINATIONS, Reader::six)?;
        reader.end()?;
        Ok(Self { page, purchase: PurchasePrint { fields, combinations } })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::key::Secret;
    use crate::page::{Day, Line, Minute, Told};

    fn key(tenant: &str) -> TenantKey {
        Secret::new("0123456789abcdef").unwrap().tenant(tenant)
    }

    fn taken(texts: &[String], number: &str, day: u8, minute: u8, total: i64) -> Fingerprint {
        let line = |(i, text): (usize, &String)| {
            let (top, right) = (i as f32 * 30.0, 12.0 * text.len() as f32);
            let quad = [[0.0, top], [right, top], [right, top + 20.0], [0.0, top + 20.0]];
            Line { text: text.clone(), certainties: vec![0.9; text.len()], quad }
        };
        let lines: Vec<Line> = texts.iter().enumerate().map(line).collect();
        fn told<T>(value: T, printed: &str) -> Option<Told<T>> {
            Some(Told { value, printed: printed.to_owned(), confidence: 0.9 })
        }
        let purchase = Purchase {
            merchant: told("Some Shop".to_owned(), "Some Shop"),
            date: told(Day { year: 2026, month: 11, day }, "2026"),
            time: told(Minute { hour: 9, minute }, "09:00"),
            total: told(total, "x"),
            receipt_number: told(number.to_owned(), number),
            items: vec![total, 5],
        };
        Fingerprint::new(&Page { lines: &lines, photo: None }, &purchase, &key("shop"))
    }

    proptest! {
        #[test]
        fn bytes_give_the_fingerprint_back_and_no_damage_goes_unseen(
            texts in vec("[A-Z]{0,8} ?[0-9]{0,12}", 0..120), number in "[A-Z0-9]{0,40}", day in 1_u8..29,
            minute in 0_u8..60, total in any::<i64>(), at in any::<usize>(), bit in 0_u8..8
        ) {
            let fingerprint = taken(&texts, &number, day, minute, total);
            let mut bytes = fingerprint.to_bytes(&key("shop"));
            prop_assert_eq!(Fingerprint::from_bytes(&bytes, &key("shop")), Ok(fingerprint));
            prop_assert_eq!(Fingerprint::from_bytes(&bytes, &key("other")), Err(Damaged));
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(Fingerprint::from_bytes(&bytes, &key("shop")), Err(Damaged));
            bytes.truncate(at);
            prop_assert_eq!(Fingerprint::from_bytes(&bytes, &key("shop")), Err(Damaged));
        }
    }

    #[test]
    fn no_word_of_a_receipt_is_in_its_bytes() {
        let texts = ["SHOPNAME LIMITED".to_owned(), "INVOICE A1234567".to_owned()];
        let bytes = taken(&texts, "A1234567", 5, 30, 123_456).to_bytes(&key("shop"));
        let held = |text: &str| bytes.windows(text.len()).any(|piece| piece.eq_ignore_ascii_case(text.as_bytes()));
        let found: Vec<_> = ["SHOP", "LIMI", "1234", "20261", "INVO"].into_iter().filter(|text| held(text)).collect();
        assert!(found.is_empty(), "{found:?}");
    }
}
