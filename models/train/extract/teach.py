"""Self-training: rows of real receipts that prove each other become labels.

SROIE's keys hold four fields and no rows. Where the rows that the network reads add up to the total of the key,
they are taken as labels; a reading that is wrong somewhere hardly adds up by chance. Readings that no longer do are
taken back, so labels get better as the network does.
"""

import torch

from .decode import read
from .labels import CLOSING, FAMILY, ITEM_KINDS, ROLES, total_value
from .loss import head_parts
from .rows import anchor, kind_of, rows
from .text import minor_units

ROUNDING = 4  # minor units: where the smallest coin is five, a total may be that far from its sum
PURCHASES = FAMILY[CLOSING[0]]


@torch.no_grad()
def teach(net, documents, collate_fn):
    """Sets or clears the rows of SROIE documents' targets; returns how many have rows."""
    taught = 0
    for d, (output, _) in zip(documents, read(net, documents, collate_fn)):
        _, pointers, roles, item_kinds = head_parts(output.tokens)
        roles = roles.argmax(-1).tolist()
        purchases = rows(net, output, roles, d.tokens, PURCHASES)
        target = d.target
        target.roles = target.kinds = target.anchors = target.parents = None
        if not proved(d, roles, purchases):
            continue
        taught += 1
        n = len(d.tokens)
        target.roles, target.kinds, target.anchors, target.parents = roles, [-1] * n, [-1] * n, [-1] * n
        for family in sorted(set(FAMILY) - {0}):
            for row in rows(net, output, roles, d.tokens, family):
                kind = kind_of(item_kinds, row) if family == PURCHASES else -1
                for token in row:
                    target.anchors[token], target.kinds[token] = anchor(roles, row), kind
    return taught


def proved(document, roles, purchases):
    """Whether the amounts of all purchases add up to the total, or to a sum from which a printed tax leads there."""
    tokens, amount = document.tokens, ROLES.index("amount")
    of = lambda row, role: [minor_units(tokens[n].text) for n in row if roles[n] == ROLES.index(role) and tokens[n].kind in ("amount", "quantity", "word")]
    total = total_value(document.key["total"])
    if total is None or not purchases:
        return False
    found = 0
    for row in purchases:
        own = [minor_units(tokens[n].text) for n in row if roles[n] == amount]
        if len(own) != 1 or own[0] is None or not any(roles[n] == ROLES.index("description") for n in row):
            return False
        found += own[0]
    if len(purchases) == 1:
        row = purchases[0]
        price, quantity = of(row, "unit_price"), of(row, "quantity")
        own = of(row, "amount")[0]
        if not (price and quantity and price[0] and quantity[0] and own and price[0] * quantity[0] == own * 100 and price[0] != own):
            return False
    # Every amount between the first and the last purchase belongs to one of them.
    first, last = purchases[0][0], max(row[-1] for row in purchases)
    if any(tokens[n].kind == "amount" and roles[n] == 0 for n in range(first, last)):
        return False
    printed = {abs(v) for t in tokens if t.kind == "amount" for v in [minor_units(t.text)] if v is not None}
    if abs(found - total) <= ROUNDING:
        return found == total or abs(total - found) in printed
    taxed = total - found
    return found in printed and any(abs(taxed - v) <= ROUNDING for v in printed if 0 < v < found // 3)


assert ITEM_KINDS[0] == "item"
