"""Networks as ONNX graphs, and the largest difference of a graph from PyTorch."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from inspect import Parameter, Signature
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from affekt.core.answers.networks import StagedNetwork, WholeNetwork
from affekt.core.sample import Preprocess
from affekt.core.spec import InputSpec, TensorSpec
from affekt.core.task import Task
from affekt.deploy.backends.names import Backend
from affekt.deploy.backends.network import CELLS, GraphNetwork, StagedGraphNetwork, graph_network
from affekt.deploy.export.rewriting import rewrite
from affekt.engine.network import encoded_input

OPSET = 18
_OPEN = 12  # length of random inputs along an axis of any size


@runtime_checkable
class Exportable(Protocol):
    """A network that is simpler once it is not trained any more, such as one with adapters."""

    def for_export(self) -> nn.Module:
        """A network with the same answers; the gate compares it with this one."""
        ...


class _Answer(NamedTuple):
    logits: Tensor


class _Features(NamedTuple):
    features: Tensor


class _Encoder(nn.Module):
    """The frozen encoder of a localization network: cells (t, ...) to features (t, d)."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, cells: Tensor) -> _Features:
        return _Features(self.model.features(cells.unsqueeze(0)).squeeze(0))


class _Cells(nn.Module):
    """A localization network with logits as its only output; it takes features if the encoder is separate."""

    def __init__(self, model: Any, inputs: tuple[str, ...], *, is_split: bool) -> None:
        super().__init__()
        self.model = model

        def forward(**given: Tensor) -> _Answer:
            return _Answer((model.from_features if is_split else model)(**given).logits)

        # The tracer needs a signature that names the inputs; it cannot trace `**given`.
        names = [Parameter(name, Parameter.KEYWORD_ONLY) for name in inputs]
        forward.__signature__ = Signature(names)  # pyright: ignore[reportFunctionMemberAccess]
        self.forward = forward


def make_graph(model: nn.Module, spec: InputSpec) -> bytes:
    """The network as an ONNX graph: inputs named as in the spec, outputs as its `_fields`, any batch size.

    Axes that the spec leaves open stay so; those that share a letter have one size.
    """
    return _graph(model, random_batch(spec, 2, seed=0), {tensor.name: tensor for tensor in spec.inputs})


class Graphs(NamedTuple):
    """A network as graphs.

    Attributes:
        main: From inputs to logits and the network's other outputs.
        encoder: Frozen encoder of a localization network, from cells to features; None if there is none.
        encoded: The input that the encoder reads; the main graph takes features in its place.
    """

    main: bytes
    encoder: bytes | None = None
    encoded: str | None = None

    def network(self, backend: Backend = "onnxruntime") -> GraphNetwork | StagedGraphNetwork:
        """Both as one function, in ONNX Runtime or another engine."""
        main = graph_network(self.main, backend=backend)
        if self.encoder is None or self.encoded is None:
            return main
        return StagedGraphNetwork(main, self.encoder_network(backend), self.encoded)

    def encoder_network(self, backend: Backend = "onnxruntime") -> GraphNetwork:
        """The encoder alone.

        Raises:
            ValueError: There is none.
        """
        if self.encoder is None:
            raise ValueError("these graphs have no encoder")
        return graph_network(self.encoder, backend=backend)


def make_graphs(model: nn.Module, preprocess: Preprocess, task: Task) -> Graphs:
    """The graphs of a bundle. A network that answers cell by cell may have a separate encoder."""
    spec = preprocess.spec
    if not task.by_cells:
        return Graphs(make_graph(model, spec))
    encoded = encoded_input(model, preprocess, task)
    if encoded is None:
        return Graphs(make_graph(_Cells(model, spec.names, is_split=False), spec))
    cells = next(tensor for tensor in spec.inputs if tensor.name == encoded)
    example = random_batch(InputSpec(inputs=(cells,)), 1, seed=0)[encoded][0]
    place = TensorSpec(name=CELLS, axes=cells.axes.removeprefix("b "), shape=cells.shape[1:])
    encoder = _graph(_Encoder(model), {CELLS: example}, {CELLS: place})
    with torch.inference_mode():
        width = _Encoder(model)(torch.from_numpy(example)).features.shape[1]
    features = TensorSpec(name=encoded, axes="b t d", shape=(None, width))
    inputs = tuple(features if tensor.name == encoded else tensor for tensor in spec.inputs)
    main = make_graph(_Cells(model, spec.names, is_split=True), InputSpec(inputs=inputs))
    return Graphs(main, encoder, encoded)


def max_difference(
    eager: WholeNetwork,
    runtime: WholeNetwork,
    batches: list[dict[str, np.ndarray]],
    *,
    outputs: Sequence[str] = ("logits",),
) -> float:
    """Largest difference of a logit between eager PyTorch and graphs; NaN counts as infinite.

    Args:
        outputs: The outputs that hold logits.
    """
    worst = max(
        float(np.abs(expected[name] - found[name]).max())
        for batch in batches
        for expected, found in [(_whole(eager, batch), _whole(runtime, batch))]
        for name in outputs
    )
    return worst if np.isfinite(worst) else float("inf")


def _whole(network: WholeNetwork, batch: dict[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    if isinstance(network, StagedNetwork):
        features = np.stack([network.encode(cells) for cells in batch[network.encoded]])
        batch = {**batch, network.encoded: features}
    return network.outputs(batch)


def random_batch(spec: InputSpec, size: int, *, seed: int, open_size: int = _OPEN) -> dict[str, np.ndarray]:
    """Random inputs of the spec's shapes; axes of any size get `open_size` places."""
    return spec.example(np.random.default_rng(seed), size, open_size)


def _graph(model: nn.Module, arrays: Mapping[str, np.ndarray], places: Mapping[str, TensorSpec]) -> bytes:
    """Trace a network on arrays; its first axis, and axes that a spec leaves open, stay open."""
    example = {name: torch.from_numpy(array) for name, array in arrays.items()}
    output: Any = model.eval()(**example)
    open_axes = {name: _open_axes(place) for name, place in places.items()}
    dims = {
        letter: torch.export.Dim(letter, min=1) for axes in open_axes.values() for letter in axes.values()
    }
    quiet = logging.getLogger("torch.onnx")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter warns about its own internals
            program = torch.onnx.export(
                model,
                (),
                kwargs=example,
                dynamo=True,
                opset_version=OPSET,
                input_names=list(example),
                output_names=list(output._fields),
                dynamic_shapes={
                    name: {n: dims[letter] for n, letter in axes.items()} for name, axes in open_axes.items()
                },
                verbose=False,
            )
    finally:
        quiet.setLevel(level)
    assert program is not None
    _rename_inner(program.model.graph, {*example, *output._fields})
    exported = program.model_proto
    rewrite(exported)
    return exported.SerializeToString()


def _rename_inner(graph: Any, taken: set[str]) -> None:
    """Rename values inside a graph that have the name of one of its inputs or outputs.

    The exporter names them after the network's modules, so that a module `embedding` would hide an output of
    that name.
    """
    for node in graph.all_nodes():
        for value in node.outputs:
            if value.name in taken and not value.is_graph_output():
                value.name = f"{value.name}.inner"


def _open_axes(place: TensorSpec) -> dict[int, str]:
    """Index and letter of axes of any size."""
    first, *letters = place.axes.split()
    return {
        0: first,
        **{n + 1: a for n, (a, size) in enumerate(zip(letters, place.shape, strict=True)) if size is None},
    }
