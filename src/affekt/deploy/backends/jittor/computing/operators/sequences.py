"""Operators on lists of arrays, as the exporter writes `split` and `unbind`."""

from __future__ import annotations

import numpy as np

from .registry import Call, Value, operator
from .shapes import numbers


@operator("SplitToSequence")
def split_to_sequence(call: Call, x: Value, sizes: Value = None) -> list[Value]:
    axis = call.get("axis", 0) % len(x.shape)
    length = x.shape[axis]
    if sizes is None:
        parts = [1] * length
    elif np.ndim(sizes) == 0:
        step = numbers(call, sizes, "a size")[0]
        parts = [min(step, length - start) for start in range(0, length, step)]
    else:
        parts = numbers(call, sizes, "sizes")
    before, found = (slice(None),) * axis, []
    for end, part in zip(np.cumsum(parts), parts, strict=True):
        found.append(x[(*before, slice(int(end) - part, int(end)))])
    if sizes is None and not call.get("keepdims", 1):
        found = [
            one.reshape([n for place, n in enumerate(one.shape) if place != axis] or [1]) for one in found
        ]
    return found


@operator("SequenceAt")
def sequence_at(call: Call, values: Value, place: Value) -> Value:
    return values[numbers(call, place, "a place")[0]]


@operator("ConcatFromSequence")
def concat_from_sequence(call: Call, values: Value) -> Value:
    axis = call.get("axis", 0)
    if call.get("new_axis", 0):
        raise call.refuse("a new axis")
    if all(isinstance(one, np.ndarray) for one in values):
        return np.concatenate(values, axis)
    return call.jittor.jt.concat([call.jittor.var(one) for one in values], axis % len(values[0].shape))
