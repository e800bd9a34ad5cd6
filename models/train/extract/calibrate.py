"""Temperatures that make probabilities honest: how often a reading with probability p is right.

One temperature a field, fitted on validation documents by the binary log loss
of "the best reading is right", so that what the reader of the page got wrong
lowers the confidence as well.
"""

import math

import torch
import torch.nn.functional as F

from .decode import best_of, field_scores, read
from .evaluate import KEYS, right, same
from .labels import POINTERS, SPANS, printed, squeeze
from .loss import head_parts

# 1 to 3.3: never below 1, because a hundred receipts read without a mistake are no proof of certainty, and no higher,
# because readings that repeat an amount are added up: flattened, they outweigh "not on this page".
GRID = [math.exp(x / 20) for x in range(25)]
FEWEST = 20  # readings; fewer say nothing of a temperature


def log_loss(pairs):
    return -sum(math.log(min(max(p if ok else 1 - p, 1e-4), 1)) for p, ok in pairs) / max(1, len(pairs))


def gap(pairs, bins=10):
    """Expected calibration error: mean distance of confidence and share of right answers, over ten bins."""
    total = 0.0
    for b in range(bins):
        part = [(p, ok) for p, ok in pairs if b <= p * bins < b + 1 or (b == bins - 1 and p >= 1)]
        total += abs(sum(p - ok for p, ok in part))
    return total / max(1, len(pairs))


def judged(document, name, found, recognised):
    """Whether a reading is right, or None where the document does not say."""
    if recognised:
        key = {ours: theirs for theirs, ours in KEYS.items()}.get(name)
        return None if key is None else right(key, found, document.key[key], strict=False)
    if name in SPANS:
        return squeeze(found) in {squeeze(printed(document.tokens, document.lines, a, b)) for a, b in document.target.spans.get(name, [])}
    if name not in document.target.pointers:
        return None
    return same(name, found) in {same(name, document.tokens[n].text) for n in document.target.pointers[name]}


def fit(net, recognised, synthetic, collate_fn):
    """`(temperatures, {field: calibration error before and after})`. SROIE's four fields are fitted on recognised text."""
    temperatures, errors = {}, {}
    sources = {True: (recognised, read(net, recognised, collate_fn)), False: (synthetic, read(net, synthetic, collate_fn))}
    for name in [*SPANS, *POINTERS]:
        real = name in KEYS.values()
        documents, scores = sources[real]
        scored = [(d, field_scores(*s)[name]) for d, s in zip(documents, scores)]

        def pairs(temperature):
            found = [(d, best_of(d, name, s, temperature)) for d, s in scored]
            judgements = [(p, judged(d, name, text, real)) for d, (text, p) in found if text is not None]
            return [(p, float(ok)) for p, ok in judgements if ok is not None]

        if len(pairs(1.0)) >= FEWEST:
            temperatures[name] = round(min(GRID, key=lambda t: log_loss(pairs(t))), 4)
            errors[name] = (gap(pairs(1.0)), gap(pairs(temperatures[name])))
    roles = [(head_parts(s[0].tokens)[2], d.target.roles) for d, s in zip(*sources[False]) if d.target.roles is not None]
    if roles:
        logits, wanted = torch.cat([r for r, _ in roles]), torch.tensor([r for _, t in roles for r in t])
        temperatures["roles"] = round(min(GRID, key=lambda t: float(F.cross_entropy(logits / t, wanted))), 4)
    return temperatures, errors
