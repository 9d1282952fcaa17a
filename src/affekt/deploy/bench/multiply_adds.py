"""Multiply-adds of a graph, counted from the shapes that one run of it has.

ONNX Runtime's profile states the shapes of every node that it computes. So axes of any size, branches and
shapes that depend on values are counted as they are, without the `onnx` package, which the light install does
not have, and without a field of the manifest, which older bundles would not have.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime

from affekt.core.answers.networks import WholeNetwork
from affekt.deploy.backends.network import CELLS, FEATURES, GraphNetwork, StagedGraphNetwork

Shape = Sequence[int]
# Operators whose multiply-adds grow with more than the size of their output and are not counted here.
_NOT_KNOWN = frozenset({"Attention", "DeformConv", "Einsum", "RNN"})


class Counted(NamedTuple):
    """Multiply-adds of one batch.

    Attributes:
        total: Of convolutions, matrix products and recurrent layers; all else is small.
        not_counted: Operators with multiply-adds that are not in `total`.
    """

    total: int
    not_counted: tuple[str, ...]


def network_multiply_adds(network: WholeNetwork, batch: Mapping[str, np.ndarray]) -> Counted:
    """Multiply-adds of a bundle's network for a batch: of its graph, or of encoder and head.

    Raises:
        TypeError: The network is not a graph.
    """
    if isinstance(network, StagedGraphNetwork):
        counts, features = [], []
        for cells in batch[network.encoded]:
            counted, outputs = _count(network.encoder.source.read(), {CELLS: cells})
            counts.append(counted)
            features.append(outputs[FEATURES])
        batch = {**batch, network.encoded: np.stack(features)}
        counts.append(_count(network.head.source.read(), batch)[0])
        missing = sorted({name for one in counts for name in one.not_counted})
        return Counted(sum(one.total for one in counts), tuple(missing))
    if not isinstance(network, GraphNetwork):
        raise TypeError(f"{type(network).__name__} is not a graph whose operators can be counted")
    return _count(network.source.read(), batch)[0]


def _count(graph: bytes, batch: Mapping[str, np.ndarray]) -> tuple[Counted, dict[str, np.ndarray]]:
    """Compute a graph without fusions, so that its nodes are those of the file, and count them."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.add_session_config_entry(
        "session.disable_prepacking", "1"
    )  # shapes of packed weights are unknown
    options.enable_profiling = True
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        outputs = dict(zip(names, map(np.asarray, session.run(names, dict(batch))), strict=True))
        events: list[dict[str, Any]] = json.loads(Path(session.end_profiling()).read_text("utf-8"))
    total, missing = 0, set()
    for event in events:
        facts = event.get("args", {})
        if event.get("cat") != "Node" or "output_type_shape" not in facts:
            continue
        kind = facts["op_name"]
        counted = node_multiply_adds(
            kind, _shapes(facts["input_type_shape"]), _shapes(facts["output_type_shape"])
        )
        if counted is None:
            missing.add(kind)
        else:
            total += counted
    return Counted(total, tuple(sorted(missing))), outputs


def _shapes(typed: list[dict[str, list[int]]]) -> list[list[int]]:
    return [shape for entry in typed for shape in entry.values()]


def node_multiply_adds(kind: str, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> int | None:
    """Multiply-adds of one node by the shapes of its inputs and outputs; None if they are not known.

    Example:
        >>> node_multiply_adds("Conv", [(1, 3, 8, 8), (16, 3, 3, 3)], [(1, 16, 8, 8)])  # 27 for each output
        27648
        >>> node_multiply_adds("MatMul", [(2, 5, 4), (4, 7)], [(2, 5, 7)])
        280
        >>> node_multiply_adds("Relu", [(2, 5)], [(2, 5)])
        0
    """
    if kind in _NOT_KNOWN:
        return None
    if kind in ("Conv", "ConvInteger", "QLinearConv"):
        # QLinearConv has scale and zero point between the input and the weights.
        weights = next((shape for shape in inputs[1:] if len(shape) == len(inputs[0])), None)
        return None if weights is None else math.prod(outputs[0]) * math.prod(weights[1:])
    if kind == "ConvTranspose":
        return None if len(inputs) < 2 else math.prod(inputs[0]) * math.prod(inputs[1][1:])
    if kind in ("MatMul", "MatMulInteger", "QLinearMatMul"):
        return math.prod(outputs[0]) * inputs[0][-1]
    if kind == "Gemm":  # the first matrix may be transposed
        return math.prod(outputs[0]) * (math.prod(inputs[0]) // max(1, outputs[0][0]))
    if kind in ("GRU", "LSTM"):  # steps, batch, width; weights and recurrent weights of each direction
        steps, batch = inputs[0][:2]
        return None if len(inputs) < 3 else steps * batch * (math.prod(inputs[1]) + math.prod(inputs[2]))
    return 0
