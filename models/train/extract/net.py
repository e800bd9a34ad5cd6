"""The layout transformer: tokens of a page in, scores of all fields and links out, in one pass.

Mirrored in `models/src/extract/network.rs`; the parameter names below are the
tensor names in `model.safetensors`. Pre-norm encoder; attention sees words
only through their content and a learned bias on how many rows, and how far
across, two tokens stand apart (the idea of BROS, arXiv 2108.04539).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from .features import FEATURES
from .labels import ITEM_KINDS, PAGE, POINTERS, ROLES, SPANS

ROW_REACH = 8  # rows further apart than this look the same
ORDER_REACH = 6  # and so do tokens of one row
COLUMN_EDGES = [-0.6, -0.35, -0.15, -0.04, 0.04, 0.15, 0.35, 0.6]  # shares of the text's width
COLUMNS = len(COLUMN_EDGES) + 1
RELATIONS = (2 * ROW_REACH + 1) * COLUMNS + 2 * ORDER_REACH + 1

# The outputs of a token, in order: start, end and inside of each span field; one score per pointer field; roles; kinds.
HEAD = 3 * len(SPANS) + len(POINTERS) + len(ROLES) + len(ITEM_KINDS)
NULLS = len(SPANS) + len(POINTERS)
LINKS = 2     # to the anchor of a token's row; from the anchor of a discount or deposit to that of its item
LINK_WIDTH = 48
PAGE_SCORES = sum(map(len, PAGE.values()))


@dataclass
class Size:
    """Dimensions of a network; part of config.json."""

    pieces: int           # rows of the piece table; 0 = pieces are not used
    gram_buckets: int     # rows of the n-gram table; 0 = n-grams are not used
    width: int = 192
    layers: int = 4
    heads: int = 6
    inner: int = 512


def relations(rows, columns):
    """Bucket of every pair: `rows` [B, N] int, `columns` [B, N] float -> [B, N, N] int, query first."""
    row = (rows[:, None, :] - rows[:, :, None]).clamp(-ROW_REACH, ROW_REACH)
    across = (columns[:, None, :] - columns[:, :, None]).contiguous()
    column = torch.bucketize(across, torch.tensor(COLUMN_EDGES))
    order = torch.arange(rows.shape[1])
    step = (order[None, :] - order[:, None]).clamp(-ORDER_REACH, ORDER_REACH)
    near = (2 * ROW_REACH + 1) * COLUMNS + step + ORDER_REACH
    return torch.where(row == 0, near[None], (row + ROW_REACH) * COLUMNS + column)


@dataclass
class Output:
    """Scores of a batch. A link's score is query times key, divided by the root of LINK_WIDTH, plus the bias of the pair's relation."""

    tokens: torch.Tensor    # [B, N, HEAD]
    nulls: torch.Tensor     # [B, NULLS]: that a field is not on the page
    page: torch.Tensor      # [B, PAGE_SCORES]
    queries: torch.Tensor   # [B, N, LINKS, LINK_WIDTH]
    keys: torch.Tensor      # the same
    relation: torch.Tensor  # [B, N, N] buckets of pairs

    def of(self, i, n):
        """The scores of document `i`, which has `n` tokens."""
        return Output(self.tokens[i, :n], self.nulls[i], self.page[i], self.queries[i, :n], self.keys[i, :n], self.relation[i, :n, :n])


class Layer(nn.Module):
    """Self-attention and a ReLU perceptron, each on a normalised input and added back."""

    def __init__(self, size, dropout):
        super().__init__()
        d = size.width
        self.heads = size.heads
        self.attention_norm = nn.LayerNorm(d)
        self.qkv = nn.Linear(d, 3 * d)
        self.out = nn.Linear(d, d)
        self.relation = nn.Embedding(RELATIONS, size.heads)
        self.inner_norm = nn.LayerNorm(d)
        self.up = nn.Linear(d, size.inner)
        self.down = nn.Linear(size.inner, d)
        self.dropout = nn.Dropout(dropout)
        nn.init.zeros_(self.relation.weight)

    def forward(self, x, relation, mask):
        b, n, d = x.shape
        q, k, v = self.qkv(self.attention_norm(x)).view(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        bias = self.relation(relation).permute(0, 3, 1, 2).masked_fill(~mask[:, None, None, :], -1e4)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=bias).transpose(1, 2).reshape(b, n, d)
        x = x + self.dropout(self.out(y))
        return x + self.dropout(self.down(F.relu(self.up(self.inner_norm(x)))))


class Net(nn.Module):
    """See the module's head."""

    def __init__(self, size, dropout=0.15):
        super().__init__()
        d = size.width
        self.size = size
        self.piece = nn.EmbeddingBag(size.pieces, d, mode="mean") if size.pieces else None
        self.gram = nn.EmbeddingBag(size.gram_buckets, d, mode="mean") if size.gram_buckets else None
        for bag, spread in ((self.piece, 0.1), (self.gram, 0.2)):
            if bag is not None:
                nn.init.normal_(bag.weight, 0, spread)
        counts = [n for _, n in FEATURES]
        self.register_buffer("feature_offsets", torch.tensor([sum(counts[:i]) for i in range(len(counts))]), persistent=False)
        self.feature = nn.Embedding(sum(counts), d)
        nn.init.normal_(self.feature.weight, 0, 0.05)
        self.layer = nn.ModuleList(Layer(size, dropout) for _ in range(size.layers))
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(d, HEAD)
        self.null = nn.Linear(d, NULLS)
        self.page = nn.Linear(d, PAGE_SCORES)
        self.link = nn.Linear(d, 2 * LINKS * LINK_WIDTH)
        self.link_relation = nn.Embedding(RELATIONS, LINKS)
        nn.init.zeros_(self.link_relation.weight)
        self.dropout = nn.Dropout(dropout)

    def forward(self, batch):
        mask = batch.mask
        x = self.feature(batch.features + self.feature_offsets).sum(2)
        for bag, (ids, offsets) in ((self.piece, batch.pieces), (self.gram, batch.grams)):
            if bag is not None:
                x = x + bag(ids, offsets).view(*x.shape)
        x = self.dropout(x)
        relation = relations(batch.rows, batch.columns)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.training):  # a quarter less time; sums and scores stay f32
            for layer in self.layer:
                x = layer(x, relation, mask)
        x = self.norm(x)
        weight = mask.float()
        pooled = (x * weight[..., None]).sum(1) / weight.sum(1, keepdim=True)
        queries, keys = self.link(x).view(*x.shape[:2], 2, LINKS, LINK_WIDTH).unbind(2)
        return Output(self.head(x), self.null(pooled), self.page(pooled), queries, keys, relation)

    def links(self, output, link, members):
        """Scores of `link` from each of the tokens `members` to each of them, for one document: [M, M]."""
        scores = output.queries[members, link] @ output.keys[members, link].T / LINK_WIDTH**0.5
        return scores + self.link_relation.weight[output.relation[members][:, members], link]
