"""Inputs and outputs that a bundle's graphs must have, by its manifest and its method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from affekt.core.errors import FolderError
from affekt.core.graphs.check import Port, Ports
from affekt.core.sample import Preprocess
from affekt.core.spec import TensorSpec
from affekt.core.task import Task

ANSWER = "logits"  # output of every graph, from which predictions are made
CELLS, FEATURES = "cells", "features"  # input and output of an encoder's graph
ANY = -1  # a size that neither the manifest nor the method states, as in `Task.outputs`


@dataclass(frozen=True)
class GraphContract:
    """Inputs and outputs that a graph must have; more outputs are allowed.

    Shapes include the first axis. None is an axis of any size, which the graph must leave open.

    Attributes:
        inputs: Exactly these.
        outputs: At least these, in float32.
    """

    inputs: Mapping[str, Port]
    outputs: Mapping[str, Port]

    def check(self, ports: Ports, file: str) -> None:
        """Compare with the inputs and outputs that a graph states.

        Raises:
            FolderError: Listing all differences, what was expected and what was found.
        """
        problems = [
            f"input {name!r}, which is not expected" for name in ports.inputs if name not in self.inputs
        ]
        for side, wanted, found in (
            ("input", self.inputs, ports.inputs),
            ("output", self.outputs, ports.outputs),
        ):
            for name, port in wanted.items():
                if name not in found:
                    problems.append(f"no {side} {name!r}: expected {_expected(port)}, found {_names(found)}")
                elif not _fits(port, found[name]):
                    problems.append(f"{side} {name!r}: expected {_expected(port)}, found {found[name]}")
        if problems:
            raise FolderError(f"{file} does not fit its manifest; it has " + "; ".join(problems))

    def check_answer(self, answer: Mapping[str, np.ndarray], rows: int) -> None:
        """Check computed outputs of `rows` rows: a graph may state other sizes than it has.

        Raises:
            FolderError: An output has another shape.
        """
        for name, port in self.outputs.items():
            shape = answer[name].shape
            fits = len(shape) == len(port.dims) and all(
                want in (ANY, None) or want == size for want, size in zip(port.dims, shape, strict=True)
            )
            if not fits or shape[0] != rows:
                raise FolderError(
                    f"the graph answered {rows} rows with {name} of shape {shape}; "
                    f"expected {_expected(Port(port.dtype, (rows, *port.dims[1:])))}"
                )


class BundleContracts(NamedTuple):
    """Contracts of a bundle's graphs; `encoder` is None if it has none."""

    main: GraphContract
    encoder: GraphContract | None


def contracts(task: Task, preprocess: Preprocess, classes: int, encoded: str | None) -> BundleContracts:
    """The contracts of a method's graphs.

    Args:
        classes: Number of labels.
        encoded: The input that a separate graph encodes into features; None if the bundle has one graph.
    """
    inputs = {spec.name: _port(spec) for spec in preprocess.spec.inputs}
    outputs = {name: Port("float32", dims) for name, dims in task.outputs(classes, preprocess).items()}
    if encoded is None:
        return BundleContracts(GraphContract(inputs, outputs), None)
    cells = inputs[encoded]
    encoder = GraphContract(
        {CELLS: Port(cells.dtype, cells.dims[1:])}, {FEATURES: Port("float32", (None, ANY))}
    )
    inputs[encoded] = Port("float32", (None, None, ANY))
    return BundleContracts(GraphContract(inputs, outputs), encoder)


def _port(spec: TensorSpec) -> Port:
    return Port(spec.dtype, (None, *spec.shape))


def _fits(wanted: Port, found: Port) -> bool:
    """Whether a port is as expected; an axis of one size may be open."""
    return (
        wanted.dtype == found.dtype
        and len(wanted.dims) == len(found.dims)
        and all(
            size is None or want in (ANY, size) for want, size in zip(wanted.dims, found.dims, strict=True)
        )
    )


def _expected(port: Port) -> str:
    sizes = ", ".join("any" if n in (ANY, None) else str(n) for n in port.dims)
    return f"{port.dtype} ({sizes})"


def _names(ports: Mapping[str, Port]) -> str:
    return ", ".join(repr(name) for name in ports) or "none"
