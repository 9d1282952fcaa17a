"""A network of a detector in ONNX Runtime."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from affekt.core.errors import FolderError
from affekt.core.graphs.check import OTHERS, check_graph


class Port(NamedTuple):
    """An input or output: its name, its type as ONNX Runtime writes it, and its sizes; None: any."""

    name: str
    type: str
    shape: tuple[int | None, ...]


class Network:
    """An ONNX network.

    Args:
        name: For errors.
        threads: Processor cores that it may use; None leaves the choice to ONNX Runtime.

    Raises:
        FolderError: It cannot be loaded, or is refused by `check_graph`.
    """

    def __init__(self, model: bytes, name: str, threads: int | None = None) -> None:
        check_graph(model, name, origin=OTHERS)
        self._model, self.name, self._threads = model, name, threads
        self._open()

    def _open(self) -> None:
        import onnxruntime  # loading it takes a fifth of a second, which most of the package does not need

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # errors are raised, and need no second message on stderr
        if self._threads is not None:
            options.intra_op_num_threads = self._threads
        try:
            self._session = onnxruntime.InferenceSession(
                self._model, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime's exceptions have no common public type
            raise FolderError(f"{self.name} cannot be loaded as an ONNX network: {error}") from None
        self._process = os.getpid()

    @property
    def inputs(self) -> list[Port]:
        return _ports(self._session.get_inputs())

    @property
    def outputs(self) -> list[Port]:
        return _ports(self._session.get_outputs())

    def __call__(self, values: Mapping[str, np.ndarray], outputs: Sequence[str]) -> list[np.ndarray]:
        """The outputs of these names.

        Raises:
            FolderError: They cannot be computed.
        """
        if self._process != os.getpid():  # a forked process lacks the threads of its parent's session
            self._open()
        try:
            return [np.asarray(value) for value in self._session.run(list(outputs), dict(values))]
        except Exception as error:  # as above
            raise FolderError(f"{self.name} cannot be computed: {error}") from None


def _ports(nodes: Sequence[object]) -> list[Port]:
    return [
        Port(
            node.name,  # type: ignore[attr-defined]
            node.type.removeprefix("tensor(").removesuffix(")"),  # type: ignore[attr-defined]
            tuple(size if isinstance(size, int) else None for size in node.shape),  # type: ignore[attr-defined]
        )
        for node in nodes
    ]
