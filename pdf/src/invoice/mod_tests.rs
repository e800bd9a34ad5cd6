//! Invented invoices in each syntax.
#![allow(clippy::unwrap_used, reason = "a failing test should stop at the spot")]

use super::*;

/// One invoice in both syntaxes, with a price for a hundred, an allowance of a line and one of the whole.
const CII: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:x:1" xmlns:ram="urn:x:2" xmlns:udt="urn:x:3">
  <rsm:ExchangedDocument>
    <ram:ID>R-7/2024</ram:ID><ram:TypeCode>380</ram:TypeCode>
    <ram:IssueDateTime><udt:DateTimeString format="102">20240228</udt:DateTimeString></ram:IssueDateTime>
  </rsm:ExchangedDocument>
  <rsm:SupplyChainTradeTransaction>
    <ram:IncludedSupplyChainTradeLineItem>
      <ram:SpecifiedTradeProduct>
        <ram:GlobalID schemeID="0160">4000000000006</ram:GlobalID><ram:SellerAssignedID>A1</ram:SellerAssignedID>
        <ram:Name>Schrauben &amp;
          Muttern</ram:Name>
      </ram:SpecifiedTradeProduct>
      <ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice>
        <ram:ChargeAmount>12.5000</ram:ChargeAmount><ram:BasisQuantity unitCode="H87">100</ram:BasisQuantity>
      </ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement>
      <ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="H87">800</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>
      <ram:SpecifiedLineTradeSettlement>
        <ram:SpecifiedTradeAllowanceCharge>
          <ram:ChargeIndicator><udt:Indicator>false</udt:Indicator></ram:ChargeIndicator><ram:ActualAmount>5.00</ram:ActualAmount>
        </ram:SpecifiedTradeAllowanceCharge>
        <ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>95.00</ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation>
      </ram:SpecifiedLineTradeSettlement>
    </ram:IncludedSupplyChainTradeLineItem>
    <ram:ApplicableHeaderTradeAgreement><ram:SellerTradeParty>
      <ram:Name>Hofladen Sonnig GmbH</ram:Name>
      <ram:DefinedTradeContact><ram:TelephoneUniversalCommunication><ram:CompleteNumber>+49 30 5550</ram:CompleteNumber></ram:TelephoneUniversalCommunication></ram:DefinedTradeContact>
      <ram:PostalTradeAddress><ram:PostcodeCode>10115</ram:PostcodeCode><ram:LineOne>Feldweg 2</ram:LineOne><ram:CityName>Berlin</ram:CityName><ram:CountryID>DE</ram:CountryID></ram:PostalTradeAddress>
      <ram:SpecifiedTaxRegistration><ram:ID schemeID="FC">27/123/456</ram:ID></ram:SpecifiedTaxRegistration>
      <ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">DE123456789</ram:ID></ram:SpecifiedTaxRegistration>
    </ram:SellerTradeParty></ram:ApplicableHeaderTradeAgreement>
    <ram:ApplicableHeaderTradeSettlement>
      <ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
      <ram:SpecifiedTradeSettlementPaymentMeans><ram:TypeCode>58</ram:TypeCode></ram:SpecifiedTradeSettlementPaymentMeans>
      <ram:ApplicableTradeTax><ram:CalculatedAmount>17.10</ram:CalculatedAmount><ram:BasisAmount>90.00</ram:BasisAmount><ram:RateApplicablePercent>19.00</ram:RateApplicablePercent></ram:ApplicableTradeTax>
      <ram:SpecifiedTradeAllowanceCharge>
        <ram:ChargeIndicator><udt:Indicator>false</udt:Indicator></ram:ChargeIndicator><ram:ActualAmount>5.00</ram:ActualAmount><ram:Reason>Treue</ram:Reason>
      </ram:SpecifiedTradeAllowanceCharge>
      <ram:SpecifiedTradeSettlementHeaderMonetarySummation>
        <ram:TaxBasisTotalAmount>90.00</ram:TaxBasisTotalAmount>
        <ram:TaxTotalAmount currencyID="CHF">16.00</ram:TaxTotalAmount><ram:TaxTotalAmount currencyID="EUR">17.10</ram:TaxTotalAmount>
        <ram:GrandTotalAmount>107.10</ram:GrandTotalAmount><ram:TotalPrepaidAmount>7.10</ram:TotalPrepaidAmount><ram:DuePayableAmount>100.00</ram:DuePayableAmount>
      </ram:SpecifiedTradeSettlementHeaderMonetarySummation>
    </ram:ApplicableHeaderTradeSettlement>
  </rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>"#;

const UBL: &str = r#"<Invoice xmlns="urn:x:1" xmlns:cac="urn:x:2" xmlns:cbc="urn:x:3">
  <cbc:ID>R-7/2024</cbc:ID><cbc:IssueDate>2024-02-28</cbc:IssueDate><cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>
  <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
  <cac:AccountingSupplierParty><cac:Party>
    <cac:PostalAddress><cbc:StreetName>Feldweg 2</cbc:StreetName><cbc:CityName>Berlin</cbc:CityName><cbc:PostalZone>10115</cbc:PostalZone><cac:Country><cbc:IdentificationCode>DE</cbc:IdentificationCode></cac:Country></cac:PostalAddress>
    <cac:PartyTaxScheme><cbc:CompanyID>27/123/456</cbc:CompanyID><cac:TaxScheme><cbc:ID>FC</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
    <cac:PartyTaxScheme><cbc:CompanyID>DE123456789</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
    <cac:PartyLegalEntity><cbc:RegistrationName>Hofladen Sonnig GmbH</cbc:RegistrationName></cac:PartyLegalEntity>
    <cac:Contact><cbc:Telephone>+49 30 5550</cbc:Telephone></cac:Contact>
  </cac:Party></cac:AccountingSupplierParty>
  <cac:PaymentMeans><cbc:PaymentMeansCode>58</cbc:PaymentMeansCode></cac:PaymentMeans>
  <cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator><cbc:AllowanceChargeReason>Treue</cbc:AllowanceChargeReason><cbc:Amount currencyID="EUR">5.00</cbc:Amount></cac:AllowanceCharge>
  <cac:TaxTotal><cbc:TaxAmount currencyID="CHF">16.00</cbc:TaxAmount></cac:TaxTotal>
  <cac:TaxTotal><cbc:TaxAmount currencyID="EUR">17.10</cbc:TaxAmount>
    <cac:TaxSubtotal><cbc:TaxableAmount>90.00</cbc:TaxableAmount><cbc:TaxAmount>17.10</cbc:TaxAmount><cac:TaxCategory><cbc:Percent>19.00</cbc:Percent></cac:TaxCategory></cac:TaxSubtotal>
  </cac:TaxTotal>
  <cac:LegalMonetaryTotal><cbc:TaxExclusiveAmount>90.00</cbc:TaxExclusiveAmount><cbc:TaxInclusiveAmount>107.10</cbc:TaxInclusiveAmount><cbc:PrepaidAmount>7.10</cbc:PrepaidAmount><cbc:PayableAmount>100.00</cbc:PayableAmount></cac:LegalMonetaryTotal>
  <cac:InvoiceLine>
    <cbc:InvoicedQuantity>800</cbc:InvoicedQuantity><cbc:LineExtensionAmount>95.00</cbc:LineExtensionAmount>
    <cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator><cbc:Amount>5.00</cbc:Amount></cac:AllowanceCharge>
    <cac:Item><cbc:Name>Schrauben &amp; Muttern</cbc:Name><cac:SellersItemIdentification><cbc:ID>A1</cbc:ID></cac:SellersItemIdentification><cac:StandardItemIdentification><cbc:ID>4000000000006</cbc:ID></cac:StandardItemIdentification></cac:Item>
    <cac:Price><cbc:PriceAmount>12.5000</cbc:PriceAmount><cbc:BaseQuantity>100</cbc:BaseQuantity></cac:Price>
  </cac:InvoiceLine>
</Invoice>"#;

fn stated(text: &str) -> Option<Number> {
    Some(Number { text: text.into(), value: Decimal::parse(text) })
}

fn expected(syntax: Syntax) -> Invoice {
    Invoice {
        syntax,
        is_credit_note: false,
        number: Some("R-7/2024".into()),
        date: Some(Day {
            text: if syntax == Syntax::Cii { "20240228" } else { "2024-02-28" }.into(),
            ymd: Some((2024, 2, 28)),
        }),
        currency: Some("EUR".into()),
        seller: Seller {
            name: Some("Hofladen Sonnig GmbH".into()),
            address: vec!["Feldweg 2".into(), "10115 Berlin".into()],
            country: Some("DE".into()),
            phone: Some("+49 30 5550".into()),
            tax_id: Some("DE123456789".into()),
        },
        lines: vec![Line {
            description: Some("Schrauben & Muttern".into()),
            code: Some("4000000000006".into()),
            quantity: stated("800"),
            price: stated("12.5000"),
            price_basis: stated("100"),
            reductions: stated("5.00").into_iter().collect(),
            charges: vec![],
            amount: stated("95.00"),
        }],
        adjustments: vec![Adjustment { is_charge: false, reason: Some("Treue".into()), amount: stated("5.00") }],
        taxes: vec![Tax { rate: stated("19.00"), net: stated("90.00"), amount: stated("17.10") }],
        net: stated("90.00"),
        tax_total: stated("17.10"),
        total: stated("107.10"),
        prepaid: stated("7.10"),
        due: stated("100.00"),
        payments: vec![Payment { code: Some("58".into()), words: None }],
    }
}

#[test]
fn both_syntaxes_say_the_same() {
    assert_eq!(parse(CII.as_bytes()).unwrap(), expected(Syntax::Cii));
    assert_eq!(parse(UBL.as_bytes()).unwrap(), expected(Syntax::Ubl));
}

#[test]
fn the_names_of_zugferd_1_are_known() {
    let old = CII
        .replace("CrossIndustryInvoice", "CrossIndustryDocument")
        .replace("rsm:ExchangedDocument", "rsm:HeaderExchangedDocument")
        .replace("rsm:SupplyChainTradeTransaction", "rsm:SpecifiedSupplyChainTradeTransaction")
        .replace("ApplicableHeaderTrade", "ApplicableSupplyChainTrade")
        .replace("SpecifiedLineTrade", "SpecifiedSupplyChainTrade")
        .replace("SettlementHeaderMonetary", "SettlementMonetary")
        .replace("SettlementLineMonetary", "SettlementMonetary")
        .replace("RateApplicablePercent", "ApplicablePercent");
    assert!(!old.contains("HeaderTrade") && !old.contains("LineTrade"));
    assert_eq!(parse(old.as_bytes()).unwrap(), expected(Syntax::Cii));
}

#[test]
fn credit_notes_are_told_apart() {
    for code in ["381", "396"] {
        let note = CII.replace("<ram:TypeCode>380", &format!("<ram:TypeCode>{code}"));
        assert!(parse(note.as_bytes()).unwrap().is_credit_note);
    }
    let note = UBL.replace("Invoice xmlns", "CreditNote xmlns").replace("</Invoice>", "</CreditNote>");
    assert!(parse(note.as_bytes()).unwrap().is_credit_note);
}

#[test]
fn headings_among_the_lines_are_no_lines() {
    let heading = "<ram:AssociatedDocumentLineDocument><ram:LineStatusReasonCode>GROUP</ram:LineStatusReasonCode></ram:AssociatedDocumentLineDocument>";
    let grouped = CII.replacen("<ram:SpecifiedTradeProduct>", &format!("{heading}<ram:SpecifiedTradeProduct>"), 1);
    assert!(parse(grouped.as_bytes()).unwrap().lines.is_empty());
}

#[test]
fn what_is_no_invoice_is_refused_in_a_word() {
    let cases = [
        ("<html><body/></html>", InvoiceError::NoInvoice),
        ("<Invoice/>", InvoiceError::NoInvoice),
        ("<a", InvoiceError::Damaged { line: 1, column: 1 }),
    ];
    for (text, expected) in cases {
        assert_eq!(parse(text.as_bytes()), Err(expected), "{text}");
    }
    let line = "<InvoiceLine/>";
    let many = format!("<Invoice><ID>1</ID>{}</Invoice>", line.repeat(MAX_LINES + 1));
    assert_eq!(parse(many.as_bytes()), Err(InvoiceError::TooManyLines { got: MAX_LINES + 1 }));
}

#[test]
fn days_are_days_or_nothing() {
    let cases = [
        ("20240228", Some((2024, 2, 28))),
        ("202402281530", Some((2024, 2, 28))),
        ("2024-02-28", Some((2024, 2, 28))),
        ("2024-02-28T00:00:00", Some((2024, 2, 28))),
        ("2024-02-28+01:00", Some((2024, 2, 28))),
        ("20241328", None),
        ("2024", None),
        ("28.02.2024", None),
        ("2024-é2-28", None),
        ("éééééééé", None),
        ("", None),
    ];
    for (text, ymd) in cases {
        assert_eq!(day(text.to_owned()).ymd, ymd, "{text}");
    }
}
