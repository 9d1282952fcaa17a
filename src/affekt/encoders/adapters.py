"""Low-rank adapters of an encoder, by `peft`."""

from __future__ import annotations

import copy
from typing import Any

from torch import nn

from affekt.core.errors import ConfigError, require
from affekt.encoders.settings import LoraSettings

_SHOWN = 12


def add_adapters(backbone: nn.Module, settings: LoraSettings) -> None:
    """Put adapters beside linear layers of a network; only they are trained.

    Raises:
        ConfigError: The targets match no linear layer.
    """
    peft = require("peft", extra="encoders", needed_by="config.encoders mode = 'lora'")
    linear = [name for name, layer in backbone.named_modules() if isinstance(layer, nn.Linear)]
    chosen = linear if settings.targets == "auto" else _ending_with(linear, settings.targets)
    config = peft.LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=chosen,
        bias="none",
    )
    peft.inject_adapter_in_model(config, backbone)


def merged(model: nn.Module) -> nn.Module:
    """A copy of a network whose adapters are added to the layers that they adapt."""
    peft = require("peft", extra="encoders", needed_by="merging adapters")
    found = copy.deepcopy(model)
    adapted = [
        (name, layer)
        for name, layer in found.named_modules()
        if isinstance(layer, peft.tuners.lora.LoraLayer)
    ]
    for name, layer in adapted:
        whole: Any = layer
        whole.merge()
        outer, _, last = name.rpartition(".")
        setattr(found.get_submodule(outer), last, whole.get_base_layer())
    return found


def _ending_with(names: list[str], targets: tuple[str, ...]) -> list[str]:
    lacking = [one for one in targets if not any(_fits(name, one) for name in names)]
    if lacking:
        endings = sorted({name.rpartition(".")[2] for name in names})
        raise ConfigError(
            "config of the encoder",
            [
                f"lora.targets: no linear layer is called {', '.join(lacking)}; "
                f"found {', '.join(endings[:_SHOWN])}"
            ],
        )
    return [name for name in names if any(_fits(name, one) for one in targets)]


def _fits(name: str, target: str) -> bool:
    return name == target or name.endswith(f".{target}")
