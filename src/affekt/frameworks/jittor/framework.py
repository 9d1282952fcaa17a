"""Jittor as a framework of training."""

from __future__ import annotations

import torch
from torch import nn

from affekt.core.recipe import Recipe
from affekt.core.spec import InputSpec
from affekt.deploy.backends.jittor.home import jittor_home
from affekt.deploy.backends.jittor.problems import jittor_version, require_jittor
from affekt.deploy.backends.jittor.process import shared_process
from affekt.frameworks.jittor.network import JittorCompute


class JittorFramework:
    """Computes networks in the process of Jittor, on the processor, in float32."""

    def check(self) -> None:
        """Check that Jittor is set up."""
        require_jittor(jittor_home(), "framework jittor")

    def problems(self, recipe: Recipe) -> list[str]:
        """Options of a recipe that training in Jittor does not have."""
        options = recipe.train
        found: list[str] = []
        if options.precision != "32":
            found.append(
                f"train.precision = {options.precision!r}: Jittor computes in float32: set it to '32'"
            )
        if options.accelerator not in ("auto", "cpu") or (
            options.accelerator == "auto" and torch.accelerator.is_available()
        ):
            found.append(
                f"train.accelerator = {options.accelerator!r}: Jittor computes on the processor here: set it "
                "to 'cpu'"
            )
        if options.devices not in ("auto", 1, "1") or options.strategy != "auto":
            found.append(
                f"train.devices = {options.devices!r}, train.strategy = {options.strategy!r}: Jittor "
                "computes in one process: leave both out"
            )
        if options.cached_views:
            found.append(
                f"train.cached_views = {options.cached_views}: Jittor computes the whole network: set it to 0"
            )
        return found

    def open(self, model: nn.Module, spec: InputSpec, recipe: Recipe) -> JittorCompute:
        """What computes a network; both of its modes are traced now, so that a refusal comes at once."""
        home = jittor_home()
        compute = JittorCompute(
            lambda: shared_process(home, recipe.train.threads), spec, f"the network of {recipe.method}"
        )
        compute.prepare(model)
        return compute

    def version(self) -> str:
        """The version of Jittor."""
        return jittor_version()
