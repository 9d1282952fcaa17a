"""Operators that reduce axes, and norms and softmax, which are composed of such."""

from __future__ import annotations

from typing import Any

import numpy as np

from .registry import Call, Value, in_numpy, is_array, operator
from .shapes import numbers

MASKED = -1e30  # in the place of minus infinity


@operator("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL2")
def reduce(call: Call, x: Value, axes: Value = None) -> Value:
    kind = call.node.kind.removeprefix("Reduce").lower()
    rank, keep = len(x.shape), bool(call.get("keepdims", 1))
    # Axes are an attribute in older operator sets.
    stated = call.get("axes") if axes is None else numbers(call, axes, "an axis")
    if not stated and call.get("noop_with_empty_axes", 0):
        return x
    dims = [axis % rank for axis in stated] if stated else list(range(rank))
    if kind == "l2":
        if is_array(x):
            return np.sqrt(np.sum(np.square(x), tuple(dims), keepdims=keep))
        return call.jittor.jt.sqrt((x * x).sum(dims, keep))
    if is_array(x):
        return getattr(np, kind)(x, tuple(dims), keepdims=keep).astype(x.dtype)
    return getattr(x, kind)(dims, keep)


@operator("ArgMax")
def argmax(call: Call, x: Value) -> Value:
    if not is_array(x):
        raise call.refuse("floats of the input")
    axis = call.get("axis", 0)
    found = np.argmax(x, axis)
    return np.expand_dims(found, axis) if call.get("keepdims", 1) else found


@operator("Softmax")
def softmax(call: Call, x: Value) -> Value:
    """Masked places are 0, also where a whole row is masked: graphs put zeros there after it.

    Jittor compiles for finite numbers, so that infinite ones are replaced.
    """
    axis = [call.get("axis", -1) % len(x.shape)]
    jt = call.jittor.jt
    x = jt.maximum(call.jittor.var(x), MASKED)
    largest = x.max(axis, True)
    raised = (x - largest).exp() * (largest > MASKED).cast("float32")
    return raised / jt.maximum(raised.sum(axis, True), 1e-30)


@operator("LogSoftmax")
def log_softmax(call: Call, x: Value) -> Value:
    x = call.jittor.var(x)
    axis = [call.get("axis", -1) % len(x.shape)]
    below = x - x.max(axis, True)
    return below - below.exp().sum(axis, True).log()


@operator("LayerNormalization")
def layer_normalization(call: Call, x: Value, scale: Value, bias: Value = None) -> Value:
    if sum(map(bool, call.node.outputs)) > 1:
        raise call.refuse("more outputs than one")
    x = call.jittor.var(x)
    rank = len(x.shape)
    axes = list(range(call.get("axis", -1) % rank, rank))
    centred = x - x.mean(axes, True)
    variance = (centred * centred).mean(axes, True)
    result = centred / call.jittor.jt.sqrt(variance + float(call.get("epsilon", 1e-5)))
    result = result * call.jittor.factor(scale)
    return result if bias is None else result + call.jittor.factor(bias)


@operator("BatchNormalization")
def batch_normalization(call: Call, x: Value, scale: Value, bias: Value, mean: Value, var: Value) -> Value:
    call.require("training_mode", 0)
    x = call.jittor.var(x)
    shape = [1, -1, *[1] * (len(x.shape) - 2)]
    training = call.jittor.training
    if training is not None and call.node.inputs[3] in training.normed:
        axes = [0, *range(2, len(x.shape))]
        count = int(np.prod([x.shape[axis] for axis in axes]))
        mean = _averaged(x, axes)
        centred = x - mean
        var = _averaged(centred * centred, axes)
        unbiased = var * (count / max(count - 1, 1))
        training.statistics.append((call.node.inputs[3], mean.reshape([-1]), unbiased.reshape([-1])))
        scale, bias = (call.jittor.var(value).reshape(shape) for value in (scale, bias))
        return centred * (scale / call.jittor.jt.sqrt(var + float(call.get("epsilon", 1e-5)))) + bias
    scale, bias, mean, var = (call.jittor.var(value).reshape(shape) for value in (scale, bias, mean, var))
    factor = scale / call.jittor.jt.sqrt(var + float(call.get("epsilon", 1e-5)))
    return x * factor + (bias - mean * factor)


def _averaged(x: Any, axes: list[int]) -> Any:
    """The mean over axes, one after the other: Jittor adds in order, of many numbers with errors of 1e-5."""
    for axis in reversed(axes):
        x = x.mean([axis], True)
    return x


@operator("InstanceNormalization", "GroupNormalization")
def group_normalization(call: Call, x: Value, scale: Value, bias: Value) -> Value:
    x = call.jittor.var(x)
    channels = x.shape[1]
    groups = call.get("num_groups", channels)
    grouped = x.reshape([x.shape[0], groups, -1])
    centred = grouped - grouped.mean([2], True)
    variance = (centred * centred).mean([2], True)
    whole = (centred / call.jittor.jt.sqrt(variance + float(call.get("epsilon", 1e-5)))).reshape(
        list(x.shape)
    )
    shape = [1, channels, *[1] * (len(x.shape) - 2)]
    factors = []
    for value in (scale, bias):
        value = call.jittor.var(value)
        if value.shape[0] != channels:  # before operator set 21, one value for each group
            value = value.reshape([groups, 1]).reindex([groups, channels // groups], ["i0", "0"])
        factors.append(value.reshape(shape))
    return whole * factors[0] + factors[1]


@operator("MatMul")
def matmul(call: Call, a: Value, b: Value) -> Value:
    if in_numpy(a, b):
        return np.matmul(a, b)
    return call.jittor.jt.matmul(call.jittor.var(a), call.jittor.var(b))


@operator("Gemm")
def gemm(call: Call, a: Value, b: Value, c: Value = None) -> Value:
    a, b = call.jittor.var(a), call.jittor.var(b)
    a = a.permute([1, 0]) if call.get("transA", 0) else a
    if call.get("transB", 0):
        result = call.jittor.jt.nn.matmul_transpose(a, b)
    else:
        result = call.jittor.jt.matmul(a, b)
    if (alpha := float(call.get("alpha", 1.0))) != 1.0:
        result = result * alpha
    if c is None:
        return result
    beta = float(call.get("beta", 1.0))
    return result + (call.jittor.factor(c) if beta == 1.0 else call.jittor.factor(c) * beta)
