//! A whole receipt: drawing instructions and the truth, made from one seed.

use std::ops::RangeInclusive;

use crate::compose::{compose, compose_invoice};
use crate::dice::Dice;
use crate::font::{BUILT_IN, Typefaces};
use crate::format::{Casing, plain, short};
use crate::inconsistent;
use crate::layout::{Sheet, lay_out};
use crate::locale::Locale;
use crate::look::Look;
use crate::merchant::{Merchant, Shop};
use crate::sale::{Method, Sale};
use crate::truth::{Field, Fields, Item, Kind, Payment, Tax, Truth};

/// Keeps the stream that chooses typefaces apart from the receipt's own.
pub(crate) const TYPEFACE: u64 = 0x7970_6566_6163_6573;
/// Keeps the stream of what shops print beside the sale apart from the sale's.
const EXTRAS: u64 = 0x6578_7472_6173_2121;
/// Keeps the stream that chooses what is wrong apart from the receipt's own.
const WRONG: u64 = 0x7772_6f6e_675f_7375;
/// Keeps the stream that chooses how long a receipt is apart from the receipt's own.
const LENGTH: u64 = 0x6c65_6e67_7468_2121;
/// Rows of a long list at least, before deposits, reductions and returns.
pub(crate) const LONG: RangeInclusive<i64> = 100..=210;
/// How often a receipt's letters are left as written, whatever its till would do.
const TRUE_CASE_SHARE: f64 = 0.35;

/// A synthetic receipt.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// What is to be drawn.
    pub sheet: Sheet,
    /// What it says.
    pub truth: Truth,
}

/// What a receipt should be, beyond its locale and seed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wishes<'a> {
    /// An invoice on a whole page instead of a till receipt.
    pub invoice: bool,
    /// Set in one of these typefaces that has all of its characters, or else in
    /// a built-in one. True case is then more frequent than on real receipts,
    /// because readers need to see it.
    pub typefaces: Option<&'a Typefaces>,
    /// A list of 100 to 210 rows, before deposits, reductions and returns.
    pub long: bool,
    /// One printed amount contradicts the others, see [`Truth::inconsistency`].
    pub inconsistent: bool,
}

/// Receipt `index` of the collection `seed`, in the style of `locale`. The
/// same arguments give the same receipt on every machine.
pub fn generate(locale: &'static Locale, seed: u64, index: u64) -> Receipt {
    generate_as(locale, seed, index, Wishes::default())
}

/// As [`generate`], set in one of `typefaces`.
pub fn generate_in(locale: &'static Locale, seed: u64, index: u64, typefaces: &Typefaces) -> Receipt {
    generate_as(locale, seed, index, Wishes { typefaces: Some(typefaces), ..Wishes::default() })
}

/// As [`generate`], with wishes. But for the wish itself, the receipt is the same.
pub fn generate_as(locale: &'static Locale, seed: u64, index: u64, wishes: Wishes) -> Receipt {
    let Wishes { invoice, typefaces, long, inconsistent } = wishes;
    let mut dice = Dice::new(seed, index);
    let mut extras = Dice::new(seed ^ EXTRAS, index);
    let mut merchant = Merchant::draw(&mut dice, locale);
    let mut least = 0;
    if long {
        least = Dice::new(seed ^ LENGTH, index).int(LONG) as usize;
        if merchant.shop != Shop::Household {
            merchant.shop = Shop::Grocery;
        }
    }
    let draw = if invoice { Sale::draw_invoice } else { Sale::draw };
    let sale = draw([&mut dice, &mut extras], locale, merchant.shop, least);
    let mut look = Look::draw(&mut dice, locale);
    if invoice {
        look = look.for_a_page(&mut dice);
    }
    let compose = if invoice { compose_invoice } else { compose };
    let mut typeface = None;
    if let Some(typefaces) = typefaces {
        let chosen = &mut Dice::new(seed ^ TYPEFACE, index);
        if chosen.chance(TRUE_CASE_SHARE) {
            look.casing = Casing::AsIs;
        }
        // The words do not depend on the face, only the length of separators does.
        let mut draw = |look: &Look| {
            let text = compose([&mut dice.clone(), &mut extras.clone()], locale, look, &merchant, &sale).characters();
            typefaces.draw(chosen, &text)
        };
        let found = draw(&look).or_else(|| {
            // Faces that lack accents set what tills without accents print.
            look.casing = Casing::UpperAscii;
            draw(&look)
        });
        let (face, name) = found.unwrap_or((look.face, BUILT_IN));
        look.face = face;
        typeface = Some(name.to_string());
    }
    let mut composed = compose([&mut dice, &mut extras], locale, &look, &merchant, &sale);
    let wrong = if inconsistent {
        inconsistent::alter(&mut composed.rows, &sale, &mut Dice::new(seed ^ WRONG, index))
    } else {
        None
    };
    let page = lay_out(composed.rows, &look);
    let (kind, infix) = if invoice { (Kind::Invoice, "invoice-") } else { (Kind::Receipt, "") };
    let id = format!("{}-{infix}{seed}-{index}", locale.tag);
    let mut truth = Truth {
        kind: Some(kind),
        typeface,
        barcodes: page.barcodes,
        ..Truth::of_page(id, locale, page.size, page.lines)
    };
    fill_tables(&mut truth, &sale);
    fill_fields(&mut truth, &sale, composed.subtotal);
    if let Some(wrong) = wrong {
        inconsistent::admit(&mut truth, wrong);
    }
    Receipt { sheet: page.sheet, truth }
}

/// All printed parts of a field, joined by a space.
fn joined(truth: &Truth, field: Field, group: Option<usize>) -> Option<String> {
    let parts = truth.printed(field, group);
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// `value` if the page shows the field.
fn if_printed(truth: &Truth, field: Field, group: Option<usize>, value: String) -> Option<String> {
    truth.lines.iter().flat_map(|l| &l.labels).any(|l| l.field == field && l.group == group).then_some(value)
}

fn fill_fields(truth: &mut Truth, sale: &Sale, subtotal: Option<i64>) {
    let first = |field| truth.printed(field, None).into_iter().next();
    let shown = |field, value: String| if_printed(truth, field, None, value);
    truth.fields = Fields {
        merchant_name: joined(truth, Field::MerchantName, None),
        merchant_address: joined(truth, Field::MerchantAddress, None),
        merchant_phone: first(Field::MerchantPhone),
        merchant_tax_id: first(Field::MerchantTaxId),
        date: shown(Field::Date, sale.moment.iso_date()),
        time: shown(Field::Time, sale.moment.iso_time()),
        receipt_number: first(Field::ReceiptNumber),
        subtotal: subtotal.map(|s| plain(s, 2)),
        tax_total: shown(Field::TaxTotal, plain(sale.tax(), 2)),
        total: shown(Field::Total, plain(sale.total, 2)),
        tip: shown(Field::Tip, plain(sale.tip.unwrap_or(0), 2)),
        currency: truth.currency.clone(),
        service_charge: sale.service.map(|s| plain(s, 2)),
        rounding: sale.rounds.then(|| plain(sale.rounding, 2)),
        change: sale.payments.iter().any(|p| p.0 == Method::Cash).then(|| plain(sale.change, 2)),
    };
}

fn fill_tables(truth: &mut Truth, sale: &Sale) {
    use crate::truth::ItemKind::{Deposit, Discount, Item as Bought, Return};
    let items = sale.entries.iter().enumerate().map(|(i, e)| {
        let (description, amount) = match e.kind {
            Bought => (Field::ItemDescription, Field::ItemAmount),
            Discount => (Field::DiscountDescription, Field::DiscountAmount),
            Deposit => (Field::DepositDescription, Field::DepositAmount),
            Return => (Field::ReturnDescription, Field::ReturnAmount),
        };
        Item {
            kind: e.kind,
            description: joined(truth, description, Some(i)),
            quantity: if_printed(truth, Field::ItemQuantity, Some(i), short(e.quantity_milli, 3)),
            unit_price: if_printed(truth, Field::ItemUnitPrice, Some(i), plain(e.unit_price, 2)),
            amount: if_printed(truth, amount, Some(i), plain(e.amount, 2)),
            code: joined(truth, Field::ItemCode, Some(i)),
            of: e.of,
        }
    });
    let items = items.collect();
    let taxes = sale.taxes.iter().enumerate().map(|(i, t)| {
        let rate = sale.rates.get(t.rate).copied().unwrap_or_default();
        Tax {
            rate: if_printed(truth, Field::TaxRate, Some(i), short(rate, 3)),
            net: if_printed(truth, Field::TaxNet, Some(i), plain(t.net, 2)),
            amount: if_printed(truth, Field::TaxAmount, Some(i), plain(t.tax, 2)),
        }
    });
    let taxes: Vec<Tax> = taxes.collect();
    let payments = sale.payments.iter().enumerate().map(|(i, (_, minor))| Payment {
        method: truth.printed(Field::PaymentMethod, Some(i)).into_iter().next(),
        amount: if_printed(truth, Field::PaymentAmount, Some(i), plain(*minor, 2)),
    });
    let payments: Vec<Payment> = payments.collect();
    truth.items = items;
    truth.serial_numbers = (0..).map_while(|i| joined(truth, Field::SerialNumber, Some(i))).collect();
    truth.taxes = keep_printed(truth, taxes, &[Field::TaxRate, Field::TaxNet, Field::TaxAmount]);
    truth.payments = keep_printed(truth, payments, &[Field::PaymentMethod, Field::PaymentAmount]);
}

/// Drops the rows that the page does not show at all and renumbers the labels
/// of the others.
fn keep_printed<T: Default + PartialEq>(truth: &mut Truth, rows: Vec<T>, fields: &[Field]) -> Vec<T> {
    let shown: Vec<bool> = rows.iter().map(|r| *r != T::default()).collect();
    let place = |old: usize| shown.iter().take(old).filter(|s| **s).count();
    for label in truth.lines.iter_mut().flat_map(|l| &mut l.labels).filter(|l| fields.contains(&l.field)) {
        label.group = label.group.map(place);
    }
    rows.into_iter().filter(|r| *r != T::default()).collect()
}
