//! OASIS Universal Business Language 2.1: the other syntax of EN 16931, which XRechnung and Peppol use.

use super::codes::is_credit_note;
use super::xml::Element;
use super::{Adjustment, Invoice, Line, Payment, Seller, Syntax, Tax, day, number};

/// Reads the invoice or credit note `root`; what is missing stays empty.
pub(super) fn invoice(root: Element<'_, '_>) -> Invoice {
    let sums = root.at(&["LegalMonetaryTotal"]);
    let sum = |name: &'static str| number(sums.and_then(|s| s.at(&[name])));
    let currency = root.text_at(&["DocumentCurrencyCode"]);
    let taxes = tax_total(root, currency.as_deref());
    Invoice {
        syntax: Syntax::Ubl,
        is_credit_note: root.name() == "CreditNote"
            || root.text_at(&["InvoiceTypeCode"]).is_some_and(|code| is_credit_note(&code)),
        number: root.text_at(&["ID"]),
        date: root.text_at(&["IssueDate"]).map(day),
        currency,
        seller: root.at(&["AccountingSupplierParty", "Party"]).map(seller).unwrap_or_default(),
        lines: root.children(&["InvoiceLine", "CreditNoteLine"]).map(line).collect(),
        adjustments: root.children(&["AllowanceCharge"]).map(adjustment).collect(),
        taxes: taxes.into_iter().flat_map(|t| t.children(&["TaxSubtotal"])).map(tax).collect(),
        net: sum("TaxExclusiveAmount"),
        tax_total: number(taxes.and_then(|t| t.at(&["TaxAmount"]))),
        total: sum("TaxInclusiveAmount"),
        prepaid: sum("PrepaidAmount"),
        due: sum("PayableAmount"),
        payments: root.children(&["PaymentMeans"]).map(payment).collect(),
    }
}

fn seller(party: Element<'_, '_>) -> Seller {
    let address = party.at(&["PostalAddress"]);
    let part = |name: &'static str| address.and_then(|a| a.text_at(&[name]));
    let further = address.and_then(|a| a.text_at(&["AddressLine", "Line"]));
    let town: Vec<String> = [part("PostalZone"), part("CityName")].into_iter().flatten().collect();
    let street = [part("StreetName"), part("AdditionalStreetName"), further].into_iter().flatten();
    let tax_id = |vat: bool| {
        let is_vat = |scheme: &Element<'_, '_>| {
            scheme.text_at(&["TaxScheme", "ID"]).is_some_and(|id| id.eq_ignore_ascii_case("VAT")) == vat
        };
        party.children(&["PartyTaxScheme"]).filter(is_vat).find_map(|s| s.text_at(&["CompanyID"]))
    };
    Seller {
        name: party
            .text_at(&["PartyLegalEntity", "RegistrationName"])
            .or_else(|| party.text_at(&["PartyName", "Name"])),
        address: street.chain((!town.is_empty()).then(|| town.join(" "))).collect(),
        country: address.and_then(|a| a.text_at(&["Country", "IdentificationCode"])),
        phone: party.text_at(&["Contact", "Telephone"]),
        tax_id: tax_id(true).or_else(|| tax_id(false)),
    }
}

fn line(item: Element<'_, '_>) -> Line {
    let product = item.at(&["Item"]);
    let adjustments = || item.children(&["AllowanceCharge"]).map(adjustment);
    Line {
        description: product.and_then(|p| p.text_at(&["Name"]).or_else(|| p.text_at(&["Description"]))),
        code: product.and_then(|p| {
            p.text_at(&["StandardItemIdentification", "ID"]).or_else(|| p.text_at(&["SellersItemIdentification", "ID"]))
        }),
        quantity: number(item.child(&["InvoicedQuantity", "CreditedQuantity"])),
        price: number(item.at(&["Price", "PriceAmount"])),
        price_basis: number(item.at(&["Price", "BaseQuantity"])),
        reductions: adjustments().filter(|a| !a.is_charge).filter_map(|a| a.amount).collect(),
        charges: adjustments().filter(|a| a.is_charge).filter_map(|a| a.amount).collect(),
        amount: number(item.at(&["LineExtensionAmount"])),
    }
}

fn adjustment(element: Element<'_, '_>) -> Adjustment {
    Adjustment {
        is_charge: element.text_at(&["ChargeIndicator"]).is_some_and(|text| text == "true" || text == "1"),
        reason: element.text_at(&["AllowanceChargeReason"]),
        amount: number(element.at(&["Amount"])),
    }
}

fn tax(element: Element<'_, '_>) -> Tax {
    Tax {
        rate: number(element.at(&["TaxCategory", "Percent"])),
        net: number(element.at(&["TaxableAmount"])),
        amount: number(element.at(&["TaxAmount"])),
    }
}

fn payment(element: Element<'_, '_>) -> Payment {
    let code = element.at(&["PaymentMeansCode"]);
    Payment { code: code.and_then(Element::text), words: code.and_then(|c| c.attribute("name")).map(str::to_owned) }
}

/// The tax table in the invoice's currency: a second one may repeat it in the currency of accounting.
fn tax_total<'a, 'i>(root: Element<'a, 'i>, currency: Option<&str>) -> Option<Element<'a, 'i>> {
    let own = |e: &Element<'_, '_>| {
        e.at(&["TaxAmount"]).and_then(|a| a.attribute("currencyID")).is_some_and(|c| Some(c) == currency)
    };
    root.children(&["TaxTotal"]).find(own).or_else(|| root.at(&["TaxTotal"]))
}
