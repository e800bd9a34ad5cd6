"""Gives the layers of PP-OCRv6's networks readable names and describes their structure.

The architecture is PP-LCNetV4 (blocks of depthwise convolution, optional squeeze-and-excitation and a two-layer
pointwise network) with an RepLKFPN neck and a DB head for detection, and a light SVTR or a convolutional encoder with a
CTC head for recognition.
"""


class Cursor:
    """Hands out the layers in order and collects them under their names."""

    def __init__(self, layers):
        self.layers, self.position, self.tensors = layers, 0, {}

    @property
    def next(self):
        return self.layers[self.position] if self.position < len(self.layers) else None

    def take(self, name, kind):
        layer = self.next
        if layer is None or layer.kind != kind:
            raise ValueError(f"{name} should be a {kind} layer, the graph has {layer and layer.kind}")
        self.position += 1
        self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"] = layer.weight, layer.bias
        return layer

    def finish(self):
        if self.next is not None:
            raise ValueError(f"{len(self.layers) - self.position} layers were not expected")


def stem(c):
    """The first layers: the HGNet stem (two branches) or two plain convolutions."""
    c.take("stem.conv1", "conv")
    if c.next.weight.shape[2:] != (2, 2):
        c.take("stem.conv2", "conv")
        return "plain"
    for name in ("stem.branch1", "stem.branch2", "stem.merge", "stem.project"):
        c.take(name, "conv")
    return "two_branches"


def blocks(c, stop):
    """The backbone's blocks, up to the layer for which `stop` holds."""
    described = []
    while c.next is not None and c.next.kind == "depthwise" and not stop(c.next):
        name = f"blocks.{len(described)}"
        depthwise = c.take(f"{name}.depthwise", "depthwise")
        squeeze_excite = c.next.pooled
        slope = 0.0
        if squeeze_excite:
            c.take(f"{name}.squeeze", "conv")
            slope = c.take(f"{name}.excite", "conv").slope
        c.take(f"{name}.expand", "conv")
        residual = c.take(f"{name}.project", "conv").residual
        described.append({"stride": list(depthwise.stride), "squeeze_excite": squeeze_excite,
                          "gate_slope": slope, "residual": residual})
    return described


def detector(layers):
    """Tensors and structure of a detection network."""
    c = Cursor(layers)
    structure = {"stem": stem(c), "blocks": blocks(c, lambda layer: layer.weight.shape[2] > 3)}
    # Coarse to fine, as the feature pyramid is built.
    for level in (4, 3, 2, 1):
        c.take(f"neck.lateral.{level}", "conv")
        c.take(f"neck.lateral.{level}.squeeze", "conv")
        structure["neck_gate_slope"] = c.take(f"neck.lateral.{level}.excite", "conv").slope
    for level in (4, 3, 2, 1):
        c.take(f"neck.smooth.{level}.depthwise", "depthwise")
        c.take(f"neck.smooth.{level}.project", "conv")
        c.take(f"neck.smooth.{level}.squeeze", "conv")
        c.take(f"neck.smooth.{level}.excite", "conv")
    c.take("head.conv", "conv")
    c.take("head.enlarge1", "transpose")
    c.take("head.enlarge2", "transpose")
    c.finish()
    return c.tensors, structure


def recogniser(layers):
    """Tensors and structure of a recognition network."""
    c = Cursor(layers)
    structure = {"stem": stem(c), "blocks": blocks(c, lambda layer: layer.weight.shape[2] == 1)}
    if c.next.kind == "depthwise":
        structure["encoder"] = "convolutional"
        c.take("encoder.depthwise", "depthwise")
        c.take("encoder.pointwise", "conv")
        c.take("encoder.reduce", "linear")
    else:
        structure["encoder"] = "svtr"
        c.take("encoder.shortcut", "conv")
        c.take("encoder.reduce", "conv")
        c.take("encoder.depthwise", "depthwise")
        structure["layers"] = 0
        while [layer.kind for layer in c.layers[c.position:c.position + 2]] == ["norm", "linear"] \
                and c.position + 2 < len(c.layers):
            name = f"encoder.layers.{structure['layers']}"
            structure["norm_epsilon"] = c.take(f"{name}.norm1", "norm").epsilon
            c.take(f"{name}.qkv", "linear")
            c.take(f"{name}.attention_out", "linear")
            c.take(f"{name}.norm2", "norm")
            c.take(f"{name}.expand", "linear")
            c.take(f"{name}.contract", "linear")
            structure["layers"] += 1
        structure["final_norm_epsilon"] = c.take("encoder.norm", "norm").epsilon
        structure["heads"] = 8
    c.take("head", "linear")
    c.finish()
    return c.tensors, structure
