use proptest::prelude::*;

use super::*;
use crate::eval::fields::testing::{outcome, outcome_of};

#[test]
fn whatever_a_receipt_says_stays_text() {
    let evil = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>";
    let outcome = outcome_of(evil, "SHOP", evil);
    let report = FieldsReport::new(evil.to_owned(), std::slice::from_ref(&outcome));
    let page = page(&report, std::slice::from_ref(&outcome), 10);
    assert_eq!(page.matches("<script").count(), 1, "the page's own");
    assert!(!page.contains("<img") && page.contains("&lt;script&gt;alert(1)"));
}

#[test]
fn a_page_needs_nothing_but_itself() {
    let outcome = outcome();
    let report = FieldsReport::new("set".to_owned(), std::slice::from_ref(&outcome));
    let page = page(&report, std::slice::from_ref(&outcome), 10);
    assert!(
        page.contains("company") && page.contains("punctuation"),
        "the failure is shown, though its photo is missing"
    );
    let outside = ["src=\"", "href=\"http", "url(", "@import"].into_iter().filter(|link| page.contains(link));
    assert_eq!(outside.count(), 0);
}

proptest! {
    #[test]
    fn escaped_text_ends_neither_elements_nor_attributes(text in any::<String>()) {
        let escaped = Escaped(&text).to_string();
        prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
        let back = escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
        let printable: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        prop_assert_eq!(back, printable);
    }
}
