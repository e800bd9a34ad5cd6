"""From the characters of a line to tokens: folding, candidate patterns, amounts.

Everything here is mirrored in `models/src/extract/tokens.rs`. To keep the two
in step, the tables (fold table, patterns, splitter) are data: they travel in
the weights' `config.json`, and the Rust side reads them from there.

A line is folded character by character, so indices into the folded line are
indices into the printed one. Patterns run on its ASCII form, in which every
character that is still not ASCII is one DEL, and use no look-around: what must
not stand before or after a match is checked apart, because Rust's `regex`
has no look-around and because a linear scanner cannot blow up on odd input.
"""

import re
import unicodedata
from dataclasses import dataclass

DELETE = "\x7f"

SPACES = "\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"
LOOK_ALIKES = {
    "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "’": "'", "‘": "'", "´": "'", "`": "'", "“": '"', "”": '"', "„": '"',
    "：": ":", "，": ",", "（": "(", "）": ")", "。": ".", "、": ",", "；": ";", "％": "%", "＃": "#", "＝": "=", "×": "x", "✕": "x",
    "·": ".", "•": ".", "γ": "y", "α": "a", "β": "b", "ο": "o", "Α": "a", "Β": "b", "Ε": "e", "Ν": "n", "Ο": "o", "Ø": "o", "ø": "o",
    "Р": "p", "С": "c", "О": "o", "А": "a", "Е": "e", "М": "m", "Н": "h", "Т": "t", "В": "b", "К": "k", "Х": "x",
    "ı": "i", "ß": "s", "Đ": "d", "đ": "d", "ð": "d", "Ł": "l", "ł": "l", "æ": "a", "Æ": "a", "œ": "o", "Œ": "o", "þ": "t", "Þ": "t",
}


def fold_table():
    """Characters that are read as another one: spaces, look-alikes and accented Latin letters."""
    table = {c: " " for c in SPACES} | LOOK_ALIKES
    for code in range(0xC0, 0x180):
        c = chr(code)
        base = unicodedata.normalize("NFD", c)[0].lower()
        if c not in table and base != c.lower() and base.isascii():
            table[c] = base
    return table


FOLD = fold_table()

_DAY = "(?:3[01]|[12][0-9]|0?[1-9])"
_YEAR = "(?:19|20)[0-9]{2}"
# Month names of English, German, French, Spanish, Italian, Portuguese, Dutch, Nordic and Polish tills, longest form first.
_MONTH = (
    "(?:jan(?:uary|uari|uar|vier|eiro|v)?|feb(?:ruary|ruari|ruar|braio|rero)?|fev(?:ereiro|rier|r)?|mar(?:ch|zo|co|s|t)?|maerz|maart|mrt|"
    "apr(?:ile|il)?|avr(?:il)?|abr(?:il)?|may(?:o)?|mai(?:o)?|maj|mei|mag(?:gio)?|jun(?:io|ho|e|i)?|juin|giu(?:gno)?|jul(?:io|ho|y|i)?|"
    "juil(?:let)?|lug(?:lio)?|aug(?:ustus|usti|ust)?|aout|ago(?:sto)?|sep(?:tember|tembre|tiembre|t)?|set(?:tembre|embro|t)?|"
    "oct(?:ober|obre|ubre)?|okt(?:ober)?|ott(?:obre)?|out(?:ubro)?|nov(?:ember|embre|iembre|embro)?|dec(?:ember|embre)?|"
    "dez(?:ember|embro)?|dic(?:iembre|embre)?|des(?:ember)?|ene(?:ro)?|gen(?:naio)?|sty|lut|kwi|cze|lip|sie|wrz|paz|lis|gru)"
)
_JOIN = "[-/., ']{0,3}"
_HOUR = "(?:2[0-3]|[01]?[0-9])"
_MINUTE = "[0-5][0-9]"
# The separators agree, but for the Danish 24/12-2025.
_NUMERIC = [rf"{_DAY} ?{a} ?{_DAY} ?{b} ?" for a, b in (("-", "-"), ("/", "/"), ("[.]", "[.]"), ("/", "-"))]
_AMOUNT = (
    "(?:[0-9]{1,3}(?:, ?[0-9]{3})+ ?[.] ?[0-9]{2}|[0-9]{1,3}(?:[.][0-9]{3})+,[0-9]{2}|[0-9]{1,3}(?:'[0-9]{3})+[.][0-9]{2}|"
    "[0-9]{1,3}(?: [0-9]{3})+,[0-9]{2}|[0-9]+ ?[.] ?[0-9]{2}|[0-9]+,[0-9]{2})"
)
_NO_AMOUNT_BEFORE = "[0-9]|[0-9][.,]"
_NO_AMOUNT_AFTER = "[0-9]| ?%|[.][0-9]"


def _pattern(kind, match, not_before="[0-9]", not_after=""):
    return {"kind": kind, "match": match, "not_before": not_before, "not_after": not_after}


# Tried in this order at every place where a candidate can start; the first that fits wins.
# A pattern's first group, where it has one, is the candidate; the rest is context.
PATTERNS = [
    # A four-digit year may touch what follows: the space before the time is often lost in reading.
    _pattern("date", "|".join(n + _YEAR for n in _NUMERIC)),
    _pattern("date", "|".join(n + "[0-9]{2}" for n in _NUMERIC), not_before="[0-9]|[0-9][./-]", not_after="[0-9]|[./-][0-9]"),
    _pattern("date", "|".join(rf"{_YEAR} ?{s} ?(?:1[0-2]|0?[1-9]) ?{s} ?{_DAY}" for s in ("-", "/", "[.]"))),
    _pattern("date", rf"{_DAY}{_JOIN}{_MONTH}{_JOIN}{_YEAR}"),
    _pattern("date", rf"{_DAY}{_JOIN}{_MONTH}{_JOIN}[0-9]{{2}}", not_after="[0-9]|:"),
    _pattern("date", rf"{_MONTH}[. ]{{0,2}}{_DAY}[, ]{{1,3}}{_YEAR}", not_before="[a-z0-9]"),
    _pattern("date", rf"{_MONTH}[. ]{{0,2}}{_DAY}[, ]{{0,2}}'[0-9]{{2}}", not_before="[a-z0-9]", not_after="[0-9]"),
    _pattern("date", "20[0-4][0-9](?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])", not_after="[0-9]"),
    _pattern("date", "(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])20[0-4][0-9]", not_after="[0-9]"),
    _pattern("time", rf"{_HOUR} ?: ?{_MINUTE}(?: ?: ?{_MINUTE})? ?[ap]", not_after="[0-9a-z.]"),
    _pattern("time", rf"{_HOUR} ?: ?{_MINUTE}(?: ?: ?{_MINUTE})?(?: ?[ap][.]?m[.]?)?", not_after="[0-9]"),
    _pattern("time", rf"{_HOUR}[.]{_MINUTE}(?:[.]{_MINUTE})? ?[ap]m", not_before=_NO_AMOUNT_BEFORE),
    # With points it takes a word to tell a time from a price: kl. 14.05, klo 14.05.
    _pattern("time", rf"klo?[.]? ?({_HOUR}[.]{_MINUTE}(?:[.]{_MINUTE})?)", not_before="[a-z0-9]", not_after="[0-9]|[.][0-9]"),
    _pattern("time", rf"{_HOUR} ?h ?{_MINUTE}", not_after="[0-9a-z]"),
    _pattern("percent", "[0-9]{1,2}(?:[.,][0-9]{1,2})? ?%", not_before=_NO_AMOUNT_BEFORE),
    _pattern("amount", rf"-{_AMOUNT}", not_before="[0-9.,]", not_after=_NO_AMOUNT_AFTER),
    _pattern("amount", rf"{_AMOUNT}-", not_before=_NO_AMOUNT_BEFORE, not_after="[0-9a-z]"),
    _pattern("amount", _AMOUNT, not_before=_NO_AMOUNT_BEFORE, not_after=_NO_AMOUNT_AFTER),
    # RM.70 is a price, No.70 is not.
    _pattern("amount", "[.][0-9]{2}", not_before="[0-9.,]|[a-ln-z]|[^r]m|^m", not_after="[0-9a-z.,%-]"),
    _pattern("amount", "[1-9][0-9]{0,2}(?:[,.][0-9]{3})+", not_before=_NO_AMOUNT_BEFORE, not_after="[0-9.,%]|[ ]?(?:kg|l|lb|g)"),
    _pattern("quantity", "([0-9]{1,4}) ?[x*](?:[ 0-9]|$)", not_before="[0-9.,a-z]"),
]
# Words end at spaces; brackets, '#' and '=' stand alone; colons close the word before them.
SPLITTER = r"[^\]\[ :()#=]+:*|[\]\[:()#=]"
KINDS = ["word", "date", "time", "percent", "amount", "quantity"]


@dataclass
class Piece:
    """One token of a line: characters `start..end`, its folded text and its kind."""

    start: int
    end: int
    text: str
    kind: str


def fold_char(c):
    """The character that `c` is read as: lower case, no accent, one for one."""
    if c in FOLD:
        return FOLD[c]
    if c < " ":
        return " "
    low = c.lower()
    return low if len(low) == 1 else c


def fold(line):
    return "".join(map(fold_char, line))


class Scanner:
    """Splits lines into tokens by the tables of a config."""

    def __init__(self, patterns=PATTERNS, splitter=SPLITTER):
        flags = re.ASCII
        self.patterns = [
            (p["kind"], re.compile(p["match"], flags), re.compile(f"(?:{p['not_before']})$", flags) if p["not_before"] else None,
             re.compile(p["not_after"], flags) if p["not_after"] else None)
            for p in patterns
        ]
        self.splitter = re.compile(splitter, flags)

    def tokens(self, line):
        """The tokens of a printed line, left to right, none empty."""
        folded = fold(line)
        ascii_line = "".join(c if c < DELETE else DELETE for c in folded)
        out, done, at = [], 0, 0
        while at < len(ascii_line):
            found = self._candidate(ascii_line, at, done)
            if found is None:
                at += 1
                continue
            kind, start, end = found
            out += [Piece(m.start(), m.end(), folded[m.start():m.end()], "word") for m in self.splitter.finditer(ascii_line, done, start)]
            out.append(Piece(start, end, folded[start:end], kind))
            at = done = end
        out += [Piece(m.start(), m.end(), folded[m.start():m.end()], "word") for m in self.splitter.finditer(ascii_line, done)]
        return out

    def _candidate(self, line, at, done):
        c = line[at]
        if not (c.isdigit() or c in "-." or "a" <= c <= "z"):
            return None
        before = line[max(done, at - 2):at]  # what an earlier candidate took does not count
        for kind, match, not_before, not_after in self.patterns:
            if not_before and not_before.search(before):
                continue
            m = match.match(line, at)
            if m is None or (not_after and not_after.match(line, m.end())):
                continue
            group = 1 if match.groups else 0
            return kind, m.start(group), m.end(group)
        return None


def minor_units(text):
    """The amount in hundredths of a folded candidate such as `1.234,50`, `-3.00` or `1,200`; None if it holds none."""
    digits = "".join(c for c in text if "0" <= c <= "9")
    if not digits or len(digits) > 12:
        return None
    compact = text.replace(" ", "").strip("-")
    value = int(digits) if len(compact) >= 3 and compact[-3] in ".," else int(digits) * 100
    return -value if "-" in text else value
