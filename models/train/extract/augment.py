"""Makes a document look like another one: other words, misread letters, lost lines, shifted boxes."""

import random
from dataclasses import replace

from .labels import Target
from .text import fold

MISREAD = {
    "o": "0", "0": "o", "i": "1", "1": "i", "l": "1", "s": "5", "5": "s", "b": "8", "8": "b", "g": "6", "6": "g", "z": "2", "2": "z",
    "e": "f", "m": "n", "n": "m", "a": "4", "d": "o", "u": "v", "v": "u", ".": ",", ",": ".", "c": "o", "h": "n", "t": "i",
}
# Legal forms and street words say what a line is; replacing them teaches the wrong thing.
TELLING = set("sdn bhd sdn. bhd. s/b sb (m) & enterprise trading restaurant restoran mart market supermarket hardware stationery holdings "
              "cafe co gmbh ag ltd inc jalan jln taman no no. lot bandar kuala selangor johor street str. road".split())


class Words:
    """Words to put in the place of others, taken from training documents alone."""

    def __init__(self, documents):
        self.names, self.streets, self.any = [], [], []
        for d in documents:
            for pool, field in ((self.names, "merchant_name"), (self.streets, "merchant_address")):
                for a, b in d.target.spans.get(field, [])[:1]:
                    pool += [t.text for t in d.tokens[a:b + 1]]
            self.any += [t.text for t in d.tokens if t.kind == "word" and len(t.text) > 2 and t.text[0].isalpha()]


def misread(text):
    """The text with one character misread, lost or replaced."""
    i, roll = random.randrange(len(text)), random.random()
    if roll < 0.45 and text[i] in MISREAD:
        return text[:i] + MISREAD[text[i]] + text[i + 1:]
    if roll < 0.65 and len(text) > 2:
        return text[:i] + text[i + 1:]
    if roll < 0.85:
        return text[:i] + random.choice("abcdeiklnorstu.,-") + text[i + 1:]
    return text


def recase(text, letters_upper):
    """How many characters count as upper case once the page is printed in one case."""
    n = sum("a" <= c <= "z" or c >= "\xc0" for c in text)
    return (n, bool(text) and text[0].isalpha()) if letters_upper else (0, False)


def held(target):
    """Token numbers that carry an answer."""
    out = set()
    for spans in target.spans.values():
        for a, b in spans:
            out.update(range(a, b + 1))
    for numbers in target.pointers.values():
        out.update(numbers)
    if target.roles is not None:
        out.update(n for n, role in enumerate(target.roles) if role)
    return out


def missing(tokens, target):
    """Tokens to take away with their answers, so that "not on this page" is learnt: a cut-off end, or all of one field."""
    rows = sorted({t.row for t in tokens})
    cut = rows[min(len(rows) - 1, int(len(rows) * random.uniform(0.1, 0.5)))]
    roll = random.random()
    if roll < 0.25:
        return {n for n, t in enumerate(tokens) if t.row < cut}
    if roll < 0.5:
        return {n for n, t in enumerate(tokens) if t.row > rows[-1] - cut}
    fields = [[n for a, b in spans for n in range(a, b + 1)] for spans in target.spans.values() if spans]
    fields += [numbers for numbers in target.pointers.values() if numbers]
    return set(random.choice(fields)) if fields else set()


def augment(document, words, rates):
    """New tokens and target of a document. `rates`: replace, misread, drop_head, partial (see config.toml)."""
    tokens, target = document.tokens, document.target
    gold = held(target)
    absent = missing(tokens, target) if document.key is None and random.random() < rates["partial"] else set()
    gold_lines = {tokens[n].line for n in gold}
    lose_line, lose_token = random.choice([0, 0.05, 0.1, 0.2]), random.choice([0, 0, 0.03, 0.06])
    lost = {line for line in {t.line for t in tokens} - gold_lines if random.random() < lose_line}
    if gold_lines and random.random() < rates["drop_head"]:
        lost.update(range(min(gold_lines)))  # logos, signatures and handwriting above the name
    members = {name: {n for a, b in target.spans.get(name, []) for n in range(a, b + 1)} for name in ("merchant_name", "merchant_address")}
    new_name, new_street = random.random() < rates["replace"], random.random() < rates["replace"]
    casing = random.random()
    stretch, move = random.uniform(0.93, 1.07), random.uniform(-0.03, 0.03)
    width = max(1.0, max(t.line_x1 for t in tokens) - min(t.line_x0 for t in tokens))
    origin = min(t.line_x0 for t in tokens)
    across = lambda x: origin + (x - origin) * stretch + move * width
    line_noise = {}
    kept, out = {}, []
    for n, t in enumerate(tokens):
        if t.line in lost or n in absent or (n not in gold and random.random() < lose_token):
            continue
        text = t.text
        if t.kind == "word":
            telling = text in TELLING and random.random() < 0.7
            if new_name and n in members["merchant_name"] and not telling and random.random() < 0.7:
                text = random.choice(words.names if random.random() < 0.5 else words.any)
            elif new_street and n in members["merchant_address"] and not telling and random.random() < 0.5:
                text = random.choice(words.streets)
            elif n not in gold and random.random() < 0.03:
                text = random.choice(words.any)
            if random.random() < rates["misread"]:
                text = misread(text)
        upper, first = t.upper, t.first_upper
        if casing < 0.35:
            upper, first = recase(text, casing > 0.15)
        elif text != t.text:
            upper, first = recase(text, t.upper > 1)
        if t.line not in line_noise:
            h = t.y1 - t.y0
            line_noise[t.line] = tuple(random.gauss(0, 0.05) * h for _ in range(4))
        dx0, dy0, dx1, dy1 = line_noise[t.line]
        kept[n] = len(out)
        out.append(replace(
            t, text=fold(text), upper=upper, first_upper=first, x0=across(t.x0 + dx0), x1=across(t.x1 + dx1),
            line_x0=across(t.line_x0 + dx0), line_x1=across(t.line_x1 + dx1), y0=t.y0 + dy0, y1=t.y1 + dy1,
        ))
    return (out, moved(target, kept, len(out))) if out else (tokens, target)


def surround(tokens, target, other, most):
    """The page with rows of another page's text above or below it: advertising, terms, a card slip.

    Nothing of that text is an answer, and what it stands beside is still what it was. At most `most` tokens in all.
    """
    rows = sorted({t.row for t in other})
    count = random.randint(2, max(2, min(40, len(rows))))
    first = random.randint(0, max(0, len(rows) - count))
    chosen = set(rows[first:first + count])
    extra = [t for t in other if t.row in chosen]
    if not extra or len(tokens) + len(extra) > most:
        return tokens, target
    # As wide as the page's own lines.
    left, start = min(t.line_x0 for t in tokens), min(t.line_x0 for t in extra)
    own, theirs = max(t.line_x1 for t in tokens) - left, max(t.line_x1 for t in extra) - start
    scale = own / max(1.0, theirs) * random.uniform(0.6, 1.0)
    top, bottom = min(t.y0 for t in extra), max(t.y1 for t in extra)
    gap = random.uniform(0.2, 3) * (tokens[0].y1 - tokens[0].y0)
    above = random.random() < 0.2
    down = min(t.y0 for t in tokens) - gap - (bottom - top) * scale if above else max(t.y1 for t in tokens) + gap
    row = min(t.row for t in tokens) - max(chosen) - 1 if above else max(t.row for t in tokens) + 1 - min(chosen)
    line = max(t.line for t in tokens) + 1
    across = lambda x: left + (x - start) * scale
    extra = [replace(
        t, x0=across(t.x0), x1=across(t.x1), line_x0=across(t.line_x0), line_x1=across(t.line_x1), y0=down + (t.y0 - top) * scale,
        y1=down + (t.y1 - top) * scale, row=t.row + row, line=t.line + line,
    ) for t in extra]
    before, after = (len(extra), 0) if above else (0, len(extra))
    wide = moved(target, {n: n + before for n in range(len(tokens))}, len(tokens))
    if target.roles is not None:
        for name, blank in (("roles", 0), ("kinds", -1), ("anchors", -1), ("parents", -1)):
            setattr(wide, name, [blank] * before + getattr(wide, name) + [blank] * after)
    return (extra + tokens if above else tokens + extra), wide


def moved(target, kept, count):
    """The target in the new token numbers."""
    new = Target(page=target.page)
    for name, spans in target.spans.items():
        new.spans[name] = [(kept[a], kept[b]) for a, b in spans if a in kept and b in kept]
    for name, numbers in target.pointers.items():
        new.pointers[name] = [kept[n] for n in numbers if n in kept]
    if target.roles is not None:
        pick = lambda values: [values[n] for n in kept]
        new.roles, new.kinds = pick(target.roles), pick(target.kinds)
        anchors = {}  # of rows that lost theirs, the first token that is left
        for n in kept:
            anchors.setdefault(target.anchors[n], kept[n])
        anchors |= {n: kept[n] for n in anchors if n in kept}
        new.anchors = [-1 if target.anchors[n] < 0 else anchors[target.anchors[n]] for n in kept]
        new.parents = [anchors.get(target.parents[n], kept[n]) if target.parents[n] >= 0 else -1 for n in kept]
        assert len(new.parents) == count
    return new
