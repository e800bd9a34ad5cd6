"""What is known of a document, as token numbers the losses can use.

A `Target` says, field by field, which spans or candidates are right. A field
that the source does not label is left out, and its loss is not computed; a
field that is labelled and absent has an empty list, which teaches "null".
"""

from collections import Counter
from dataclasses import dataclass, field

from .align import locate
from .text import fold, minor_units

SPANS = {"merchant_name": 16, "merchant_address": 56, "merchant_phone": 8, "merchant_tax_id": 6, "receipt_number": 6}  # name: most tokens
POINTERS = {"date": "date", "time": "time", "subtotal": "amount", "tax_total": "amount", "total": "amount", "tip": "amount"}  # name: kind
ROLES = [
    "none", "description", "quantity", "unit_price", "amount", "code", "tax_rate", "tax_net", "tax_amount", "payment_method", "payment_amount",
    "serial_number",
]
FAMILY = [0, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4]  # by role: which list it belongs to (purchases, taxes, payments, serial numbers); 0 = none
CLOSING = [ROLES.index(name) for name in ("amount", "tax_amount", "payment_amount")]  # every row has one at most, and is known by it
ITEM_KINDS = ["item", "discount", "deposit", "return"]
BELONGING = [ITEM_KINDS.index(name) for name in ("discount", "deposit")]  # kinds of rows that may belong to an item

# What a page is as a whole.
PAGE = {
    "kind": ["receipt", "invoice", "other"],
    "language": ["da", "de", "en", "es", "fi", "fr", "it", "nl", "pt", "sv"],
    "country": ["DE", "DK", "ES", "FI", "FR", "GB", "IT", "MY", "NL", "PT", "SE", "US"],
}


@dataclass
class Target:
    """Right answers in token numbers. `roles`, `kinds`, `anchors`, `parents` are None where rows are not labelled.

    A row is known by one of its tokens, its anchor: the amount, or the first token of a row without one.
    """

    spans: dict = field(default_factory=dict)     # field: [(first, last)]
    pointers: dict = field(default_factory=dict)  # field: [token]
    roles: list = None
    kinds: list = None                            # -1 where the role belongs to no item
    anchors: list = None                          # the anchor of the token's row; -1 where it is in none
    parents: list = None                          # of anchors of discounts and deposits: the anchor of their item, or themselves; else -1
    page: dict = field(default_factory=dict)      # of PAGE: the number of the right answer


def squeeze(text):
    return "".join(text.split()).casefold()


def alnum(text):
    return "".join(c for c in text.casefold() if "a" <= c <= "z" or "0" <= c <= "9")


def total_value(text):
    """Minor units of a key such as `RM 9.00`, or None."""
    return minor_units("".join(c for c in fold(text) if c in "0123456789.,-"))


def from_keys(tokens, lines, key):
    """Target of a SROIE document, whose key holds company, address, date and total."""
    at = {}
    for number, t in enumerate(tokens):
        for c in range(t.start, t.end):
            at[t.line, c] = number
    target = Target(page={"kind": PAGE["kind"].index("receipt"), "country": PAGE["country"].index("MY")})
    for name, field_name in (("company", "merchant_name"), ("address", "merchant_address")):
        places, share = locate(key[name], lines)
        numbers = [at[p] for p in places if p in at]
        if share < 0.6 or not numbers:
            continue  # not readable here: neither taught nor taught as absent
        first, last = numbers[0], numbers[-1]
        target.spans[field_name] = [(first, last)]
        if field_name == "merchant_name":
            target.spans[field_name] += repetitions(tokens, first, last)
    dates = {n: t.text for n, t in enumerate(tokens) if t.kind == "date"}
    for same in (squeeze, alnum):
        hits = [n for n, text in dates.items() if same(text) and same(text) == same(key["date"])]
        if hits:
            target.pointers["date"] = hits
            break
    else:
        places, share = locate(key["date"], lines)
        hits = Counter(at[p] for p in places if p in at)
        if share > 0.65 and hits and tokens[hits.most_common(1)[0][0]].kind == "date":
            target.pointers["date"] = [hits.most_common(1)[0][0]]
    wanted = total_value(key["total"])
    hits = [n for n, t in enumerate(tokens) if t.kind == "amount" and wanted is not None and minor_units(t.text) == wanted]
    if hits:
        target.pointers["total"] = hits
    return target


def repetitions(tokens, first, last):
    """Other places where the same words stand."""
    words = [squeeze(t.text) for t in tokens[first:last + 1]]
    n = len(words)
    return [(i, i + n - 1) for i in range(len(tokens) - n + 1)
            if i != first and tokens[i].text[:1] == tokens[first].text[:1] and [squeeze(t.text) for t in tokens[i:i + n]] == words]


def printed(tokens, lines, first, last):
    """The printed characters from one token to another, lines joined by one space, without a colon at the end."""
    parts = []
    for number in range(tokens[first].line, tokens[last].line + 1):
        text = lines[number].text
        start = tokens[first].start if number == tokens[first].line else 0
        end = tokens[last].end if number == tokens[last].line else len(text)
        parts.append(text[start:end])
    text = " ".join(" ".join(parts).split())
    return text.rstrip(":") or text
