//! Invented sellers: names, addresses, telephone and tax numbers in a country's style.

use crate::dice::Dice;
use crate::locale::Locale;

/// What a shop sells; it decides its trade words, goods, prices and tax rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Shop {
    /// Food and everyday goods.
    #[default]
    Grocery,
    /// Meals and drinks.
    Restaurant,
    /// Hardware, stationery, clothes and other lasting goods.
    Household,
    /// Pharmacies and drug stores.
    Health,
    /// Filling stations.
    Fuel,
}

impl Shop {
    /// A random kind, in about the shares that loyalty campaigns see.
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        const KINDS: [Shop; 5] = [Shop::Grocery, Shop::Restaurant, Shop::Household, Shop::Health, Shop::Fuel];
        KINDS.get(dice.weighted(&[0.38, 0.24, 0.22, 0.11, 0.05])).copied().unwrap_or_default()
    }

    /// The ending of this kind's lists in a locale (`goods_grocery`).
    pub(crate) fn key(self) -> &'static str {
        match self {
            Shop::Grocery => "grocery",
            Shop::Restaurant => "restaurant",
            Shop::Household => "household",
            Shop::Health => "health",
            Shop::Fuel => "fuel",
        }
    }
}

/// An invented seller.
#[derive(Debug, Clone, Default)]
pub(crate) struct Merchant {
    pub(crate) shop: Shop,
    /// The name that is the truth: the registered one where it is printed.
    pub(crate) name: String,
    /// The shop's sign, printed above the registered name.
    pub(crate) brand: Option<String>,
    /// The branch, printed below the name.
    pub(crate) branch: Option<String>,
    /// Register number such as `(123456-A)`.
    pub(crate) registration: Option<String>,
    /// Lines of the address.
    pub(crate) address: Vec<String>,
    pub(crate) phone: String,
    pub(crate) fax: String,
    pub(crate) tax_id: String,
    /// Second-level name of the shop's web and mail addresses.
    pub(crate) host: String,
}

impl Merchant {
    /// A seller that nobody has met.
    pub(crate) fn draw(dice: &mut Dice, locale: &Locale) -> Self {
        let shop = Shop::draw(dice);
        let coin = locale.expand(dice, "coin", &|_| None);
        let trade = locale.pick(dice, &format!("trade_{}", shop.key()));
        let known = |name: &str| match name {
            "coin" => Some(coin.clone()),
            "trade" => Some(trade.to_string()),
            _ => None,
        };
        let name = locale.expand(dice, "name", &known);
        let brand = dice.chance(locale.number("brand_share", 0.15)).then(|| locale.expand(dice, "brand", &known));
        let registration = dice.chance(locale.number("registration_share", 0.1));
        let numbers: Vec<i64> = (0..3).map(|_| house_number(dice)).collect();
        let number = |name: &str| match name {
            "no" => numbers.first().map(i64::to_string),
            "n" => numbers.get(1).map(i64::to_string),
            "m" => numbers.get(2).map(i64::to_string),
            _ => known(name),
        };
        let address = locale.expand(dice, "address", &number).split(';').map(|l| l.trim().to_string()).collect();
        Self {
            shop,
            brand: brand.filter(|b| *b != name),
            name,
            branch: dice.chance(0.15).then(|| locale.expand(dice, "branch", &number)),
            registration: registration.then(|| locale.expand(dice, "registration", &known)),
            address,
            phone: locale.expand(dice, "phone", &known),
            fax: locale.expand(dice, "phone", &known),
            tax_id: locale.expand(dice, "tax_id", &known),
            host: coin.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect(),
        }
    }
}

/// Small house numbers are more frequent than large ones.
fn house_number(dice: &mut Dice) -> i64 {
    let top = dice.pick(&[9, 30, 30, 99, 250]);
    dice.int(1..=top)
}
