"""Tracing a network in the modes of its parts, with each weight under its own name."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from affekt.core.errors import ConfigError
from affekt.core.spec import InputSpec, TensorSpec
from affekt.frameworks.jittor.graph import Sizes, TrainingGraph
from affekt.frameworks.jittor.reading import read_program

OPSET = 18
_ANY = 2**31  # places along an axis without a bound
_ROWS, _OPEN = 2, 12  # of the example that is traced: rows, and places along axes of any size
# Parts without gradients leave no mark in a program of ONNX operators.
_WITHOUT = ("_set_grad_enabled", "wrap_with_set_grad_enabled")
_LOGGERS = ("torch.onnx", "torch.fx", "torch._guards", "torch.export")


def trace(
    model: nn.Module,
    inputs: Mapping[str, Tensor],
    spec: InputSpec,
    fields: tuple[str, ...],
    name: str,
    *,
    at_size: bool = False,
) -> TrainingGraph:
    """The graph of a network in the modes of its parts.

    Args:
        inputs: A batch of the types that the network is called with.
        fields: Names of its outputs.
        name: Of the network, in errors.
        at_size: Trace it for the sizes of the inputs, with only the batch open; else axes that the spec
            leaves open stay open as far as the network's code allows.

    Raises:
        ConfigError: It cannot be traced, computes a part without gradients, or has an operator that the
            importer does not know.
    """
    places = {place.name: place for place in spec.inputs}
    if at_size:
        example = {key: value[:1].expand(_ROWS, *value.shape[1:]).clone() for key, value in inputs.items()}
        axes = {key: {0: places[key].axes.split()[0]} for key in inputs}
    else:
        example = _example(inputs, places)
        axes = {key: _open_axes(places[key]) for key in inputs}
    try:
        whole, program = _export(model, example, axes, fields)
    except _WithoutGradients:
        why = "it computes something of its trained parameters without gradients (torch.no_grad)"
        raise ConfigError("recipe", [f"{name} cannot be trained in Jittor: {why}"]) from None
    except _ExportError as error:
        if not at_size:
            return trace(model, example, spec, fields, name, at_size=True)
        raise ConfigError("recipe", [f"{name} cannot be traced for Jittor: {_reason(error)}"]) from None
    return read_program(model, program, _sizes(whole, inputs), fields, name)


_ExportError = (torch.onnx.OnnxExporterError, RuntimeError)


def _export(
    model: nn.Module,
    example: dict[str, Tensor],
    axes: Mapping[str, Mapping[int, str]],
    fields: tuple[str, ...],
) -> tuple[Any, Any]:
    """The network as PyTorch's program and as the program of ONNX operators made of it."""
    batch = {one[0]: torch.export.Dim(one[0], min=1) for one in axes.values()}
    # Of other axes the trace states the bounds within which it is true.
    shapes = {
        key: {n: batch[a] if n == 0 else torch.export.Dim.DYNAMIC for n, a in one.items()}
        for key, one in axes.items()
    }
    with _quiet():
        whole = torch.export.export(model, (), example, dynamic_shapes=shapes, strict=False)
        _check_gradients(model, whole)
        program = torch.onnx.export(
            whole,
            (),
            kwargs=example,
            dynamo=True,
            opset_version=OPSET,
            input_names=list(example),
            output_names=list(fields),
            dynamic_shapes=shapes,
            verbose=False,
            optimize=False,  # which would fold weights, and batch norm into convolutions
        )
    assert program is not None
    return whole, program


def _sizes(whole: Any, inputs: Mapping[str, Tensor]) -> Sizes:
    """What the trace states of the sizes of inputs."""
    axes: dict[str, tuple[int | str, ...]] = {}
    bounds: dict[str, tuple[int, int]] = {}
    ranges = {str(symbol): found for symbol, found in whole.range_constraints.items()}
    for node in whole.graph.nodes:
        if node.op == "placeholder" and node.name in inputs:
            shape = node.meta["val"].shape
            axes[node.name] = tuple(size if isinstance(size, int) else str(size) for size in shape)
    for letter in {one for sizes in axes.values() for one in sizes if isinstance(one, str)}:
        if letter not in ranges:  # an expression of other sizes: no size is known to fit
            bounds[letter] = 1, 0
            continue
        low, high = ranges[letter].lower, ranges[letter].upper
        bounds[letter] = int(low), int(high) if high < _ANY else _ANY
    assert axes.keys() == inputs.keys(), (axes, tuple(inputs))
    return Sizes(axes, bounds)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporter says of its own internals."""
    loggers = [logging.getLogger(one) for one in _LOGGERS]
    levels = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)


def _example(inputs: Mapping[str, Tensor], places: Mapping[str, TensorSpec]) -> dict[str, Tensor]:
    """Random inputs of the spec's sizes, in the types that the network is called with."""
    spec = InputSpec(inputs=tuple(places[key] for key in inputs))
    arrays = spec.example(np.random.default_rng(0), _ROWS, _OPEN)
    return {key: torch.from_numpy(arrays[key]).to(value.dtype) for key, value in inputs.items()}


def _open_axes(place: TensorSpec) -> dict[int, str]:
    first, *letters = place.axes.split()
    sizes = zip(letters, place.shape, strict=True)
    return {0: first, **{n + 1: letter for n, (letter, size) in enumerate(sizes) if size is None}}


def _check_gradients(model: nn.Module, program: Any) -> None:
    """Refuse a network that computes something of trained parameters without gradients.

    Raises:
        _WithoutGradients: It does.
    """
    trained = {key for key, one in model.named_parameters(remove_duplicate=False) if one.requires_grad}
    parameters = program.graph_signature.inputs_to_parameters
    depends: set[Any] = set()
    for node in program.graph.nodes:
        if parameters.get(node.name) in trained or not depends.isdisjoint(node.all_input_nodes):
            depends.add(node)
            if any(part in str(node.target) for part in _WITHOUT):
                raise _WithoutGradients


class _WithoutGradients(Exception):
    """A graph of ONNX operators cannot say that a part is computed without gradients."""


def _reason(error: BaseException) -> str:
    """The cause that the exporter states, in one line."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    why = next((line for line in str(cause).splitlines() if line.strip()), type(cause).__name__)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    places = [
        (line, code)
        for line, code in pairwise(lines)
        if line.startswith('File "') and "site-packages" not in line
    ]
    if not places:
        return why
    line, code = places[-1]
    return f"{why.strip()}; at {code} ({line})"
