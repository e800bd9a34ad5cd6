//! The slip that the till printed for somebody else who bought the same: other number, other time, all else alike.

use slipstream_duplicates::{Minute, Told};

use crate::pipeline::duplicates::Seen;

/// What was seen of a receipt, as if it were of the slip `later` receipts and some minutes later; nothing where neither
/// number nor time was read, since then nothing tells such slips apart.
///
/// Digits are changed where they stand in the lines and in the values, and everything else stays as it was read, places and
/// pixels too: harder than two papers are.
pub(super) fn next_slip(seen: &Seen, later: u64) -> Option<Seen> {
    let mut next = seen.clone();
    let purchase = &mut next.purchase;
    let number = purchase.receipt_number.as_mut().and_then(|told| renumbered(told, later));
    let time = purchase.time.as_mut().and_then(|told| delayed(told, later));
    let changes: Vec<(String, String)> = [number, time].into_iter().flatten().collect();
    for line in &mut next.lines {
        for (old, new) in &changes {
            line.text = line.text.replace(old, new);
        }
    }
    (!changes.is_empty()).then_some(next)
}

/// The same number, `later` receipts on; gives what was printed before and what is now.
fn renumbered(told: &mut Told<String>, later: u64) -> Option<(String, String)> {
    let before = told.printed.clone();
    let after = counted_on(&before, later)?;
    told.value = counted_on(&told.value, later)?;
    told.printed.clone_from(&after);
    Some((before, after))
}

/// `text` with its last run of digits higher by `more`, as long as it was.
fn counted_on(text: &str, more: u64) -> Option<String> {
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = text.get(..end)?.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
    // Multi-byte letters end later than they begin.
    let start = (start..end).find(|at| text.is_char_boundary(*at))?;
    let digits = text.get(start..end)?;
    let (start, digits) = match digits.len().checked_sub(9) {
        Some(long) => (start + long, digits.get(long..)?),
        None => (start, digits),
    };
    let limit = 10_u64.pow(u32::try_from(digits.len()).ok()?);
    let number = (digits.parse::<u64>().ok()? + more) % limit;
    Some(format!("{}{number:0width$}{}", text.get(..start)?, text.get(end..)?, width = digits.len()))
}

/// The same time some minutes later; nothing where the print does not show hours and minutes.
fn delayed(told: &mut Told<Minute>, later: u64) -> Option<(String, String)> {
    let before = told.printed.clone();
    let colon = before.find([':', '.'])?;
    let minutes = before.get(colon + 1..colon + 3)?.parse::<u64>().ok()?;
    let minute = (minutes + 1 + later % 50) % 60;
    let after = format!("{}{minute:02}{}", before.get(..=colon)?, before.get(colon + 3..)?);
    told.value.minute = u8::try_from(minute).ok()?;
    told.printed.clone_from(&after);
    (after != before).then_some((before, after))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use slipstream_duplicates::{Line, Purchase};

    use super::*;

    #[test]
    fn numbers_count_on_and_keep_their_form() {
        let cases = [("A-0099", 1, "A-0100"), ("000123/4", 3, "000123/7"), ("999", 1, "000"), ("é7", 1, "é8")];
        let wrong: Vec<_> =
            cases.iter().filter(|(text, n, next)| counted_on(text, *n).as_deref() != Some(*next)).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!(counted_on("none", 1), None);
    }

    #[test]
    fn number_and_time_change_wherever_they_stand() {
        let told =
            |printed: &str| Some(Told { value: printed.to_owned(), printed: printed.to_owned(), confidence: 0.9 });
        let time =
            Some(Told { value: Minute { hour: 9, minute: 30 }, printed: "09:30:11".to_owned(), confidence: 0.9 });
        let line = |text: &str| Line { text: text.to_owned(), certainties: Vec::new(), quad: [[0.0; 2]; 4] };
        let seen = Seen {
            lines: vec![line("NO 0041  09:30:11"), line("TOTAL 9.00")],
            purchase: Purchase { receipt_number: told("0041"), time, ..Purchase::default() },
            raster: None,
        };
        let next = next_slip(&seen, 2).unwrap();
        assert_eq!(next.lines[0].text, "NO 0043  09:33:11");
        assert_eq!(next.lines[1].text, "TOTAL 9.00");
        assert_eq!(next.purchase.time.unwrap().value, Minute { hour: 9, minute: 33 });
        assert!(next_slip(&Seen::default(), 1).is_none());
    }
}
