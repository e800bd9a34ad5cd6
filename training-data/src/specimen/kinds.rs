//! The kinds of lines and how often each is written.

use super::words::{Words, titled};
use super::{alphabet, money, numbers};
use crate::dice::Dice;
use crate::format::Casing;
use crate::locale::Locale;

/// How often a word gets a letter of any language.
const MARKED_SHARE: f64 = 0.12;
/// How often a line gets a sign of any kind.
const SIGNED_SHARE: f64 = 0.03;

/// Writes lines of one locale.
pub(super) struct Writer<'a> {
    pub(super) dice: &'a mut Dice,
    locale: &'static Locale,
    words: &'static Words,
}

/// How the words of one line are written.
#[derive(Clone, Copy)]
enum Case {
    Written,
    Lower,
    Upper,
    Title,
    Sentence,
    Camel,
}

impl<'a> Writer<'a> {
    pub(super) fn new(dice: &'a mut Dice, locale: &'static Locale) -> Self {
        Self { dice, locale, words: Words::of(locale) }
    }

    /// A line of any kind.
    pub(super) fn line(&mut self) -> String {
        let line = match self.dice.weighted(&[22.0, 14.0, 12.0, 7.0, 7.0, 9.0, 5.0, 6.0, 4.0, 8.0, 3.0, 3.0, 7.0]) {
            0 => self.phrase(2, 6),
            1 => self.product(),
            2 => self.entry(),
            3 => money::dressed(self.dice, self.locale),
            4 => numbers::moment(self.dice, self.locale),
            5 => numbers::code(self.dice, self.locale),
            6 => self.net(),
            7 => self.address(),
            8 => money::quantity(self.dice, self.locale),
            9 => self.quoted(),
            10 => self.separator(),
            11 => numbers::gibberish(self.dice),
            _ => self.foreign(),
        };
        self.finished(line)
    }

    /// What stands at the left of an amount.
    pub(super) fn label(&mut self) -> String {
        let line = match self.dice.weighted(&[37.0, 23.0, 18.0, 8.0, 7.0, 7.0]) {
            0 => self.product(),
            1 => self.phrase(1, 3),
            2 => self.entry(),
            3 => money::quantity(self.dice, self.locale),
            4 => format!("{} {}", numbers::code(self.dice, self.locale), self.word()),
            _ => self.foreign(),
        };
        self.finished(line)
    }

    /// A word or two.
    pub(super) fn short(&mut self) -> String {
        let line = self.phrase(1, 2);
        self.finished(line)
    }

    /// What stands in a column of numbers.
    pub(super) fn value(&mut self) -> String {
        match self.dice.weighted(&[45.0, 30.0, 10.0, 8.0, 7.0]) {
            0 => money::amount(self.dice, self.locale),
            1 => money::dressed(self.dice, self.locale),
            2 => money::rate(self.dice),
            3 => numbers::moment(self.dice, self.locale),
            _ => money::quantity(self.dice, self.locale),
        }
    }

    fn word(&mut self) -> String {
        let real = self.dice.chance(0.4);
        if real { self.words.real(self.dice) } else { self.words.invented(self.dice) }
    }

    fn case(&mut self) -> Case {
        const ALL: [Case; 6] = [Case::Written, Case::Lower, Case::Upper, Case::Title, Case::Sentence, Case::Camel];
        ALL.get(self.dice.weighted(&[0.12, 0.2, 0.3, 0.22, 0.12, 0.04])).copied().unwrap_or(Case::Written)
    }

    /// Some words in one case.
    fn phrase(&mut self, least: i64, most: i64) -> String {
        let (n, case) = (self.dice.int(least..=most), self.case());
        let words: Vec<String> = (0..n)
            .map(|i| {
                let word = self.word();
                let word = match case {
                    Case::Written => word,
                    Case::Lower => word.to_lowercase(),
                    Case::Upper => Casing::Upper.apply(&word),
                    Case::Sentence if i > 0 => word.to_lowercase(),
                    Case::Title | Case::Camel | Case::Sentence => titled(&word.to_lowercase()),
                };
                if self.dice.chance(MARKED_SHARE) { alphabet::mark(self.dice, &word) } else { word }
            })
            .collect();
        let join = match case {
            Case::Camel => "",
            _ => self.dice.pick(&[" ", " ", " ", " ", " ", " ", " ", "-", ". ", "/", ", ", " & ", "."]),
        };
        let text = words.join(join);
        let end = self.dice.pick(&["", "", "", "", "", "", "", ".", ":", "!", ",", "?", ";", "..."]);
        format!("{text}{end}")
    }

    /// A name or two with letters of any language, each word with several.
    fn foreign(&mut self) -> String {
        let mut words = Vec::new();
        for _ in 0..self.dice.int(1..=3) {
            let mut word = titled(&self.words.invented(self.dice));
            for _ in 0..3 {
                word = alphabet::mark(self.dice, &word);
            }
            words.push(word);
        }
        words.join(" ")
    }

    /// Goods with a size, a weight or a code.
    fn product(&mut self) -> String {
        let shop =
            self.dice.pick(&["goods_grocery", "goods_weighed", "goods_restaurant", "goods_household", "goods_health"]);
        let good = self.locale.pick(self.dice, shop).to_string();
        let known = |name: &str| if name == "good" { Some(good.clone()) } else { ordinary(name) };
        let key = self.dice.pick(&["product", "product", "article", "weighed", "dish"]);
        let mut text = self.locale.expand(self.dice, key, &known);
        if self.dice.chance(0.25) {
            text = format!("{text} {}", self.word());
        }
        let text = match self.dice.weighted(&[0.45, 0.4, 0.15]) {
            0 => text,
            1 => Casing::Upper.apply(&text),
            _ => text.to_lowercase(),
        };
        let text = if self.dice.chance(MARKED_SHARE) { alphabet::mark(self.dice, &text) } else { text };
        match self.dice.index(12) {
            0 => format!("{} {text}", self.dice.fill("#####")),
            1 => format!("{text} {}", money::rate(self.dice)),
            2 => format!("{} {text}", self.dice.int(1..=9)),
            3 => format!("*{text}"),
            _ => text,
        }
    }

    /// Something that the locale's receipts say.
    fn entry(&mut self) -> String {
        const KEYS: [&str; 24] = [
            "thanks",
            "note",
            "dated_note",
            "slip",
            "greeting",
            "title",
            "name",
            "branch",
            "registration",
            "total",
            "subtotal",
            "tax_included",
            "cash",
            "card",
            "change",
            "discount",
            "coupon",
            "voucher",
            "cashier",
            "count",
            "savings",
            "tax_table",
            "service",
            "returned",
        ];
        let key = self.dice.pick(&KEYS);
        let good = self.locale.pick(self.dice, "goods_grocery");
        let trade = self.locale.pick(self.dice, "trade_grocery");
        let known = |name: &str| match name {
            "good" => Some(good.to_string()),
            "trade" => Some(trade.to_string()),
            _ => ordinary(name),
        };
        let text = self.locale.expand(self.dice, key, &known);
        if self.dice.chance(0.3) { Casing::Upper.apply(&text) } else { text }
    }

    fn address(&mut self) -> String {
        let text = self.locale.expand(self.dice, "address", &ordinary);
        let parts: Vec<&str> = text.split(';').map(str::trim).collect();
        let text = self.dice.pick(&parts).to_string();
        if self.dice.chance(0.4) { Casing::Upper.apply(&text) } else { text }
    }

    fn net(&mut self) -> String {
        let (word, other) = (self.words.invented(self.dice), self.words.invented(self.dice));
        numbers::net(self.dice, self.locale, &word, &other)
    }

    /// Words in quotes and brackets, and beside signs.
    fn quoted(&mut self) -> String {
        let (text, other) = (self.phrase(1, 3), self.phrase(1, 2));
        let n = self.dice.int(1..=99);
        match self.dice.index(22) {
            0 => format!("„{text}“ {other}"),
            1 => format!("“{text}” {other}"),
            2 => format!("« {text} » {other}"),
            3 => format!("\"{text}\" {other}"),
            4 => format!("‘{text}’ {other}"),
            5 => format!("{text}’{other}"),
            6 => format!("{text} ({other})"),
            7 => format!("[{n}] {text}"),
            8 => format!("{{{text}}} <{other}>"),
            9 => format!("§ {n} {text} – {other}"),
            10 => format!("{n}° {text}; {other}"),
            11 => format!("#{n} {text} | {other}"),
            12 => format!("{text} & {other}"),
            13 => format!("¿{text}? ¡{other}!"),
            14 => format!("{text}… {other} — {n}"),
            15 => format!("• {text} · {other}"),
            16 => format!("{n}² ½ {text} × {n}³"),
            17 => format!("{text}® {other}™ ©{n}"),
            18 => format!("\\{text}\\ ~{n} {other}_"),
            19 => format!("± {n} {text} >= {n} <= {other}"),
            20 => format!("№ {n} {text} nº {n} 1ª {other}"),
            _ => format!("'{text}' {other}´s"),
        }
    }

    /// A row of one sign, or of a short pattern.
    fn separator(&mut self) -> String {
        let pattern = self
            .dice
            .pick(&["-", "-", "-", "=", "=", "*", "*", "_", ".", "- ", "* ", "+", "#", "~", "-=", "<>", "/", "·"]);
        let n = self.dice.int(4..=40) as usize;
        let row: String = pattern.chars().cycle().take(n).collect();
        let row = row.trim().to_string();
        if self.dice.chance(0.25) {
            let (side, word) = (&row.chars().take(5).collect::<String>(), self.word());
            return format!("{} {word} {}", side.trim(), side.trim());
        }
        row
    }

    /// Sometimes with a sign somewhere.
    fn finished(&mut self, line: String) -> String {
        if !self.dice.chance(SIGNED_SHARE) {
            return line;
        }
        let sign = alphabet::sign(self.dice);
        match self.dice.index(3) {
            0 => format!("{sign} {line}"),
            1 => format!("{line} {sign}"),
            _ => line.replacen(' ', &format!(" {sign} "), 1),
        }
    }
}

/// Plain values for what receipts fill into templates.
fn ordinary(name: &str) -> Option<String> {
    let value = match name {
        "n" | "no" => "27",
        "m" => "29",
        "q" => "2",
        "p" => "1,49",
        "kg" => "0,534",
        "rate" => "19",
        "percent" => "20",
        "until" => "31.12.2026",
        "site" => "www.kassa.eu",
        _ => return None,
    };
    Some(value.to_string())
}
