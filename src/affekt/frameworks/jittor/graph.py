"""A network as a graph for training: in the modes of its parts, with each weight under its own name."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from affekt.core.errors import ConfigError
from affekt.core.spec import InputSpec, TensorSpec
from affekt.deploy.backends.jittor.computing.graph import Graph, Node
from affekt.deploy.backends.jittor.computing.operators.catalogue import MODULES as MODULES
from affekt.deploy.backends.jittor.computing.operators.registry import RANDOM, unknown_operator
from affekt.deploy.backends.jittor.graph_read import read_graph

OPSET = 18
_ANY = 2**31  # places along an axis without a bound
_ROWS, _OPEN = 2, 12  # of the example that is traced: rows, and places along axes of any size
# PyTorch's operator that ends a gradient is written to ONNX as one that answers its input; a graph for
# training has the importer's own operator in its place. Of the others there is no trace in ONNX.
_DETACH, _STOP = "aten.detach", "StopGradient"
_ENDS_GRADIENT = ("_set_grad_enabled", "wrap_with_set_grad_enabled")
_NO_VALUES = ("Shape", "Size")  # their answers do not depend on values
_LOGGERS = ("torch.onnx", "torch.fx", "torch._guards", "torch.export")


class Sizes(NamedTuple):
    """Sizes of inputs for which a trace is true."""

    axes: Mapping[str, tuple[int | str, ...]]
    bounds: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, eq=False)
class TrainingGraph:
    """A network in one mode.

    Attributes:
        weights: Names of its parameters and buffers that the graph holds.
        normed: Running means of the batch norms that use the statistics of the batch.
        fields: Names of the outputs, in order.
        sizes: Of each axis of each input what the trace allows: a number, or a letter for any size within
            the letter's bounds.
    """

    graph: Graph
    weights: frozenset[str]
    normed: tuple[str, ...]
    fields: tuple[str, ...]
    sizes: Sizes

    def fits(self, inputs: Mapping[str, Tensor]) -> bool:
        """Whether it computes inputs of these sizes."""
        found: dict[str, int] = {}
        for key, axes in self.sizes.axes.items():
            for size, allowed in zip(inputs[key].shape, axes, strict=True):
                if isinstance(allowed, int):
                    if size != allowed:
                        return False
                    continue
                low, high = self.sizes.bounds[allowed]
                if found.setdefault(allowed, size) != size or not low <= size <= high:
                    return False
        return True

    def reached(self, outputs: frozenset[str]) -> frozenset[str]:
        """The weights on which outputs depend."""
        return _reached(self, outputs)


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
    return _read(model, whole, program, fields, name)


def _read(model: nn.Module, whole: Any, program: Any, fields: tuple[str, ...], name: str) -> TrainingGraph:
    nodes = program.exported_program.graph.nodes
    stops = frozenset(node.name for node in nodes if str(node.target).startswith(_DETACH))
    graph = _with_stops(read_graph(program.model_proto.SerializeToString(), name), stops)
    graph = _without_zero_biases(graph, named_weights(model))
    if missing := stops - {node.outputs[0] for node in graph.nodes if node.kind == _STOP}:
        raise ConfigError(
            "recipe", [f"{name} ends gradients at {', '.join(sorted(missing))}, which are gone"]
        )
    if problem := unknown_operator(graph):
        raise ConfigError("recipe", [f"{name} cannot be trained in Jittor: {problem}"])
    draws = sum(map(_draws, nodes))
    if (found := sum(node.kind in RANDOM for node in graph.nodes)) != draws:
        raise ConfigError(
            "recipe", [f"{name} draws random numbers in {draws} places, its graph for Jittor in {found}"]
        )
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
    return TrainingGraph(graph, weights, normed, fields, _sizes(whole, tuple(graph.inputs)))


def _draws(node: Any) -> bool:
    """Whether an operator of PyTorch draws random numbers, such as those of dropout."""
    if torch.Tag.nondeterministic_seeded not in getattr(node.target, "tags", ()):
        return False
    if node.target is torch.ops.aten.scaled_dot_product_attention.default:
        return bool(node.kwargs.get("dropout_p", node.args[4] if len(node.args) > 4 else 0.0))
    return True


def _with_stops(graph: Graph, stops: frozenset[str]) -> Graph:
    """The graph with an operator where gradients end, and without others that answer their input.

    A weight has one name in all nodes then.
    """
    same: dict[str, str] = {}
    nodes: list[Node] = []
    for node in graph.nodes:
        inputs = tuple(same.get(name, name) for name in node.inputs)
        if node.kind == "Identity" and node.outputs[0] in stops:
            nodes.append(replace(node, kind=_STOP, inputs=inputs))
        elif node.kind == "Identity" and node.outputs[0] not in graph.outputs:
            same[node.outputs[0]] = inputs[0]
        else:
            nodes.append(replace(node, inputs=inputs))
    return replace(graph, nodes=tuple(nodes))


def _without_zero_biases(graph: Graph, weights: Collection[str]) -> Graph:
    """The graph without the zeros that the exporter adds where a convolution has no bias.

    Of a 3D convolution without a bias they have the wrong shape (onnxscript 0.7).
    """
    made = {name: node for node in graph.nodes for name in node.outputs}

    def is_zero(name: str) -> bool:
        node = made.get(name)
        if node is not None and node.kind in ("Expand", "CastLike"):
            return is_zero(node.inputs[0])
        is_constant = name in graph.tensors and name not in weights
        return is_constant and graph.tensors[name].size == 1 and not graph.tensors[name].any()

    nodes = [
        replace(node, inputs=node.inputs[:2])
        if node.kind == "Conv" and len(node.inputs) > 2 and node.inputs[2] in made and is_zero(node.inputs[2])
        else node
        for node in graph.nodes
    ]
    used = {*graph.outputs}
    kept: list[Node] = []
    for node in reversed(nodes):
        if not used.isdisjoint(node.outputs):
            used.update(node.inputs)
            kept.append(node)
    return replace(graph, nodes=tuple(reversed(kept)))


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


def _sizes(whole: Any, inputs: tuple[str, ...]) -> Sizes:
    axes: dict[str, tuple[int | str, ...]] = {}
    bounds: dict[str, tuple[int, int]] = {}
    ranges = {str(symbol): found for symbol, found in whole.range_constraints.items()}
    for node in whole.graph.nodes:
        if node.op == "placeholder" and node.name in inputs:
            shape = node.meta["val"].shape
            axes[node.name] = tuple(size if isinstance(size, int) else str(size) for size in shape)
    for letter in {one for sizes in axes.values() for one in sizes if isinstance(one, str)}:
        low, high = (ranges[letter].lower, ranges[letter].upper) if letter in ranges else (1, _ANY)
        bounds[letter] = int(low), int(high) if high < _ANY else _ANY
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
            if any(part in str(node.target) for part in _ENDS_GRADIENT):
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


@cache
def _reached(one: TrainingGraph, outputs: frozenset[str]) -> frozenset[str]:
    seen = set(outputs)
    for node in reversed(one.graph.nodes):
        if node.kind not in (*_NO_VALUES, _STOP) and not seen.isdisjoint(node.outputs):
            seen.update(node.inputs)
    return frozenset(seen & one.weights)
