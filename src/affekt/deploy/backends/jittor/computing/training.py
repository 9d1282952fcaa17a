"""Passes of a graph in training: forward, then backward for given gradients of its outputs."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy as np

from .graph import Graph
from .module import GraphModule
from .operators.registry import GraphError, TrainingPass

jt: Any = importlib.import_module("jittor")


class Tape(NamedTuple):
    """A forward pass that a backward pass follows.

    Attributes:
        outputs: Variables by name.
        weights: The variables that it was computed with.
    """

    outputs: Mapping[str, Any]
    weights: Mapping[str, Any]


class TrainableGraph:
    """A graph whose weights are given from outside, and of which gradients can be asked."""

    def __init__(self, graph: Graph, weights: Collection[str], normed: Collection[str]) -> None:
        """Args:
        weights: Arrays of the graph that can be replaced.
        normed: Running means of the batch norms that use the batch's statistics.

        Raises:
            GraphError: A node has an operator, or a setting of it, that the importer does not know; or a
                weight is not an array of the graph.
        """
        if unknown := set(weights) - set(graph.tensors):
            raise GraphError(f"{', '.join(sorted(unknown))}: the graph has no such weights")
        self.module = GraphModule(graph, given=weights)
        self.normed = frozenset(normed)
        self.sizes = {name: graph.tensors[name].size for name in weights}
        self.weights = {name: _value(graph.tensors[name]) for name in weights}
        self.tapes: dict[str, Tape] = {}

    def replace(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Give weights new values.

        Raises:
            GraphError: A name or a shape is not that of a weight.
        """
        for name, array in arrays.items():
            if self.sizes.get(name) != array.size:
                raise GraphError(f"{name} {array.shape} is not a weight of the graph")
            self.weights[name] = _value(array)

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """The outputs by name, outside of training."""
        return self.module(inputs, self.weights)

    def forward(self, name: str, inputs: Mapping[str, np.ndarray], seed: int) -> dict[str, np.ndarray]:
        """The outputs in training mode, and statistics of the batch.

        Args:
            name: Of the pass, for `backward`.
            seed: Of all random draws.

        Returns:
            Outputs by name, and for each batch norm `statistics:PLACE:mean:NAME` and `...:var:NAME`.
        """
        training = TrainingPass(np.random.default_rng(seed), self.normed)
        weights = dict(self.weights)
        outputs = self.module(inputs, weights, training)
        measured = {
            f"statistics:{place}:{kind}:{norm}": value
            for place, (norm, mean, var) in enumerate(training.statistics)
            for kind, value in (("mean", mean), ("var", var))
        }
        self.tapes[name] = Tape(outputs, weights)
        answer = {**outputs, **measured}
        jt.sync(list(answer.values()))
        return {key: value.numpy() for key, value in answer.items()}

    def backward(
        self, name: str, gradients: Mapping[str, np.ndarray], wanted: list[str]
    ) -> dict[str, np.ndarray]:
        """Gradients of weights, for gradients of the outputs of a pass, which is forgotten.

        Raises:
            GraphError: There is no such pass.
        """
        tape = self.tapes.pop(name, None)
        if tape is None:
            raise GraphError(f"there is no pass {name!r} to go back through")
        loss = sum((tape.outputs[key] * jt.array(value)).sum() for key, value in gradients.items())
        found = jt.grad(loss, [tape.weights[one] for one in wanted])
        jt.sync(found)
        return {one: value.numpy() for one, value in zip(wanted, found, strict=True)}

    def forget(self, name: str) -> None:
        """Forget a pass that no backward pass follows."""
        self.tapes.pop(name, None)


def _value(array: np.ndarray) -> Any:
    """A variable; whole numbers and truth values, such as the marks of a buffer, stay in NumPy."""
    return jt.array(array) if array.dtype.kind == "f" else array
