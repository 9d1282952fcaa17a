"""Operators of int8 graphs, computed in floating point on whole numbers: exact, and not faster.

Jittor has no products of 8-bit numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .elementwise import round_to_even
from .registry import Call, Value, is_array, operator


def _along(call: Call, value: Value, x: Value, default: int = 1) -> Any:
    """A scale or zero point in the shape of its axis."""
    if value is None:
        return None
    count = int(np.prod(tuple(value.shape)))
    if count == 1 and is_array(value):
        return np.asarray(value).reshape(())
    axis = call.get("axis", default) % len(x.shape)
    return value.reshape([-1 if place == axis else 1 for place in range(len(x.shape))])


def _range(zero: Value) -> tuple[int, int]:
    kind = np.uint8 if zero is None else np.asarray(zero).dtype
    limits = np.iinfo(kind)
    return limits.min, limits.max


@operator("QuantizeLinear")
def quantize(call: Call, x: Value, scale: Value, zero: Value = None) -> Value:
    low, high = _range(zero)
    scale, zero = _along(call, scale, x), _along(call, zero, x)
    offset = 0 if zero is None else zero.astype(np.float32)
    jt, factor = call.jittor.jt, call.jittor.factor
    whole = round_to_even(jt, call.jittor.var(x) / factor(scale)) + factor(np.asarray(offset, np.float32))
    return jt.minimum(jt.maximum(whole, float(low)), float(high))


@operator("DequantizeLinear")
def dequantize(call: Call, x: Value, scale: Value, zero: Value = None) -> Value:
    scale, zero = _along(call, scale, x), _along(call, zero, x)
    offset = np.float32(0) if zero is None else zero.astype(np.float32)
    if is_array(x) and is_array(scale):
        return (x.astype(np.float32) - offset) * np.asarray(scale, np.float32)
    values = call.jittor.var(x.astype(np.float32) if is_array(x) else x)
    return (values - call.jittor.factor(np.asarray(offset))) * call.jittor.factor(scale)


@operator("DynamicQuantizeLinear")
def quantize_dynamically(call: Call, x: Value) -> tuple[Value, Value, Value]:
    jt = call.jittor.jt
    x = call.jittor.var(x)
    axes = list(range(len(x.shape)))
    low, high = jt.minimum(x.min(axes, False), 0), jt.maximum(x.max(axes, False), 0)
    scale = jt.maximum((high - low) / 255.0, 1e-30)
    zero = jt.minimum(jt.maximum(round_to_even(jt, -low / scale), 0.0), 255.0)
    return jt.minimum(jt.maximum(round_to_even(jt, x / scale) + zero, 0.0), 255.0), scale, zero


@operator("MatMulInteger")
def matmul_integer(call: Call, a: Value, b: Value, a_zero: Value = None, b_zero: Value = None) -> Value:
    left, right = (_as_float(call, value) for value in (a, b))
    if a_zero is not None:
        left = left - _as_operand(call, a_zero)
    if b_zero is not None:
        right = right - _as_operand(call, b_zero)
    return call.jittor.jt.matmul(left, right)


def _as_float(call: Call, value: Value) -> Any:
    return call.jittor.var(value.astype(np.float32) if is_array(value) else value)


def _as_operand(call: Call, value: Value) -> Any:
    return call.jittor.factor(np.asarray(value, np.float32)) if is_array(value) else value
