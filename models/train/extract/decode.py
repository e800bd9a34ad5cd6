"""Scores to values: the best span, the most probable date and amount. The Rust side is `models/src/extract/decode.rs`."""

import torch

from .labels import POINTERS, SPANS, printed, squeeze
from .loss import FAR, KIND_FEATURE, head_parts, span_scores
from .text import KINDS, minor_units


def field_scores(output, kinds):
    """For one document: {field: flat scores with the null score last}; spans as [N * L], pointers as [N]."""
    spans, pointers, _, _ = head_parts(output.tokens)
    nulls = output.nulls
    out = {}
    for f, (name, longest) in enumerate(SPANS.items()):
        out[name] = torch.cat([span_scores(*spans[:, f].unbind(-1), longest).flatten(), nulls[f][None]])
    for f, (name, kind) in enumerate(POINTERS.items()):
        out[name] = torch.cat([pointers[:, f].masked_fill(kinds != KINDS.index(kind), FAR), nulls[len(SPANS) + f][None]])
    return out


def best_of(document, name, scores, temperature=1.0):
    """`(text, probability)` of a field's best reading, equal readings taken together, or (None, p) for null."""
    p = torch.softmax(scores / temperature, 0)
    tokens = document.tokens
    if name in SPANS:
        longest = min(SPANS[name], len(tokens))
        sums = {}
        top, where = p[:-1].topk(min(20, len(p) - 1))
        for q, at in zip(top.tolist(), where.tolist()):
            first, extent = divmod(at, longest)
            if first + extent < len(tokens):
                text = printed(tokens, document.lines, first, first + extent)
                sums.setdefault(squeeze(text), [0.0, text])[0] += q
    else:
        sums = {}
        for t, q in zip(tokens, p[:-1].tolist()):
            if t.kind == POINTERS[name]:
                same = minor_units(t.text) if t.kind == "amount" else squeeze(t.text)
                text = document.lines[t.line].text[t.start:t.end]
                sums.setdefault(same, [0.0, text])[0] += q
    if not sums:
        return None, 0.0
    q, text = max(sums.values(), key=lambda x: x[0])
    return (" ".join(text.split()), q) if q > p[-1] else (None, float(p[-1]))


@torch.no_grad()
def read(net, documents, collate_fn, size=16):
    """The outputs of documents with the kinds of their tokens, in their order."""
    out = [None] * len(documents)
    order = sorted(range(len(documents)), key=lambda i: len(documents[i].tokens))
    for at in range(0, len(order), size):
        chosen = order[at:at + size]
        batch = collate_fn([documents[i].tokens for i in chosen])
        output = net(batch)
        for row, i in enumerate(chosen):
            n = len(documents[i].tokens)
            out[i] = (output.of(row, n), batch.features[row, :n, KIND_FEATURE])
    return out
