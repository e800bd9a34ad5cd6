//! PDFs with an e-invoice in them: what the XML states is what the pages should say.
//!
//! The reader believes the XML as well, unless `--ignore-e-invoices` makes it read the pages alone. What the XML does
//! not state has no truth and is not counted, and some of what it states is printed nowhere: even a perfect reader of
//! the pages stays below 1.

use std::path::{Path, PathBuf};

use slipstream_pdf::invoice::Number;
use slipstream_pdf::{Document, Invoice, Limits};

use super::EvalError;
use super::score::Compare;
use super::truth::{About, Bag, BagName, Expected, FieldName, PageKind, Sample};

/// The PDFs in `data` that hold an e-invoice, by name; the others say nothing.
///
/// # Errors
/// When a file cannot be read, is no PDF, or holds an invoice that is damaged.
pub fn load(data: &Path) -> Result<Vec<Sample>, EvalError> {
    let entries = std::fs::read_dir(data).map_err(EvalError::file(data))?;
    let mut files: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "pdf"));
    files.sort();
    files.into_iter().filter_map(|file| sample(file).transpose()).collect()
}

fn sample(file: PathBuf) -> Result<Option<Sample>, EvalError> {
    let bytes = std::fs::read(&file).map_err(EvalError::file(&file))?;
    let document = Document::open(bytes, &Limits::default()).map_err(|error| EvalError::format(&file, error))?;
    let Some(found) = document.invoice() else { return Ok(None) };
    let invoice = found.invoice.map_err(|reason| EvalError::format(&file, reason))?;
    let about = About {
        kind: PageKind::Invoice,
        language: None,
        country: invoice.seller.country.clone(),
        currency: invoice.currency.clone(),
    };
    let id = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Some(Sample { id, image: file, about, truth: fields(&invoice), tables: None, bags: bags(&invoice) }))
}

fn fields(invoice: &Invoice) -> Vec<Expected> {
    let Invoice { seller, date, number, net, tax_total, total, due, .. } = invoice;
    let amount = |number: &Option<Number>| number.as_ref().map(|number| number.text.clone());
    let address = (!seller.address.is_empty()).then(|| seller.address.join(" "));
    let day = date.as_ref().and_then(|day| day.ymd).map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}"));
    let all = [
        (FieldName::Company, Compare::Text, seller.name.clone()),
        (FieldName::Address, Compare::Text, address),
        (FieldName::Phone, Compare::Text, seller.phone.clone()),
        (FieldName::TaxId, Compare::Text, seller.tax_id.clone()),
        (FieldName::Date, Compare::Value, day),
        (FieldName::ReceiptNumber, Compare::Text, number.clone()),
        (FieldName::Subtotal, Compare::Decimal, amount(net)),
        (FieldName::Tax, Compare::Decimal, amount(tax_total)),
        (FieldName::Total, Compare::Decimal, amount(total).or_else(|| amount(due))),
    ];
    let stated = all.into_iter().filter_map(|(field, compare, value)| Some((field, compare, value?)));
    stated.map(|(field, compare, value)| Expected { field, compare, values: vec![value], places: Vec::new() }).collect()
}

/// What the lines state. Pages may show it in other rows: with tax, or with a total for each group.
fn bags(invoice: &Invoice) -> Vec<Bag> {
    if invoice.lines.is_empty() {
        return Vec::new();
    }
    let bag = |name, compare, values: Vec<Option<String>>| Bag {
        name,
        values: values.into_iter().flatten().map(|value| (value, None)).collect(),
        compare,
    };
    let (lines, text) = (&invoice.lines, |number: &Option<Number>| number.as_ref().map(|number| number.text.clone()));
    vec![
        bag(BagName::Description, Compare::Text, lines.iter().map(|line| line.description.clone()).collect()),
        bag(BagName::Quantity, Compare::Decimal, lines.iter().map(|line| text(&line.quantity)).collect()),
        bag(BagName::Amount, Compare::Decimal, lines.iter().map(|line| text(&line.amount)).collect()),
    ]
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const UBL: &[u8] = b"<Invoice><ID>R-7</ID><IssueDate>2024-02-28</IssueDate>\
        <AccountingSupplierParty><Party><PartyName><Name>Hofladen Sonnig</Name></PartyName></Party></AccountingSupplierParty>\
        <LegalMonetaryTotal><TaxInclusiveAmount>9.00</TaxInclusiveAmount></LegalMonetaryTotal>\
        <InvoiceLine><InvoicedQuantity>2</InvoicedQuantity><LineExtensionAmount>9.00</LineExtensionAmount>\
        <Item><Name>Tee</Name></Item></InvoiceLine></Invoice>";

    #[test]
    fn what_an_invoice_states_is_the_truth_and_nothing_else_is_counted() {
        let invoice = slipstream_pdf::invoice::parse(UBL).unwrap();
        let truth = fields(&invoice);
        let values: Vec<_> = truth.iter().map(|e| (e.field, e.values[0].as_str())).collect();
        let (company, date) = ((FieldName::Company, "Hofladen Sonnig"), (FieldName::Date, "2024-02-28"));
        assert_eq!(values, [company, date, (FieldName::ReceiptNumber, "R-7"), (FieldName::Total, "9.00")]);
        let values: Vec<_> = bags(&invoice).into_iter().map(|bag| bag.values.len()).collect();
        assert_eq!(values, [1, 1, 1]);
    }

    #[test]
    fn a_file_that_is_no_pdf_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("note.txt"), "").unwrap();
        assert_eq!(load(dir.path()).unwrap(), []);
        std::fs::write(dir.path().join("note.pdf"), "no PDF").unwrap();
        assert!(load(dir.path()).unwrap_err().to_string().contains("note.pdf"));
    }
}
