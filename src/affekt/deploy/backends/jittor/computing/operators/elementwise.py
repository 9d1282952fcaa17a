"""Operators that compute each place by itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .registry import Call, Value, in_numpy, is_array, operator
from .shapes import spread

# Types of values by the numbers that ONNX gives them.
_TYPES = {1: "float32", 2: "uint8", 3: "int8", 5: "int16", 6: "int32", 7: "int64", 9: "bool", 11: "float64"}


@operator("Identity")
def identity(call: Call, x: Value) -> Value:
    return x


@operator("Add")
def add(call: Call, a: Value, b: Value) -> Value:
    return np.add(a, b) if in_numpy(a, b) else call.jittor.factor(a) + call.jittor.factor(b)


@operator("Sub")
def sub(call: Call, a: Value, b: Value) -> Value:
    return np.subtract(a, b) if in_numpy(a, b) else call.jittor.factor(a) - call.jittor.factor(b)


@operator("Mul")
def mul(call: Call, a: Value, b: Value) -> Value:
    return np.multiply(a, b) if in_numpy(a, b) else call.jittor.factor(a) * call.jittor.factor(b)


@operator("Div")
def div(call: Call, a: Value, b: Value) -> Value:
    if not in_numpy(a, b):
        return call.jittor.factor(a) / call.jittor.factor(b)
    if np.asarray(a).dtype.kind in "iu":  # towards zero
        return np.trunc(np.true_divide(a, b)).astype(np.asarray(a).dtype)
    return np.true_divide(a, b)


@operator("Mod")
def mod(call: Call, a: Value, b: Value) -> Value:
    if not in_numpy(a, b):
        raise call.refuse("operands in floating point")
    return np.fmod(a, b) if call.get("fmod", 0) else np.mod(a, b)


@operator("Pow")
def power(call: Call, a: Value, b: Value) -> Value:
    if in_numpy(a, b):
        return np.power(a, b).astype(np.asarray(a).dtype)
    if is_array(b) and b.size == 1:
        exponent = float(b.item())
        if exponent == 2.0:
            return a * a
        if exponent == 0.5:
            return call.jittor.jt.sqrt(a)
    return call.jittor.jt.pow(call.jittor.factor(a), call.jittor.factor(b))


@operator("Min", "Max")
def extreme(call: Call, *values: Value) -> Value:
    name = "minimum" if call.node.kind == "Min" else "maximum"
    if in_numpy(*values):
        result = values[0]
        for value in values[1:]:
            result = getattr(np, name)(result, value)
        return result
    result = call.jittor.var(values[0])
    for value in values[1:]:
        result = getattr(call.jittor.jt, name)(result, call.jittor.factor(value))
    return result


@operator("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Xor")
def compare(call: Call, a: Value, b: Value) -> Value:
    name = {
        "Equal": "equal",
        "Less": "less",
        "LessOrEqual": "less_equal",
        "Greater": "greater",
        "GreaterOrEqual": "greater_equal",
        "And": "logical_and",
        "Or": "logical_or",
        "Xor": "logical_xor",
    }[call.node.kind]
    if in_numpy(a, b):
        return getattr(np, name)(a, b)
    return getattr(call.jittor.jt, name)(call.jittor.var(a), call.jittor.var(b))


@operator("Not")
def negate(call: Call, x: Value) -> Value:
    return np.logical_not(x) if is_array(x) else call.jittor.jt.logical_not(x)


@operator("Where")
def where(call: Call, condition: Value, a: Value, b: Value) -> Value:
    if in_numpy(condition, a, b):
        return np.where(condition, a, b).astype(np.asarray(a).dtype)
    shape = np.broadcast_shapes(*(tuple(value.shape) for value in (condition, a, b)))
    whole = [_spread(call, value, shape) for value in (condition, a, b)]
    return call.jittor.jt.ternary(whole[0], whole[1], whole[2])


def _spread(call: Call, value: Value, shape: tuple[int, ...]) -> Any:
    """A value at each place of a shape."""
    if is_array(value):
        return call.jittor.var(np.broadcast_to(value, shape))
    return spread(value, shape)


@operator("Cast")
def cast(call: Call, x: Value) -> Value:
    name = _TYPES.get(call.get("to"))
    if name is None:
        raise call.refuse(f"the type {call.get('to')}")
    return np.asarray(x).astype(name) if is_array(x) else x.cast(name)


@operator("StopGradient")
def stop_gradient(call: Call, x: Value) -> Value:
    """No operator of ONNX: graphs for training have it where PyTorch detaches."""
    return x if is_array(x) else x.detach()


@operator("CastLike")
def cast_like(call: Call, x: Value, like: Value) -> Value:
    kind = like.dtype if is_array(like) else np.dtype(str(like.dtype))
    return np.asarray(x).astype(kind) if is_array(x) else x.cast(kind.name)


@operator("Relu")
def relu(call: Call, x: Value) -> Value:
    """Its gradient at 0 is 0; that of Jittor's `maximum` is not."""
    return np.maximum(x, 0) if is_array(x) else call.jittor.jt.nn.relu(x)


@operator("PRelu")
def prelu(call: Call, x: Value, slope: Value) -> Value:
    jt = call.jittor.jt
    x = call.jittor.var(x)
    return jt.maximum(x, 0) + call.jittor.factor(slope) * jt.minimum(x, 0)


@operator("LeakyRelu")
def leaky_relu(call: Call, x: Value) -> Value:
    jt = call.jittor.jt
    x = call.jittor.var(x)
    return jt.maximum(x, 0) + float(call.get("alpha", 0.01)) * jt.minimum(x, 0)


@operator("Clip")
def clip(call: Call, x: Value, low: Value = None, high: Value = None) -> Value:
    if in_numpy(x, low, high):
        return np.clip(x, low, high)
    if low is not None:
        x = call.jittor.jt.maximum(x, call.jittor.factor(low))
    return x if high is None else call.jittor.jt.minimum(x, call.jittor.factor(high))


@operator("Gelu")
def gelu(call: Call, x: Value) -> Value:
    jt = call.jittor.jt
    x = call.jittor.var(x)
    if call.get("approximate", "none") == "tanh":
        return 0.5 * x * (1 + jt.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))
    return 0.5 * x * (1 + jt.erf(x * math.sqrt(0.5)))


@operator("Neg", "Abs", "Sqrt", "Exp", "Log", "Floor", "Ceil", "Sin", "Cos", "Tanh")
def plain(call: Call, x: Value) -> Value:
    """Functions that have one name in both."""
    name = call.node.kind.lower()
    if is_array(x):
        return getattr(np, {"neg": "negative"}.get(name, name))(x)
    if name == "neg":
        return -x
    return getattr(call.jittor.jt, name)(x)


@operator("Reciprocal")
def reciprocal(call: Call, x: Value) -> Value:
    return 1 / np.asarray(x) if is_array(x) else 1.0 / x


@operator("Round")
def round_(call: Call, x: Value) -> Value:
    return np.round(x) if is_array(x) else round_to_even(call.jittor.jt, x)


def round_to_even(jt: Any, x: Any) -> Any:
    """Whole numbers; halves go to the even one, as ONNX says. Jittor rounds them away from zero."""
    up = jt.floor(x + 0.5)
    is_odd_half = jt.logical_and(up - x == 0.5, up - 2.0 * jt.floor(up * 0.5) == 1.0)
    return up - is_odd_half.cast("float32")


@operator("Erf")
def erf(call: Call, x: Value) -> Value:
    return call.jittor.jt.erf(call.jittor.var(x))


@operator("Sigmoid")
def sigmoid(call: Call, x: Value) -> Value:
    return call.jittor.jt.sigmoid(call.jittor.var(x))


@operator("IsNaN")
def is_nan(call: Call, x: Value) -> Value:
    """Of floats never: Jittor compiles for finite numbers, and `softmax` makes zeros in their place."""
    if is_array(x):
        return np.isnan(x)
    return np.zeros(tuple(x.shape), bool)
