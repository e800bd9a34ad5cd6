"""Reads an ONNX graph as a list of layers in execution order, with batch norms and biases folded into the weights."""

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import numpy_helper


@dataclass
class Layer:
    """One convolution, transposed convolution, layer norm or linear layer."""

    kind: str  # "conv" | "depthwise" | "transpose" | "linear" | "norm"
    weight: np.ndarray  # [out, in, kh, kw]; linear: [out, in, 1, 1]; transpose: [in, out, kh, kw]; norm: [channels]
    bias: np.ndarray
    stride: tuple[int, int] = (1, 1)
    pooled: bool = False  # its input is a mean over the image: part of a squeeze-and-excitation
    residual: bool = False  # its output is added to an earlier value of the same block
    epsilon: float = 0.0
    slope: float = 0.0  # of the hard sigmoid behind it, if any


# Weights this small change no output, but as subnormal numbers they slow CPUs down threefold.
SMALLEST_WEIGHT = 1e-30


def read(path):
    """The layers of the ONNX file at `path`."""
    model = onnx.load(path)
    constants = {i.name: numpy_helper.to_array(i).astype(np.float32) for i in model.graph.initializer
                 if i.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)}
    # Identity nodes ("auto.cast") only rename values.
    alias = {}
    nodes = []
    for node in model.graph.node:
        if node.op_type in ("Identity", "Cast"):
            alias[node.output[0]] = node.input[0]
        else:
            nodes.append(node)

    def resolve(name):
        while name in alias:
            name = alias[name]
        return name

    for name in list(alias):
        if resolve(name) in constants:
            constants[name] = constants[resolve(name)]
    producer = {output: node for node in nodes for output in node.output}
    consumers = {}
    for node in nodes:
        for name in node.input:
            consumers.setdefault(resolve(name), []).append(node)

    def only_consumer(name, *kinds):
        """The node behind `name`, looking through reshapes, if it is one of `kinds`."""
        found = consumers.get(name, [])
        while len(found) == 1 and found[0].op_type in ("Squeeze", "Unsqueeze"):
            name = found[0].output[0]
            found = consumers.get(name, [])
        return found[0] if len(found) == 1 and found[0].op_type in kinds else None

    def attributes(node):
        return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}

    def fold(node, weight, bias, out_axis):
        """Folds the bias addition and batch norm behind `node`; returns the last node folded as well."""
        last = node
        after = only_consumer(last.output[0], "Add")
        if after is not None and resolve(after.input[1]) in constants:
            bias = bias + constants[resolve(after.input[1])].reshape(-1)
            last = after
        norm = only_consumer(last.output[0], "BatchNormalization")
        if norm is not None:
            scale, shift, mean, variance = (constants[resolve(i)] for i in norm.input[1:5])
            factor = scale / np.sqrt(variance + attributes(norm)["epsilon"])
            shape = [1] * weight.ndim
            shape[out_axis] = -1
            weight = weight * factor.reshape(shape)
            bias = (bias - mean) * factor + shift
            last = norm
        return weight, bias, last

    layers = []
    for node in nodes:
        if node.op_type in ("Conv", "ConvTranspose"):
            a = attributes(node)
            weight = constants[resolve(node.input[1])]
            transpose = node.op_type == "ConvTranspose"
            out = weight.shape[1] if transpose else weight.shape[0]
            bias = constants[resolve(node.input[2])] if len(node.input) > 2 else np.zeros(out, np.float32)
            weight, bias, last = fold(node, weight, bias, 1 if transpose else 0)
            source = producer.get(resolve(node.input[0]))
            gate = only_consumer(last.output[0], "HardSigmoid")
            following = only_consumer(last.output[0], "Add")
            kind = "transpose" if transpose else "depthwise" if a.get("group", 1) > 1 else "conv"
            layers.append(Layer(
                kind, weight, bias, tuple(a["strides"]),
                pooled=source is not None and source.op_type in ("ReduceMean", "GlobalAveragePool"),
                residual=following is not None and not any(resolve(i) in constants for i in following.input),
                slope=attributes(gate)["alpha"] if gate is not None else 0.0))
        elif node.op_type == "MatMul" and resolve(node.input[1]) in constants:
            weight = constants[resolve(node.input[1])].T
            weight, bias, _ = fold(node, weight, np.zeros(weight.shape[0], np.float32), 0)
            layers.append(Layer("linear", weight[:, :, None, None], bias))
        elif node.op_type == "Sqrt":
            # (x - mean) / sqrt(variance + epsilon) · scale + shift, spelt out.
            variance = producer[resolve(node.input[0])]
            epsilon = next(constants[resolve(i)] for i in variance.input if resolve(i) in constants)
            scale = consumers[consumers[node.output[0]][0].output[0]][0]
            shift = consumers[scale.output[0]][0]
            vector = lambda n: next(constants[resolve(i)] for i in n.input if resolve(i) in constants)
            layers.append(Layer("norm", vector(scale), vector(shift), epsilon=float(epsilon)))
    for layer in layers:
        layer.weight = np.where(np.abs(layer.weight) < SMALLEST_WEIGHT, 0, layer.weight).astype(np.float32)
        layer.bias = layer.bias.astype(np.float32)
    return layers
