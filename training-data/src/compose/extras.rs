//! What shops print beside the sale: points, fiscal signatures, bar codes, suggested tips.
//!
//! All of it holds no field. It is drawn from a stream of its own, so that the
//! sale is the same with and without it.

use super::{Anchor, Cell, Composer};
use crate::code::Code;
use crate::dice::Dice;
use crate::format::plain;
use crate::merchant::Shop;
use crate::sale::{Method, divide};
use crate::text::Text;

/// Member number, points of this purchase, balance.
pub(super) fn loyalty(page: &mut Composer) {
    if !page.extras.chance(0.25) {
        return;
    }
    let points = (page.sale.total / page.extras.pick(&[50, 100, 100, 1000])).max(1);
    let balance = points + page.extras.int(0..=40_000);
    let marks = page.look.numbers;
    let spread = page.extras.chance(0.4);
    let block = page.block("loyalty", &|name| match name {
        "points" => Some(points.to_string()),
        "balance" => Some(marks.fixed(balance, 0)),
        _ => None,
    });
    page.extra_separator(0.4);
    for line in block {
        match line.rsplit_once(": ").filter(|_| spread) {
            Some((label, value)) => {
                page.pair(Text::plain(label), Text::plain(value));
            }
            None => page.note(line),
        }
    }
}

/// What card terminals of all countries print, as a rule in pairs.
const SLIP: [(&str, &str); 14] = [
    ("AID", "A00000000#10##"),
    ("AID", "A0000000031010"),
    ("PAN", "************####"),
    ("PAN", "XXXX XXXX XXXX ####"),
    ("PAN SEQ", "0#"),
    ("AUTH CODE", "######"),
    ("TID", "########"),
    ("MID", "###############"),
    ("TVR", "00000080##"),
    ("TSI", "#800"),
    ("ARQC", "^##^#^^###^#^##^"),
    ("STAN", "######"),
    ("RRN", "############"),
    ("EMV", "Contactless"),
];

/// Codes of the terminal, below the slip's words: numbers that are no amounts and no dates.
pub(super) fn slip(page: &mut Composer) {
    if !page.extras.chance(0.5) {
        return;
    }
    let spread = page.extras.chance(0.5);
    let colon = page.look.colon;
    let first = page.extras.index(SLIP.len());
    let step = page.extras.pick(&[1, 3, 5]);
    for i in 0..page.extras.int(2..=6) as usize {
        let (label, mask) = SLIP.get((first + step * i) % SLIP.len()).copied().unwrap_or_default();
        let value = Text::plain(page.extras.fill(mask));
        if spread {
            page.pair(Text::plain(label), value);
        } else {
            page.left(Text::plain(format!("{label}{colon}")).join(value));
        }
    }
}

/// What may be given to the waiter, on tills of countries where guests decide that.
pub(super) fn suggested_tips(page: &mut Composer) {
    let open = page.sale.tip.is_none() && page.sale.service.is_none() && page.merchant.shop == Shop::Restaurant;
    if !open || !page.locale.has("suggest") {
        return;
    }
    let card = page.sale.payments.iter().any(|p| p.0 == Method::Card);
    if card && page.extras.chance(0.45) {
        for line in page.block("slip_blank", &|_| None) {
            page.left(Text::plain(line)).before = 0.4;
        }
    }
    if !page.extras.chance(0.45) {
        return;
    }
    let title = page.locale.pick(page.extras, "suggest");
    page.centre(Text::plain(title)).before = 0.5;
    let shares = page.extras.pick(&[[15, 18, 20], [18, 20, 22], [18, 20, 25]]);
    let style = page.extras.index(3);
    for share in shares {
        let tip = divide(page.sale.goods * share, 100);
        let value = page.money(None, tip);
        match style {
            0 => page.pair(Text::plain(format!("{share}%")), value),
            1 => page.centre(Text::plain(format!("{share}% = ")).join(value)),
            _ => {
                let total = page.money(None, page.sale.total + tip);
                page.left(Text::plain(format!("({share}%) Tip ")).join(value).then(" Total ").join(total))
            }
        };
    }
}

/// Signatures and counters of fiscal devices, and the codes that hold them.
pub(super) fn fiscal(page: &mut Composer) {
    if page.extras.chance(if page.locale.has("fiscal") { 0.35 } else { 0.0 }) {
        page.extra_separator(0.5);
        for line in page.block("fiscal", &|_| None) {
            page.left_in_lines(line);
        }
    }
    if page.extras.chance(0.2) {
        let signed = page.locale.has("fiscal_qr") && page.extras.chance(0.65);
        let key = if signed { "fiscal_qr" } else { "qr" };
        let captioned = !signed && page.extras.chance(0.7);
        let caption = captioned.then(|| page.locale.pick(page.extras, "qr_caption"));
        let value = page.block(key, &|_| None).join(";");
        if let Some(caption) = caption {
            page.note(caption.to_string());
        }
        page.code(Code::qr(&value), None);
    }
    if page.extras.chance(0.15) {
        let mask = page.extras.pick(&["2###########", "98##########", "~###########"]);
        let digits = page.extras.fill(mask);
        let code = Code::ean_13(&digits);
        let below = code.as_ref().map(|c| c.value.clone()).filter(|_| page.extras.chance(0.85));
        page.code(code, below);
    }
}

/// `2024-05-31T18:04:11`.
fn stamp(page: &Composer) -> String {
    let moment = page.sale.moment;
    format!("{}T{}:{:02}", moment.iso_date(), moment.iso_time(), moment.second)
}

/// Characters of a signature that nobody can check.
fn signature(dice: &mut Dice, alphabet: &str, length: usize) -> String {
    let letters: Vec<char> = alphabet.chars().collect();
    (0..length).map(|_| letters.get(dice.index(letters.len())).copied().unwrap_or('A')).collect()
}

const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Composer<'_> {
    /// The lines of a template whose lines are divided by semicolons.
    fn block(&mut self, key: &str, value: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
        let sale = self.sale;
        let length = self.extras.int(44..=88) as usize;
        let signed = signature(self.extras, BASE64, length);
        let hex = signature(self.extras, "0123456789abcdef", 64);
        let (stamp, day) = (stamp(self), sale.moment);
        let (host, tax_id) = (self.merchant.host.clone(), self.merchant.tax_id.clone());
        let amounts = sale.taxes.iter().map(|t| plain(t.net + t.tax, 2)).collect::<Vec<_>>().join("_");
        let cash = sale.payments.iter().any(|p| p.0 == Method::Cash);
        let text = self.locale.expand(self.extras, key, &|name| {
            let known = match name {
                "caret" => "^".to_string(),
                "stamp" => stamp.clone(),
                "day" => format!("{:02}-{:02}-{}", day.day, day.month, day.year),
                "compact" => day.iso_date().replace('-', ""),
                "signature" => signed.clone(),
                "hex" => hex.clone(),
                "host" => host.clone(),
                "taxid" => tax_id.chars().filter(char::is_ascii_alphanumeric).collect(),
                "amounts" => amounts.clone(),
                "net" => plain(sale.net(), 2),
                "tax" => plain(sale.tax(), 2),
                "total" => plain(sale.total, 2),
                "paid" => if cash { "Bar" } else { "Unbar" }.to_string(),
                _ => return value(name),
            };
            Some(known)
        });
        text.split(';').map(|line| line.trim().to_string()).collect()
    }

    /// A separator in some cases, drawn from the stream of extras too.
    fn extra_separator(&mut self, share: f64) {
        if self.extras.chance(share) {
            std::mem::swap(&mut self.dice, &mut self.extras);
            self.separator();
            std::mem::swap(&mut self.dice, &mut self.extras);
        }
    }

    /// Text over as many lines as it takes, from the left.
    fn left_in_lines(&mut self, text: String) {
        let limit = self.look.columns as f32 - 1.0;
        for part in Text::plain(text).wrap(limit, |s| s.chars().count() as f32) {
            self.left(part);
        }
    }

    /// A code, with these digits below it.
    fn code(&mut self, code: Option<Code>, below: Option<String>) {
        let Some(code) = code else { return };
        let [at, module, height] = match code.height() {
            1 => [0.5, self.extras.real(0.1, 0.17) as f32, self.extras.real(1.6, 4.0) as f32],
            _ => [self.extras.pick(&[0.0, 0.5, 0.5, 0.5]), self.extras.real(0.15, 0.27) as f32, 0.0],
        };
        let row = self.row(Vec::new());
        row.code = Some(Placed { code, at, module, height });
        row.before = 0.5;
        if let Some(digits) = below {
            self.row(vec![Cell { at: Anchor::Centre(0.5), text: Text::plain(digits) }]);
        }
    }
}

/// A code with its place and size.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) code: Code,
    /// Where it stands: 0 is the left margin, 0.5 the middle.
    pub(crate) at: f32,
    /// Width of a module in ems.
    pub(crate) module: f32,
    /// Height of bars in ems; modules of square codes are as high as wide.
    pub(crate) height: f32,
}
