//! WildReceipt (Sun et al., arXiv 2103.14470): boxes with classes, which say values but not rows.
//!
//! Its licence is not stated, so it serves to validate alone, and every record says so.

use std::path::Path;

use serde::Deserialize;

use super::rows::{Part, Piece, purchases};
use super::values::{DateOrder, amount, date, number, time};
use super::{Found, ImportError, blank, line, read_json, read_text};
use crate::truth::{Field, Fields, Item, ItemKind, Label, Line, Purpose, Source, Split};

fn source() -> Source {
    Source {
        name: "WildReceipt".to_string(),
        licence: "not stated".to_string(),
        purpose: Purpose::ValidationOnly,
        note: "for validation only, no weights may be trained on it; texts have no blanks; rows of purchases were worked out \
               from the places of the boxes; dates that may be read both ways are read with the month first, or the day where \
               points stand between"
            .to_string(),
    }
}

#[derive(Deserialize)]
struct Record {
    file_name: String,
    annotations: Vec<Annotation>,
}

#[derive(Deserialize)]
struct Annotation {
    /// x and y of the corners: bottom left, bottom right, top right, top left.
    #[serde(rename = "box")]
    corners: [f32; 8],
    text: String,
    label: usize,
}

/// All labelled receipts below `data`.
pub(super) fn read(data: &Path) -> Result<Vec<Found>, ImportError> {
    let classes = read_text(&data.join("class_list.txt"))?;
    // Lines are `NAME` or `INDEX NAME`.
    let classes: Vec<&str> = classes.lines().map(|l| l.split_whitespace().last().unwrap_or_default()).collect();
    let path = data.join("labels.jsonl");
    let mut all = Vec::new();
    for (i, row) in read_text(&path)?.lines().enumerate().filter(|(_, row)| !row.trim().is_empty()) {
        let record: Record = read_json(row, &path, i + 1)?;
        let image = data.join(&record.file_name);
        let (mut lines, mut boxes) = (Vec::new(), Vec::new());
        for Annotation { corners: [x0, y0, x1, y1, x2, y2, x3, y3], text, label } in record.annotations {
            let class = classes.get(label).copied().ok_or_else(|| ImportError::Malformed {
                path: path.clone(),
                line: i + 1,
                reason: format!("label {label} is not in class_list.txt"),
            })?;
            if !text.trim().is_empty() {
                boxes.push(class);
                lines.push(line(text.trim().to_string(), [[x3, y3], [x2, y2], [x1, y1], [x0, y0]]));
            }
        }
        let mut truth = blank(&image, lines, source(), Some(Split::Validation))?;
        truth.fields = fields(&mut truth.lines, &boxes);
        truth.items = items(&mut truth.lines, &boxes);
        all.push(Found { image, truth });
    }
    Ok(all)
}

/// The lines of a class in reading order: from top to bottom, and from left to right at one height.
fn of_class(lines: &[Line], boxes: &[&str], class: &str) -> Vec<usize> {
    let mut found: Vec<usize> = (0..lines.len()).filter(|i| boxes.get(*i) == Some(&class)).collect();
    let place = |i: &usize| lines.get(*i).map_or([0.0; 4], |l| l.bounds);
    found.sort_by(|a, b| place(a)[1].total_cmp(&place(b)[1]));
    // Boxes that begin at nearly the same height are one row.
    let mut start = 0;
    while start < found.len() {
        let [_, top, _, bottom] = found.get(start).map_or([0.0; 4], place);
        let end = (start..found.len()).find(|i| found.get(*i).is_some_and(|l| place(l)[1] > (top + bottom) / 2.0));
        let end = end.unwrap_or(found.len()).max(start + 1);
        if let Some(row) = found.get_mut(start..end) {
            row.sort_by(|a, b| place(a)[0].total_cmp(&place(b)[0]));
        }
        start = end;
    }
    found
}

fn text(lines: &[Line], i: usize) -> &str {
    lines.get(i).map_or("", |l| l.text.as_str())
}

/// Labels a whole line, or the number in it alone.
fn label(lines: &mut [Line], i: usize, field: Field, group: Option<usize>, number_alone: bool) {
    if let Some(line) = lines.get_mut(i) {
        let whole = (0, line.text.chars().count());
        let (start, end) = if number_alone { number(&line.text).unwrap_or(whole) } else { whole };
        line.labels.push(Label { field, start, end, group });
    }
}

fn fields(lines: &mut [Line], boxes: &[&str]) -> Fields {
    // Words of one value.
    let mut joined = |class: &str, field: Field| {
        let found = of_class(lines, boxes, class);
        found.iter().for_each(|i| label(lines, *i, field, None, false));
        let words: Vec<&str> = found.iter().map(|i| text(lines, *i)).collect();
        (!words.is_empty()).then(|| words.join(" "))
    };
    let merchant_name = joined("Store_name_value", Field::MerchantName);
    let merchant_address = joined("Store_addr_value", Field::MerchantAddress);
    // A value that may be printed more than once: the first that can be read.
    let mut first = |class: &str, field: Field, money: bool, read: &dyn Fn(&str) -> Option<String>| {
        let found = of_class(lines, boxes, class);
        let value = found.iter().find_map(|i| read(text(lines, *i)));
        for i in found {
            // Other amounts of the class are part of the value (taxes by rate) or mistakes.
            if value.is_none() || read(text(lines, i)) == value {
                label(lines, i, field, None, money);
            }
        }
        value
    };
    let order = |text: &str| if text.contains('.') { DateOrder::DayFirst } else { DateOrder::MonthFirst };
    Fields {
        merchant_name,
        merchant_address,
        merchant_phone: first("Tel_value", Field::MerchantPhone, false, &|t| Some(t.to_string())),
        date: first("Date_value", Field::Date, false, &|t| date(t, order(t))),
        time: first("Time_value", Field::Time, false, &time),
        subtotal: first("Subtotal_value", Field::Subtotal, true, &amount),
        tax_total: first("Tax_value", Field::TaxTotal, true, &amount),
        total: first("Total_value", Field::Total, true, &amount),
        tip: first("Tips_value", Field::Tip, true, &amount),
        ..Fields::default()
    }
}

fn items(lines: &mut [Line], boxes: &[&str]) -> Vec<Item> {
    let pieces = lines.iter().zip(boxes).enumerate().filter_map(|(i, (line, class))| {
        let part = match *class {
            "Prod_item_value" => Part::Description,
            "Prod_quantity_value" => Part::Quantity,
            "Prod_price_value" => Part::Price,
            _ => return None,
        };
        Some(Piece { part, line: i, quad: line.quad? })
    });
    let pieces: Vec<Piece> = pieces.collect();
    let mut all = Vec::new();
    for (group, found) in purchases(&pieces).into_iter().enumerate() {
        let group = Some(group);
        found.descriptions.iter().for_each(|i| label(lines, *i, Field::ItemDescription, group, false));
        let words: Vec<&str> = found.descriptions.iter().map(|i| text(lines, *i)).collect();
        let description = (!words.is_empty()).then(|| words.join(" "));
        let quantity = found.quantities.first().copied();
        // The price of one may stand before the price of the row.
        let price = found.prices.last().copied();
        let each = found.prices.first().copied().filter(|_| found.prices.len() == 2);
        for (line, field) in [(quantity, Field::ItemQuantity), (each, Field::ItemUnitPrice), (price, Field::ItemAmount)]
        {
            if let Some(i) = line {
                label(lines, i, field, group, true);
            }
        }
        let digits = |i| {
            let (start, end) = number(text(lines, i))?;
            let printed: String = text(lines, i).chars().skip(start).take(end - start).collect();
            printed.chars().all(|c| c.is_ascii_digit() || c == '.').then_some(printed)
        };
        all.push(Item {
            kind: ItemKind::Item,
            description,
            quantity: quantity.and_then(digits),
            unit_price: each.and_then(|i| amount(text(lines, i))),
            amount: price.and_then(|i| amount(text(lines, i))),
            code: None,
            of: None,
        });
    }
    all
}
