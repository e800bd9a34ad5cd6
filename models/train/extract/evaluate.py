"""Entity F1 on SROIE documents and on synthetic ones, as `slipstream eval fields` counts it."""

from .decode import best_of, field_scores, read
from .labels import ITEM_KINDS, POINTERS, ROLES, SPANS, alnum, printed, squeeze, total_value
from .loss import head_parts
from .text import fold, minor_units

PURCHASE = [ROLES.index(name) for name in ("description", "quantity", "unit_price", "amount", "code")]
KEYS = {"company": "merchant_name", "address": "merchant_address", "date": "date", "total": "total"}


def plain(text):
    return " ".join(text.split()).casefold()


def right(name, found, key, strict=True):
    """Whether a value equals the key: totals as decimals, others after case folding, or on letters and digits alone."""
    if name == "total":
        value = total_value(found)
        return value is not None and value == total_value(key)
    return plain(found) == plain(key) if strict else alnum(found) == alnum(key) and bool(alnum(key))


def f1(hits, found, wanted):
    return 2 * hits / max(1, found + wanted)


def sroie(net, documents, collate_fn):
    """{field: (strict F1, letters-and-digits F1)} and the same under `micro`."""
    counts = {name: [0, 0, 0, 0] for name in KEYS}
    for d, (scores, nulls, kinds) in zip(documents, read(net, documents, collate_fn)):
        fields = field_scores(scores, nulls, kinds)
        for name, ours in KEYS.items():
            found, _ = best_of(d, ours, fields[ours])
            c = counts[name]
            c[2] += found is not None
            c[3] += bool(d.key[name].strip())
            if found is not None:
                c[0] += right(name, found, d.key[name])
                c[1] += right(name, found, d.key[name], strict=False)
    sums = [sum(c[k] for c in counts.values()) for k in range(4)]
    return {name: (f1(c[0], c[2], c[3]), f1(c[1], c[2], c[3])) for name, c in (counts | {"micro": sums}).items()}


def oracle(documents):
    """What a perfect tagger would reach: the labelled tokens' print against the key."""
    out = {}
    for strict in (True, False):
        for name, ours in KEYS.items():
            hits = 0
            for d in documents:
                if ours in SPANS:
                    texts = [printed(d.tokens, d.lines, a, b) for a, b in d.target.spans.get(ours, [])]
                else:
                    texts = [d.lines[d.tokens[n].line].text[d.tokens[n].start:d.tokens[n].end] for n in d.target.pointers.get(ours, [])]
                hits += any(right(name, t, d.key[name], strict) for t in texts)
            out.setdefault(name, []).append(hits / max(1, len(documents)))
    return {name: tuple(v) for name, v in out.items()}


def synthetic(net, documents, collate_fn):
    """{field: share of right answers, null included}; then F1 over tokens of roles, item kinds and begins.

    `purchases` is F1 over whole rows with every part right, `priced` over rows with description and amount right.
    """
    hits = {name: [0, 0] for name in [*SPANS, *POINTERS]}
    tags = {name: [0, 0, 0] for name in [*ROLES[1:], *ITEM_KINDS[1:], "begin", "purchases", "priced"]}
    for d, (scores, nulls, kinds) in zip(documents, read(net, documents, collate_fn)):
        fields = field_scores(scores, nulls, kinds)
        for name in hits:
            if name in SPANS and name in d.target.spans:
                wanted = {squeeze(printed(d.tokens, d.lines, a, b)) for a, b in d.target.spans[name]} or {None}
            elif name in d.target.pointers:
                wanted = {same(name, d.tokens[n].text) for n in d.target.pointers[name]} or {None}
            else:
                continue
            found, _ = best_of(d, name, fields[name])
            hits[name][0] += (found if found is None else squeeze(found) if name in SPANS else same(name, found)) in wanted
            hits[name][1] += 1
        if d.target.roles is None:
            continue
        _, _, roles, item_kinds, begin = head_parts(scores)
        count(tags, ROLES, roles.argmax(-1).tolist(), d.target.roles)
        picked = [k if w >= 0 else 0 for k, w in zip(item_kinds.argmax(-1).tolist(), d.target.kinds)]
        count(tags, ITEM_KINDS, picked, [max(k, 0) for k in d.target.kinds])
        begins = [int(b > 0 and role > 0) for b, role in zip(begin.tolist(), d.target.roles)]
        count(tags, ["none", "begin"], begins, d.target.begins)
        found, wanted = rows(roles.argmax(-1).tolist(), (begin > 0).tolist(), d.tokens), rows(d.target.roles, d.target.begins, d.tokens)
        for name, parts in (("purchases", PURCHASE), ("priced", [ROLES.index("description"), ROLES.index("amount")])):
            ours, theirs = ({frozenset(m for m in row if m[1] in parts) for row in side} for side in (found, wanted))
            tags[name][0] += len(ours & theirs)
            tags[name][1] += len(ours)
            tags[name][2] += len(theirs)
    return {name: h / max(1, n) for name, (h, n) in hits.items()}, {name: f1(*c) for name, c in tags.items()}


def rows(roles, begins, tokens):
    """Purchases as lists of (token, role), grouped as `items.rs` does."""
    out, closed = [], None
    for n, role in enumerate(roles):
        if role not in PURCHASE:
            continue
        second = role == ROLES.index("amount") and closed is not None and closed != tokens[n].row
        if not out or begins[n] or second:
            out.append([])
            closed = None
        out[-1].append((n, role))
        if role == ROLES.index("amount"):
            closed = tokens[n].row
    return out


def same(name, text):
    return minor_units(fold(text)) if POINTERS[name] == "amount" else squeeze(text)


def count(tags, names, found, wanted):
    for a, b in zip(found, wanted):
        if a:
            tags[names[a]][1] += 1
        if b:
            tags[names[b]][2] += 1
            tags[names[b]][0] += a == b
