//! Printed dates: which day is meant.
//!
//! `03/04/2025` is the third of April or the fourth of March. The country's
//! habit decides, then what other dates on the page show. Where neither proves
//! an order, a reading that lies in the future gives way to one that does not;
//! where one does, the future stands: it is a slip of the reader, or of the seller.

use jiff::civil::Date;

use super::months::month;

/// The order of day, month and year in all-digit dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateOrder {
    /// `31/12/2025`
    DayMonthYear,
    /// `12/31/2025`
    MonthDayYear,
    /// `2025/12/31`
    YearMonthDay,
}

/// What a date is judged by.
#[derive(Debug, Clone, Copy)]
pub struct DateContext {
    /// The latest day that it can be anywhere on Earth.
    pub today: Date,
    /// The order that this receipt's dates are written in, where something shows it.
    pub order: Option<DateOrder>,
    /// Whether that order is proved, by the page itself, rather than likely.
    pub proved: bool,
}

/// No receipt worth reading is older: thermal paper fades, and till clocks reset to earlier days.
const EARLIEST_YEAR: i16 = 1990;

/// The days that `text` can mean, most likely first; the first one lies after
/// `today` only when all do or its order is proved.
pub fn parse_date(text: &str, context: &DateContext) -> Vec<Date> {
    let mut readings = readings(text, context.today);
    // Stable sorts: the preferred order first, then the past before the future, then what is proved.
    let preferred = context.order.unwrap_or(DateOrder::DayMonthYear);
    let other = |order: &Option<DateOrder>| order.is_some_and(|o| o != preferred);
    readings.sort_by_key(|(_, order)| other(order));
    readings.sort_by_key(|(date, _)| *date > context.today);
    if context.proved {
        readings.sort_by_key(|(_, order)| other(order));
    }
    let mut days: Vec<Date> = Vec::new();
    for (date, _) in readings {
        if !days.contains(&date) {
            days.push(date);
        }
    }
    days
}

/// The order that the dates among `texts` show: a number above 12 can only be a
/// day. Days after `today` show nothing: they are mostly other numbers.
pub fn order_shown<'a>(texts: impl IntoIterator<Item = &'a str>, today: Date) -> Option<DateOrder> {
    let mut counts = [0_usize; 2];
    for text in texts {
        let all = readings(text, today);
        if let [(date, Some(order))] = all.as_slice()
            && *date <= today
        {
            match order {
                DateOrder::DayMonthYear => counts[0] += 1,
                DateOrder::MonthDayYear => counts[1] += 1,
                DateOrder::YearMonthDay => {}
            }
        }
    }
    match counts {
        [d, m] if d > m => Some(DateOrder::DayMonthYear),
        [d, m] if m > d => Some(DateOrder::MonthDayYear),
        _ => None,
    }
}

/// Every calendar day that the first date in `text` can stand for; the order is
/// `None` where the month is a word.
fn readings(text: &str, today: Date) -> Vec<(Date, Option<DateOrder>)> {
    let tokens = tokens(text);
    (0..tokens.len())
        .map(|i| {
            let rest = &tokens[i..];
            let named = with_month_name(rest, today);
            if named.is_empty() { all_digits(rest, today) } else { named }
        })
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

#[derive(Debug, PartialEq)]
enum Token {
    Digits(String),
    Word(String),
    Mark(char),
}

/// Splits into digits, words and marks. Spaces are dropped next to marks, and
/// elsewhere become the mark `' '`.
fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied();
    let mut out: Vec<Token> = Vec::new();
    for (i, &raw) in chars.iter().enumerate() {
        let (before, after) = (i.checked_sub(1).and_then(at), at(i + 1));
        let beside_digit = [before, after].iter().flatten().any(char::is_ascii_digit);
        let beside_letter = [before, after].iter().flatten().any(|c| c.is_alphabetic());
        // "2O18": a lone letter among digits is a slip of the reader.
        let c = match raw {
            'O' | 'o' if beside_digit && !beside_letter => '0',
            'I' | 'l' if beside_digit && !beside_letter => '1',
            _ => raw,
        };
        match (out.last_mut(), c) {
            (Some(Token::Digits(d)), _) if c.is_ascii_digit() => d.push(c),
            (Some(Token::Word(w)), _) if c.is_alphabetic() => w.push(c),
            (Some(Token::Mark(_)), ' ' | '\u{a0}') => {}
            (Some(Token::Mark(m @ ' ')), _) if !c.is_alphanumeric() => *m = c,
            (_, _) if c.is_ascii_digit() => out.push(Token::Digits(c.to_string())),
            (_, _) if c.is_alphabetic() => out.push(Token::Word(c.to_string())),
            (_, '\u{a0}') => out.push(Token::Mark(' ')),
            _ => out.push(Token::Mark(c)),
        }
    }
    out
}

fn all_digits(tokens: &[Token], today: Date) -> Vec<(Date, Option<DateOrder>)> {
    use DateOrder::{DayMonthYear, MonthDayYear, YearMonthDay};
    let found = match tokens {
        [Token::Digits(a), Token::Mark(m), Token::Digits(b), Token::Mark(n), Token::Digits(c), ..]
            if separates(*m, *n, c) && !goes_on(&tokens[5..], *n) =>
        {
            let mut found = vec![(day(year(a, today).filter(|_| a.len() == 4), b, c), YearMonthDay)];
            if *m != ':' {
                let c = without_joined_time(c);
                found.push((day(year(c, today), b, a), DayMonthYear));
                found.push((day(year(c, today), a, b), MonthDayYear));
                if a.len() == 2 && c.len() == 2 && m == n {
                    found.push((day(year(a, today), b, c), YearMonthDay));
                }
            }
            found
        }
        [Token::Digits(d), ..] if d.len() == 8 || d.len() == 14 => {
            vec![
                (day(year(&d[..4], today), &d[4..6], &d[6..8]), YearMonthDay),
                (day(year(&d[4..8], today), &d[2..4], &d[..2]), DayMonthYear),
                (day(year(&d[4..8], today), &d[..2], &d[2..4]), MonthDayYear),
            ]
        }
        _ => vec![],
    };
    found.into_iter().filter_map(|(date, order)| Some((date?, Some(order)))).collect()
}

/// Separators agree in a date but for the Danish 24/12-25, or the reader took one for another beside a year in full.
fn separates(first: char, second: char, last: &str) -> bool {
    let sure = |c| matches!(c, '/' | '.' | '-');
    (first == second && (sure(first) || matches!(first, ' ' | ':' | '\'')))
        || (first, second) == ('/', '-')
        || (sure(first) && sure(second) && without_joined_time(last).len() == 4)
}

/// "05.22.95.66.66" is a telephone number, "11 13 19 18" one of a register; "25 12 2018 14:05" is a date.
fn goes_on(rest: &[Token], mark: char) -> bool {
    let timed = matches!(rest, [_, _, Token::Mark(':'), ..]);
    matches!(rest, [Token::Mark(m), Token::Digits(_), ..]
        if *m == mark && (matches!(mark, '.' | '-') || (mark == ' ' && !timed)))
}

/// "20188:13" is a year that the reader joined with the time after it.
fn without_joined_time(year: &str) -> &str {
    match year.get(..4) {
        Some(four) if year.len() <= 6 && (four.starts_with("19") || four.starts_with("20")) => four,
        _ => year,
    }
}

fn with_month_name(tokens: &[Token], today: Date) -> Vec<(Date, Option<DateOrder>)> {
    let filler = |t: &&Token| match t {
        Token::Digits(_) => true,
        // "25 de diciembre de 2025", "May 1st, 2025", "1er mai", "Sunday".
        Token::Word(w) => !matches!(w.to_lowercase().as_str(), "de" | "del" | "of" | "st" | "nd" | "rd" | "th" | "er"),
        Token::Mark(_) => false,
    };
    // A date's parts stand close together; anything between them but marks and fillers ends it.
    let parts: Vec<&Token> = tokens.iter().take(10).filter(filler).take(3).collect();
    let date = match parts.as_slice() {
        [Token::Digits(a), Token::Word(w), Token::Digits(c)] => match month(w) {
            Some(m) if a.len() == 4 => named_day(year(a, today), m, c),
            Some(m) => named_day(year(without_joined_time(c), today), m, a),
            None => None,
        },
        [Token::Word(w), Token::Digits(d), Token::Digits(y)] if d.len() <= 2 => {
            month(w).and_then(|m| named_day(year(without_joined_time(y), today), m, d))
        }
        // "Aug262017"
        [Token::Word(w), Token::Digits(d), ..] if matches!(d.len(), 5 | 6) => {
            let (d, y) = d.split_at(d.len() - 4);
            month(w).and_then(|m| named_day(year(y, today), m, d))
        }
        _ => None,
    };
    date.map(|d| vec![(d, None)]).unwrap_or_default()
}

fn day(year: Option<i16>, month: &str, day: &str) -> Option<Date> {
    if month.len() > 2 {
        return None;
    }
    named_day(year, month.parse().ok()?, day)
}

fn named_day(year: Option<i16>, month: i8, day: &str) -> Option<Date> {
    if day.len() > 2 {
        return None;
    }
    Date::new(year?, month, day.parse().ok()?).ok()
}

/// A printed year of two or four digits. Two digits mean this century, unless
/// that lies years ahead and the last one gives a possible year.
fn year(digits: &str, today: Date) -> Option<i16> {
    let year: i16 = digits.parse().ok()?;
    let full = match digits.len() {
        2 if 2000 + year > today.year() + 1 && 1900 + year >= EARLIEST_YEAR => 1900 + year,
        2 => 2000 + year,
        4 => year,
        _ => return None,
    };
    (EARLIEST_YEAR..2100).contains(&full).then_some(full)
}

#[cfg(test)]
#[path = "date_tests.rs"]
mod tests;
