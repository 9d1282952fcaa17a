"""3D convolutions of few channels, such as the first one of a video network, over more channels instead.

Instructions for products of 8-bit numbers add up 4 (VNNI) or 64 (AMX) neighbouring channels at once. A
convolution over RGB has 3, so most of each instruction is wasted: in VAANet the first convolution has a third
of the multiply-adds and took three quarters of the time. Here the moments under the kernel become channels,
and so does each block of pixels of the size of the stride: 3 channels, a kernel of 7 x 7 x 7 and strides of
1, 2 and 2 become 84 channels and a kernel of 1 x 4 x 4. The weights are the same, with zeros where the last
block reaches beyond the kernel; the answer is the same, since sums of whole numbers are exact.

Source of the blocks of pixels: Ridnik et al., TResNet, WACV 2021 (space to depth), there with new weights.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import NodeProto, helper, numpy_helper

MOST_CHANNELS = 4
_AXES = 5  # b c t h w


class _Sizes(NamedTuple):
    """Sizes of one axis of a convolution: of the map, and of kernel, stride and zeros on both sides."""

    size: int
    kernel: int
    stride: int
    before: int
    after: int

    @property
    def places(self) -> int:
        """Places of the output."""
        return (self.size + self.before + self.after - self.kernel) // self.stride + 1

    @property
    def blocks(self) -> int:
        """Blocks of the size of the stride that the kernel covers."""
        return -(-self.kernel // self.stride)

    @property
    def covered(self) -> int:
        """Places of the map with zeros, as whole blocks."""
        return (self.places - 1 + self.blocks) * self.stride


def with_dense_channels(graph: bytes) -> bytes:
    """An int8 graph in which 3D convolutions of at most `MOST_CHANNELS` channels have more of them."""
    model = onnx.load_from_string(graph)
    nodes: list[NodeProto] = []
    writer = _Writer(model.graph)
    for node in model.graph.node:
        nodes += writer.rewritten(node)
    if not writer.added:
        return graph
    read = {name for node in nodes for name in node.input}
    kept = [one for one in model.graph.initializer if one.name in read]
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(node for node in nodes if not writer.is_unread(node, read))
    model.graph.initializer.extend([*kept, *writer.added])
    return model.SerializeToString()


class _Writer:
    """Rewrites the convolutions of one graph."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.made_by = {name: node for node in graph.node for name in node.output}
        self.weights = {tensor.name: tensor for tensor in graph.initializer}
        values = [*graph.input, *graph.value_info]
        self.shapes = {one.name: [dim.dim_value for dim in one.type.tensor_type.shape.dim] for one in values}
        self.answers = {one.name for one in graph.output}
        self.added: list[onnx.TensorProto] = []

    def rewritten(self, node: NodeProto) -> list[NodeProto]:
        """The nodes that take a node's place: itself, if it is no such convolution."""
        if node.op_type != "Conv":
            return [node]
        maps, weight = (self.made_by.get(name) for name in node.input[:2])
        if maps is None or weight is None or {maps.op_type, weight.op_type} != {"DequantizeLinear"}:
            return [node]
        if weight.input[0] not in self.weights:
            return [node]
        values = numpy_helper.to_array(self.weights[weight.input[0]])
        given = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        axes = self._axes(maps, values, given)
        if axes is None:
            return [node]
        return self._dense(node, maps, weight, values, axes)

    def is_unread(self, node: NodeProto, read: set[str]) -> bool:
        """Whether a node only made what a rewritten convolution read."""
        is_left = node.op_type == "DequantizeLinear"
        return is_left and not any(name in read or name in self.answers for name in node.output)

    def _axes(
        self, maps: NodeProto, values: np.ndarray, given: dict[str, Any]
    ) -> tuple[_Sizes, _Sizes, _Sizes] | None:
        """Time, height and width; None if the convolution is not one to rewrite."""
        if values.ndim != _AXES or values.shape[1] > MOST_CHANNELS or given.get("group", 1) != 1:
            return None
        if (
            any(one != 1 for one in given.get("dilations", ()))
            or given.get("auto_pad", b"NOTSET") != b"NOTSET"
        ):
            return None
        source = self.made_by.get(maps.input[0])  # the quantized map has no stated shape
        shape = self.shapes.get(source.input[0] if source is not None else maps.input[0], [])
        if len(shape) != _AXES or not all(shape[2:]) or math.prod(values.shape[2:]) == 1:
            return None
        pads, strides = given.get("pads", [0] * 6), given.get("strides", [1] * 3)
        time, height, width = (
            _Sizes(shape[2 + n], values.shape[2 + n], strides[n], pads[n], pads[3 + n]) for n in range(3)
        )
        if any(axis.covered < axis.before + axis.size for axis in (height, width)):
            return None  # the last places are read by no kernel: blocks would have to be cut
        return time, height, width

    def _dense(
        self,
        node: NodeProto,
        maps: NodeProto,
        weight: NodeProto,
        values: np.ndarray,
        axes: tuple[_Sizes, _Sizes, _Sizes],
    ) -> list[NodeProto]:
        """Zeros around, blocks of pixels to channels, moments to channels, and the convolution."""
        time, height, width = axes
        name, channels = node.output[0], values.shape[1]
        deep = channels * height.stride * width.stride
        pads = [0, 0, time.before, height.before, width.before]
        pads += [0, 0, time.after, *(axis.covered - axis.before - axis.size for axis in (height, width))]
        rows, columns = height.covered // height.stride, width.covered // width.stride
        frames = time.before + time.size + time.after
        inner = [0, channels, frames, rows, height.stride, columns, width.stride]
        nodes = [
            self._node("Pad", [maps.input[0], self._held(name, "pads", pads), maps.input[2]], name, "padded"),
            self._node("Reshape", [f"{name}.padded", self._held(name, "split", inner)], name, "blocks"),
            self._node("Transpose", [f"{name}.blocks"], name, "turned", perm=[0, 1, 4, 6, 2, 3, 5]),
            self._node(
                "Reshape",
                [f"{name}.turned", self._held(name, "joined", [0, deep, frames, rows, columns])],
                name,
                "deep",
            ),
        ]
        place = self._held(name, "time", [2])
        for moment in range(time.kernel):
            ends = [moment], [moment + (time.places - 1) * time.stride + 1], [time.stride]
            inputs = [
                self._held(name, f"{what}{moment}", end)
                for what, end in zip(("from", "to", "step"), ends, strict=True)
            ]
            inputs = [f"{name}.deep", *inputs[:2], place, inputs[2]]
            nodes.append(self._node("Slice", inputs, name, f"moment{moment}"))
        moments = [f"{name}.moment{moment}" for moment in range(time.kernel)]
        small, dense = f"{name}.dense.weights", _dense_weights(values, height, width)
        self.added.append(numpy_helper.from_array(dense, small))
        nodes += [
            self._node("Concat", moments, name, "dense", axis=1),
            self._like(maps, f"{name}.dense", f"{name}.dense.real"),
            self._like(weight, small, f"{small}.real"),
            helper.make_node(
                "Conv",
                [f"{name}.dense.real", f"{small}.real", *node.input[2:]],
                [name],
                name=node.name,
                kernel_shape=dense.shape[2:],
                strides=[1, 1, 1],
                pads=[0] * 6,
            ),
        ]
        return nodes

    def _held(self, name: str, what: str, values: list[int]) -> str:
        """The name of a list of numbers that the graph holds."""
        held = f"{name}.{what}"
        self.added.append(numpy_helper.from_array(np.array(values, np.int64), held))
        return held

    @staticmethod
    def _node(kind: str, inputs: list[str], name: str, output: str, **given: Any) -> NodeProto:
        answer = f"{name}.{output}"
        return helper.make_node(kind, inputs, [answer], name=answer, **given)

    @staticmethod
    def _like(dequantize: NodeProto, source: str, answer: str) -> NodeProto:
        """The same scale and zero point for another tensor."""
        copy = NodeProto()
        copy.CopyFrom(dequantize)
        copy.name, copy.input[0], copy.output[0] = answer, source, answer
        return copy


def _dense_weights(weights: np.ndarray, height: _Sizes, width: _Sizes) -> np.ndarray:
    """Weights (d, c, t, h, w) as (d, t c sh sw, 1, h / sh, w / sw), with zeros beyond the kernel."""
    after, channels, moments = weights.shape[:3]
    rows, columns = height.blocks, width.blocks
    whole = np.zeros((after, channels, moments, rows * height.stride, columns * width.stride), weights.dtype)
    whole[:, :, :, : height.kernel, : width.kernel] = weights
    blocks = whole.reshape(after, channels, moments, rows, height.stride, columns, width.stride)
    turned = blocks.transpose(0, 2, 1, 4, 6, 3, 5)
    deep = moments * channels * height.stride * width.stride
    return np.ascontiguousarray(turned.reshape(after, deep, 1, rows, columns))
