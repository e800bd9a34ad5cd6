//! Dates, telephone numbers, codes and addresses of the network.

use crate::dice::Dice;
use crate::format::Moment;
use crate::locale::Locale;

/// Dates and times of all countries.
const MOMENTS: [&str; 22] = [
    "%d.%m.%Y",
    "%d.%m.%y",
    "%d/%m/%Y",
    "%d/%m/%y",
    "%d-%m-%Y",
    "%Y-%m-%d",
    "%e.%n.%Y",
    "%m/%d/%Y",
    "%n/%e/%y",
    "%e %b %Y",
    "%d %b %y",
    "%b %e, %Y",
    "%a %d.%m.%Y",
    "%H:%M",
    "%H:%M:%S",
    "%H.%M",
    "%l:%M %p",
    "%I:%M%p",
    "%Hh%M",
    "%Y%m%d %H%M%S",
    "%d.%m.%Y %H:%M",
    "%Y-%m-%dT%H:%M:%S",
];

/// A date, a time or both, sometimes with its label.
pub(super) fn moment(dice: &mut Dice, locale: &Locale) -> String {
    let moment = Moment::draw(dice);
    let first = moment.print(dice.pick(&MOMENTS), locale);
    match dice.index(5) {
        0 => format!("{} {first}", locale.pick(dice, "date_label")),
        1 => format!("{}: {first}", locale.pick(dice, "time_label")),
        2 => format!("{first} {}", moment.print(dice.pick(&["%H:%M", "%H:%M:%S", "%H.%M"]), locale)),
        _ => first,
    }
}

/// A telephone, tax, bank, card, article or other number.
pub(super) fn code(dice: &mut Dice, locale: &Locale) -> String {
    const MASKS: [&str; 30] = [
        "DE## #### #### #### #### ##",
        "FR## #### #### #### #### #### ###",
        "NL## ^^^^ #### #### ##",
        "FI## #### #### #### ##",
        "**** **** **** ####",
        "XXXX XXXX XXXX ####",
        "#### #### #### ####",
        "############~###",
        "xxxxxxxxxxxx####",
        "40#############",
        "~############",
        "#######",
        "########",
        "^^-####",
        "#-###-#####-#",
        "^##^^###",
        "##/####-##",
        "No. ######",
        "N° ####",
        "Nr. ###-####",
        "№ ######",
        "#~####",
        "[####]",
        "(##) ####-####",
        "+## ### ### ## ##",
        "+## (0)### ######",
        "#### / ######",
        "0x####",
        "A00000000#10#0",
        "##:##:##:##",
    ];
    match dice.index(5) {
        0 => locale.expand(dice, "phone", &|_| None),
        1 => format!("{} {}", locale.pick(dice, "tax_id_label"), locale.expand(dice, "tax_id", &|_| None)),
        2 => format!("{}: {}", locale.pick(dice, "reference_label"), locale.expand(dice, "reference", &|_| None)),
        _ => {
            let mask = dice.pick(&MASKS);
            dice.fill(mask)
        }
    }
}

/// A web or mail address of an invented host.
pub(super) fn net(dice: &mut Dice, locale: &Locale, word: &str, other: &str) -> String {
    let plain = |w: &str| w.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let (host, name) = (plain(word), plain(other));
    let end =
        if dice.chance(0.7) { locale.pick(dice, "web") } else { dice.pick(&[".com", ".eu", ".net", ".org", ".shop"]) };
    match dice.index(8) {
        0 => format!("www.{host}{end}"),
        1 => format!("https://www.{host}{end}/{name}"),
        2 => format!("http://{host}-{name}{end}"),
        3 => format!("{name}@{host}{end}"),
        4 => format!("info@{host}{end}"),
        5 => format!("{name}.{host}_{}@{host}{end}", dice.fill("##")),
        6 => format!("https://{host}{end}/?id={}&n={}", dice.fill("####"), dice.fill("##")),
        _ => format!("WWW.{}{}", host.to_uppercase(), end.to_uppercase()),
    }
}

/// Letters and digits without sense, as signatures print them.
pub(super) fn gibberish(dice: &mut Dice) -> String {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    let letters: Vec<char> = LETTERS.chars().collect();
    let (hex, n) = (dice.chance(0.3), dice.int(5..=28));
    (0..n)
        .map(|_| {
            if hex {
                dice.pick(&['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'])
            } else {
                dice.pick(&letters)
            }
        })
        .collect()
}
