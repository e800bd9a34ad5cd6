"""Losses of one batch: globally normalised spans, pointers over candidates, tags of line items."""

import torch
import torch.nn.functional as F

from .features import FEATURES
from .labels import ITEM_KINDS, POINTERS, ROLES, SPANS
from .text import KINDS

FAR = -1e4
CEILING = 30.0  # one hopeless label must not rule a batch
INSIDE_WEIGHT, TAG_WEIGHT = 1.5, 4.0
KIND_FEATURE = [name for name, _ in FEATURES].index("kind")


def head_parts(scores):
    """Splits token scores [..., HEAD] into spans [..., S, 3], pointers, roles, kinds and begin."""
    sizes = [3 * len(SPANS), len(POINTERS), len(ROLES), len(ITEM_KINDS), 1]
    spans, pointers, roles, kinds, begin = scores.split(sizes, -1)
    return spans.unflatten(-1, (len(SPANS), 3)), pointers, roles, kinds, begin[..., 0]


def span_scores(start, end, inside, longest):
    """Scores of all spans of at most `longest` tokens: [N, L], where [i, k] is the span i..=i+k."""
    n = len(start)
    longest = min(longest, n)
    total = F.pad(inside.cumsum(0), (1, 0))
    last = torch.arange(n)[:, None] + torch.arange(longest)[None]
    at = last.clamp(max=n - 1)
    scores = start[:, None] + end[at] + total[at + 1] - total[:-1, None]
    return scores.masked_fill(last >= n, FAR)


def losses(scores, nulls, batch, targets):
    """Mean loss of the batch; fields that a target does not name cost nothing."""
    total = scores.new_zeros(())
    for i, target in enumerate(targets):
        n = int(batch.mask[i].sum())
        spans, pointers, roles, kinds, begin = head_parts(scores[i, :n])
        for f, (name, longest) in enumerate(SPANS.items()):
            if name not in target.spans:
                continue
            grid = span_scores(*spans[:, f].unbind(-1), longest)
            right = [(a, b) for a, b in target.spans[name] if b - a < grid.shape[1]]
            if target.spans[name] and not right:
                continue
            null = nulls[i, f]
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
            null = nulls[i, len(SPANS) + f]
            right = target.pointers[name]
            hit = torch.logsumexp(column[right], 0) if right else null
            total = total + (torch.logsumexp(torch.cat([column, null[None]]), 0) - hit).clamp(max=CEILING)
        if target.roles is not None:
            total = total + TAG_WEIGHT * F.cross_entropy(roles, torch.tensor(target.roles))
            item = torch.tensor(target.kinds)
            if (item >= 0).any():
                total = total + F.cross_entropy(kinds, item, ignore_index=-1)
            listed = torch.tensor(target.roles) > 0  # "begins a row" is asked of tokens that are in one
            if listed.any():
                begins = torch.tensor(target.begins, dtype=torch.float32)
                total = total + TAG_WEIGHT * F.binary_cross_entropy_with_logits(begin[listed], begins[listed])
    return total / len(targets)
