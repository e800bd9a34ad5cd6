//! Amounts, dates and times as receipts print them, in the manifest's canonical form.

use crate::format::plain;

/// Which of day and month stands first in dates such as `1/2/2024`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateOrder {
    DayFirst,
    MonthFirst,
}

/// The number in a text, as characters from its first digit (or the sign or
/// mark before it) to its last digit; nothing where there is none.
pub(super) fn number(text: &str) -> Option<(usize, usize)> {
    let chars: Vec<char> = text.chars().collect();
    let digit = |c: &char| c.is_ascii_digit();
    let (first, last) = (chars.iter().position(digit)?, chars.iter().rposition(digit)?);
    let before = |at: usize| at.checked_sub(1).and_then(|i| chars.get(i)).copied();
    let mut start = first;
    if before(start).is_some_and(|c| ".,".contains(c)) {
        start -= 1;
    }
    if before(start) == Some('-') {
        start -= 1;
    }
    Some((start, last + 1))
}

/// A decimal string with two decimals, or nothing where the text is no amount:
/// letters within, or a mark that could be either. A mark is decimal where two
/// digits follow it and nothing else.
pub(super) fn amount(text: &str) -> Option<String> {
    let (start, end) = number(text)?;
    let printed: String = text.chars().skip(start).take(end - start).collect();
    let negative = printed.starts_with('-') || text.trim_end().ends_with('-') || text.contains("-$");
    let digits = printed.trim_start_matches('-');
    if digits.chars().any(|c| !c.is_ascii_digit() && !".,' ".contains(c)) {
        return None;
    }
    let (whole, part) = match digits.rfind(['.', ',']) {
        Some(at) if digits.len() - at == 3 => (digits.get(..at)?, digits.get(at + 1..)?),
        Some(at) if digits.len() - at != 4 => return None,
        _ => (digits, "00"),
    };
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let minor: i64 = format!("{whole}{part}").parse().ok()?;
    Some(plain(if negative { -minor } else { minor }, 2))
}

/// `YYYY-MM-DD`, or nothing where the text is no date or lacks its year.
pub(super) fn date(text: &str, order: DateOrder) -> Option<String> {
    let (numbers, month) = runs(text);
    let number = |i: usize| numbers.get(i).and_then(|n| n.parse::<i64>().ok());
    let year = |i: usize| match (numbers.get(i)?.len(), number(i)?) {
        (2, y) => Some(if y < 90 { 2000 + y } else { 1900 + y }),
        (4, y) => Some(y),
        _ => None,
    };
    let long = |i: usize| numbers.get(i).is_some_and(|n| n.len() == 4);
    let (y, m, d) = match (month, numbers.len()) {
        (Some(m), 2..) => (year(1)?, m, number(0)?),
        (None, 1) => return packed(numbers.first()?),
        (None, 3..) if long(0) => (year(0)?, number(1)?, number(2)?),
        (None, 3..) => {
            let (a, b) = (number(0)?, number(1)?);
            // Where one of the two is no month, there is no doubt.
            let day_first = if a > 12 || b > 12 { a > 12 } else { order == DateOrder::DayFirst };
            if day_first { (year(2)?, b, a) } else { (year(2)?, a, b) }
        }
        _ => return None,
    };
    iso(y, m, d)
}

fn iso(y: i64, m: i64, d: i64) -> Option<String> {
    let real = (1..=12).contains(&m) && (1..=31).contains(&d) && (1980..2100).contains(&y);
    real.then(|| format!("{y:04}-{m:02}-{d:02}"))
}

/// `YYYYMMDD` or `DDMMYYYY`.
fn packed(digits: &str) -> Option<String> {
    let part = |from: usize, to: usize| digits.get(from..to).and_then(|n| n.parse().ok());
    if digits.len() != 8 {
        return None;
    }
    iso(part(0, 4)?, part(4, 6)?, part(6, 8)?).or_else(|| iso(part(4, 8)?, part(2, 4)?, part(0, 2)?))
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Runs of digits, and the first run of letters that begins with a month's name.
fn runs(text: &str) -> (Vec<String>, Option<i64>) {
    let (mut numbers, mut month, mut letters): (Vec<String>, _, _) = (Vec::new(), None, String::new());
    let mut before = ' ';
    for c in text.chars().chain([' ']) {
        if c.is_ascii_digit() {
            match numbers.last_mut().filter(|_| before.is_ascii_digit()) {
                Some(run) => run.push(c),
                None => numbers.push(c.to_string()),
            }
        }
        if c.is_alphabetic() {
            letters.extend(c.to_lowercase());
        } else {
            let named = MONTHS.iter().position(|m| letters.starts_with(m));
            month = month.or(named.map(|i| i as i64 + 1));
            letters.clear();
        }
        before = c;
    }
    (numbers, month)
}

/// `HH:MM`, or nothing where the text is no time.
pub(super) fn time(text: &str) -> Option<String> {
    let (numbers, _) = runs(text);
    let number = |i: usize| numbers.get(i).filter(|n| n.len() <= 2).and_then(|n| n.parse::<u32>().ok());
    let (mut hour, minute) = (number(0)?, number(1)?);
    let letters: String = text.chars().filter(|c| c.is_alphabetic()).collect::<String>().to_lowercase();
    if letters.starts_with('p') && hour < 12 {
        hour += 12;
    } else if letters.starts_with('a') && hour == 12 {
        hour = 0;
    }
    (hour < 24 && minute < 60).then(|| format!("{hour:02}:{minute:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_in_many_styles() {
        let cases = [
            ("9.00", Some("9.00")),
            ("RM 1,234.50", Some("1234.50")),
            ("$9", Some("9.00")),
            (".95", Some("0.95")),
            ("1.234,50 EUR", Some("1234.50")),
            ("-$2.50", Some("-2.50")),
            ("1,99-", Some("-1.99")),
            ("2,500", Some("2500.00")),
            ("9.5", None),
            ("1x2.00", None),
            ("", None),
            ("free", None),
        ];
        let wrong: Vec<_> =
            cases.iter().filter(|(t, e)| amount(t).as_deref() != *e).map(|(t, _)| (t, amount(t))).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn dates_in_many_styles() {
        use DateOrder::{DayFirst, MonthFirst};
        let cases = [
            ("25/12/2018", DayFirst, Some("2018-12-25")),
            ("01/02/2018", DayFirst, Some("2018-02-01")),
            ("01/02/18", MonthFirst, Some("2018-01-02")),
            ("05/31/17", DayFirst, Some("2017-05-31")),
            ("2018-03-04", MonthFirst, Some("2018-03-04")),
            ("20180304", DayFirst, Some("2018-03-04")),
            ("04032018", DayFirst, Some("2018-03-04")),
            ("12 DEC 2016", MonthFirst, Some("2016-12-12")),
            ("Mar12'17", DayFirst, Some("2017-03-12")),
            ("June 5, 2019", DayFirst, Some("2019-06-05")),
            ("May12", DayFirst, None),
            ("12:30", DayFirst, None),
            ("40/40/2018", DayFirst, None),
        ];
        let wrong: Vec<_> =
            cases.iter().filter(|(t, o, e)| date(t, *o).as_deref() != *e).map(|c| (c.0, date(c.0, c.1))).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn times_in_many_styles() {
        let cases = [
            ("9:31PM", Some("21:31")),
            ("12:05 am", Some("00:05")),
            ("12:05pm", Some("12:05")),
            ("21:52:07", Some("21:52")),
            ("21.52", Some("21:52")),
            ("25:00", None),
            ("noon", None),
        ];
        let wrong: Vec<_> = cases.iter().filter(|(t, e)| time(t).as_deref() != *e).map(|(t, _)| (t, time(t))).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
