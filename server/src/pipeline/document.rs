//! The document stage: everything → the JSON of the HTTP contract.
//!
//! Each value gets the polygon of the characters that it was copied from, in
//! pixels of the uploaded image. Nothing is computed here that is not on the page.

use slipstream_api as api;
use slipstream_models::{
    Entities, Quad, TextLines,
    entities::{DocumentKind, ItemKind, Span},
    raster::{Turn, turn_back},
};

use super::{
    barcodes::Code,
    check::{Candidate, CheckResult, Currency, Findings, Found, Money, page::Evidence},
    fraud::{FraudReport, FraudSignal, Place},
    pdf::stack::Sheet,
    quality::QualityReport,
};

/// Takes quads on the page that was read back to the uploaded image.
///
/// The page is what the EXIF rotation gave, turned again when its text stood
/// sideways or upside down; clients only know the image before that turn. The
/// pages of a PDF lie under one another, each with its own turn.
#[derive(Debug, Clone, Copy)]
pub struct Placement<'a> {
    lines: &'a TextLines,
    turn: Turn,
    sheets: &'a [Sheet],
    source: api::Source,
}

impl<'a> Placement<'a> {
    /// `turn` is what was applied to the decoded raster before `lines` were read.
    pub fn new(lines: &'a TextLines, turn: Turn) -> Self {
        Self { lines, turn, sheets: &[], source: api::Source::Image }
    }

    /// For `lines` of several pages, whose `sheets` lie under one another.
    pub fn on_sheets(lines: &'a TextLines, sheets: &'a [Sheet], source: api::Source) -> Self {
        Self { lines, turn: Turn::None, sheets, source }
    }

    /// Where the values come from.
    pub fn source(&self) -> api::Source {
        self.source
    }

    /// The polygon of `quad`, in tenths of a pixel.
    pub fn polygon(&self, quad: &Quad) -> api::Polygon {
        let back = match Sheet::of(self.sheets, quad) {
            Some((_, sheet)) => sheet.place(quad),
            None => turn_back(quad, self.turn, self.lines.page_width, self.lines.page_height),
        };
        api::Polygon(back.0.map(|p| [round(p.x, 10.0), round(p.y, 10.0)]))
    }

    /// The page that `quad` stands on, from 1; none for an image.
    pub fn page(&self, quad: &Quad) -> Option<u32> {
        u32::try_from(Sheet::of(self.sheets, quad)?.0 + 1).ok()
    }

    /// The page that characters stand on: of several that of the first, as for their polygon.
    pub fn page_of(&self, spans: &[Span]) -> Option<u32> {
        self.page(&spans.iter().find_map(|s| self.lines.lines.get(s.line))?.quad)
    }

    /// The polygon of characters: of one line as the line lies, of several the
    /// upright box around all of them. `None` if no span points to a line.
    pub fn polygon_of(&self, spans: &[Span]) -> Option<api::Polygon> {
        let mut quads: Vec<Quad> =
            spans.iter().filter_map(|s| Some(self.lines.lines.get(s.line)?.quad_of(s.start, s.end))).collect();
        // No polygon reaches over the end of a page.
        let first = self.page_of(spans);
        quads.retain(|quad| self.page(quad) == first);
        match quads.as_slice() {
            [] => None,
            [one] => Some(self.polygon(one)),
            [first, rest @ ..] => {
                let all = rest
                    .iter()
                    .map(Quad::bounds)
                    .fold(first.bounds(), |a, b| (a.0.min(b.0), a.1.min(b.1), a.2.max(b.2), a.3.max(b.3)));
                Some(self.polygon(&Quad::from_bounds(all.0, all.1, all.2, all.3)))
            }
        }
    }

    fn field<T>(&self, found: Option<&Found<T>>, value: impl Fn(&T) -> String) -> Option<api::Field> {
        let found = found?;
        let alternative = |c: &Candidate<T>| {
            Some(api::Alternative {
                value: c.value.as_ref().map(&value),
                text: c.text.clone(),
                confidence: round(c.confidence, 1000.0),
                polygon: self.polygon_of(&c.spans)?,
                page: self.page_of(&c.spans),
            })
        };
        let best = &found.best;
        let polygon = self.polygon_of(&best.spans);
        // What a page does not show does not exist; what an e-invoice states does.
        if polygon.is_none() && self.source != api::Source::EInvoice {
            return None;
        }
        Some(api::Field {
            value: best.value.as_ref().map(&value),
            text: best.text.clone(),
            confidence: round(best.confidence, 1000.0),
            polygon,
            page: self.page_of(&best.spans),
            alternatives: found.alternatives.iter().filter_map(alternative).collect(),
            proof: found.proof,
            repaired_by: found.repaired_by.map(str::to_owned),
        })
    }

    fn printed<T: ToString>(&self, found: &Option<Found<T>>) -> Option<api::Field> {
        self.field(found.as_ref(), T::to_string)
    }

    /// The currency is not tagged but found by its sign, so its confidence is
    /// that of the characters.
    fn currency(&self, evidence: &Evidence<Currency>) -> Option<api::Field> {
        let line = self.lines.lines.get(evidence.span.line)?;
        let chars = line.chars.get(evidence.span.start..evidence.span.end)?;
        let confidence = chars.iter().map(|c| c.confidence).sum::<f32>() / chars.len().max(1) as f32;
        Some(api::Field {
            value: Some(evidence.value.code().to_owned()),
            text: evidence.text.clone(),
            confidence: round(confidence, 1000.0),
            polygon: Some(self.polygon_of(&[evidence.span])?),
            page: self.page_of(&[evidence.span]),
            ..api::Field::default()
        })
    }
}

/// What a page must show to be taken for a document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DocumentSettings {
    /// Mean confidence from which a line counts: textures read as text stay below.
    pub min_line_confidence: f32,
    /// Lines that count; the shortest receipts show a name, a date and an amount.
    pub min_lines: usize,
    /// Letters and digits on them; house numbers and shop signs have fewer.
    pub min_characters: usize,
    /// Digits on them; a document without any shows no date and no amount.
    pub min_digits: usize,
    /// Probability from which a page without a total is taken for prose or the like.
    pub min_other_confidence: f32,
    /// Confidence of the seller's name and numbers below which a page that shows nothing else is prose.
    pub min_seller_confidence: f32,
}

impl Default for DocumentSettings {
    fn default() -> Self {
        Self {
            min_line_confidence: 0.6,
            min_lines: 3,
            min_characters: 20,
            min_digits: 3,
            min_other_confidence: 0.8,
            min_seller_confidence: 0.2,
        }
    }
}

/// What came of the upload, from what was read of it. A document that can be
/// read poorly still is one, so the text is asked first and the photo second;
/// a photo too poor to show text may have been one.
pub fn status(lines: &TextLines, quality: &QualityReport, settings: &DocumentSettings) -> api::Status {
    let sure: Vec<_> = lines.lines.iter().filter(|l| l.confidence >= settings.min_line_confidence).collect();
    let count = |f: fn(&char) -> bool| sure.iter().flat_map(|l| &l.chars).filter(|c| f(&c.ch)).count();
    let is_document = sure.len() >= settings.min_lines
        && count(|c| c.is_alphanumeric()) >= settings.min_characters
        && count(char::is_ascii_digit) >= settings.min_digits;
    match (is_document, quality.usable) {
        (true, true) => api::Status::Extracted,
        (false, true) => api::Status::NotADocument,
        (false, false) if quality.is_blank() => api::Status::NotADocument,
        (_, false) => api::Status::NeedsBetterPhoto,
    }
}

/// Whether extraction saw prose, signs or the like, where the amount of text alone looked like a document:
/// it says so, or found no day, no amount and nobody who sells.
pub fn is_other(entities: &Entities, settings: &DocumentSettings) -> bool {
    let Entities { merchant_name, merchant_address, merchant_phone, merchant_tax_id, receipt_number, .. } = entities;
    let Entities { date, time, subtotal, tax_total, total, tip, .. } = entities;
    if total.is_some() {
        return false;
    }
    let of_sale = [date, time, subtotal, tax_total, tip].into_iter().any(Option::is_some)
        || !(entities.items.is_empty() && entities.taxes.is_empty() && entities.payments.is_empty());
    let of_seller = [merchant_name, merchant_address, merchant_phone, merchant_tax_id, receipt_number];
    let sells = of_seller.into_iter().flatten().any(|e| e.best.confidence >= settings.min_seller_confidence);
    (entities.kind == DocumentKind::Other && entities.kind_confidence >= settings.min_other_confidence)
        || !(of_sale || sells)
}

/// The document of the answer.
pub fn document(findings: &Findings, place: &Placement<'_>) -> api::Document {
    let money = |f: &Option<Found<Money>>| place.printed(f);
    api::Document {
        source: place.source,
        kind: match findings.kind {
            Some(DocumentKind::Receipt) => api::DocumentKind::Receipt,
            Some(DocumentKind::Invoice) => api::DocumentKind::Invoice,
            Some(DocumentKind::Product) => api::DocumentKind::Product,
            Some(DocumentKind::Other) | None => api::DocumentKind::Other,
        },
        country: findings.country_code().map(str::to_owned),
        language: findings.language.as_ref().map(|e| e.value).or(findings.likely_language).map(str::to_owned),
        merchant: api::Merchant {
            name: place.printed(&findings.merchant_name),
            address: place.printed(&findings.merchant_address),
            phone: place.printed(&findings.merchant_phone),
            tax_id: place.printed(&findings.merchant_tax_id),
        },
        date: place.printed(&findings.date),
        time: place.printed(&findings.time),
        currency: findings.currency.as_ref().and_then(|e| place.currency(e)),
        receipt_number: place.printed(&findings.receipt_number),
        subtotal: money(&findings.subtotal),
        tax_total: money(&findings.tax_total),
        total: money(&findings.total),
        tip: money(&findings.tip),
        taxes: findings
            .taxes
            .iter()
            .map(|t| api::Tax { rate: place.printed(&t.rate), net: money(&t.net), amount: money(&t.amount) })
            .collect(),
        payments: findings
            .payments
            .iter()
            .map(|p| api::Payment { method: place.printed(&p.method), amount: money(&p.amount) })
            .collect(),
        line_items: findings
            .items
            .iter()
            .map(|i| api::LineItem {
                kind: match i.kind {
                    ItemKind::Item => api::LineItemKind::Item,
                    ItemKind::Discount => api::LineItemKind::Discount,
                    ItemKind::Deposit => api::LineItemKind::Deposit,
                    ItemKind::Return => api::LineItemKind::Return,
                },
                description: place.printed(&i.description),
                quantity: place.printed(&i.quantity),
                unit_price: place.field(i.unit_price.as_ref(), |d| d.to_fixed(unit_price_decimals(findings))),
                amount: money(&i.amount),
                code: place.printed(&i.code),
                of: i.of,
            })
            .collect(),
        serial_numbers: findings.serial_numbers.iter().filter_map(|n| place.field(Some(n), Clone::clone)).collect(),
        barcodes: Vec::new(),
    }
}

/// The bar codes and QR codes of the answer.
pub fn barcodes(codes: &[Code]) -> Vec<api::Barcode> {
    let barcode = |code: &Code| api::Barcode {
        symbology: code.symbology.to_owned(),
        value: code.value.clone(),
        polygon: api::Polygon(code.quad.0.map(|p| [round(p.x, 10.0), round(p.y, 10.0)])),
        page: code.page,
    };
    codes.iter().map(barcode).collect()
}

/// Unit prices are written with the decimals of amounts, or more where they are printed.
fn unit_price_decimals(findings: &Findings) -> u8 {
    Money { minor: 0, currency: findings.currency.as_ref().map(|e| e.value) }.minor_digits()
}

/// The whole text, one line of the page a line.
pub fn text(lines: &TextLines) -> String {
    lines.lines.iter().map(|l| l.text()).collect::<Vec<_>>().join("\n")
}

/// The lines with their places.
pub fn lines(place: &Placement<'_>) -> Vec<api::Line> {
    let line = |l: &slipstream_models::TextLine| api::Line {
        text: l.text(),
        confidence: round(l.confidence, 1000.0),
        polygon: place.polygon(&l.quad),
        page: place.page(&l.quad),
    };
    place.lines.lines.iter().map(line).collect()
}

/// The quality report of the answer.
pub fn quality(report: &QualityReport) -> api::Quality {
    let issue = |i: &super::quality::Issue| api::QualityIssue {
        code: i.kind.code().to_owned(),
        severity: round(i.severity, 1000.0),
        advice: i.kind.advice().to_owned(),
        polygon: i.place.map(|place| api::Polygon(place.0.map(|p| [round(p.x, 10.0), round(p.y, 10.0)]))),
    };
    api::Quality { usable: report.usable, issues: report.issues.iter().map(issue).collect() }
}

/// The fraud report of the answer.
pub fn fraud(report: &FraudReport, place: &Placement<'_>) -> api::Fraud {
    let signal = |s: &FraudSignal| api::Signal {
        code: s.code.to_owned(),
        score: round(s.score, 1000.0),
        polygon: match &s.place {
            Place::Nowhere => None,
            Place::Characters(spans) => place.polygon_of(spans),
            // The upload is what polygons are about.
            Place::Upload(quad) => Some(api::Polygon(quad.0.map(|p| [round(p.x, 10.0), round(p.y, 10.0)]))),
        },
        page: match &s.place {
            Place::Characters(spans) => place.page_of(spans),
            Place::Nowhere | Place::Upload(_) => None,
        },
        explanation: s.explanation.clone(),
    };
    api::Fraud {
        score: round(report.score, 1000.0),
        // Whose upload it is, and what that means, is not known here.
        suspicious: None,
        pixels: report.pixels,
        signals: report.signals.iter().map(signal).collect(),
    }
}

/// The checks of the answer.
pub fn checks(results: &[CheckResult]) -> Vec<api::Check> {
    let check = |c: &CheckResult| api::Check { code: c.code.to_owned(), outcome: c.outcome, detail: c.detail.clone() };
    results.iter().map(check).collect()
}

/// `value` rounded to `1 / parts`: more digits would claim a precision that is not there.
fn round(value: f32, parts: f32) -> f32 {
    (value * parts).round() / parts
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
