"""Operators that move values, and those that compute sizes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .registry import Call, Value, in_numpy, is_array, operator


def numbers(call: Call, value: Value, what: str) -> list[int]:
    """Whole numbers that must be known before computing, such as sizes.

    Raises:
        GraphError: They depend on floats of the input.
    """
    if not is_array(value):
        raise call.refuse(f"{what} computed from floats")
    return [int(number) for number in np.atleast_1d(value)]


@operator("Shape")
def shape(call: Call, x: Value) -> Value:
    return np.array(tuple(x.shape)[slice(call.get("start", 0), call.get("end"))], np.int64)


@operator("Size")
def size(call: Call, x: Value) -> Value:
    return np.array(int(np.prod(tuple(x.shape))), np.int64)


@operator("Range")
def arange(call: Call, start: Value, stop: Value, step: Value) -> Value:
    if not in_numpy(start, stop, step):
        raise call.refuse("a range computed from floats")
    return np.arange(start.item(), stop.item(), step.item(), dtype=start.dtype)


@operator("ConstantOfShape")
def constant_of_shape(call: Call, sizes: Value) -> Value:
    value = np.atleast_1d(call.get("value", np.zeros(1, np.float32)))
    return np.full(numbers(call, sizes, "a size"), value[0], value.dtype)


@operator("Reshape")
def reshape(call: Call, x: Value, sizes: Value) -> Value:
    wanted = numbers(call, sizes, "a size") if np.size(sizes) else []
    if not call.get("allowzero", 0):
        wanted = [x.shape[axis] if n == 0 else n for axis, n in enumerate(wanted)]
    return np.reshape(x, wanted) if is_array(x) else x.reshape(wanted or [1])


@operator("Flatten")
def flatten(call: Call, x: Value) -> Value:
    axis = call.get("axis", 1) % (len(x.shape) + 1)
    return x.reshape([int(np.prod(tuple(x.shape)[:axis])), -1])


@operator("Transpose")
def transpose(call: Call, x: Value) -> Value:
    order = call.get("perm") or tuple(reversed(range(len(x.shape))))
    return np.transpose(x, order) if is_array(x) else x.permute(list(order))


@operator("Unsqueeze")
def unsqueeze(call: Call, x: Value, axes: Value) -> Value:
    rank = len(x.shape) + np.size(axes)
    new = sorted(axis % rank for axis in numbers(call, axes, "an axis"))
    if is_array(x):
        return np.expand_dims(x, tuple(new))
    left = iter(x.shape)
    return x.reshape([1 if axis in new else next(left) for axis in range(rank)])


@operator("Squeeze")
def squeeze(call: Call, x: Value, axes: Value = None) -> Value:
    rank = len(x.shape)
    gone = [axis for axis, n in enumerate(x.shape) if n == 1]
    if axes is not None:
        gone = [axis % rank for axis in numbers(call, axes, "an axis")]
    if is_array(x):
        return np.squeeze(x, tuple(gone))
    if any(x.shape[axis] != 1 for axis in gone):
        raise call.refuse(f"the shape {tuple(x.shape)}, of which axes {gone} cannot be left out")
    return x.reshape([n for axis, n in enumerate(x.shape) if axis not in gone] or [1])


@operator("Concat")
def concat(call: Call, *values: Value) -> Value:
    axis = call.get("axis", 0)
    if in_numpy(*values):
        return np.concatenate(values, axis)
    return call.jittor.jt.concat([call.jittor.var(value) for value in values], axis % len(values[0].shape))


@operator("Split")
def split(call: Call, x: Value, sizes: Value = None) -> tuple[Value, ...]:
    axis = call.get("axis", 0) % len(x.shape)
    count, length = len(call.node.outputs), x.shape[axis]
    if sizes is None:
        step = -(-length // count)
        parts = [min(step, length - step * place) for place in range(count)]
    else:
        parts = numbers(call, sizes, "sizes")
    ends = np.cumsum(parts)
    return tuple(
        x[(slice(None),) * axis + (slice(int(end - part), int(end)),)]
        for part, end in zip(parts, ends, strict=True)
    )


@operator("Slice")
def slice_(
    call: Call, x: Value, starts: Value, ends: Value, axes: Value = None, steps: Value = None
) -> Value:
    begins, stops = numbers(call, starts, "a start"), numbers(call, ends, "an end")
    places = range(len(begins)) if axes is None else numbers(call, axes, "an axis")
    strides = [1] * len(begins) if steps is None else numbers(call, steps, "a step")
    parts = [slice(None)] * len(x.shape)
    for begin, stop, axis, stride in zip(begins, stops, places, strides, strict=True):
        parts[axis] = slice(begin, stop, stride)
        if stride < 0 and stop < -x.shape[axis]:  # down to the first value: Python writes that as None
            parts[axis] = slice(begin, None, stride)
    if is_array(x):
        return x[tuple(parts)]
    # Ends may be the largest int64: Jittor does not clip them to the size.
    clipped = [part.indices(n) for part, n in zip(parts, x.shape, strict=True)]
    if all(step > 0 for *_, step in clipped):
        return x[tuple(slice(*part) for part in clipped)]
    index = [f"{begin}+i{axis}*({step})" for axis, (begin, _, step) in enumerate(clipped)]
    return x.reindex([len(range(*part)) for part in clipped], index)


@operator("Gather")
def gather(call: Call, x: Value, places: Value) -> Value:
    axis = call.get("axis", 0) % len(x.shape)
    if in_numpy(x, places):
        return np.take(x, places, axis)
    before = (slice(None),) * axis
    if is_array(places):
        places = np.where(places < 0, places + x.shape[axis], places)
        if places.ndim == 0:
            return call.jittor.var(x)[(*before, int(places))]
    return call.jittor.var(x)[(*before, call.jittor.var(places))]


@operator("GatherElements")
def gather_elements(call: Call, x: Value, places: Value) -> Value:
    axis = call.get("axis", 0) % len(x.shape)
    if in_numpy(x, places):
        return np.take_along_axis(x, places, axis)
    return call.jittor.jt.gather(call.jittor.var(x), axis, call.jittor.var(places))


@operator("GatherND")
def gather_nd(call: Call, x: Value, places: Value) -> Value:
    if not is_array(places) or call.get("batch_dims", 0):
        raise call.refuse("places computed from floats, or batch_dims")
    index = tuple(np.moveaxis(places, -1, 0))
    if is_array(x):
        return x[index]
    sizes = x.shape
    found = [np.where(one < 0, one + n, one) for one, n in zip(index, sizes, strict=False)]
    return x[tuple(call.jittor.var(one) for one in found)]


@operator("Expand")
def expand(call: Call, x: Value, sizes: Value) -> Value:
    wanted = np.broadcast_shapes(tuple(x.shape), tuple(numbers(call, sizes, "a size")))
    return np.broadcast_to(x, wanted) if is_array(x) else spread(x, wanted)


def spread(x: Any, shape: tuple[int, ...]) -> Any:
    """A variable repeated along its axes of size 1, and along new axes in front."""
    if tuple(x.shape) == tuple(shape):
        return x
    new = len(shape) - len(x.shape)
    return x.reindex(list(shape), ["0" if n == 1 else f"i{new + axis}" for axis, n in enumerate(x.shape)])


@operator("Tile")
def tile(call: Call, x: Value, repeats: Value) -> Value:
    times = numbers(call, repeats, "repeats")
    if is_array(x):
        return np.tile(x, times)
    sizes = [n * count for n, count in zip(x.shape, times, strict=True)]
    return x.reindex(sizes, [f"i{axis}%{n}" for axis, n in enumerate(x.shape)])


@operator("Pad")
def pad(call: Call, x: Value, pads: Value, fill: Value = None, axes: Value = None) -> Value:
    call.require("mode", "constant")
    rank = len(x.shape)
    places = [axis % rank for axis in (range(rank) if axes is None else numbers(call, axes, "an axis"))]
    amounts = numbers(call, pads, "pads")
    value = 0.0 if fill is None else float(fill.item())
    before, after = [0] * rank, [0] * rank
    for axis, first, last in zip(places, amounts[: len(places)], amounts[len(places) :], strict=True):
        before[axis], after[axis] = first, last
    if is_array(x):
        return np.pad(x, list(zip(before, after, strict=True)), constant_values=value)
    return padded(x, before, after, value)


def padded(x: Any, before: list[int], after: list[int], value: float = 0.0) -> Any:
    """A variable with places of one value before and after each axis; negative numbers cut."""
    if not any(before) and not any(after):
        return x
    sizes = [n + first + last for n, first, last in zip(x.shape, before, after, strict=True)]
    return x.reindex(sizes, [f"i{axis}-({first})" for axis, first in enumerate(before)], overflow_value=value)


@operator("CumSum")
def cumsum(call: Call, x: Value, axis: Value) -> Value:
    if not in_numpy(x, axis) or call.get("exclusive", 0) or call.get("reverse", 0):
        raise call.refuse("floats, or another direction")
    return np.cumsum(x, int(axis), dtype=x.dtype)


@operator("Trilu")
def trilu(call: Call, x: Value, k: Value = None) -> Value:
    if not is_array(x):
        raise call.refuse("floats of the input")
    return (np.triu if call.get("upper", 1) else np.tril)(x, 0 if k is None else int(k))
