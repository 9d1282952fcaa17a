"""Frameworks that compute a network: PyTorch itself, or another one in its place.

The engine asks another framework for one thing only: to compute a network of PyTorch, forward and, through
PyTorch's own gradients, backward. Weights and buffers stay those of the network, so that objectives,
optimizers, schedules, averages, checkpoints and `--resume` are the same code for all frameworks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from torch import Tensor, nn

from affekt.core import catalog
from affekt.core.errors import ConfigError
from affekt.core.recipe import PYTORCH, Recipe
from affekt.core.spec import InputSpec


@runtime_checkable
class Compute(Protocol):
    """Computes a network in another framework."""

    def __call__(self, model: nn.Module, inputs: Mapping[str, Tensor]) -> Any:
        """What `model(**inputs)` returns, with gradients of the network's parameters.

        In the mode of the network's parts: in training mode it draws, and updates running statistics, as the
        network would.
        """
        ...


@runtime_checkable
class Framework(Protocol):
    """Another framework than PyTorch, a folder of `affekt.frameworks`."""

    def check(self) -> None:
        """Check that it can start.

        Raises:
            MissingExtra: It is not installed.
        """
        ...

    def problems(self, recipe: Recipe) -> list[str]:
        """Options of a recipe that it does not have, a sentence each."""
        ...

    def open(self, model: nn.Module, spec: InputSpec, recipe: Recipe) -> Compute:
        """What computes a network.

        Args:
            spec: The network's inputs.

        Raises:
            ConfigError: It cannot compute this network; it says why.
            FolderError: It cannot start.
        """
        ...

    def version(self) -> str:
        """The version of the framework."""
        ...


def framework_of(recipe: Recipe) -> Framework | None:
    """The framework that a recipe names; None for PyTorch.

    Raises:
        ConfigError: The framework does not have an option of the recipe.
        MissingExtra: It is not installed.
    """
    if recipe.framework == PYTORCH:
        return None
    found: Framework = catalog.framework(recipe.framework)
    if problems := found.problems(recipe):
        raise ConfigError(f"recipe with framework = {recipe.framework!r}", problems)
    found.check()
    return found


def versions_of(recipe: Recipe, framework: Framework | None) -> dict[str, str]:
    """The version of another framework by its name, for the records of a run."""
    return {recipe.framework: framework.version()} if framework else {}


class ComputedNetwork(nn.Module):
    """A network that is computed elsewhere; objectives get it in place of the network.

    It is created in each step and owns nothing: its parameters, their names and its mode are the network's.
    """

    def __init__(self, model: nn.Module, compute: Compute) -> None:
        super().__init__()
        self.model, self.compute = model, compute
        self.training = model.training

    def forward(self, **inputs: Tensor) -> Any:
        return self.compute(self.model, inputs)
