"""The recogniser in PyTorch: the same layers, names and order as `models/src/recognise/network.rs`.

Built from the `structure` of a `config.json` and the tensors beside it, so that any recogniser that the server can run
can be trained further, and what was trained can be written back without renaming.
"""

import copy

import torch
import torch.nn.functional as F
from torch import nn


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


class Encoder(nn.Module):
    """A convolution along the line, optional attention, and the reduction before the head."""

    def __init__(self, inputs, reduced, taps, context):
        super().__init__()
        self.depthwise = nn.Conv2d(inputs, inputs, (1, taps), padding=(0, taps // 2), groups=inputs)
        self.pointwise, self.reduce = nn.Conv2d(inputs, inputs, 1), nn.Conv2d(inputs, reduced, 1)
        layers, heads, epsilon = (context[k] for k in ("layers", "heads", "norm_epsilon")) if context else (0, 1, 0.0)
        self.layers = nn.ModuleList(Attention(inputs, heads, epsilon) for _ in range(layers))

    def forward(self, x):
        x = F.hardswish(self.pointwise(F.hardswish(self.depthwise(x))))
        for layer in self.layers:
            x = layer(x)
        return self.reduce(x)


class Recogniser(nn.Module):
    """`[N, 3, 48, W]` (blue-green-red, -1 to 1) to logits `[N, W/8, classes]`."""

    def __init__(self, structure, shapes):
        super().__init__()
        if structure["stem"] != "plain" or structure["encoder"] != "convolutional":
            raise ValueError("only recognisers with a plain stem and a convolutional encoder can be trained")
        out = lambda name: shapes[f"{name}.weight"][0]
        self.stem = nn.ModuleDict({
            "conv1": nn.Conv2d(3, out("stem.conv1"), 3, 2, 1),
            "conv2": nn.Conv2d(out("stem.conv1"), out("stem.conv2"), 3, 2, 1),
        })
        names = [f"blocks.{i}" for i in range(len(structure["blocks"]))]
        self.blocks = nn.ModuleList(
            Block(out(f"{n}.depthwise"), out(f"{n}.expand"), out(f"{n}.project"), spec) for n, spec in zip(names, structure["blocks"])
        )
        taps = shapes["encoder.depthwise.weight"][3]
        self.encoder = Encoder(out("encoder.depthwise"), out("encoder.reduce"), taps, structure.get("context"))
        self.head = nn.Conv2d(out("encoder.reduce"), out("head"), 1)

    def forward(self, x):
        x = F.gelu(self.stem["conv1"](x))
        x = self.stem["conv2"](x)
        for block in self.blocks:
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


def build(structure, tensors):
    """The network with its weights."""
    net = Recogniser(structure, {k: tuple(v.shape) for k, v in tensors.items()})
    net.load_state_dict({k: v.float() for k, v in tensors.items()})
    return net
