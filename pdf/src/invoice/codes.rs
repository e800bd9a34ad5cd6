//! Code lists that invoices use.

/// Documents of UNTDID 1001 that give money back.
const CREDIT_NOTES: [&str; 11] = ["81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"];

/// Means of payment of UNTDID 4461 that invoices use.
const PAYMENT_MEANS: [(&str, &str); 13] = [
    ("10", "cash"),
    ("20", "cheque"),
    ("30", "credit transfer"),
    ("31", "debit transfer"),
    ("42", "payment to bank account"),
    ("48", "bank card"),
    ("49", "direct debit"),
    ("54", "credit card"),
    ("55", "debit card"),
    ("57", "standing agreement"),
    ("58", "SEPA credit transfer"),
    ("59", "SEPA direct debit"),
    ("97", "clearing between partners"),
];

/// Whether a document of this UNTDID 1001 code gives money back.
pub(super) fn is_credit_note(code: &str) -> bool {
    CREDIT_NOTES.contains(&code)
}

/// The name of a means of payment by its UNTDID 4461 code.
pub fn payment_means(code: &str) -> Option<&'static str> {
    PAYMENT_MEANS.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
}
