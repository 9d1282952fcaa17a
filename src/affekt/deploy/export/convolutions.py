"""int8 of convolutions: weights by channel, activations by tensor, ranges measured on calibration batches.

What lies between two convolutions is in 8 bits as well: sums of shortcuts, ReLU, pooling, concatenation. Else
each map of a residual network would be written and read in 32 bits between products in 8 bits: measured in
OpenVINO, VAANet then takes 1.2 times as long. All that no convolution follows stays in floating point:
attention, norms, the head.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from affekt.deploy.export.few_channels import with_dense_channels

_CONVOLUTION = "Conv"
_BETWEEN = ("Add", "Relu", "MaxPool", "Concat")


def has_convolutions(graph: bytes) -> bool:
    """Whether there is something to put into 8 bits."""
    return any(node.op_type == _CONVOLUTION for node in onnx.load_from_string(graph).graph.node)


def with_convolutions_in_8_bits(graph: bytes, batches: list[dict[str, np.ndarray]]) -> bytes:
    """The graph with 8-bit convolutions.

    Args:
        batches: Inputs that ranges are measured on.
    """
    with tempfile.TemporaryDirectory(prefix="affekt-int8-") as folder:
        whole, prepared, reduced = (
            Path(folder) / f"{name}.onnx" for name in ("whole", "prepared", "reduced")
        )
        whole.write_bytes(graph)
        # Shapes only: the exporter has folded constants, the optimizer would add other domains.
        quant_pre_process(whole, prepared, skip_symbolic_shape=True, skip_optimization=True)
        chosen = _in_8_bits(onnx.load(prepared).graph)
        quantize_static(
            prepared,
            reduced,
            _Batches(batches),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=[_CONVOLUTION, *_BETWEEN],
            nodes_to_quantize=chosen,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,  # percentiles and entropy: not closer, and slower
            extra_options={"CalibStridedMinMax": 1},  # one batch of tensors in memory at a time
        )
        model = onnx.load(reduced)
    _leave_answers_exact(model.graph, set(chosen))
    return with_dense_channels(model.SerializeToString())


def _in_8_bits(graph: onnx.GraphProto) -> list[str]:
    """Names of all convolutions, and of the nodes between two of them."""
    made_by = {name: node for node in graph.node for name in node.output}
    read_by: dict[str, list[onnx.NodeProto]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            read_by[name].append(node)
    after: set[str] = set()  # nodes are in the order in which they are computed
    for node in graph.node:
        behind = all(name in made_by and made_by[name].name in after for name in node.input)
        if node.op_type == _CONVOLUTION or (node.op_type in _BETWEEN and behind):
            after.add(node.name)
    outputs = {one.name for one in graph.output}
    before: set[str] = set()
    for node in reversed(graph.node):
        readers = [reader for name in node.output for reader in read_by[name]]
        ahead = all(reader.op_type == _CONVOLUTION or reader.name in before for reader in readers)
        # ONNX Runtime lets the range of 8 bits cut what a ReLU cuts: then no reader may get more digits.
        if node.name in after and ahead and readers and not outputs & set(node.output):
            before.add(node.name)
    return [node.name for node in graph.node if node.op_type == _CONVOLUTION or node.name in before]


def _leave_answers_exact(graph: onnx.GraphProto, in_8_bits: set[str]) -> None:
    """Round an answer only for nodes in 8 bits that read it: other nodes get it as it was computed.

    ONNX Runtime rounds the answer of each quantized node, the logits of a last convolution included.
    """
    made_by = {name: node for node in graph.node for name in node.output}
    outputs = {one.name for one in graph.output}
    exact: dict[str, str] = {}  # a rounded tensor, and what it was rounded from
    for node in graph.node:
        source = made_by.get(node.input[0]) if node.op_type == "DequantizeLinear" else None
        if source is not None and source.op_type == "QuantizeLinear":
            exact[node.output[0]] = source.input[0]
    for node in graph.node:
        if node.name not in in_8_bits:
            node.input[:] = [exact.get(name, name) for name in node.input]
    # Outputs of the graph keep their names: what was rounded from gets the name of the rounded one.
    renamed = {exact[name]: name for name in outputs & exact.keys()}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.output[0] in renamed.values():
            node.output[0] += ".rounded"
            continue
        node.output[:] = [renamed.get(name, name) for name in node.output]
        node.input[:] = [renamed.get(name, name) for name in node.input]
    _drop_unread(graph, outputs)


def _drop_unread(graph: onnx.GraphProto, outputs: set[str]) -> None:
    """Drop pairs of rounding that nothing reads any more, and what the graph holds for them."""
    for kind in ("DequantizeLinear", "QuantizeLinear"):
        read = {name for node in graph.node for name in node.input} | outputs
        kept = [node for node in graph.node if node.op_type != kind or read & set(node.output)]
        del graph.node[:]
        graph.node.extend(kept)
    read = {name for node in graph.node for name in node.input}
    held = [one for one in graph.initializer if one.name in read]
    del graph.initializer[:]
    graph.initializer.extend(held)


class _Batches(CalibrationDataReader):
    """Batches as the calibration of ONNX Runtime reads them."""

    def __init__(self, batches: list[dict[str, np.ndarray]]) -> None:
        self.batches = batches
        self.left = iter(batches)

    def __len__(self) -> int:
        return len(self.batches)

    def set_range(self, start_index: int, end_index: int) -> None:
        self.left = iter(self.batches[start_index:end_index])

    def get_next(self) -> Any:
        return next(self.left, None)  # None marks the end
