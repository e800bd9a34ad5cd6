"""The recogniser in PyTorch: the same layers, names and order as `models/src/recognise/network.rs`.

Built from the `structure` of a `config.json` and the tensors beside it, so that any recogniser that the server can run
can be trained further, and what was trained can be written back without renaming.
"""

import copy
import json

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

from .classes import refit_head


class Attention(nn.Module):
    """Pre-norm self-attention along the line, then a two-layer network (Vaswani et al., arXiv 1706.03762)."""

    def __init__(self, width, heads, epsilon):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width, epsilon), nn.LayerNorm(width, epsilon)
        self.qkv, self.attention_out = nn.Conv2d(width, 3 * width, 1), nn.Conv2d(width, width, 1)
        self.expand, self.contract = nn.Conv2d(width, 2 * width, 1), nn.Conv2d(2 * width, width, 1)

    def forward(self, x):
        n, c, _, t = x.shape
        y = self.qkv(over_channels(self.norm1, x)).view(n, 3, self.heads, c // self.heads, t).transpose(3, 4)
        y = F.scaled_dot_product_attention(y[:, 0], y[:, 1], y[:, 2])
        x = x + self.attention_out(y.transpose(2, 3).reshape(n, c, 1, t))
        return x + self.contract(F.silu(self.expand(over_channels(self.norm2, x))))


def over_channels(norm, x):
    return norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Block(nn.Module):
    """Depthwise convolution, gate, two pointwise convolutions: a block of PP-LCNetV4."""

    def __init__(self, inputs, hidden, out, spec):
        super().__init__()
        self.residual = spec["residual"]
        self.depthwise = nn.Conv2d(inputs, inputs, 3, tuple(spec["stride"]), 1, groups=inputs)
        self.gate = spec["squeeze_excite"]
        if self.gate:
            self.squeeze, self.excite = nn.Conv2d(inputs, inputs // 4, 1), nn.Conv2d(inputs // 4, inputs, 1)
        self.expand, self.project = nn.Conv2d(inputs, hidden, 1), nn.Conv2d(hidden, out, 1)

    def forward(self, x):
        x = self.depthwise(x)
        if self.gate:
            x = x * F.hardsigmoid(self.excite(F.relu(self.squeeze(x.mean((2, 3), keepdim=True)))))
        y = self.project(F.gelu(self.expand(x)))
        return x + y if self.residual else y


class PlainStem(nn.Module):
    """Two 3×3 convolutions at stride 2."""

    def __init__(self, out):
        super().__init__()
        self.conv1 = nn.Conv2d(3, out("stem.conv1"), 3, 2, 1)
        self.conv2 = nn.Conv2d(out("stem.conv1"), out("stem.conv2"), 3, 2, 1)

    def forward(self, x):
        return self.conv2(F.gelu(self.conv1(x)))


class TwoBranchStem(nn.Module):
    """HGNet's stem: 3×3 at stride 2, a convolutional beside a pooling branch, 3×3 at stride 2, 1×1."""

    def __init__(self, out):
        super().__init__()
        first = out("stem.conv1")
        self.conv1 = nn.Conv2d(3, first, 3, 2, 1)
        self.branch1 = nn.Conv2d(first, out("stem.branch1"), 2)
        self.branch2 = nn.Conv2d(out("stem.branch1"), out("stem.branch2"), 2)
        self.merge = nn.Conv2d(first + out("stem.branch2"), out("stem.merge"), 3, 2, 1)
        self.project = nn.Conv2d(out("stem.merge"), out("stem.project"), 1)

    def forward(self, x):
        to_the_right = lambda y: F.pad(y, (0, 1, 0, 1))  # keeps the size under a kernel of 2
        x = F.relu(self.conv1(x))
        branch = F.relu(self.branch1(to_the_right(x)))
        branch = F.relu(self.branch2(to_the_right(branch)))
        pooled = F.max_pool2d(to_the_right(x), 2, 1)  # nothing is below zero here, so zeros do not show
        return F.relu(self.project(F.relu(self.merge(torch.cat([pooled, branch], 1)))))


class ConvolutionalEncoder(nn.Module):
    """A convolution along the line, optional attention, and the reduction before the head."""

    def __init__(self, structure, shapes, out):
        super().__init__()
        inputs, taps = out("encoder.depthwise"), shapes["encoder.depthwise.weight"][3]
        self.depthwise = nn.Conv2d(inputs, inputs, (1, taps), padding=(0, taps // 2), groups=inputs)
        self.pointwise, self.reduce = nn.Conv2d(inputs, inputs, 1), nn.Conv2d(inputs, out("encoder.reduce"), 1)
        context = structure.get("context") or {"layers": 0, "heads": 1, "norm_epsilon": 0.0}
        self.layers = attention_layers(inputs, context)

    def forward(self, x):
        x = F.hardswish(self.pointwise(F.hardswish(self.depthwise(x))))
        for layer in self.layers:
            x = layer(x)
        return self.reduce(x)


class Svtr(nn.Module):
    """A local convolution, then transformer layers, beside a shortcut (Du et al., arXiv 2205.00159)."""

    def __init__(self, structure, shapes, out):
        super().__init__()
        inputs, width, taps = shapes["encoder.reduce.weight"][1], out("encoder.reduce"), shapes["encoder.depthwise.weight"][3]
        self.shortcut, self.reduce = nn.Conv2d(inputs, width, 1), nn.Conv2d(inputs, width, 1)
        self.depthwise = nn.Conv2d(width, width, (1, taps), padding=(0, taps // 2), groups=width)
        self.layers = attention_layers(width, structure)
        self.norm = nn.LayerNorm(width, structure["final_norm_epsilon"])

    def forward(self, x):
        reduced = F.silu(self.reduce(x))
        y = F.silu(self.depthwise(reduced)) + reduced
        for layer in self.layers:
            y = layer(y)
        return over_channels(self.norm, y) + F.silu(self.shortcut(x))


def attention_layers(width, described):
    return nn.ModuleList(Attention(width, described["heads"], described["norm_epsilon"]) for _ in range(described["layers"]))


STEMS = {"plain": PlainStem, "two_branches": TwoBranchStem}
ENCODERS = {"convolutional": ConvolutionalEncoder, "svtr": Svtr}


class Recogniser(nn.Module):
    """`[N, 3, 48, W]` (blue-green-red, -1 to 1) to logits `[N, W/8, classes]`.

    The stem and the first `frozen` blocks, if any, are not trained: they see most pixels, and cost most of the time.
    """

    def __init__(self, structure, shapes, frozen=0):
        super().__init__()
        self.frozen = frozen
        out = lambda name: shapes[f"{name}.weight"][0]
        self.stem = STEMS[structure["stem"]](out)
        names = [f"blocks.{i}" for i in range(len(structure["blocks"]))]
        self.blocks = nn.ModuleList(
            Block(out(f"{n}.depthwise"), out(f"{n}.expand"), out(f"{n}.project"), spec) for n, spec in zip(names, structure["blocks"])
        )
        self.encoder = ENCODERS[structure["encoder"]](structure, shapes, out)
        self.head = nn.Conv2d(shapes["head.weight"][1], out("head"), 1)

    def forward(self, x):
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            x = self.stem(x)
            for block in self.blocks[: self.frozen]:
                x = block(x)
        for block in self.blocks[self.frozen :]:
            x = block(x)
        x = self.head(self.encoder(F.avg_pool2d(x, (3, 2))))
        return x.squeeze(2).transpose(1, 2)


def grow(structure, tensors, copies, context):
    """A larger network that computes the same: each of `copies` (index: number) is followed by blocks that pass their input on,
    and `context` attention layers that add nothing at first."""
    structure, grown, blocks = copy.deepcopy(structure), {}, []
    for i, spec in enumerate(structure["blocks"]):
        rename(tensors, grown, f"blocks.{i}.", f"blocks.{len(blocks)}.")
        blocks.append(spec)
        for _ in range(copies.get(i, 0)):
            name, width = f"blocks.{len(blocks)}", tensors[f"blocks.{i}.project.weight"].shape[0]
            still = Block(width, 2 * width, width, {"stride": (1, 1), "squeeze_excite": False, "residual": True})
            with torch.no_grad():
                nn.init.zeros_(still.depthwise.weight)[:, :, 1, 1] = 1.0
                for parameter in (still.depthwise.bias, still.project.weight, still.project.bias):
                    nn.init.zeros_(parameter)
            grown |= {f"{name}.{k}": v for k, v in still.state_dict().items()}
            blocks.append({"stride": [1, 1], "squeeze_excite": False, "gate_slope": 0.0, "residual": True})
    structure["blocks"] = blocks
    grown |= {k: v for k, v in tensors.items() if not k.startswith("blocks.")}
    if context:
        structure["context"] = context
        for i in range(context["layers"]):
            layer = Attention(tensors["encoder.depthwise.weight"].shape[0], context["heads"], context["norm_epsilon"])
            for last in (layer.attention_out, layer.contract):
                nn.init.zeros_(last.weight), nn.init.zeros_(last.bias)
            grown |= {f"encoder.layers.{i}.{k}": v for k, v in layer.state_dict().items()}
    return structure, grown


def rename(source, target, old, new):
    target |= {new + k[len(old):]: v for k, v in source.items() if k.startswith(old)}


def started_from(folder):
    """The config of the recogniser in `folder`, and its tensors with a head for `CLASSES`."""
    described = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    tensors = {name: value.float() for name, value in load_file(folder / "model.safetensors").items()}
    refit_head(tensors, described["classes"])
    return described, tensors


def build(structure, tensors, frozen=0):
    """The network with its weights."""
    net = Recogniser(structure, {k: tuple(v.shape) for k, v in tensors.items()}, frozen)
    net.load_state_dict({k: v.float() for k, v in tensors.items()})
    return net
