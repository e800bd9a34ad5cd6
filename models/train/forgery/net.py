"""The network: a convolutional backbone for a picture's cells, and a head that compares cells with their page.

Mirrored in `models/src/forgery/network.rs` (backbone) and `head.rs`. An edit is seldom odd by itself: it is odd where
it stands. So a cell's embedding is also given relative to the mean over the page and over its surroundings in the line,
each weighted by gates that the network learns (they come to tell ink from paper), and only the comparison is judged.
"""

import torch
import torch.nn.functional as F
from torch import nn

from .ghosts import BLOCK_FEATURES

SPREAD_FLOOR = 0.05  # of an embedding on a page, so that an even page does not magnify nothing


def normed(layer):
    return nn.Sequential(layer, nn.BatchNorm2d(layer.out_channels))


class Block(nn.Module):
    """Depthwise convolution, then a 1×1 convolution over channels; adds to its input where shapes allow."""

    def __init__(self, inputs, out, stride, kernel=3):
        super().__init__()
        self.depthwise = normed(nn.Conv2d(inputs, inputs, kernel, stride, kernel // 2, groups=inputs, bias=False))
        self.project = normed(nn.Conv2d(inputs, out, 1, bias=False))
        self.residual = stride == 1 and inputs == out

    def forward(self, x):
        y = F.relu(self.project(F.relu(self.depthwise(x))))
        return x + y if self.residual else y


class Backbone(nn.Module):
    """`[N, 3, H, W]` planes to `[N, K + G, H/8, W/8]`: embeddings and gates (before the sigmoid)."""

    def __init__(self, spec):
        super().__init__()
        half = spec["stem"] // 2
        # The two streams of pixels: print and colour, noise.
        self.seen = nn.Conv2d(2, half, 3, 2, 1, bias=False)
        self.noise = nn.Conv2d(1, half, 3, 2, 1, bias=False)
        self.stem_norm = nn.BatchNorm2d(2 * half)
        fine, coarse = spec["fine"], spec["coarse"]
        self.fine = nn.Sequential(Block(2 * half, fine, 2), *(Block(fine, fine, 1) for _ in range(spec["fine_blocks"])))
        self.coarse = nn.Sequential(Block(fine, coarse, 2), *(Block(coarse, coarse, 1) for _ in range(spec["coarse_blocks"])))
        self.wide = nn.Sequential(Block(coarse, coarse, 2), *(Block(coarse, coarse, 1, 5) for _ in range(spec["wide_blocks"])))
        self.out = nn.Conv2d(coarse, spec["embedding"] + spec["gates"], 1)

    def forward(self, x):
        x = torch.cat([self.seen(x[:, 0::2]), self.noise(x[:, 1:2])], 1)
        x = F.relu(self.stem_norm(x))
        x = self.coarse(self.fine(x))
        wide = F.interpolate(self.wide(x), scale_factor=2, mode="nearest")
        return self.out(x + wide[..., :x.shape[2], :x.shape[3]])


def box_sum(x, size):
    """Sums over windows of `size` cells (rows, columns, both odd), zero outside."""
    sums = F.avg_pool2d(x, size, 1, (size[0] // 2, size[1] // 2), count_include_pad=True)
    return sums * (size[0] * size[1])


class Head(nn.Module):
    """Embeddings, gates and block features to the logit of every cell: `[N, H/8, W/8]`."""

    def __init__(self, spec):
        super().__init__()
        self.embedding, self.gates, self.window = spec["embedding"], spec["gates"], tuple(spec["window"])
        values = self.embedding + BLOCK_FEATURES
        inputs = values * (1 + 2 * self.gates)
        self.layers = nn.ModuleList([nn.Linear(inputs, spec["hidden"][0]), nn.Linear(spec["hidden"][0], spec["hidden"][1]), nn.Linear(spec["hidden"][1], 1)])

    def relative(self, out, blocks):
        """`[N, H/8, W/8, F]`: values, then for each gate the values against the page and against their surroundings."""
        values = torch.cat([out[:, :self.embedding], blocks], 1)
        parts = [values]
        for g in range(self.gates):
            gate = torch.sigmoid(out[:, self.embedding + g:self.embedding + g + 1]) + 1e-3
            total = gate.sum((2, 3), keepdim=True)
            mean = (gate * values).sum((2, 3), keepdim=True) / total
            spread = ((gate * (values - mean) ** 2).sum((2, 3), keepdim=True) / total + SPREAD_FLOOR ** 2).sqrt()
            near = box_sum(gate * values, self.window) / box_sum(gate, self.window)
            parts += [(values - mean) / spread, (values - near) / spread]
        return torch.cat(parts, 1).permute(0, 2, 3, 1)

    def forward(self, out, blocks):
        x = self.relative(out, blocks).clamp(-8, 8)
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x).squeeze(-1)


class Forgery(nn.Module):
    def __init__(self, spec):
        super().__init__()
        self.backbone, self.head = Backbone(spec), Head(spec)

    def forward(self, planes, blocks, exact=False):
        with torch.autocast("cpu", torch.bfloat16, enabled=not exact):
            out = self.backbone(planes)
        return self.head(out.float(), blocks)


def folded(norm, weight, bias=None):
    """Weights and bias of a convolution with the batch normalisation behind it."""
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    shift = norm.bias - norm.running_mean * scale
    return weight * scale.view(-1, 1, 1, 1), shift + (scale * bias if bias is not None else 0)
