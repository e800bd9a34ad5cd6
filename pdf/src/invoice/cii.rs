//! UN/CEFACT Cross Industry Invoice: ZUGFeRD since 2, Factur-X, XRechnung, and ZUGFeRD 1, whose elements have other names.

use super::codes::is_credit_note;
use super::xml::Element;
use super::{Adjustment, Invoice, Line, Payment, Seller, Syntax, Tax, day, number};

/// Lines of the profile EXTENDED that are headings or sums of others.
const NO_LINES: [&str; 2] = ["GROUP", "INFORMATION"];

const TRANSACTION: [&str; 2] = ["SupplyChainTradeTransaction", "SpecifiedSupplyChainTradeTransaction"];
const AGREEMENT: [&str; 2] = ["ApplicableHeaderTradeAgreement", "ApplicableSupplyChainTradeAgreement"];
const SETTLEMENT: [&str; 2] = ["ApplicableHeaderTradeSettlement", "ApplicableSupplyChainTradeSettlement"];
const SUMMATION: [&str; 2] =
    ["SpecifiedTradeSettlementHeaderMonetarySummation", "SpecifiedTradeSettlementMonetarySummation"];
const RATE: [&str; 2] = ["RateApplicablePercent", "ApplicablePercent"];

/// Reads the invoice below `root`; what is missing stays empty.
pub(super) fn invoice(root: Element<'_, '_>) -> Invoice {
    let document = root.child(&["ExchangedDocument", "HeaderExchangedDocument"]);
    let transaction = root.child(&TRANSACTION);
    let agreement = transaction.and_then(|t| t.child(&AGREEMENT));
    let settlement = transaction.and_then(|t| t.child(&SETTLEMENT));
    let sums = settlement.and_then(|s| s.child(&SUMMATION));
    let sum = |name: &'static str| number(sums.and_then(|s| s.at(&[name])));
    let currency = settlement.and_then(|s| s.text_at(&["InvoiceCurrencyCode"]));
    Invoice {
        syntax: Syntax::Cii,
        is_credit_note: document.and_then(|d| d.text_at(&["TypeCode"])).is_some_and(|code| is_credit_note(&code)),
        number: document.and_then(|d| d.text_at(&["ID"])),
        date: document.and_then(|d| date(d.at(&["IssueDateTime"])?)),
        seller: agreement.and_then(|a| a.at(&["SellerTradeParty"])).map(seller).unwrap_or_default(),
        lines: transaction
            .into_iter()
            .flat_map(|t| t.children(&["IncludedSupplyChainTradeLineItem"]))
            .filter_map(line)
            .collect(),
        adjustments: settlement
            .into_iter()
            .flat_map(|s| s.children(&["SpecifiedTradeAllowanceCharge"]))
            .map(adjustment)
            .chain(settlement.into_iter().flat_map(|s| s.children(&["SpecifiedLogisticsServiceCharge"])).map(freight))
            .collect(),
        taxes: settlement.into_iter().flat_map(|s| s.children(&["ApplicableTradeTax"])).map(tax).collect(),
        net: sum("TaxBasisTotalAmount"),
        tax_total: number(sums.and_then(|s| tax_total(s, currency.as_deref()))),
        total: sum("GrandTotalAmount"),
        prepaid: sum("TotalPrepaidAmount"),
        due: sum("DuePayableAmount"),
        payments: settlement
            .into_iter()
            .flat_map(|s| s.children(&["SpecifiedTradeSettlementPaymentMeans"]))
            .map(|p| Payment { code: p.text_at(&["TypeCode"]), words: p.text_at(&["Information"]) })
            .collect(),
        currency,
    }
}

/// A day, with or without the element around its characters.
fn date(element: Element<'_, '_>) -> Option<super::Day> {
    element.child(&["DateTimeString", "DateTime", "DateString"]).unwrap_or(element).text().map(day)
}

fn seller(party: Element<'_, '_>) -> Seller {
    let address = party.at(&["PostalTradeAddress"]);
    let part = |name: &'static str| address.and_then(|a| a.text_at(&[name]));
    let town: Vec<String> = [part("PostcodeCode"), part("CityName")].into_iter().flatten().collect();
    let street = [part("LineOne"), part("LineTwo"), part("LineThree")].into_iter().flatten();
    let tax_id = |schemes: &[&str]| {
        let ids = party.children(&["SpecifiedTaxRegistration"]).filter_map(|r| r.at(&["ID"]));
        ids.filter(|id| id.attribute("schemeID").is_some_and(|s| schemes.contains(&s))).find_map(Element::text)
    };
    Seller {
        name: party
            .text_at(&["Name"])
            .or_else(|| party.text_at(&["SpecifiedLegalOrganization", "TradingBusinessName"])),
        address: street.chain((!town.is_empty()).then(|| town.join(" "))).collect(),
        country: part("CountryID"),
        phone: party.text_at(&["DefinedTradeContact", "TelephoneUniversalCommunication", "CompleteNumber"]),
        tax_id: tax_id(&["VA", "VAT"]).or_else(|| tax_id(&["FC"])),
    }
}

fn line(item: Element<'_, '_>) -> Option<Line> {
    let heading = item.text_at(&["AssociatedDocumentLineDocument", "LineStatusReasonCode"]);
    if heading.is_some_and(|reason| NO_LINES.contains(&reason.as_str())) {
        return None;
    }
    let product = item.at(&["SpecifiedTradeProduct"]);
    let agreement = item.child(&["SpecifiedLineTradeAgreement", "SpecifiedSupplyChainTradeAgreement"]);
    let delivery = item.child(&["SpecifiedLineTradeDelivery", "SpecifiedSupplyChainTradeDelivery"]);
    let settlement = item.child(&["SpecifiedLineTradeSettlement", "SpecifiedSupplyChainTradeSettlement"]);
    let price = agreement.and_then(|a| a.at(&["NetPriceProductTradePrice"]));
    let sums = settlement.and_then(|s| {
        s.child(&["SpecifiedTradeSettlementLineMonetarySummation", "SpecifiedTradeSettlementMonetarySummation"])
    });
    let adjustments =
        || settlement.into_iter().flat_map(|s| s.children(&["SpecifiedTradeAllowanceCharge"])).map(adjustment);
    let line = Line {
        description: product.and_then(|p| p.text_at(&["Name"]).or_else(|| p.text_at(&["Description"]))),
        code: product.and_then(|p| p.text_at(&["GlobalID"]).or_else(|| p.text_at(&["SellerAssignedID"]))),
        quantity: number(delivery.and_then(|d| d.at(&["BilledQuantity"]))),
        price: number(price.and_then(|p| p.at(&["ChargeAmount"]))),
        price_basis: number(price.and_then(|p| p.at(&["BasisQuantity"]))),
        reductions: adjustments().filter(|a| !a.is_charge).filter_map(|a| a.amount).collect(),
        charges: adjustments().filter(|a| a.is_charge).filter_map(|a| a.amount).collect(),
        amount: number(sums.and_then(|s| s.at(&["LineTotalAmount"]))),
    };
    // ZUGFeRD 1 has lines that are a remark and nothing else.
    (line.description.is_some() || line.amount.is_some()).then_some(line)
}

fn adjustment(element: Element<'_, '_>) -> Adjustment {
    Adjustment {
        is_charge: element
            .text_at(&["ChargeIndicator", "Indicator"])
            .or_else(|| element.text_at(&["ChargeIndicator"]))
            .is_some_and(|text| text == "true" || text == "1"),
        reason: element.text_at(&["Reason"]),
        amount: number(element.at(&["ActualAmount"])),
    }
}

/// Freight, which ZUGFeRD keeps apart from other charges.
fn freight(element: Element<'_, '_>) -> Adjustment {
    Adjustment {
        is_charge: true,
        reason: element.text_at(&["Description"]),
        amount: number(element.child(&["AppliedAmount", "ActualAmount"])),
    }
}

fn tax(element: Element<'_, '_>) -> Tax {
    Tax {
        rate: number(element.child(&RATE)),
        net: number(element.at(&["BasisAmount"])),
        amount: number(element.at(&["CalculatedAmount"])),
    }
}

/// The total in the invoice's currency: another one may follow in the currency of accounting.
fn tax_total<'a, 'i>(sums: Element<'a, 'i>, currency: Option<&str>) -> Option<Element<'a, 'i>> {
    let own = |e: &Element<'_, '_>| e.attribute("currencyID").is_some_and(|c| Some(c) == currency);
    sums.children(&["TaxTotalAmount"]).find(own).or_else(|| sums.at(&["TaxTotalAmount"]))
}
