//! Invented receipts, read with and without mistakes.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, missing_docs)]

use std::path::Path;

use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use slipstream_duplicates::index::Claim;
use slipstream_duplicates::{Day, Fingerprint, Index, Line, Minute, Page, Purchase, Secret, Settings, TenantKey, Told};

pub const SECRET: &str = "a secret of tests only";
pub const DAY_S: u64 = 86_400;

/// A till slip.
#[derive(Debug, Clone)]
pub struct Slip {
    pub shop: u64,
    pub number: u64,
    pub day: u8,
    pub minute: u16,
    pub items: Vec<(u64, i64)>,
}

impl Slip {
    /// The slip with this number of a shop; everything else follows from both.
    pub fn new(shop: u64, number: u64) -> Self {
        let mut dice = ChaCha8Rng::seed_from_u64(shop << 32 ^ number);
        let items = (0..dice.random_range(2..12)).map(|_| (dice.random_range(0..500), dice.random_range(50..3_000)));
        let items = items.collect();
        Self { shop, number, day: dice.random_range(1..29), minute: dice.random_range(480..1_320), items }
    }

    /// Somebody buys the same later that day.
    pub fn bought_again(&self) -> Self {
        Self { number: self.number + 37, minute: (self.minute + 95) % 1_440, ..self.clone() }
    }

    pub fn total(&self) -> i64 {
        self.items.iter().map(|item| item.1).sum()
    }

    fn time(&self) -> String {
        format!("{:02}:{:02}", self.minute / 60, self.minute % 60)
    }

    fn texts(&self) -> Vec<String> {
        let cents = |amount: i64| format!("{}.{:02}", amount / 100, amount % 100);
        let mut texts = vec![
            format!("MARKET NO {} OF TOWN", self.shop),
            format!("{} HIGH STREET", self.shop % 200),
            format!("TEL 0{}", 30_000_000 + self.shop * 7_919),
            format!("VAT ID {}", 100_000_000 + self.shop * 104_729),
            format!("RECEIPT {:08}", self.number * 13 + 1_000_000),
            format!("DATE {:02}/11/2026 {}", self.day, self.time()),
        ];
        for (article, amount) in &self.items {
            texts.push(format!("{:06} ARTICLE {article} {}", 100_000 + article * 331, cents(*amount)));
        }
        texts.push(format!("TOTAL {}", cents(self.total())));
        texts.push(format!("CASH {}", cents(self.total() + 500)));
        texts.push("CHANGE 5.00".to_owned());
        texts.push("THANK YOU".to_owned());
        texts
    }

    fn purchase(&self) -> Purchase {
        fn told<T>(value: T, printed: String) -> Option<Told<T>> {
            Some(Told { value, printed, confidence: 0.97 })
        }
        let number = format!("{:08}", self.number * 13 + 1_000_000);
        Purchase {
            merchant: told(format!("Market No {} of Town", self.shop), String::new()),
            date: told(Day { year: 2026, month: 11, day: self.day }, format!("{:02}/11/2026", self.day)),
            time: told(Minute { hour: (self.minute / 60) as u8, minute: (self.minute % 60) as u8 }, self.time()),
            total: told(self.total(), String::new()),
            receipt_number: told(number.clone(), number),
            items: self.items.iter().map(|item| item.1).collect(),
        }
    }

    /// What is read of it without a mistake.
    pub fn read(&self) -> Reading {
        let line = |(row, text): (usize, &String)| {
            let (top, right) = (100.0 + 30.0 * row as f32, 50.0 + 12.0 * text.len() as f32);
            let quad = [[50.0, top], [right, top], [right, top + 20.0], [50.0, top + 20.0]];
            Line { text: text.clone(), certainties: vec![0.98; text.chars().count()], quad }
        };
        Reading { lines: self.texts().iter().enumerate().map(line).collect(), purchase: self.purchase() }
    }
}

/// What was read of a page.
#[derive(Debug, Clone)]
pub struct Reading {
    pub lines: Vec<Line>,
    pub purchase: Purchase,
}

impl Reading {
    pub fn fingerprint(&self, key: &TenantKey) -> Fingerprint {
        Fingerprint::new(&Page { lines: &self.lines, photo: None }, &self.purchase, key)
    }

    /// Turned, as another photo would be.
    pub fn turned(mut self, degrees: f32) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        for line in &mut self.lines {
            line.quad = line.quad.map(|[x, y]| [x * cos - y * sin + 300.0, x * sin + y * cos + 40.0]);
        }
        self
    }

    /// With rows missing at the top and at the bottom, and the values that stood there.
    pub fn cropped(mut self, top: usize, bottom: usize) -> Self {
        let kept = self.lines.len().saturating_sub(bottom);
        self.lines.truncate(kept);
        self.lines.drain(..top.min(kept));
        self.purchase.merchant = None;
        self
    }

    /// With a character of a line misread, which the reader is less sure of.
    pub fn misread(mut self, seed: u64, lines: usize) -> Self {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        for _ in 0..lines {
            let Some(line) = self.lines.choose_mut(&mut dice) else { continue };
            let mut chars: Vec<char> = line.text.chars().collect();
            if let Some(c) = chars.choose_mut(&mut dice) {
                *c = char::from(dice.random_range(b'A'..=b'Z'));
            }
            line.text = chars.into_iter().collect();
            line.certainties.fill(0.6);
        }
        self
    }
}

pub fn open(path: &Path) -> Index {
    Index::open(path, Secret::new(SECRET).unwrap(), Settings::default()).unwrap()
}

pub fn claim(fingerprint: &Fingerprint, now: u64) -> Claim<'_> {
    Claim { fingerprint, customer: None, now, keep_s: 30 * DAY_S }
}
