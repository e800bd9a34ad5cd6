//! How numbers, dates and letters are printed.

use crate::dice::Dice;
use crate::locale::Locale;

/// A calendar day and a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
}

impl Moment {
    /// A moment in shop hours of the years 2015 to 2026.
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        let (year, month) = (dice.int(2015..=2026), dice.int(1..=12));
        Self {
            year,
            month,
            day: dice.int(1..=days_in(year, month)),
            hour: dice.int(7..=22),
            minute: dice.int(0..=59),
            second: dice.int(0..=59),
        }
    }

    /// A later day, for notes such as "exchange until".
    pub(crate) fn later(mut self, days: i64) -> Self {
        self.day += days;
        while self.day > days_in(self.year, self.month) {
            self.day -= days_in(self.year, self.month);
            self.month += 1;
            if self.month > 12 {
                (self.month, self.year) = (1, self.year + 1);
            }
        }
        self
    }

    /// `YYYY-MM-DD`.
    pub(crate) fn iso_date(&self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    /// `HH:MM`.
    pub(crate) fn iso_time(&self) -> String {
        format!("{:02}:{:02}", self.hour, self.minute)
    }

    /// Monday is 0 (Sakamoto's method).
    fn weekday(&self) -> usize {
        const SHIFT: [i64; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
        let year = if self.month < 3 { self.year - 1 } else { self.year };
        let shift = SHIFT.get(self.month as usize - 1).copied().unwrap_or_default();
        ((year + year / 4 - year / 100 + year / 400 + shift + self.day + 6) % 7) as usize
    }

    /// The moment as `pattern` says: `%d %m %y %Y %H %I %M %S %p` as in C's
    /// `strftime`, `%e` and `%n` for day and month without a leading zero, `%l`
    /// for the hour without one, `%b` and `%a` for the locale's short names.
    pub(crate) fn print(&self, pattern: &str, locale: &Locale) -> String {
        let mut out = String::with_capacity(pattern.len() + 6);
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            let twelve = (self.hour + 11) % 12 + 1;
            match chars.next() {
                Some('d') => out.push_str(&format!("{:02}", self.day)),
                Some('e') => out.push_str(&self.day.to_string()),
                Some('m') => out.push_str(&format!("{:02}", self.month)),
                Some('n') => out.push_str(&self.month.to_string()),
                Some('y') => out.push_str(&format!("{:02}", self.year % 100)),
                Some('Y') => out.push_str(&self.year.to_string()),
                Some('H') => out.push_str(&format!("{:02}", self.hour)),
                Some('I') => out.push_str(&format!("{twelve:02}")),
                Some('l') => out.push_str(&twelve.to_string()),
                Some('M') => out.push_str(&format!("{:02}", self.minute)),
                Some('S') => out.push_str(&format!("{:02}", self.second)),
                Some('p') => out.push_str(if self.hour < 12 { "AM" } else { "PM" }),
                Some('b') => out.push_str(entry(locale, "months", self.month as usize - 1)),
                Some('a') => out.push_str(entry(locale, "weekdays", self.weekday())),
                other => out.extend(other),
            }
        }
        out
    }
}

fn entry(locale: &Locale, key: &str, index: usize) -> &'static str {
    locale.list(key).get(index).copied().unwrap_or_default()
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Where a negative amount carries its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Sign {
    /// `-1.50`
    #[default]
    Front,
    /// `1.50-`, usual on tills of German make.
    Behind,
}

/// How amounts are printed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Numbers {
    /// Decimal mark.
    pub(crate) decimal: char,
    /// Mark between thousands, if any.
    pub(crate) group: Option<char>,
    /// Where the minus sign stands.
    pub(crate) sign: Sign,
    /// Amounts below one are printed without the leading zero (`.20`).
    pub(crate) bare_fraction: bool,
}

impl Numbers {
    /// An amount of minor units, with two decimals.
    pub(crate) fn money(&self, minor: i64) -> String {
        self.fixed(minor, 2)
    }

    /// `value / 10^decimals`.
    pub(crate) fn fixed(&self, value: i64, decimals: u32) -> String {
        let base = 10_i64.pow(decimals);
        let (whole, part) = (value.abs() / base, value.abs() % base);
        let mut out = String::new();
        let digits = whole.to_string();
        for (i, c) in digits.chars().enumerate() {
            if let Some(group) = self.group.filter(|_| i > 0 && (digits.len() - i).is_multiple_of(3)) {
                out.push(group);
            }
            out.push(c);
        }
        if self.bare_fraction && whole == 0 && decimals > 0 {
            out.clear();
        }
        if decimals > 0 {
            out.push(self.decimal);
            out.push_str(&format!("{part:0width$}", width = decimals as usize));
        }
        match (value < 0, self.sign) {
            (false, _) => out,
            (true, Sign::Front) => format!("-{out}"),
            (true, Sign::Behind) => format!("{out}-"),
        }
    }
}

/// `value / 10^decimals` with a point, as the truth holds it.
pub(crate) fn plain(value: i64, decimals: u32) -> String {
    Numbers { decimal: '.', ..Numbers::default() }.fixed(value, decimals)
}

/// `value / 10^decimals` with a point and without trailing zeros.
pub(crate) fn short(value: i64, decimals: u32) -> String {
    let text = plain(value, decimals);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// How the till prints letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Casing {
    /// As written.
    #[default]
    AsIs,
    /// Capitals.
    Upper,
    /// Capitals without accents, as tills with a 7-bit printer do.
    UpperAscii,
}

impl Casing {
    /// `text` as this till prints it.
    pub(crate) fn apply(self, text: &str) -> String {
        match self {
            Casing::AsIs => text.to_string(),
            Casing::Upper => text.chars().flat_map(upper).collect(),
            Casing::UpperAscii => text.chars().flat_map(upper).map(without_accent).collect(),
        }
    }
}

/// The capital of a letter; `ß` stays, as most tills print it.
fn upper(c: char) -> impl Iterator<Item = char> {
    let kept = (c == 'ß').then_some(c);
    let raised = kept.is_none().then(|| c.to_uppercase());
    kept.into_iter().chain(raised.into_iter().flatten())
}

fn without_accent(c: char) -> char {
    match c {
        'À'..='Å' | 'Æ' | 'ª' => 'A',
        'Ç' => 'C',
        'È'..='Ë' => 'E',
        'Ì'..='Ï' => 'I',
        'Ñ' => 'N',
        'Ò'..='Ö' | 'Ø' | 'Œ' | 'º' => 'O',
        'Ù'..='Ü' => 'U',
        'ß' => 'S',
        '°' => '.',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_in_many_styles() {
        let german = Numbers { decimal: ',', group: Some('.'), sign: Sign::Behind, bare_fraction: false };
        assert_eq!(german.money(-123_456_789), "1.234.567,89-");
        let us = Numbers { decimal: '.', group: Some(','), sign: Sign::Front, bare_fraction: true };
        assert_eq!((us.money(123_405).as_str(), us.money(-20).as_str()), ("1,234.05", "-.20"));
        assert_eq!((plain(5, 2).as_str(), short(5500, 3).as_str(), short(534, 3).as_str()), ("0.05", "5.5", "0.534"));
        assert_eq!(short(10_000, 3), "10");
    }

    #[test]
    fn dates_print_and_move() {
        let locale = crate::locale::find("en-GB")[0];
        let moment = Moment { year: 2024, month: 2, day: 28, hour: 0, minute: 5, second: 9 };
        assert_eq!(moment.print("%a %e/%n/%y %I:%M:%S %p", locale), "Wed 28/2/24 12:05:09 AM");
        assert_eq!(moment.later(2).iso_date(), "2024-03-01");
        assert_eq!(moment.later(308).iso_date(), "2025-01-01");
        assert_eq!((moment.iso_time().as_str(), moment.print("%d %b %Y", locale).as_str()), ("00:05", "28 Feb 2024"));
    }

    #[test]
    fn capitals_with_and_without_accents() {
        assert_eq!(Casing::Upper.apply("Große Äpfel"), "GROßE ÄPFEL");
        assert_eq!(Casing::UpperAscii.apply("pâté à l'œuf"), "PATE A L'OUF");
    }
}
