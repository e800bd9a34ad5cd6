"""Losses of one batch: globally normalised spans, pointers over candidates, tags and links of rows, what the page is."""

import torch
import torch.nn.functional as F

from .features import FEATURES
from .labels import BELONGING, FAMILY, ITEM_KINDS, PAGE, POINTERS, ROLES, SPANS
from .text import KINDS

FAR = -1e4
CEILING = 30.0  # one hopeless label must not rule a batch
INSIDE_WEIGHT, TAG_WEIGHT, KIND_WEIGHT, LINK_WEIGHT, PAGE_WEIGHT = 1.5, 4.0, 2.0, 4.0, 1.0
KIND_FEATURE = [name for name, _ in FEATURES].index("kind")


def head_parts(scores):
    """Splits token scores [..., HEAD] into spans [..., S, 3], pointers, roles and kinds."""
    sizes = [3 * len(SPANS), len(POINTERS), len(ROLES), len(ITEM_KINDS)]
    spans, pointers, roles, kinds = scores.split(sizes, -1)
    return spans.unflatten(-1, (len(SPANS), 3)), pointers, roles, kinds


def span_scores(start, end, inside, longest):
    """Scores of all spans of at most `longest` tokens: [N, L], where [i, k] is the span i..=i+k."""
    n = len(start)
    longest = min(longest, n)
    total = F.pad(inside.cumsum(0), (1, 0))
    last = torch.arange(n)[:, None] + torch.arange(longest)[None]
    at = last.clamp(max=n - 1)
    scores = start[:, None] + end[at] + total[at + 1] - total[:-1, None]
    return scores.masked_fill(last >= n, FAR)


def losses(net, batch, targets):
    """Mean loss of the batch; fields that a target does not name cost nothing."""
    output = net(batch)
    total = output.tokens.new_zeros(())
    for i, target in enumerate(targets):
        n = int(batch.mask[i].sum())
        one = output.of(i, n)
        spans, pointers, roles, kinds = head_parts(one.tokens)
        for f, (name, longest) in enumerate(SPANS.items()):
            if name not in target.spans:
                continue
            grid = span_scores(*spans[:, f].unbind(-1), longest)
            right = [(a, b) for a, b in target.spans[name] if b - a < grid.shape[1]]
            if target.spans[name] and not right:
                continue
            null = one.nulls[f]
            hit = torch.logsumexp(torch.stack([grid[a, b - a] for a, b in right]), 0) if right else null
            total = total + (torch.logsumexp(torch.cat([grid.flatten(), null[None]]), 0) - hit).clamp(max=CEILING)
            tags = torch.zeros(n)
            for a, b in right:
                tags[a:b + 1] = 1
            total = total + INSIDE_WEIGHT * F.binary_cross_entropy_with_logits(spans[:, f, 2], tags)
        kind = batch.features[i, :n, KIND_FEATURE]
        for f, (name, wanted) in enumerate(POINTERS.items()):
            if name not in target.pointers:
                continue
            column = pointers[:, f].masked_fill(kind != KINDS.index(wanted), FAR)
            null = one.nulls[len(SPANS) + f]
            right = target.pointers[name]
            hit = torch.logsumexp(column[right], 0) if right else null
            total = total + (torch.logsumexp(torch.cat([column, null[None]]), 0) - hit).clamp(max=CEILING)
        if target.roles is not None:
            total = total + TAG_WEIGHT * F.cross_entropy(roles, torch.tensor(target.roles))
            item = torch.tensor(target.kinds)
            if (item >= 0).any():
                total = total + KIND_WEIGHT * F.cross_entropy(kinds, item, ignore_index=-1)
            total = total + LINK_WEIGHT * link_loss(net, one, target)
        for (name, answers), part in zip(PAGE.items(), one.page.split([len(a) for a in PAGE.values()])):
            if name in target.page:
                total = total + PAGE_WEIGHT * F.cross_entropy(part, torch.tensor(target.page[name]))
    return total / len(targets)


def link_loss(net, output, target):
    """How far the tokens of rows are from pointing at their anchors, and discounts and deposits at their items."""
    members = [n for n, anchor in enumerate(target.anchors) if anchor >= 0]
    loss = output.tokens.new_zeros(())
    if members:
        at = {n: i for i, n in enumerate(members)}
        family = torch.tensor([FAMILY[target.roles[n]] for n in members])
        scores = net.links(output, 0, members).masked_fill(family[:, None] != family[None], FAR)
        loss = loss + F.cross_entropy(scores, torch.tensor([at[target.anchors[n]] for n in members]))
    children = [n for n in members if target.parents[n] >= 0]
    if children:
        rows = [n for n in members if target.anchors[n] == n and target.kinds[n] >= 0]
        at = {n: i for i, n in enumerate(rows)}
        scores = net.links(output, 1, rows)
        item = torch.tensor([target.kinds[n] not in BELONGING for n in rows])
        scores = scores.masked_fill(~(item[None] | torch.eye(len(rows), dtype=torch.bool)), FAR)
        chosen = [at[n] for n in children]
        loss = loss + F.cross_entropy(scores[chosen], torch.tensor([at[target.parents[n]] for n in children]))
    return loss
