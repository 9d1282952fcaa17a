"""A network as a graph for training: in the modes of its parts, with each weight under its own name."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from affekt.core.errors import ConfigError
from affekt.core.spec import InputSpec, TensorSpec
from affekt.deploy.backends.jittor.computing.graph import Graph
from affekt.deploy.backends.jittor.computing.operators.catalogue import MODULES as MODULES
from affekt.deploy.backends.jittor.computing.operators.registry import unknown_operator
from affekt.deploy.backends.jittor.graph_read import read_graph

OPSET = 18
_ROWS, _OPEN = 2, 12  # of the example that is traced: rows, and places along axes of any size
# Operators of PyTorch that end gradients: a graph of ONNX operators has none, so that gradients would go on.
_ENDS_GRADIENT = ("detach", "_set_grad_enabled", "wrap_with_set_grad_enabled")
_NO_VALUES = ("Shape", "Size")  # their answers do not depend on values
_LOGGERS = ("torch.onnx", "torch.fx", "torch._guards", "torch.export")


@dataclass(frozen=True)
class TrainingGraph:
    """A network in one mode.

    Attributes:
        weights: Names of its parameters and buffers that the graph holds.
        normed: Running means of the batch norms that use the statistics of the batch.
        fields: Names of the outputs, in order.
    """

    graph: Graph
    weights: frozenset[str]
    normed: tuple[str, ...]
    fields: tuple[str, ...]

    def reached(self, outputs: frozenset[str]) -> frozenset[str]:
        """The weights on which outputs depend."""
        return _reached(self, outputs)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


def trace(
    model: nn.Module, inputs: Mapping[str, Tensor], spec: InputSpec, fields: tuple[str, ...], name: str
) -> tuple[TrainingGraph, bool]:
    """The graph of a network in the modes of its parts, and whether the spec's open axes stay open.

    A network that in training mode works in parts of a fixed size cannot be traced with open axes: only the
    batch is open then.

    Args:
        inputs: A batch of the types that the network is called with.
        fields: Names of its outputs.
        name: Of the network, in errors.

    Raises:
        ConfigError: It cannot be traced, ends gradients within, or has an operator that the importer does not
            know.
    """
    places = {place.name: place for place in spec.inputs}
    whole = _example(inputs, places)
    try:
        program, is_open = _export(model, whole, {key: _open_axes(places[key]) for key in inputs}, fields), True
    except _ExportError:
        given = {key: value[:1].expand(_ROWS, *value.shape[1:]).clone() for key, value in inputs.items()}
        try:
            program, is_open = _export(model, given, {key: {0: "b"} for key in inputs}, fields), False
        except _ExportError as error:
            raise ConfigError(
                "recipe", [f"{name} cannot be traced for Jittor in training mode: {_reason(error)}"]
            ) from None
    return _read(model, program, fields, name), is_open


def _read(model: nn.Module, program: Any, fields: tuple[str, ...], name: str) -> TrainingGraph:
    _check_gradients(model, program.exported_program, name)
    graph = read_graph(program.model_proto.SerializeToString(), name)
    if problem := unknown_operator(graph):
        raise ConfigError("recipe", [f"{name} cannot be trained in Jittor: {problem}"])
    weights = frozenset(key for key in named_weights(model) if key in graph.tensors)
    norms = {
        f"{path}.running_mean": part.training
        for path, part in model.named_modules(remove_duplicate=False)
        if isinstance(part, _BatchNorm)
    }
    for node in graph.nodes:
        if node.kind == "BatchNormalization" and node.inputs[3] not in norms:
            raise ConfigError(
                "recipe", [f"{name}: {node.inputs[3]} is not the running mean of one of its batch norms"]
            )
    normed = tuple(mean for mean, is_trained in norms.items() if is_trained and mean in graph.tensors)
    return TrainingGraph(graph, weights, normed, fields)


def named_weights(model: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers of floats by each of their names; tied ones have several."""
    found: dict[str, Tensor] = dict(model.named_parameters(remove_duplicate=False))
    found |= dict(model.named_buffers(remove_duplicate=False))
    return {name: value for name, value in found.items() if value.dtype == torch.float32}


_ExportError = (torch.onnx.OnnxExporterError, RuntimeError)


def _export(
    model: nn.Module,
    example: dict[str, Tensor],
    axes: Mapping[str, Mapping[int, str]],
    fields: tuple[str, ...],
) -> Any:
    letters = {letter for one in axes.values() for letter in one.values()}
    dims = {letter: torch.export.Dim(letter, min=1) for letter in letters}
    with _quiet():
        program = torch.onnx.export(
            model,
            (),
            kwargs=example,
            dynamo=True,
            opset_version=OPSET,
            input_names=list(example),
            output_names=list(fields),
            dynamic_shapes={key: {n: dims[a] for n, a in one.items()} for key, one in axes.items()},
            verbose=False,
            optimize=False,  # which would fold weights, and batch norm into convolutions
        )
    assert program is not None
    return program


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


def _check_gradients(model: nn.Module, program: Any, name: str) -> None:
    """Refuse a network that ends gradients between its trained parameters and its outputs."""
    if not any(parameter.requires_grad for parameter in model.parameters()):
        return
    trained = {key for key, one in model.named_parameters(remove_duplicate=False) if one.requires_grad}
    signature = program.graph_signature
    names = {**signature.inputs_to_parameters}
    depends: set[Any] = set()
    for node in program.graph.nodes:
        if names.get(node.name) in trained or any(one in depends for one in node.all_input_nodes):
            depends.add(node)
        if node in depends and any(part in str(node.target) for part in _ENDS_GRADIENT):
            raise ConfigError(
                "recipe",
                [f"{name} ends gradients within ({node.target}), which its graph for Jittor cannot say"],
            )


def _reason(error: BaseException) -> str:
    """The cause that the exporter states, in one line."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    code = next((line for line in lines if line.startswith("File ") and "affekt" in line), "")
    at = lines.index(code) + 1 if code else 0
    where = f"; in {lines[at]}" if code and at < len(lines) else ""
    return f"{lines[0] if lines else type(cause).__name__}{where}"


@cache
def _reached(one: TrainingGraph, outputs: frozenset[str]) -> frozenset[str]:
    seen = set(outputs)
    for node in reversed(one.graph.nodes):
        if node.kind not in _NO_VALUES and not seen.isdisjoint(node.outputs):
            seen.update(node.inputs)
    return frozenset(seen & one.weights)
