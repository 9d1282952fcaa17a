"""How an operator is written, and the list of all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from ..graph import Graph, Node

Value = Any  # a NumPy array or a Jittor variable
Operator = Callable[
    ..., Value | tuple[Value, ...]
]  # of a call and the values of its inputs, None if not given

OPERATORS: dict[str, Operator] = {}
# Operators that draw: what they answer is never computed ahead.
RANDOM = frozenset({"Dropout", "RandomUniformLike", "RandomNormalLike"})


class GraphError(ValueError):
    """A graph, or a node of it, that cannot be imported; the message names the node."""


@dataclass
class TrainingPass:
    """One pass in training mode.

    Attributes:
        rng: Draws all random numbers, in NumPy, in the order of the nodes.
        normed: Names of the running means of the batch norms that normalise with the batch's statistics.
        statistics: These statistics, in the order of the nodes: name of the running mean, mean of the batch
            and its variance (unbiased), each (c,).
    """

    rng: np.random.Generator
    normed: frozenset[str]
    statistics: list[tuple[str, Any, Any]] = field(default_factory=list)


@dataclass
class Jittor:
    """Jittor, as operators use it.

    Attributes:
        jt: The package.
        training: The pass, in training mode.
    """

    jt: ModuleType
    training: TrainingPass | None = None

    def var(self, value: Value) -> Any:
        """A value as a variable."""
        if not isinstance(value, np.ndarray | np.generic):
            return value
        return self.jt.array(np.ascontiguousarray(value))

    def factor(self, value: Value) -> Any:
        """A value as an operand: numbers stay numbers, since Jittor has no arrays without axes."""
        if is_array(value) and value.ndim == 0:
            return value.item()
        return self.var(value)


class Call(NamedTuple):
    """One use of an operator."""

    node: Node
    jittor: Jittor

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute."""
        return self.node.attributes.get(name, default)

    def refuse(self, what: str) -> GraphError:
        """The error for something that the importer does not do."""
        return GraphError(f"{self.node.kind} {self.node.name!r} has {what}, which the importer does not know")

    def require(self, name: str, *values: Any) -> None:
        """Refuse an attribute with other values than these.

        Raises:
            GraphError: It has another value.
        """
        if name in self.node.attributes and self.node.attributes[name] not in values:
            raise self.refuse(f"{name} = {self.node.attributes[name]!r}")


def operator(*kinds: str) -> Callable[[Operator], Operator]:
    """Register a function as an operator, under ONNX's name."""

    def register(function: Operator) -> Operator:
        for kind in kinds:
            OPERATORS[kind] = function
        return function

    return register


def is_array(value: Value) -> bool:
    """Whether a value is NumPy's, so that what is computed from it is as well."""
    return isinstance(value, np.ndarray | np.generic)


def in_numpy(*values: Value) -> bool:
    """Whether all values that are given are NumPy's."""
    return all(value is None or is_array(value) for value in values)


def unknown_operator(graph: Graph) -> str | None:
    """What is wrong with the first node whose operator is not known; None if all are."""
    for node in graph.nodes:
        if node.kind not in OPERATORS:
            return f"it has the operator {node.kind} (node {node.name!r}), which the importer does not know"
    return None
