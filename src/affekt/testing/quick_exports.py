"""Quicker exports in tests: tracing networks is most of what the tests of a method compute."""

import functools
import hashlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch import nn
from torch.onnx._internal.exporter._registration import ONNXRegistry

from affekt.deploy.export import graphs

_Trace = Callable[[nn.Module, Mapping[str, np.ndarray], Mapping[str, Any]], bytes]


def remember_graphs(patch: Any) -> None:
    """Let exports of this process remember what does not change, until the patch is undone.

    A network that is equal to an earlier one, in its modules, settings and weights, has the graph of that
    one. The exporter reads the sources of 500 operators for each graph, half a second: they are read once.

    Args:
        patch: pytest's `MonkeyPatch`.
    """
    patch.setattr(graphs, "_graph", _remembered(graphs._graph))
    read = functools.cache(ONNXRegistry.from_torchlib)
    patch.setattr(ONNXRegistry, "from_torchlib", staticmethod(read))


def _remembered(trace: _Trace) -> _Trace:
    known: dict[str, bytes] = {}

    def traced(model: nn.Module, arrays: Mapping[str, np.ndarray], places: Mapping[str, Any]) -> bytes:
        key = _digest(model, arrays, places)
        if key not in known:
            known[key] = trace(model, arrays, places)
        return known[key]

    return traced


def _digest(model: nn.Module, arrays: Mapping[str, np.ndarray], places: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(repr(places).encode())
    for name, module in model.named_modules():
        kind: Any = type(module)
        settings = {key: value for key, value in vars(module).items() if not key.startswith("_")}
        digest.update(f"{name} {kind.__qualname__} {settings!r}".encode())
        digest.update(inspect.unwrap(kind.forward).__code__.co_code)
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    given = {**{name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}, **arrays}
    for name, array in given.items():
        digest.update(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes())
    return digest.hexdigest()
