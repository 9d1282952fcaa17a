"""The program of ONNX operators that the exporter makes, as a graph for training."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from affekt.core.errors import ConfigError
from affekt.deploy.backends.jittor.computing.graph import Graph, Node
from affekt.deploy.backends.jittor.computing.operators.catalogue import MODULES as MODULES
from affekt.deploy.backends.jittor.computing.operators.registry import RANDOM, unknown_operator
from affekt.deploy.backends.jittor.graph_read import read_graph
from affekt.frameworks.jittor.graph import STOP, Sizes, TrainingGraph

# PyTorch's operator that ends a gradient is written to ONNX as one that answers its input; a graph for
# training has the importer's own operator in its place.
_DETACH = "aten.detach"


def read_program(
    model: nn.Module, program: Any, sizes: Sizes, fields: tuple[str, ...], name: str
) -> TrainingGraph:
    """The graph of a program of the exporter.

    Args:
        model: The network, in the modes in which it was traced.
        fields: Names of its outputs.
        name: Of the network, in errors.

    Raises:
        ConfigError: The importer does not know an operator; or the program lacks a draw or the end of a
            gradient that the network has.
    """
    nodes = program.exported_program.graph.nodes
    stops = frozenset(node.name for node in nodes if str(node.target).startswith(_DETACH))
    graph = _with_stops(read_graph(program.model_proto.SerializeToString(), name), stops)
    graph = _without_zero_biases(graph, named_weights(model))
    if missing := stops - {node.outputs[0] for node in graph.nodes if node.kind == STOP}:
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
    held = {key: value for key, value in named_weights(model).items() if key in graph.tensors}
    for key, value in held.items():
        if value.is_floating_point() and value.dtype != torch.float32:
            raise ConfigError("recipe", [f"{name}: {key} is {value.dtype}; Jittor computes in float32"])
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
    return TrainingGraph(graph, frozenset(held), normed, fields, sizes)


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
            nodes.append(replace(node, kind=STOP, inputs=inputs))
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
    """Parameters and buffers by each of their names; tied ones have several."""
    found: dict[str, Tensor] = dict(model.named_parameters(remove_duplicate=False))
    return found | dict(model.named_buffers(remove_duplicate=False))
