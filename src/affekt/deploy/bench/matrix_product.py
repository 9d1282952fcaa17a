"""The rate of a large matrix product in an engine: the limit of a network's rate on the same threads.

The graph is written byte by byte, because the light install has no `onnx` package.
"""

from __future__ import annotations

import numpy as np

SIDE = 1024  # rows and columns of both matrices
INPUT = "matrix"
_FLOAT, _OPSET, _IR = 1, 18, 8  # ONNX: type float32, operator set, version of the format


def product_graph(side: int = SIDE) -> bytes:
    """An ONNX graph that multiplies its input (b, side) with a constant matrix (side, side), in float32.

    The second matrix is a constant, as the weights of a network are: engines store it in the order in which
    they read it.
    """
    weights = np.random.default_rng(0).standard_normal((side, side)).astype("<f4")
    tensor = (
        _numbers(1, side)
        + _numbers(1, side)
        + _numbers(2, _FLOAT)
        + _text(8, "w")
        + _block(9, weights.tobytes())
    )
    node = _text(1, INPUT) + _text(1, "w") + _text(2, "product") + _text(4, "MatMul")
    graph = (
        _block(1, node)
        + _text(2, "product")
        + _block(5, tensor)
        + _block(11, _port(INPUT, side))
        + _block(12, _port("product", side))
    )
    return _numbers(1, _IR) + _block(7, graph) + _block(8, _numbers(2, _OPSET))


def product_input(side: int = SIDE) -> dict[str, np.ndarray]:
    """The other matrix."""
    return {INPUT: np.random.default_rng(1).standard_normal((side, side)).astype(np.float32)}


def product_multiply_adds(side: int = SIDE) -> int:
    """Multiply-adds of one product."""
    return side**3


def _port(name: str, side: int) -> bytes:
    """An input or output (any, side): protobuf `ValueInfoProto`."""
    shape = _block(1, _text(2, "b")) + _block(1, _numbers(1, side))
    return _text(1, name) + _block(2, _block(1, _numbers(1, _FLOAT) + _block(2, shape)))


def _text(field: int, text: str) -> bytes:
    return _block(field, text.encode())


def _block(field: int, content: bytes) -> bytes:
    """A field of protobuf that holds bytes."""
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _numbers(field: int, value: int) -> bytes:
    """A field of protobuf that holds a number."""
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)
