"""A graph as a Jittor module."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from .graph import Graph, Node
from .operators.catalogue import OPERATORS
from .operators.registry import (
    RANDOM,
    Call,
    GraphError,
    Jittor,
    TrainingPass,
    Value,
    is_array,
    unknown_operator,
)

jt: Any = importlib.import_module("jittor")  # only in its own environment, so that no type checker finds it


class GraphModule(jt.Module):
    """A graph as a module: arrays by name in, variables by name out.

    What depends on no input is computed once, when the module is made.

    Attributes:
        weights: Arrays of floats of the graph by name, as variables.

    Raises:
        GraphError: A node has an operator, or a setting of it, that the importer does not know.
    """

    def __init__(self, graph: Graph, *, given: Collection[str] = ()) -> None:
        """Args:
        given: Arrays of the graph that each call of `execute` gives, such as weights in training: nothing
            that depends on them is computed ahead.
        """
        super().__init__()
        if problem := unknown_operator(graph):
            raise GraphError(problem)
        self.graph, self._jittor = graph, Jittor(jt)
        values: dict[str, Value] = {"": None}
        for name, array in graph.tensors.items():
            if name in given:
                continue
            values[name] = jt.array(array) if array.dtype.kind == "f" and array.size > 1 else array
        self.later: list[Node] = []
        for node in graph.nodes:
            if node.kind not in RANDOM and all(name in values for name in node.inputs):
                _compute(node, values, self._jittor)
            else:
                self.later.append(node)
        needed = {name for node in self.later for name in node.inputs} | set(graph.outputs)
        self._known = {name: value for name, value in values.items() if name in needed or not name}
        self.weights = {name: value for name, value in self._known.items() if isinstance(value, jt.Var)}
        self._last = _last_uses(self.later, graph.outputs)
        for value in self.weights.values():
            value.stop_grad()
            value.sync()

    def execute(
        self,
        inputs: Mapping[str, np.ndarray],
        given: Mapping[str, Any] | None = None,
        training: TrainingPass | None = None,
    ) -> dict[str, Any]:
        """The outputs by name.

        Args:
            inputs: Arrays of floats become variables; others stay in NumPy.
            given: Variables of the names that the module was made with.
            training: What a pass in training mode draws and measures.

        Raises:
            GraphError: A node cannot be computed; it names the node.
        """
        values = {**self._known, **(given or {})}
        self._jittor.training = training
        for name in self.graph.inputs:
            array = inputs[name]
            values[name] = jt.array(array) if is_array(array) and array.dtype.kind == "f" else array
        for node, done in zip(self.later, self._last, strict=True):
            _compute(node, values, self._jittor)
            for name in done:
                values.pop(name, None)
        return {name: self._jittor.var(values[name]) for name in self.graph.outputs}


def _compute(node: Node, values: dict[str, Value], jittor: Jittor) -> None:
    """Compute a node, and put its outputs to the values."""
    given = [values[name] for name in node.inputs]
    try:
        made = OPERATORS[node.kind](Call(node, jittor), *given)
    except GraphError:
        raise
    except Exception as error:  # of Jittor or NumPy, whose messages do not name the node
        sizes = ", ".join(str(tuple(getattr(value, "shape", ()))) for value in given if value is not None)
        raise GraphError(
            f"{node.kind} {node.name!r} cannot be computed of shapes {sizes}: {type(error).__name__}: {error}"
        ) from error
    outputs = made if isinstance(made, tuple) else (made,)
    values.update({name: value for name, value in zip(node.outputs, outputs, strict=False) if name})


def _last_uses(nodes: list[Node], outputs: tuple[str, ...]) -> list[list[str]]:
    """For each node, the values that nothing reads after it, so that their memory can be used again."""
    seen = set(outputs)
    found: list[list[str]] = []
    for node in reversed(nodes):
        names = {name for name in (*node.inputs, *node.outputs) if name}
        found.append([name for name in names if name not in seen])
        seen |= names
    return found[::-1]
