//! The scores: headline figures and tables.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::Escaped;
use crate::eval::fields::purchases::LineItems;
use crate::eval::fields::report::{FieldsReport, Summary};
use crate::eval::fields::tables::TableReport;
use crate::eval::score::Scores;

/// A cell of a table.
enum Cell<'a> {
    Text(&'a str),
    Count(usize),
    /// 0 to 1, drawn as a bar as well.
    Share(Option<f64>),
    /// 0 to 1, without a bar: the smaller, the better.
    Error(Option<f64>),
}

/// Writes the headline figures and the tables.
pub(super) fn write(out: &mut String, report: &FieldsReport) {
    let all = &report.all;
    let _ = write!(out, "<p>{} receipts, read from their photos.", all.n);
    if let Some(pages) = &report.pages_of_lines {
        let (n, with, values) = (pages.n, pages.with_values, pages.values);
        let _ =
            write!(out, " Besides, {n} pages without fields: {with} gave values they do not have, {values} in all.");
    }
    out.push_str("</p></header>");
    tiles(out, all);
    out.push_str(
        "<div class=\"columns\"><section><h2>Fields</h2><p>Values as printed, case folded; amounts as amounts. The ceiling is \
         the share of the values that can be formed from what was read of the page: no recall is higher, and no F1 of a \
         tagger that always answers.</p>",
    );
    fields(out, all);
    out.push_str("</section>");
    if all.line_items.is_some() {
        out.push_str(
            "<section><h2>Purchases</h2><p>Rows of truth and reading are paired from top to bottom, so that they are most \
             alike; values whose row is not known are compared whatever the row.</p>",
        );
        items(out, all);
        out.push_str("</section>");
    }
    out.push_str("</div>");
    parts(out, "Languages", "language", report.by_language.iter().filter(|_| report.by_language.len() > 1));
    parts(out, "Kinds of documents", "kind", report.by_kind.iter());
}

fn tiles(out: &mut String, all: &Summary) {
    let percent = |share: Option<f64>| share.map_or("–".to_owned(), |share| format!("{:.1} %", share * 100.0));
    let (ceiling, micro) = (&all.ceiling, &all.micro);
    let items = match &all.line_items {
        Some(LineItems::Rows(items)) => {
            Some((items.table.f1, format!("F1 of purchases; {:.3} grouped right", items.grouping)))
        }
        Some(LineItems::Values(values)) => Some((values.f1, "F1 of the purchases' values, in whatever row".to_owned())),
        None => None,
    };
    let coverage = &all.coverage_at_half_percent_error;
    let mut tiles = vec![
        (
            format!("{:.3}", micro.f1),
            format!("micro F1 of the fields; {:.3} on letters and digits", micro.f1_letters_and_digits),
        ),
        (
            percent(Some(ceiling.reached)),
            format!(
                "of the ceiling, {:.3}; {} on letters and digits",
                all.ceiling_f1,
                percent(Some(ceiling.reached_letters_and_digits))
            ),
        ),
    ];
    tiles.extend(items.map(|(f1, text)| (format!("{f1:.3}"), text)));
    tiles.push((format!("{:.3}", all.calibration_error), "calibration error of the fields".to_owned()));
    tiles.push((
        percent(coverage.all_three.or(coverage.total)),
        format!("payable at 0.5 % errors; by total alone {}", percent(coverage.total)),
    ));
    if all.proved_share.is_some() {
        tiles.push((
            percent(all.proved_share),
            format!("of all amounts proved, {} of the totals", percent(Some(all.proof.totals.proved_share))),
        ));
    }
    out.push_str("<div class=\"tiles\">");
    for (figure, text) in tiles {
        let _ = write!(out, "<div class=\"tile\"><b>{figure}</b><span>{text}</span></div>");
    }
    out.push_str("</div>");
}

fn fields(out: &mut String, all: &Summary) {
    head(out, &["field", "precision", "recall", "F1", "letters", "ceiling", "calibration"]);
    let row = |out: &mut String, sum: bool, name: &str, scores: &Scores, ceiling: Option<f64>, error: Option<f64>| {
        let Scores { precision, recall, f1, f1_letters_and_digits } = *scores;
        let shares = [precision, recall, f1, f1_letters_and_digits].map(|share| Cell::Share(Some(share)));
        let cells = std::iter::once(Cell::Text(name)).chain(shares).chain([Cell::Share(ceiling), Cell::Error(error)]);
        self::row(out, sum, cells);
    };
    for (name, scores) in &all.fields {
        let ceiling = all.ceiling.fields.get(name).map(|ceiling| ceiling.f1);
        row(out, false, &name.replace('_', " "), scores, ceiling, all.calibration.fields.get(name).map(|c| c.error));
    }
    row(out, true, "micro", &all.micro, Some(all.ceiling_f1), Some(all.calibration_error));
    if let Some(micro) = &all.micro_with_items {
        row(out, true, "micro with purchases", micro, None, None);
    }
    for (name, scores) in &all.document {
        row(out, false, &format!("concluded: {name}"), scores, None, None);
    }
    out.push_str("</tbody></table></div>");
}

fn items(out: &mut String, all: &Summary) {
    head(out, &["", "precision", "recall", "F1", "letters", "ceiling"]);
    let ceiling = |name: &str| all.ceiling.line_items.get(name).map(|ceiling| ceiling.f1);
    match &all.line_items {
        Some(LineItems::Rows(items)) => {
            table(out, "", &items.table, ceiling);
            plain(out, false, "rows of description and amount", &items.priced, None);
            for (kind, scores) in &items.by_kind {
                plain(out, false, &format!("rows read as {kind}"), scores, None);
            }
            for (kind, links) in &items.linked_by_kind {
                let name = format!("{kind}s given to their item");
                let links = [
                    Cell::Error(None),
                    Cell::Share(Some(links.share)),
                    Cell::Error(None),
                    Cell::Error(None),
                    Cell::Error(None),
                ];
                row(out, false, std::iter::once(Cell::Text(&name)).chain(links));
            }
            let grouping = [
                Cell::Error(None),
                Cell::Share(Some(items.grouping)),
                Cell::Error(None),
                Cell::Error(None),
                Cell::Error(None),
            ];
            row(out, false, std::iter::once(Cell::Text("rows grouped right")).chain(grouping));
        }
        Some(LineItems::Values(values)) => {
            values.columns.iter().for_each(|(name, scores)| plain(out, false, name, scores, ceiling(name)));
            plain(out, true, "micro", &values.micro, None);
        }
        None => {}
    }
    for (name, rows) in [("taxes: ", &all.tax_rows), ("payments: ", &all.payments)] {
        if let Some(rows) = rows {
            table(out, name, rows, |_| None);
        }
    }
    if let Some(scores) = &all.serial_numbers {
        plain(out, false, "serial numbers", scores, None);
    }
    out.push_str("</tbody></table></div>");
}

fn table(out: &mut String, prefix: &str, table: &TableReport, ceiling: impl Fn(&str) -> Option<f64>) {
    for (name, scores) in &table.columns {
        plain(out, false, &format!("{prefix}{}", name.replace('_', " ")), scores, ceiling(name));
    }
    plain(out, true, &format!("{prefix}micro"), &table.micro, None);
    plain(out, false, &format!("{prefix}whole rows"), &table.rows, None);
}

fn plain(out: &mut String, sum: bool, name: &str, scores: &Scores, ceiling: Option<f64>) {
    let Scores { precision, recall, f1, f1_letters_and_digits } = *scores;
    let shares = [precision, recall, f1, f1_letters_and_digits].map(|share| Cell::Share(Some(share)));
    row(out, sum, std::iter::once(Cell::Text(name)).chain(shares).chain([Cell::Share(ceiling)]));
}

fn parts<'a>(out: &mut String, title: &str, name: &str, parts: impl Iterator<Item = (&'a String, &'a Summary)>) {
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return;
    }
    let _ = write!(out, "<h2>{title}</h2>");
    head(
        out,
        &[
            name,
            "receipts",
            "fields",
            "letters",
            "ceiling",
            "items",
            "grouping",
            "linked",
            "proved",
            "calibration",
            "payable",
        ],
    );
    for (name, part) in parts {
        let rows = match &part.line_items {
            Some(LineItems::Rows(items)) => Some(items),
            _ => None,
        };
        let cells = [
            Cell::Text(name),
            Cell::Count(part.n),
            Cell::Share(Some(part.micro.f1)),
            Cell::Share(Some(part.micro.f1_letters_and_digits)),
            Cell::Share(Some(part.ceiling_f1)),
            Cell::Share(rows.map(|items| items.table.f1)),
            Cell::Share(rows.map(|items| items.grouping)),
            Cell::Share(rows.and_then(|items| items.linked).map(|links| links.share)),
            Cell::Share(part.proved_share),
            Cell::Error(Some(part.calibration_error)),
            Cell::Share(part.coverage_at_half_percent_error.all_three),
        ];
        row(out, false, cells);
    }
    out.push_str("</tbody></table></div>");
}

/// Writes how often what went wrong.
pub(super) fn write_failures(out: &mut String, report: &FieldsReport) {
    let failures = &report.all.failures;
    let kinds: BTreeSet<&str> = failures.values().flat_map(|kinds| kinds.keys().copied()).collect();
    let most = failures.values().flat_map(|kinds| kinds.values()).copied().max().unwrap_or(1);
    out.push_str("<h2>What went wrong</h2><p>How often each kind of failure happened to each field.</p>");
    let titles: Vec<String> = kinds.iter().map(|kind| kind.replace('_', " ")).collect();
    let heads: Vec<&str> = ["field", "all"].into_iter().chain(titles.iter().map(String::as_str)).collect();
    head_of(out, "sortable steep", &heads);
    for (field, counts) in failures {
        let _ = write!(
            out,
            "<tr><td><a href=\"#{0}\">{0}</a></td><td>{1}</td>",
            Escaped(field),
            counts.values().sum::<usize>()
        );
        for kind in &kinds {
            let _ = match counts.get(kind) {
                Some(n) => write!(out, "<td class=\"heat\" style=\"--share:{}%\">{n}</td>", 10 + 60 * n / most),
                None => write!(out, "<td class=\"none\" data-value=\"0\">·</td>"),
            };
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>");
}

fn head(out: &mut String, names: &[&str]) {
    head_of(out, "sortable", names);
}

fn head_of(out: &mut String, class: &str, names: &[&str]) {
    let _ = write!(out, "<div class=\"sheet\"><table class=\"{class}\"><thead><tr>");
    names.iter().for_each(|name| {
        let _ = write!(out, "<th><span>{}</span></th>", Escaped(name));
    });
    out.push_str("</tr></thead><tbody>");
}

fn row<'a>(out: &mut String, sum: bool, cells: impl IntoIterator<Item = Cell<'a>>) {
    out.push_str(if sum { "<tr class=\"sum\">" } else { "<tr>" });
    for cell in cells {
        let _ = match cell {
            Cell::Text(text) => write!(out, "<td>{}</td>", Escaped(text)),
            Cell::Count(n) => write!(out, "<td>{n}</td>"),
            Cell::Share(Some(share)) => {
                write!(out, "<td class=\"bar\" style=\"--share:{:.1}%\">{share:.3}</td>", share * 100.0)
            }
            Cell::Error(Some(error)) => write!(out, "<td>{error:.3}</td>"),
            Cell::Share(None) | Cell::Error(None) => write!(out, "<td class=\"none\" data-value=\"-1\">·</td>"),
        };
    }
    out.push_str("</tr>");
}
