"""Tags and links of tokens to rows: purchases, taxes, payments. The Rust side is `models/src/extract/items.rs`.

Tokens of one role that stand side by side in a line are a run. A run points at
the token that it likes best, on average; runs that are connected are a row. A
closing amount points at itself, so that no row has two. The server also lets lines without an amount lean the same way all
over a page (`lean.rs`); the figures here are without that.
"""

from .labels import BELONGING, CLOSING, FAMILY, ITEM_KINDS

SINGLE = ("quantity", "unit_price", "amount", "tax_net", "tax_amount", "payment_amount")


def runs(roles, tokens, family):
    """Lists of token numbers: neighbours of one line and role are together, but for closing amounts."""
    out = []
    for n, role in enumerate(roles):
        if FAMILY[role] != family:
            continue
        last = out[-1][-1] if out else None
        if last is not None and last == n - 1 and roles[last] == role and tokens[last].line == tokens[n].line and role not in CLOSING:
            out[-1].append(n)
        else:
            out.append([n])
    return out


def rows(net, output, roles, tokens, family):
    """Lists of token numbers, one a row, by first token."""
    parts = runs(roles, tokens, family)
    members = [n for part in parts for n in part]
    if not members:
        return []
    scores = net.links(output, 0, members)
    owner = [i for i, part in enumerate(parts) for _ in part]
    parent, at = list(range(len(parts))), 0
    for i, part in enumerate(parts):
        if roles[part[0]] not in CLOSING:
            parent[i] = owner[int(scores[at:at + len(part)].mean(0).argmax())]
        at += len(part)

    def root(i):
        seen = set()
        while parent[i] != i and i not in seen:
            seen.add(i)
            i = parent[i]
        # Runs that point at each other in a ring belong together: the first of them is the root.
        return i if parent[i] == i else min(ring(i))

    def ring(i):
        out, j = {i}, parent[i]
        while j != i:
            out.add(j)
            j = parent[j]
        return out

    joined = {}
    for i, part in enumerate(parts):
        joined.setdefault(root(i), []).extend(part)
    return sorted((sorted(row) for row in joined.values()), key=lambda row: row[0])


def anchor(roles, row):
    """The token that a row is known by."""
    return next((n for n in reversed(row) if roles[n] in CLOSING), row[0])


def kind_of(item_kinds, row):
    """The kind that the row's tokens agree on; `item_kinds` are scores."""
    return int(item_kinds[row].sum(0).argmax())


def parents(net, output, roles, item_kinds, purchases):
    """For every row: the number of the row that it belongs to, or None."""
    kinds = [kind_of(item_kinds, row) for row in purchases]
    anchors = [anchor(roles, row) for row in purchases]
    if not anchors:
        return []
    scores = net.links(output, 1, anchors)
    out = []
    for i, kind in enumerate(kinds):
        allowed = [j for j, k in enumerate(kinds) if j == i or k not in BELONGING]
        best = max(allowed, key=lambda j: float(scores[i, j]))
        out.append(best if kind in BELONGING and best != i else None)
    return out


assert ITEM_KINDS[BELONGING[0]] == "discount"
