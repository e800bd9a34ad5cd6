"""Entity F1 on SROIE documents and on synthetic ones, as `slipstream eval fields` counts it."""

import torch

from .decode import best_of, field_scores, read
from .labels import CLOSING, FAMILY, ITEM_KINDS, PAGE, POINTERS, ROLES, SPANS, alnum, printed, squeeze, total_value
from .loss import head_parts
from .rows import anchor, parents, rows
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
    for d, (output, kinds) in zip(documents, read(net, documents, collate_fn)):
        fields = field_scores(output, kinds)
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


@torch.no_grad()
def synthetic(net, documents, collate_fn):
    """{field: share of right answers, null included}; {role, kind, whole rows: F1}; {page answers, links: share of right ones}.

    `purchases` is F1 over whole rows with every part right, `priced` over rows with description and amount right,
    `taxes` and `payments` over whole rows. `parents` is the share of discounts and deposits whose item is known.
    """
    hits = {name: [0, 0] for name in [*SPANS, *POINTERS]}
    tags = {name: [0, 0, 0] for name in [*ROLES[1:], *ITEM_KINDS[1:], "purchases", "priced", "taxes", "payments"]}
    whole = {name: [0, 0] for name in [*PAGE, "parents"]}
    for d, (output, kinds) in zip(documents, read(net, documents, collate_fn)):
        fields = field_scores(output, kinds)
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
        for (name, answers), part in zip(PAGE.items(), output.page.split([len(a) for a in PAGE.values()])):
            if name in d.target.page:
                whole[name][0] += int(part.argmax()) == d.target.page[name]
                whole[name][1] += 1
        if d.target.roles is not None:
            count_rows(net, d, output, tags, whole["parents"])
    share = lambda counts: {name: h / max(1, n) for name, (h, n) in counts.items()}
    return share(hits), {name: f1(*c) for name, c in tags.items()}, share(whole)


def count_rows(net, document, output, tags, linked):
    """Adds a document's tags and rows to `tags`, and its discounts and deposits to `linked`."""
    _, _, roles, item_kinds = head_parts(output.tokens)
    found, wanted = roles.argmax(-1).tolist(), document.target.roles
    count(tags, ROLES, found, wanted)
    picked = [k if w >= 0 else 0 for k, w in zip(item_kinds.argmax(-1).tolist(), document.target.kinds)]
    count(tags, ITEM_KINDS, picked, [max(k, 0) for k in document.target.kinds])
    true_rows = {}
    for n, at in enumerate(document.target.anchors):
        if at >= 0:
            true_rows.setdefault(at, []).append(n)
    purchases = rows(net, output, found, document.tokens, FAMILY[CLOSING[0]])
    sides = [("purchases", purchases, PURCHASE), ("priced", purchases, [ROLES.index("description"), ROLES.index("amount")])]
    for name, closing in (("taxes", CLOSING[1]), ("payments", CLOSING[2])):
        family = FAMILY[closing]
        sides.append((name, rows(net, output, found, document.tokens, family), [r for r, f in enumerate(FAMILY) if f == family]))
    for name, ours, parts in sides:
        ours = {frozenset((n, found[n]) for n in row if found[n] in parts) for row in ours} - {frozenset()}
        theirs = {frozenset((n, wanted[n]) for n in row if wanted[n] in parts) for row in true_rows.values()} - {frozenset()}
        tags[name][0] += len(ours & theirs)
        tags[name][1] += len(ours)
        tags[name][2] += len(theirs)
    owners = dict(zip((anchor(found, row) for row in purchases), parents(net, output, found, item_kinds, purchases)))
    for n, parent in enumerate(document.target.parents):
        if parent >= 0:
            linked[1] += 1
            owner = owners.get(n, -1)
            linked[0] += owner != -1 and (n if owner is None else anchor(found, purchases[owner])) == parent


def same(name, text):
    return minor_units(fold(text)) if POINTERS[name] == "amount" else squeeze(text)


def count(tags, names, found, wanted):
    for a, b in zip(found, wanted):
        if a:
            tags[names[a]][1] += 1
        if b:
            tags[names[b]][2] += 1
            tags[names[b]][0] += a == b
