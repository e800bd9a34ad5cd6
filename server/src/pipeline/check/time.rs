//! Printed times of day.

use std::fmt;

/// A time of day, with seconds where they are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeOfDay {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: Option<u8>,
}

/// `HH:MM` or `HH:MM:SS`.
impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)?;
        self.second.map_or(Ok(()), |s| write!(f, ":{s:02}"))
    }
}

/// The first time of day in `text`: `14:05`, `2:05:09 PM`, `14h05`, `14 h 05`, `14.05 Uhr`, `1405 hrs`.
///
/// A point or nothing between hour and minute counts only in a text that holds
/// no other number, because `14.05` may as well be a price or a day.
pub fn parse_time(text: &str) -> Option<TimeOfDay> {
    let chars: Vec<char> = text.chars().collect();
    let numbers = chars.split(|c| !c.is_ascii_digit()).filter(|n| !n.is_empty()).count();
    (0..chars.len()).filter(|&i| i == 0 || !chars[i - 1].is_ascii_digit()).find_map(|i| time_at(&chars[i..], numbers))
}

fn time_at(chars: &[char], numbers: usize) -> Option<TimeOfDay> {
    let run = |from: usize| chars.iter().skip(from).take_while(|c| c.is_ascii_digit()).count();
    let number = |from: usize, len: usize| -> Option<u8> {
        chars.get(from..from + len)?.iter().collect::<String>().parse().ok()
    };
    let (hour, minute, mut end) = match run(0) {
        hours @ (1 | 2) if is_spaced_h(chars.get(hours..hours + 3)?) && run(hours + 3) == 2 => {
            (number(0, hours)?, number(hours + 3, 2)?, hours + 5)
        }
        hours @ (1 | 2) => {
            let mark = chars.get(hours)?.to_ascii_lowercase();
            let sure = matches!(mark, ':' | 'h');
            if !(sure || (mark == '.' && numbers <= 3 && run(hours + 1) == 2)) || run(hours + 1) < 2 {
                return None;
            }
            (number(0, hours)?, number(hours + 1, 2)?, hours + 3)
        }
        4 if numbers == 1 => (number(0, 2)?, number(2, 2)?, 4),
        _ => return None,
    };
    let mut second = None;
    if matches!(chars.get(end), Some(':' | '.')) && run(end + 1) == 2 {
        second = number(end + 1, 2);
        end += 3;
    }
    // "2:05 PM", "2:05p.m.", "2:05p", but not "2:05 paid".
    let rest = chars[end..].iter().skip_while(|c| matches!(c, ' ' | ':' | '.'));
    let word = rest.take_while(|c| c.is_alphabetic() || **c == '.').filter(|c| c.is_alphabetic());
    let hour = match (word.collect::<String>().to_lowercase().as_str(), hour) {
        ("am" | "a", 12) => 0,
        ("pm" | "p", 1..=11) => hour + 12,
        _ => hour,
    };
    (hour < 24 && minute < 60 && second.is_none_or(|s| s < 60)).then_some(TimeOfDay { hour, minute, second })
}

/// The ` h ` of French and Portuguese times.
fn is_spaced_h(chars: &[char]) -> bool {
    matches!(chars, [' ', 'h' | 'H', ' '])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_as_printed() {
        let cases = [
            ("14:05", Some("14:05")),
            ("14:05:09", Some("14:05:09")),
            ("2:05:09 PM", Some("14:05:09")),
            ("12:00 AM", Some("00:00")),
            ("12:00PM", Some("12:00")),
            ("8:13 am", Some("08:13")),
            ("2:51:35p", Some("14:51:35")),
            ("12:58a", Some("00:58")),
            ("2:05 p.m.", Some("14:05")),
            ("05:10:PM", Some("17:10")),
            ("2:05 paid", Some("02:05")),
            ("14h05", Some("14:05")),
            ("14 h 05", Some("14:05")),
            ("9 H 05", Some("09:05")),
            ("14.05 Uhr", Some("14:05")),
            ("1405 HRS", Some("14:05")),
            ("25/12/2018 14:05", Some("14:05")),
            ("TIME: 14:05", Some("14:05")),
            ("13:05 PM", Some("13:05")),
            ("24:00", None),
            ("14:60", None),
            ("14:5", None),
            ("25.12.2018", None),
            ("", None),
        ];
        let wrong: Vec<_> = cases
            .iter()
            .filter(|(text, expected)| parse_time(text).map(|t| t.to_string()).as_deref() != *expected)
            .map(|(text, _)| (text, parse_time(text)))
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "[0-9hHapmAPM:. ]{0,16}") {
            let _ = parse_time(&text);
        }

        #[test]
        fn a_written_time_reads_back(hour in 0_u8..24, minute in 0_u8..60, second in proptest::option::of(0_u8..60)) {
            let time = TimeOfDay { hour, minute, second };
            prop_assert_eq!(parse_time(&time.to_string()), Some(time));
        }
    }
}
