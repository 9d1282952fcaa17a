"""Operators that draw random numbers, in training only. NumPy draws them, so that a seed repeats a pass."""

from __future__ import annotations

import numpy as np

from .registry import Call, Value, in_numpy, operator


@operator("Dropout")
def dropout(call: Call, x: Value, share: Value = None, is_training: Value = None) -> Value:
    """Without training mode, the values themselves."""
    training = call.jittor.training
    if training is None or is_training is None or not bool(np.asarray(is_training)):
        return x
    dropped = 0.5 if share is None else float(np.asarray(share))
    kept = training.rng.random(tuple(x.shape), np.float32) >= dropped
    factor = kept.astype(np.float32) / np.float32(1 - dropped)
    return x * factor if in_numpy(x) else x * call.jittor.var(factor)


@operator("RandomUniformLike")
def random_uniform_like(call: Call, x: Value) -> Value:
    low, high = float(call.get("low", 0.0)), float(call.get("high", 1.0))
    return low + (high - low) * _rng(call).random(tuple(x.shape), np.float32)


@operator("RandomNormalLike")
def random_normal_like(call: Call, x: Value) -> Value:
    drawn = _rng(call).standard_normal(tuple(x.shape), np.float32)
    return (float(call.get("mean", 0.0)) + float(call.get("scale", 1.0)) * drawn).astype(np.float32)


def _rng(call: Call) -> np.random.Generator:
    if call.jittor.training is None:
        raise call.refuse("random numbers outside of training")
    return call.jittor.training.rng
