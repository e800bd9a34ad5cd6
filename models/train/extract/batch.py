"""Pads documents to a batch and draws the noise that regularises the embeddings."""

import random
from dataclasses import dataclass
from functools import lru_cache

import torch

from .features import features, grams, normal_form


@dataclass
class Batch:
    """Padded documents: [B, N] unless said otherwise. Bags are (ids, offsets) with one bag a token."""

    features: torch.Tensor  # [B, N, len(FEATURES)]
    rows: torch.Tensor
    columns: torch.Tensor
    mask: torch.Tensor
    pieces: tuple
    grams: tuple


class Embedder:
    """The piece and n-gram numbers of a token's text, remembered."""

    def __init__(self, tokenizer, gram_buckets):
        self.tokenizer = tokenizer
        self.pieces = lru_cache(200_000)(lambda form: tuple(tokenizer.encode(form, add_special_tokens=False).ids) if tokenizer else ())
        self.grams = lru_cache(200_000)(lambda text: tuple(grams(text, gram_buckets)) if gram_buckets else ())

    def of(self, text):
        return self.pieces(normal_form(text)), self.grams(text)


def collate(token_lists, embedder, noise=None):
    """A batch of documents; `noise` (a dict of rates: piece_drop, gram_drop, bag_drop) only while training."""
    made = [features(tokens) for tokens in token_lists]
    b, n = len(token_lists), max(len(t) for t in token_lists)
    width = len(made[0][0][0])
    batch = Batch(
        torch.zeros(b, n, width, dtype=torch.long), torch.zeros(b, n, dtype=torch.long), torch.zeros(b, n),
        torch.zeros(b, n, dtype=torch.bool), None, None,
    )
    bags = ([], []), ([], [])
    for i, (tokens, (numbers, columns, rows)) in enumerate(zip(token_lists, made)):
        k = len(tokens)
        batch.features[i, :k] = torch.tensor(numbers)
        batch.rows[i, :k] = torch.tensor(rows)
        batch.columns[i, :k] = torch.tensor(columns, dtype=torch.float32)
        batch.mask[i, :k] = True
        for t in tokens:
            both = embedder.of(t.text)
            if noise:
                both = thin(both, noise)
            for (ids, offsets), chosen in zip(bags, both):
                offsets.append(len(ids))
                ids.extend(chosen)
        for ids, offsets in bags:
            offsets.extend([len(ids)] * (n - k))
    batch.pieces, batch.grams = (tuple(torch.tensor(x, dtype=torch.long) for x in bag) for bag in bags)
    return batch


def thin(both, noise):
    """Drops the pieces as a whole, single n-grams, or all n-grams of a token, so that no single key is relied on."""
    pieces, grams_ = both
    if random.random() < noise["piece_drop"]:
        pieces = ()
    if random.random() < noise["bag_drop"]:
        grams_ = ()
    elif noise["gram_drop"]:
        grams_ = [g for g in grams_ if random.random() >= noise["gram_drop"]] or grams_[:1]
    return pieces, grams_
