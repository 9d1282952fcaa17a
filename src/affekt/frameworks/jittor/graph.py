"""A network in one mode as a graph for training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from affekt.deploy.backends.jittor.computing.graph import Graph

STOP = "StopGradient"  # the importer's operator, where a gradient ends
_NO_VALUES = ("Shape", "Size")  # their answers do not depend on values


class Sizes(NamedTuple):
    """Sizes of inputs for which a trace is true."""

    axes: Mapping[str, tuple[int | str, ...]]
    bounds: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, eq=False)
class TrainingGraph:
    """A network in one mode.

    Attributes:
        weights: Names of its parameters and buffers that the graph holds, of any type.
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
        """The weights to which gradients of outputs go."""
        seen = set(outputs)
        for node in reversed(self.graph.nodes):
            if node.kind not in (*_NO_VALUES, STOP) and not seen.isdisjoint(node.outputs):
                seen.update(node.inputs)
        return frozenset(seen & self.weights)
