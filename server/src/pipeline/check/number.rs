//! Numbers as receipts print them: decimal comma or point, grouping, signs, slips of the reader.
//!
//! Nothing here is floating point: `0.1` is one tenth, and a sum of printed
//! amounts is exact.

use std::fmt;

/// An exact decimal number, kept without trailing zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    mantissa: i64,
    scale: u8,
}

/// More digits than any receipt prints; keeps every product inside `i128`.
const MAX_DIGITS: usize = 15;

impl Decimal {
    /// `mantissa / 10^scale`.
    pub fn new(mantissa: i64, scale: u8) -> Self {
        let (mut mantissa, mut scale) = (mantissa, scale);
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        Self { mantissa, scale }
    }

    /// The number in units of `10^-scale`, or `None` if it has more decimals
    /// than that or does not fit.
    pub fn to_units(self, scale: u8) -> Option<i64> {
        let up = scale.checked_sub(self.scale)?;
        self.mantissa.checked_mul(10_i64.checked_pow(u32::from(up))?)
    }

    /// `self · other` in units of `10^-scale`, rounded half away from zero.
    pub fn mul_to_units(self, other: Self, scale: u8) -> Option<i64> {
        let product = i128::from(self.mantissa) * i128::from(other.mantissa);
        let have = self.scale + other.scale;
        let rounded = if have <= scale {
            product.checked_mul(10_i128.checked_pow(u32::from(scale - have))?)?
        } else {
            let unit = 10_i128.checked_pow(u32::from(have - scale))?;
            (product.abs() + unit / 2) / unit * product.signum()
        };
        i64::try_from(rounded).ok()
    }

    /// The number with its sign turned.
    #[must_use]
    pub fn negated(self) -> Self {
        Self { mantissa: -self.mantissa, ..self }
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// Written with at least `min_decimals` decimals.
    pub fn to_fixed(self, min_decimals: u8) -> String {
        let scale = self.scale.max(min_decimals);
        match self.to_units(scale) {
            Some(units) => format_units(units, scale),
            None => self.to_string(),
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_units(self.mantissa, self.scale))
    }
}

/// `units / 10^scale` with exactly `scale` decimals.
pub fn format_units(units: i64, scale: u8) -> String {
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = usize::from(scale) + 1);
    let (whole, decimals) = digits.split_at(digits.len() - usize::from(scale));
    let sign = if units < 0 { "-" } else { "" };
    if decimals.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") }
}

/// The character before the decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DecimalMark {
    /// `1,234.50`
    Point,
    /// `1.234,50`
    Comma,
}

impl DecimalMark {
    fn of(c: char) -> Option<Self> {
        match c {
            '.' => Some(Self::Point),
            ',' => Some(Self::Comma),
            _ => None,
        }
    }
}

/// The decimal mark that most of `texts` use without any doubt, if they agree.
pub fn decimal_mark<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<DecimalMark> {
    let (mut points, mut commas) = (0, 0);
    for core in texts.into_iter().flat_map(|t| cores(&mend_slips(t))) {
        let Some((at, mark)) = core.text.char_indices().rev().find_map(|(i, c)| Some((i, DecimalMark::of(c)?))) else {
            continue;
        };
        if core.text.len() - at - 1 == 2 {
            match mark {
                DecimalMark::Point => points += 1,
                DecimalMark::Comma => commas += 1,
            }
        }
    }
    match (points, commas) {
        (p, c) if p > 2 * c => Some(DecimalMark::Point),
        (p, c) if c > 2 * p => Some(DecimalMark::Comma),
        _ => None,
    }
}

/// The one amount of money in `text`, with its sign. `None` when there is no
/// number, or when there are several and nothing tells which is meant.
/// `1.234` is a thousand and something unless `mark` says that the receipt
/// writes decimals with a point.
pub fn parse_amount(text: &str, mark: Option<DecimalMark>) -> Option<Decimal> {
    parse(text, mark, true)
}

/// The one number in `text`, where `1.234` is a bit more than one (a weight)
/// unless `mark` says otherwise.
pub fn parse_quantity(text: &str, mark: Option<DecimalMark>) -> Option<Decimal> {
    parse(text, mark, false)
}

/// The rate in `text`, in per cent: `19`, `7,7 %`, `A 19.00%`. At most 100.
pub fn parse_rate(text: &str) -> Option<Decimal> {
    let mended = mend_slips(text);
    let all = cores(&mended);
    let core = all.iter().find(|c| c.percent).or(if all.len() == 1 { all.first() } else { None })?;
    let rate = core.value(None, false)?;
    (!core.negative && rate.to_units(4)? <= 100 * 10_000).then_some(rate)
}

fn parse(text: &str, mark: Option<DecimalMark>, grouped: bool) -> Option<Decimal> {
    let mended = mend_slips(text);
    let all: Vec<_> = cores(&mended).into_iter().filter(|c| !c.percent).collect();
    let core = match all.as_slice() {
        [one] => one,
        several => {
            // "2 x 3.00": the only number that is written like money.
            let mut money = several.iter().filter(|c| c.decimals() == Some(2));
            match (money.next(), money.next()) {
                (Some(one), None) => one,
                _ => return None,
            }
        }
    };
    let value = core.value(mark, grouped)?;
    Some(if core.negative { value.negated() } else { value })
}

/// A number as printed: digits with marks and grouping between them.
#[derive(Debug)]
struct Core {
    text: String,
    negative: bool,
    percent: bool,
}

impl Core {
    /// Digits after the last mark.
    fn decimals(&self) -> Option<usize> {
        Some(self.text.len() - self.text.rfind(['.', ','])? - 1)
    }

    fn value(&self, hint: Option<DecimalMark>, grouped: bool) -> Option<Decimal> {
        let marks: Vec<(usize, char)> = self.text.char_indices().filter(|(_, c)| matches!(c, '.' | ',')).collect();
        let decimal_at = match marks.as_slice() {
            [] => None,
            [(at, c)] => {
                let (before, after) = (&self.text[..*at], self.text.len() - at - 1);
                let could_group = after == 3 && (1..=3).contains(&before.len()) && before != "0";
                let is_group = could_group && hint.map_or(grouped, |h| DecimalMark::of(*c) != Some(h));
                (!is_group).then_some(*at)
            }
            [.., (at, last)] => {
                let same = marks.iter().all(|(_, c)| c == last);
                // "1.234.50" is a comma read as a point; "1.234.567" is all grouping.
                if same && self.text.len() - at == 4 { None } else { Some(*at) }
            }
        };
        let (whole, decimals) = match decimal_at {
            Some(at) => (&self.text[..at], &self.text[at + 1..]),
            None => (self.text.as_str(), ""),
        };
        if !well_grouped(whole) {
            return None;
        }
        let digits: String = whole.chars().chain(decimals.chars()).filter(char::is_ascii_digit).collect();
        let scale = u8::try_from(decimals.len()).ok()?;
        if digits.len() > MAX_DIGITS {
            return None;
        }
        Some(Decimal::new(digits.parse().ok()?, scale))
    }
}

/// Whether the separators of `whole`, if it has any, cut it into groups of three.
fn well_grouped(whole: &str) -> bool {
    let mut groups = whole.split(|c: char| !c.is_ascii_digit());
    let first = groups.next().map_or(0, str::len);
    let mut rest = groups.peekable();
    rest.peek().is_none() || ((1..=3).contains(&first) && rest.all(|g| g.len() == 3))
}

/// Every number in `text`.
fn cores(text: &str) -> Vec<Core> {
    let chars: Vec<char> = text.chars().collect();
    let digit = |i: usize| chars.get(i).is_some_and(char::is_ascii_digit);
    let group_at = |i: usize| digit(i) && digit(i + 1) && digit(i + 2) && !digit(i + 3);
    let cents_at = |i: usize| digit(i) && digit(i + 1) && !digit(i + 2);
    let (mut found, mut i) = (Vec::new(), 0);
    while i < chars.len() {
        let bare_decimals = matches!(chars[i], '.' | ',') && cents_at(i + 1) && (i == 0 || chars[i - 1] == ' ');
        if !digit(i) && !bare_decimals {
            i += 1;
            continue;
        }
        let start = i;
        let mut core = String::from(if bare_decimals { "0" } else { "" });
        while i < chars.len() {
            let c = chars[i];
            let skip = match c {
                _ if c.is_ascii_digit() => 1,
                '.' | ',' if digit(i + 1) => 1,
                '.' | ',' if chars.get(i + 1) == Some(&' ') && cents_at(i + 2) => 2,
                ' ' if matches!(chars.get(i + 1), Some('.' | ',')) && cents_at(i + 2) => 0,
                ' ' | '\u{a0}' | '\u{202f}' if group_at(i + 1) && i - start <= 3 + 4 * core.matches(' ').count() => 1,
                '\'' | '’' if group_at(i + 1) => 1,
                // French "9€50".
                '€' if cents_at(i + 1) && !core.contains(['.', ',']) => 1,
                _ => break,
            };
            core.push(match (skip, c) {
                (0, _) => chars[i + 1],
                (_, '€') => ',',
                (_, '\u{a0}' | '\u{202f}' | '’') => ' ',
                _ => c,
            });
            i += if skip == 0 { 2 } else { skip };
        }
        let negative = minus_before(&chars[..start]) || minus_after(&chars[i..]) || bracketed(&chars, start, i);
        let percent = chars[i..].iter().find(|c| **c != ' ') == Some(&'%');
        found.push(Core { text: core, negative, percent });
    }
    found
}

fn is_minus(c: char) -> bool {
    matches!(c, '-' | '−' | '–')
}

/// A minus before the number, perhaps with a currency sign between or before.
fn minus_before(before: &[char]) -> bool {
    let is_sign = |c: &char| c.is_alphabetic() || matches!(c, '$' | '€' | '£' | '¥' | ' ' | '.');
    let Some(at) = before.iter().rposition(|c| is_minus(*c)) else { return false };
    let (sign, lead) = (&before[at + 1..], &before[..at]);
    sign.iter().all(is_sign)
        && sign.iter().filter(|c| c.is_alphabetic()).count() <= 3
        && lead.iter().all(is_sign)
        && lead.iter().filter(|c| c.is_alphabetic()).count() <= 3
}

/// A minus after the number; "9.-" and "9,-" are whole amounts, not negative ones.
fn minus_after(after: &[char]) -> bool {
    let mut rest = after.iter().skip_while(|c| **c == ' ');
    rest.next().is_some_and(|c| is_minus(*c)) && rest.all(|c| !c.is_ascii_digit())
}

fn bracketed(chars: &[char], start: usize, end: usize) -> bool {
    chars[..start].iter().rev().find(|c| !matches!(c, ' ' | '$' | '€' | '£')) == Some(&'(')
        && chars[end..].iter().find(|c| **c != ' ') == Some(&')')
}

/// Turns letters that were read for digits back (`1O.50`), only where the word
/// can be nothing but an amount: letters do not outnumber digits, and what comes
/// out is whole units, a mark and two decimals.
fn mend_slips(text: &str) -> String {
    let mend = |word: &str| -> Option<String> {
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        if letters == 0 || letters > word.chars().filter(char::is_ascii_digit).count() {
            return None;
        }
        let mut out = String::with_capacity(word.len());
        for (i, c) in word.chars().enumerate() {
            out.push(match c {
                'O' | 'o' => '0',
                'I' | 'l' => '1',
                // At the start these may be a dollar sign or a word.
                'S' if i > 0 => '5',
                'B' if i > 0 => '8',
                _ => c,
            });
        }
        let (whole, decimals) = out.rsplit_once(['.', ','])?;
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        (digits(whole) && decimals.len() == 2 && digits(decimals)).then_some(out)
    };
    text.split(' ').map(|w| mend(w).unwrap_or_else(|| w.to_owned())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "number_tests.rs"]
mod tests;
