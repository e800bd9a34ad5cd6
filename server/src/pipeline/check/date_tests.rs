//! Table and property tests of date parsing.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;

const TODAY: Date = date(2026, 11, 22);

fn first(text: &str, order: Option<DateOrder>) -> Option<String> {
    parse_date(text, &DateContext { today: TODAY, order, proved: false }).first().map(ToString::to_string)
}

#[test]
fn dates_as_printed() {
    use DateOrder::{MonthDayYear, YearMonthDay};
    let cases: &[(&str, Option<DateOrder>, Option<&str>)] = &[
        ("25/12/2018", None, Some("2018-12-25")),
        ("25.12.18", None, Some("2018-12-25")),
        ("25-12-2018 8:13:39 PM", None, Some("2018-12-25")),
        ("DATE : 25/12/2018", None, Some("2018-12-25")),
        ("Date:25/12/20188:13", None, Some("2018-12-25")),
        ("2018-12-25", None, Some("2018-12-25")),
        ("2018-12-25T10:00:00", None, Some("2018-12-25")),
        ("2018/12/25", Some(MonthDayYear), Some("2018-12-25")),
        ("20181225", None, Some("2018-12-25")),
        ("25122018", None, Some("2018-12-25")),
        ("25. 12. 2018", None, Some("2018-12-25")),
        ("25/12-2018", None, Some("2018-12-25")),
        ("17/05-18", Some(YearMonthDay), Some("2018-05-17")),
        ("29/08-16", None, Some("2016-08-29")),
        ("25 12 2018", None, Some("2018-12-25")),
        ("25 12 18 14:05", None, Some("2018-12-25")),
        ("2O18-12-25", None, Some("2018-12-25")),
        ("25/I2/2018", None, Some("2018-12-25")),
        // Day or month first.
        ("03/04/2025", None, Some("2025-04-03")),
        ("03/04/2025", Some(MonthDayYear), Some("2025-03-04")),
        ("12/31/2025", None, Some("2025-12-31")),
        ("31/12/2025", Some(MonthDayYear), Some("2025-12-31")),
        // Never the future while there is a past reading.
        ("10/12/2026", None, Some("2026-10-12")),
        ("12/10/2026", Some(MonthDayYear), Some("2026-10-12")),
        ("25/12/2026", None, Some("2026-12-25")),
        // Two-digit years.
        ("19-05-17", Some(YearMonthDay), Some("2019-05-17")),
        ("17-05-19", None, Some("2019-05-17")),
        ("01/02/98", None, Some("1998-02-01")),
        // Month names.
        ("25 DEC 2018", None, Some("2018-12-25")),
        ("25DEC2018", None, Some("2018-12-25")),
        ("25-Dez-18", None, Some("2018-12-25")),
        ("December 25, 2018", None, Some("2018-12-25")),
        ("Dec 25th, 2018", None, Some("2018-12-25")),
        ("Tuesday 25 December 2018", None, Some("2018-12-25")),
        ("25. März 2018", None, Some("2018-03-25")),
        ("25 de diciembre de 2018", None, Some("2018-12-25")),
        ("1er mai 2018", None, Some("2018-05-01")),
        ("25 grudnia 2018", None, Some("2018-12-25")),
        ("Aug262017", None, Some("2017-08-26")),
        ("Aug26 2017 14:05", None, Some("2017-08-26")),
        ("27Dec´16", None, Some("2016-12-27")),
        ("2018 Dec 25", None, Some("2018-12-25")),
        // No dates.
        ("05.22.95.66.66", None, None),
        ("CVR-nr. 11 13 19 18", None, None),
        ("31/02/2018", None, None),
        ("12:30:45", None, None),
        ("1234567", None, None),
        ("99999999", None, None),
        ("25/12/1888", None, None),
        ("TOTAL 9.00", None, None),
        ("", None, None),
    ];
    let wrong: Vec<_> = cases
        .iter()
        .filter(|(text, order, expected)| first(text, *order).as_deref() != *expected)
        .map(|(text, order, expected)| format!("{text:?} with {order:?}: {:?}, not {expected:?}", first(text, *order)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_proved_order_stands_even_in_the_future() {
    let first = |text, order| {
        parse_date(text, &DateContext { today: TODAY, order: Some(order), proved: true })
            .first()
            .map(ToString::to_string)
    };
    assert_eq!(first("06.12.2026", DateOrder::DayMonthYear).as_deref(), Some("2026-12-06"));
    assert_eq!(first("15.12.26", DateOrder::DayMonthYear).as_deref(), Some("2026-12-15"));
    assert_eq!(first("12/10/2026", DateOrder::MonthDayYear).as_deref(), Some("2026-12-10"));
    // Only what the order allows.
    assert_eq!(first("12/31/2025", DateOrder::DayMonthYear).as_deref(), Some("2025-12-31"));
}

#[test]
fn the_other_reading_of_an_ambiguous_date_is_kept() {
    let days = parse_date("03/04/2025", &DateContext { today: TODAY, order: None, proved: false });
    assert_eq!(days, [date(2025, 4, 3), date(2025, 3, 4)]);
}

#[test]
fn other_dates_show_the_order() {
    assert_eq!(order_shown(["03/04/2025", "12/31/2025"], TODAY), Some(DateOrder::MonthDayYear));
    assert_eq!(order_shown(["31.12.2025", "x"], TODAY), Some(DateOrder::DayMonthYear));
    assert_eq!(order_shown(["03/04/2025"], TODAY), None);
    // Numbers that no date of this receipt can be.
    assert_eq!(order_shown(["CVR-nr. 11 13 50 18", "11/13/2050"], TODAY), None);
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "\\PC{0,24}") {
        let _ = first(&text, None);
    }

    #[test]
    fn parsing_never_panics_on_things_like_dates(text in "[0-9OIl/., :'-]{0,20}") {
        let _ = first(&text, None);
    }

    #[test]
    fn a_written_date_reads_back(year in 1991_i16..=2025, month in 1_i8..=12, day in 1_i8..=28) {
        let expected = Some(format!("{year}-{month:02}-{day:02}"));
        for text in [format!("{day:02}/{month:02}/{year}"), format!("{day}.{month}.{year}"), format!("{year}-{month:02}-{day:02}")] {
            prop_assert_eq!(first(&text, Some(DateOrder::DayMonthYear)), expected.clone(), "{}", text);
        }
    }
}
