"""Convolutions and pooling.

Jittor has 2D and 3D convolutions with equal padding on both sides, and its pooling refuses maps of the
kernel's size. What is missing is composed: padding by `padded`, 1D as 2D, windows of any kind by `reindex`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .registry import Call, Value, operator
from .shapes import padded

LOWEST = -3.4e38  # in the place of padding, below each value of a map


def _geometry(
    call: Call, sizes: list[int], kernel: list[int]
) -> tuple[list[int], list[int], list[int], list[int]]:
    """Strides, dilations, and padding before and after each axis."""
    rank = len(sizes)
    strides = _integers(call, "strides", [1] * rank)
    dilations = _integers(call, "dilations", [1] * rank)
    pads = _integers(call, "pads", [0] * 2 * rank)
    kind = call.get("auto_pad", "NOTSET")
    if kind not in ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"):
        raise call.refuse(f"auto_pad = {kind!r}")
    if kind.startswith("SAME"):
        for axis, (n, k, s, d) in enumerate(zip(sizes, kernel, strides, dilations, strict=True)):
            both = max(0, (-(-n // s) - 1) * s + (k - 1) * d + 1 - n)
            small, large = both // 2, both - both // 2
            pads[axis], pads[rank + axis] = (small, large) if kind == "SAME_UPPER" else (large, small)
    elif kind == "VALID":
        pads = [0] * 2 * rank
    return strides, dilations, pads[:rank], pads[rank:]


def _integers(call: Call, name: str, default: list[int]) -> list[int]:
    """An attribute of whole numbers. They become part of compiled code, so that nothing else may pass."""
    return [int(number) for number in call.get(name) or default]


@operator("Conv")
def convolution(call: Call, x: Value, weight: Value, bias: Value = None) -> Value:
    x, weight = call.jittor.var(x), call.jittor.var(weight)
    kernel, sizes = list(weight.shape)[2:], list(x.shape)[2:]
    strides, dilations, before, after = _geometry(call, sizes, kernel)
    if len(kernel) not in (1, 2, 3):
        raise call.refuse(f"{len(kernel)} axes")
    if before != after:
        x, before = padded(x, [0, 0, *before], [0, 0, *after]), [0] * len(kernel)
    is_flat = len(kernel) == 1
    if is_flat:  # a map of one row
        x = x.reshape([*x.shape[:2], 1, x.shape[2]])
        weight = weight.reshape([*weight.shape[:2], 1, weight.shape[2]])
        strides, dilations, before = [1, *strides], [1, *dilations], [0, *before]
    nn = call.jittor.jt.nn
    y = (nn.conv3d if len(strides) == 3 else nn.conv2d)(
        x, weight, None, tuple(strides), tuple(before), tuple(dilations), call.get("group", 1)
    )
    if is_flat:
        y = y.reshape([*y.shape[:2], y.shape[3]])
    if bias is None:
        return y
    return y + call.jittor.var(bias).reshape([1, -1, *[1] * (len(y.shape) - 2)])


@operator("MaxPool")
def max_pool(call: Call, x: Value) -> Value:
    if len(call.node.outputs) > 1:
        raise call.refuse("places of the largest values as an output")
    windows, _ = _windows(call, call.jittor.var(x), LOWEST)
    rank = len(x.shape) - 2
    if call.jittor.training is not None:
        # The gradient goes to the first of several largest values, as in PyTorch; that of `max` goes to all.
        _, largest = call.jittor.jt.argmax(windows.reshape([*windows.shape[: 2 + rank], -1]), 2 + rank)
        return largest
    return windows.max(list(range(2 + rank, 2 + 2 * rank)))


@operator("AveragePool")
def average_pool(call: Call, x: Value) -> Value:
    windows, counts = _windows(call, call.jittor.var(x), 0.0)
    rank = len(x.shape) - 2
    total = windows.sum(list(range(2 + rank, 2 + 2 * rank)))
    if np.all(counts == counts.flat[0]):
        return total * float(1 / counts.flat[0])
    return total * call.jittor.var((1 / counts).astype(np.float32)[None, None])


@operator("GlobalAveragePool")
def global_average_pool(call: Call, x: Value) -> Value:
    return call.jittor.var(x).mean(list(range(2, len(x.shape))), True)


@operator("GlobalMaxPool")
def global_max_pool(call: Call, x: Value) -> Value:
    return call.jittor.var(x).max(list(range(2, len(x.shape))), True)


def _windows(call: Call, x: Any, outside: float) -> tuple[Any, np.ndarray]:
    """The windows (b, c, places..., kernel...) of a map, and how many values count in each place."""
    kernel, sizes = _integers(call, "kernel_shape", []), list(x.shape)[2:]
    strides, dilations, before, after = _geometry(call, sizes, kernel)
    places, counts = [], np.ones(())
    for n, k, s, d, first, last in zip(sizes, kernel, strides, dilations, before, after, strict=True):
        room = n + first + last - (k - 1) * d - 1
        count = room // s + 1
        if call.get("ceil_mode", 0):
            count = -(-room // s) + 1
            if (count - 1) * s >= n + first:  # a window may not begin beyond the map
                count -= 1
        places.append(count)
        at = np.arange(count)[:, None] * s - first + np.arange(k) * d
        low, high = (-first, n + last) if call.get("count_include_pad", 0) else (0, n)
        counts = counts[..., None] * ((at >= low) & (at < high)).sum(1)
    rank = len(kernel)
    index = ["i0", "i1"] + [
        f"i{2 + axis}*{strides[axis]}-{before[axis]}+i{2 + rank + axis}*{dilations[axis]}"
        for axis in range(rank)
    ]
    return x.reindex([*x.shape[:2], *places, *kernel], index, overflow_value=outside), counts
