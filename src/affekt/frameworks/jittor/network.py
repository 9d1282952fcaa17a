"""A network of PyTorch, computed in Jittor: forward and backward passes in its process."""

from __future__ import annotations

import itertools
import json
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from affekt.core.errors import AffektError
from affekt.core.spec import InputSpec
from affekt.deploy.backends.jittor.computing.graph import write_graph
from affekt.deploy.backends.jittor.process import JittorProcess
from affekt.frameworks.jittor.graph import TrainingGraph
from affekt.frameworks.jittor.reading import named_weights
from affekt.frameworks.jittor.tracing import trace

_COMPILES = "Jittor, which compiles kernels for each new kind of input (up to minutes)"
_HIGHEST_SEED = 2**31 - 1
_passes = itertools.count(1)


class JittorCompute:
    """Computes a network in the process of Jittor.

    The network's parameters and buffers are the truth: before each pass, those whose bits have changed since
    they were sent are sent again. Gradients come back to the parameters, statistics of batches to the running
    statistics.
    """

    def __init__(self, process: Callable[[], JittorProcess], spec: InputSpec, name: str) -> None:
        """Args:
        process: Gives the process, at the first pass.
        spec: The network's inputs.
        name: Of the network, in errors.
        """
        self._process, self._spec, self._name = process, spec, name
        self._traced: dict[tuple[Any, ...], list[TrainingGraph]] = {}  # by modes of parts and types of inputs
        self._opened: dict[TrainingGraph, _OpenGraph] = {}
        self._output: Any = None

    def prepare(self, model: nn.Module) -> None:
        """Trace a network in training and in evaluation mode.

        Raises:
            ConfigError: It cannot be trained in Jittor.
        """
        arrays = self._spec.example(np.random.default_rng(0), 2, 12)
        example = {key: torch.from_numpy(value) for key, value in arrays.items()}
        with _modes_kept(model):
            for training in (True, False):
                model.train(training)
                self._graph(model, example)

    def __call__(self, model: nn.Module, inputs: Mapping[str, Tensor]) -> Any:
        """What the network returns.

        Raises:
            AffektError: A gradient of an input is needed.
            FolderError: Jittor cannot compute it, or its process has ended.
        """
        if any(value.requires_grad for value in inputs.values()):
            raise AffektError(f"{self._name}: Jittor gives gradients of weights, not of inputs")
        graph = self._open(model, inputs)
        graph.send(model)
        arrays = {key: value.detach().cpu().numpy() for key, value in inputs.items()}
        parameters = graph.trained(model)
        device = next(iter(inputs.values())).device
        if not torch.is_grad_enabled() or not parameters:
            found = graph.compute(arrays) if not model.training else graph.forward(model, arrays).outputs
            return self._output(*(torch.from_numpy(found[key]).to(device) for key in graph.traced.fields))
        values = _Pass.apply(graph, model, arrays, device, tuple(parameters), *parameters.values())
        return self._output(*values)

    def __deepcopy__(self, memo: dict[int, Any]) -> JittorCompute:
        """Itself: it holds nothing of a network, which an average of weights copies."""
        return self

    def _open(self, model: nn.Module, inputs: Mapping[str, Tensor]) -> _OpenGraph:
        traced = self._graph(model, inputs)
        if traced not in self._opened or not self._opened[traced].process.runs:
            self._opened[traced] = _OpenGraph.of(self._process(), traced)
        return self._opened[traced]

    def _graph(self, model: nn.Module, inputs: Mapping[str, Tensor]) -> TrainingGraph:
        """The graph for the modes of the network's parts, and for the types and sizes of the inputs."""
        modes = tuple(part.training for part in model.modules())
        kind = (modes, tuple((name, value.dtype) for name, value in inputs.items()))
        known = self._traced.setdefault(kind, [])
        for at_size in (False, True):
            if found := next((one for one in known if one.fits(inputs)), None):
                return found
            if at_size or not known:
                with torch.random.fork_rng(devices=[]):
                    if self._output is None:
                        self._output = _output_type(model, inputs)
                    fields = self._output._fields
                    known.append(trace(model, inputs, self._spec, fields, self._name, at_size=at_size))
        if known[-1].fits(inputs):
            return known[-1]
        shapes = ", ".join(f"{name} {tuple(value.shape)}" for name, value in inputs.items())
        raise AffektError(f"{self._name} cannot be traced for Jittor for inputs of the sizes {shapes}")


@dataclass
class _Forward:
    """A forward pass, which the process keeps for `backward` until this is dropped."""

    name: str
    outputs: Mapping[str, np.ndarray]


@dataclass
class _OpenGraph:
    """A graph that the process has opened."""

    process: JittorProcess
    traced: TrainingGraph
    key: str
    sent: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(cls, process: JittorProcess, traced: TrainingGraph) -> _OpenGraph:
        key = process.open(
            write_graph(traced.graph),
            {"weights": json.dumps(sorted(traced.weights)), "normed": json.dumps(traced.normed)},
        )
        one = cls(process, traced, key)
        weakref.finalize(one, process.close, key).atexit = False
        return one

    def send(self, model: nn.Module) -> None:
        """Send the weights whose bits have changed: some ways to change them leave no other trace."""
        changed: dict[str, np.ndarray] = {}
        for name, value in named_weights(model).items():
            if name not in self.traced.weights:
                continue
            array = value.detach().cpu().contiguous().numpy()
            known = self.sent.get(name)
            if known is None or known.tobytes() != array.tobytes():
                changed[name] = array.copy()
        if changed:
            self._ask("weights", changed)
            self.sent |= changed

    def trained(self, model: nn.Module) -> dict[str, nn.Parameter]:
        """Parameters of the graph that need a gradient, by the name that the graph has for them."""
        return {
            name: value
            for name, value in model.named_parameters(remove_duplicate=False)
            if value.requires_grad and name in self.traced.weights
        }

    def compute(self, arrays: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """The outputs of a pass in evaluation mode."""
        return self._ask("compute", arrays)

    def forward(self, model: nn.Module, arrays: Mapping[str, np.ndarray]) -> _Forward:
        """The outputs of a pass that a backward pass may follow; running statistics are updated.

        The seed of its draws is drawn by PyTorch, whose generator the engine seeds for each step.
        """
        name, seed = f"pass {next(_passes)}", int(torch.randint(_HIGHEST_SEED, ()))
        answer = self._ask("forward", arrays, {"pass": name, "seed": str(seed)})
        _update_statistics(model, answer)
        done = _Forward(name, answer)
        weakref.finalize(done, self.process.forget, self.key, name).atexit = False
        return done

    def backward(
        self, done: _Forward, gradients: Mapping[str, np.ndarray], wanted: list[str]
    ) -> Mapping[str, np.ndarray]:
        """Gradients of weights."""
        return self._ask("backward", gradients, {"pass": done.name, "wanted": json.dumps(wanted)})

    def _ask(
        self, ask: str, arrays: Mapping[str, np.ndarray], facts: Mapping[str, str] | None = None
    ) -> Mapping[str, np.ndarray]:
        return self.process.ask({"ask": ask, "key": self.key, **(facts or {})}, arrays, _COMPILES).arrays


class _Pass(torch.autograd.Function):
    """A pass as a function of the parameters."""

    @staticmethod
    def forward(
        ctx: Any,
        graph: _OpenGraph,
        model: nn.Module,
        arrays: Mapping[str, np.ndarray],
        device: torch.device,
        names: tuple[str, ...],
        *parameters: Tensor,
    ) -> tuple[Tensor, ...]:
        done = graph.forward(model, arrays)
        ctx.graph, ctx.done, ctx.names = graph, done, names
        ctx.shapes = [one.shape for one in parameters]
        ctx.set_materialize_grads(False)
        outputs = tuple(torch.from_numpy(done.outputs[key]).to(device) for key in graph.traced.fields)
        ctx.mark_non_differentiable(*(one for one in outputs if not one.is_floating_point()))
        return outputs

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        graph: _OpenGraph = ctx.graph
        given = {
            key: value.detach().cpu().contiguous().numpy()
            for key, value in zip(graph.traced.fields, gradients, strict=True)
            if value is not None
        }
        reached = graph.traced.reached(frozenset(given))
        wanted = [name for name in ctx.names if name in reached]
        found = graph.backward(ctx.done, given, wanted) if given and wanted else {}
        device = next((one.device for one in gradients if one is not None), None)
        return (
            *[None] * 5,
            *(
                torch.from_numpy(found[name]).reshape(shape).to(device) if name in found else None
                for name, shape in zip(ctx.names, ctx.shapes, strict=True)
            ),
        )


@torch.no_grad()
def _update_statistics(model: nn.Module, answer: Mapping[str, np.ndarray]) -> None:
    """Update running statistics with those of a batch, as batch norm of PyTorch does."""
    measured = sorted(
        (int(place), name, kind, value)
        for key, value in answer.items()
        if key.startswith("statistics:")
        for _, place, kind, name in [key.split(":", 3)]
    )
    for _, name, kind, value in measured:
        norm = model.get_submodule(name.rpartition(".")[0])
        assert isinstance(norm, _BatchNorm) and norm.num_batches_tracked is not None
        if kind == "mean":
            norm.num_batches_tracked.add_(1)
        running = norm.running_mean if kind == "mean" else norm.running_var
        assert running is not None
        share = 1.0 / float(norm.num_batches_tracked) if norm.momentum is None else norm.momentum
        batch = torch.from_numpy(value).to(running.device)
        running.mul_(1 - share).add_(batch, alpha=share)


def _output_type(model: nn.Module, inputs: Mapping[str, Tensor]) -> Any:
    """The NamedTuple that a network returns."""
    with _modes_kept(model), torch.no_grad():
        model.eval()
        return type(model(**inputs))


@contextmanager
def _modes_kept(model: nn.Module) -> Iterator[None]:
    """Give each part of a network its mode back."""
    modes = {part: part.training for part in model.modules()}
    try:
        yield
    finally:
        for part, training in modes.items():
            part.training = training
