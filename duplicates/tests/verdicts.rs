//! What becomes of receipts that come again, whole, in part and misread, and of purchases that only look the same.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::{Reading, Slip, claim, open};
use proptest::prelude::*;
use slipstream_duplicates::{Field, Outcome, Secret, Verdict, verdict};

fn judged(first: &Reading, second: &Reading) -> verdict::Judgement {
    let key = Secret::new(common::SECRET).unwrap().tenant("tests");
    verdict::judge(&first.fingerprint(&key), &second.fingerprint(&key))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_receipt_that_comes_again_is_known(
        shop in 0_u64..1_000, number in 0_u64..100_000, degrees in -5.0_f32..5.0, seed in any::<u64>()
    ) {
        let slip = Slip::new(shop, number);
        let again = slip.read().turned(degrees).misread(seed, 2);
        let judgement = judged(&slip.read(), &again);
        prop_assert!(judgement.verdict.is_duplicate(), "{judgement:?}");
    }

    #[test]
    fn the_same_bought_again_is_another_purchase(shop in 0_u64..1_000, number in 0_u64..100_000) {
        let slip = Slip::new(shop, number);
        let judgement = judged(&slip.read(), &slip.bought_again().read());
        prop_assert_eq!(judgement.verdict, Verdict::EqualPurchase);
        prop_assert_eq!(judgement.evidence.field(Field::ReceiptNumber), Outcome::Different);
        prop_assert_eq!(judgement.evidence.field(Field::Total), Outcome::Same);
    }

    #[test]
    fn the_order_of_two_receipts_does_not_matter(
        a in 0_u64..50, b in 0_u64..50, shop in 0_u64..3, seed in any::<u64>()
    ) {
        let (first, second) = (Slip::new(shop, a).read(), Slip::new(shop, b).read().misread(seed, 3));
        prop_assert_eq!(judged(&first, &second).verdict, judged(&second, &first).verdict);
    }
}

#[test]
fn any_two_fields_may_be_misread() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(&dir.path().join("index"));
    let key = index.tenant("tests");
    let slip = Slip::new(7, 3);
    index.remember(&key, &claim(&slip.read().fingerprint(&key), 0)).unwrap();
    let mut wrong = Vec::new();
    for first in 0..5 {
        for second in 0..=first {
            let mut again = slip.read();
            again.lines.clear();
            let purchase = &mut again.purchase;
            for field in [first, second] {
                match field {
                    0 => purchase.merchant.as_mut().unwrap().value = "Mraket".into(),
                    1 => purchase.date.as_mut().unwrap().value.day ^= 1,
                    2 => purchase.time.as_mut().unwrap().value.minute ^= 1,
                    3 => purchase.total.as_mut().unwrap().value += 10,
                    _ => purchase.receipt_number.as_mut().unwrap().value.push('1'),
                }
            }
            let doubt = |confidence: &mut f32| *confidence = 0.7;
            doubt(&mut purchase.date.as_mut().unwrap().confidence);
            doubt(&mut purchase.time.as_mut().unwrap().confidence);
            doubt(&mut purchase.total.as_mut().unwrap().confidence);
            doubt(&mut purchase.receipt_number.as_mut().unwrap().confidence);
            let found = index.check(&key, &again.fingerprint(&key), 1).unwrap();
            if !found.is_some_and(|found| found.judgement.verdict.is_duplicate()) {
                wrong.push((first, second));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn a_part_of_a_receipt_is_known() {
    let slip = Slip { items: Slip::new(3, 9).items.repeat(2), ..Slip::new(3, 9) };
    let whole = slip.read();
    let judgement = judged(&whole, &whole.clone().cropped(3, 2));
    assert!(judgement.verdict.is_duplicate(), "{judgement:?}");
}

#[test]
fn receipts_of_one_shop_are_distinct() {
    let wrong: Vec<_> = (0..200)
        .filter(|n| {
            let (one, other) = (Slip::new(5, *n), Slip::new(5, n + 1));
            let same = one.day == other.day && one.total() == other.total();
            judged(&one.read(), &other.read()).verdict != Verdict::Distinct && !same
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn nothing_agrees_with_a_page_that_says_nothing() {
    let empty = Reading { lines: Vec::new(), purchase: Default::default() };
    assert_eq!(judged(&empty, &empty).verdict, Verdict::Distinct);
    assert_eq!(judged(&Slip::new(1, 1).read(), &empty).verdict, Verdict::Distinct);
}
