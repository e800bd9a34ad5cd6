//! Thanks, terms, points, notes: text below the payment that holds no field.

use super::Composer;
use crate::text::Text;

/// A few closing lines.
pub(super) fn write(page: &mut Composer) {
    if page.dice.chance(0.3) {
        page.separator();
    }
    if page.dice.chance(0.35) {
        let days = page.dice.int(7..=60);
        let pattern = page.locale.pick(page.dice, "date");
        let until = page.sale.moment.later(days).print(pattern, page.locale);
        let note = page.phrase("dated_note", &|name| (name == "until").then(|| until.clone()));
        page.note(note);
    }
    let notes = page.dice.pick(&[0, 0, 1, 1, 2, 3]);
    for _ in 0..notes {
        let site = format!("www.{}{}", page.merchant.host, page.locale.pick(page.dice, "web"));
        let note = page.phrase("note", &|name| (name == "site").then(|| site.clone()));
        page.note(note);
    }
    if page.dice.chance(0.8) {
        let thanks = page.word("thanks");
        page.note(thanks);
    }
    if page.dice.chance(0.2) {
        let mask = page.dice.pick(&["#############", "####################", "* ######## *", "#### #### ####"]);
        let digits = page.dice.fill(mask);
        page.centre(Text::plain(digits));
    }
}
