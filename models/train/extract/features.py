"""Tokens with geometry, and the numbers that the network sees of them.

Mirrored in `models/src/extract/features.rs`. Two steps, so that training can
change tokens in between: `tokenize` cuts ordered lines into tokens, `features`
looks at the tokens alone.
"""

import bisect
from collections import Counter
from dataclasses import dataclass

from .level import median
from .text import KINDS, minor_units

# name, number of buckets. Order and sizes are part of the weights; config.json repeats them and Rust checks them.
FEATURES = [
    ("kind", len(KINDS)), ("shape", 7), ("case", 5), ("length", 16),
    ("row_from_top", 32), ("row_from_bottom", 32), ("left", 32), ("right", 32), ("height_on_page", 32),
    ("line_left", 32), ("line_right", 32), ("text_height", 10), ("gap_above", 8), ("place_in_line", 8), ("tokens_in_line", 8),
    ("amount_count", 6), ("amount_rank", 9), ("amount_difference", 4), ("amount_twin", 5), ("amount_sum", 5), ("amount_tax", 5),
]
HEIGHT_EDGES = [0.6, 0.75, 0.9, 1.1, 1.25, 1.5, 1.8, 2.2, 3.0]
GAP_EDGES = [0.7, 1.0, 1.3, 1.6, 2.0, 2.5, 3.5]
LARGEST = 12  # from how many of the largest amounts differences are taken
MOST_VALUES = 400  # more different amounts than this stand on no page
GRAMS_MAX = 24


@dataclass
class Token:
    """One token: folded text, kind, where it is printed and where it stands."""

    text: str
    kind: str
    line: int      # index into the ordered lines
    start: int     # first character in that line
    end: int
    upper: int     # characters that are upper case
    first_upper: bool
    x0: float
    x1: float
    line_x0: float
    line_x1: float
    y0: float
    y1: float
    row: int
    place: int     # which token of its line
    siblings: int  # how many other tokens the line has


def tokenize(lines, scanner):
    """Tokens of lines in reading order."""
    out = []
    for index, line in enumerate(lines):
        pieces = scanner.tokens(line.text)
        per_char = (line.x1 - line.x0) / max(1, len(line.text))
        for place, p in enumerate(pieces):
            upper = [is_upper(c) for c in line.text[p.start:p.end]]
            out.append(Token(
                p.text, p.kind, index, p.start, p.end, sum(upper), upper[0],
                line.x0 + per_char * p.start, line.x0 + per_char * p.end, line.x0, line.x1, line.y0, line.y1, line.row,
                place, len(pieces) - 1,
            ))
    return out


def is_upper(c):
    low = c.lower()
    return len(low) == 1 and low != c


def cap(tokens, limit):
    """At most `limit` tokens: the first half and the last half, which hold the header and the totals."""
    return tokens if len(tokens) <= limit else tokens[:limit // 2] + tokens[len(tokens) - (limit - limit // 2):]


def is_letter(c):
    return "a" <= c <= "z" or c >= "\xc0"


def normal_form(text):
    """What the embeddings see of a token: no spaces, every digit a 0."""
    return "".join("0" if "0" <= c <= "9" else c for c in text if c != " ")


def word_features(token):
    letters = sum(map(is_letter, token.text))
    digits = sum("0" <= c <= "9" for c in token.text)
    n = len(token.text)
    if digits == 0:
        shape = 0 if letters == 0 else 1 if letters == n else 2
    else:
        shape = 3 if digits == n else 4 if letters == 0 else 5 if letters > digits else 6
    if letters == 0:
        case = 0
    elif token.upper == letters:
        case = 1
    elif token.upper == 0:
        case = 2
    else:
        case = 3 if token.first_upper and token.upper == 1 else 4
    return [KINDS.index(token.kind), shape, case, min(n, 15)]


def bin32(x):
    return max(0, min(31, int(x * 32)))


def features(tokens):
    """One list of bucket numbers a token, in the order of FEATURES; also the tokens' column centres (0 to 1) and rows from 0."""
    if not tokens:
        return [], [], []
    left, right = min(t.line_x0 for t in tokens), max(t.line_x1 for t in tokens)
    top, bottom = min(t.y0 for t in tokens), max(t.y1 for t in tokens)
    width, height = max(1.0, right - left), max(1.0, bottom - top)
    # One entry a line, so that long lines do not outvote short ones.
    by_line = {t.line: t for t in tokens}
    unit = median([t.y1 - t.y0 for t in by_line.values()]) or 1.0
    centres = {}
    for t in by_line.values():
        centres.setdefault(t.row, []).append((t.y0 + t.y1) / 2)
    order = sorted(centres)
    rank = {row: i for i, row in enumerate(order)}
    middle = [sum(centres[row]) / len(centres[row]) for row in order]
    amounts = amount_features([minor_units(t.text) if t.kind == "amount" else None for t in tokens], printed_rates(tokens))
    out, columns, rows = [], [], []
    for t, amount in zip(tokens, amounts):
        row = rank[t.row]
        gap = (middle[row] - middle[row - 1]) / unit if row else 3.0
        out.append(word_features(t) + [
            min(row, 31), min(len(order) - 1 - row, 31),
            bin32((t.x0 - left) / width), bin32((t.x1 - left) / width), bin32(((t.y0 + t.y1) / 2 - top) / height),
            bin32((t.line_x0 - left) / width), bin32((t.line_x1 - left) / width),
            bisect.bisect(HEIGHT_EDGES, (t.y1 - t.y0) / unit), bisect.bisect(GAP_EDGES, gap), min(t.place, 7), min(t.siblings, 7),
        ] + amount)
        columns.append(((t.x0 + t.x1) / 2 - left) / width)
        rows.append(row)
    return out, columns, rows


def printed_rates(tokens):
    """Tax rates to try, in hundredths of a percent: those printed on the page, and 6 percent, which often goes unsaid."""
    rates = {600}
    for t in tokens:
        if t.kind == "percent":
            value = minor_units(t.text.replace("%", "").strip())
            if value and value <= 3000:
                rates.add(value)
    return sorted(rates)[:8]


def amount_features(values, rates):
    """What the arithmetic of the page says of each amount: `values` are minor units, None for tokens that are no amount.

    Sizes are compared without sign. Buckets: how often the value stands there; its rank by size; whether it is the
    difference of two others; whether a value within 4 minor units stands beside it (rounding) and which is the round
    one; whether it is the sum of two others, or part of a sum; whether it could be gross or net at one of the tax rates.
    """
    count = Counter(abs(v) for v in values if v is not None)
    known = sorted(count, reverse=True)[:MOST_VALUES]
    rank = {v: i for i, v in enumerate(known)}
    differences = {a - b for a in known[:LARGEST] for b in count if a > b > 0}
    near = lambda x: any(b in count for b in range(x - 2, x + 3))
    cache = {}
    for v in known:
        twin = any(d and v + d in count for d in range(-4, 5))
        is_sum = any(0 < b < v and v - b in count for b in known)
        is_part = v > 0 and any(b > v and b - v in count for b in known)
        gross = v > 100 and any(near((2 * v * r + 10000 + r) // (2 * (10000 + r))) for r in rates)
        net = v > 100 and any(near((2 * v * r + 10000) // 20000) for r in rates)
        cache[v] = [
            min(count[v], 5), 1 + min(rank[v], 7), 1 + (v in differences) + (v in differences and count[v] > 1),
            1 + 2 * twin + (v % 5 == 0), 1 + 2 * is_sum + is_part, 1 + 2 * gross + net,
        ]
    return [[0] * 6 if v is None else cache.get(abs(v), [0] * 6) for v in values]


def fnv1a(data, bits=32):
    """FNV-1a of bytes, 32 or 64 bits."""
    value, prime = (0x811C9DC5, 0x01000193) if bits == 32 else (0xCBF29CE484222325, 0x100000001B3)
    for b in data:
        value = ((value ^ b) * prime) & ((1 << bits) - 1)
    return value


def grams(text, buckets):
    """Buckets of the character 3-grams of `<text>` in normal form and of the 4-grams of its letters alone."""
    form = normal_form(text)
    framed = "<" + form + ">"
    out = [framed[i:i + 3] for i in range(max(1, len(framed) - 2))][:GRAMS_MAX]
    letters = "".join(c for c in form if is_letter(c))
    if len(letters) >= 2:
        framed = "_" + letters + "_"
        out += [framed[i:i + 4] for i in range(max(1, len(framed) - 3))][:GRAMS_MAX]
    return [fnv1a(g.encode()) % buckets for g in out]
