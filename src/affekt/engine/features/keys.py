"""Keys of cached features: hashes of the network and of the sample that the features depend on.

Code enters by the version of affekt only: after changing a backbone or a preprocessing, use another folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

from affekt.core.files.assets import assets_digest
from affekt.core.files.fingerprint import fingerprint
from affekt.core.method import Method
from affekt.core.sample import Preprocess, Sample
from affekt.core.settings import Settings
from affekt.engine.randomness import CACHED_VIEW, generator


@dataclass(frozen=True, slots=True)
class Views:
    """The number of views of a sample that are cached, and their seed.

    Attributes:
        seed: Seed of training views; None for the one view without augmentation.
    """

    count: int = 1
    seed: int | None = None

    def rng(self, sample: Sample, view: int) -> np.random.Generator | None:
        """Generator of a view. It depends on the sample's id and not on its index in a part, so that folds
        share their features.
        """
        if self.seed is None:
            return None
        number = int.from_bytes(hashlib.sha256(sample.id.encode()).digest()[:8])
        return generator(self.seed, CACHED_VIEW, view, number)


def describe_network(
    method: Method,
    model: nn.Module,
    config: Settings,
    preprocess: Preprocess,
    state: Mapping[str, Any],
    dtype: str,
    *,
    assets: Mapping[str, bytes] | None = None,
    precision: str = "32",
) -> dict[str, Any]:
    """Everything but the sample that features depend on, as plain JSON values."""
    frozen = frozen_tensors(model)
    return {
        "method": method.name,
        "network": _name_of(model),
        "tensors": arrays_digest({name: value.cpu().numpy() for name, value in frozen.items()}),
        # Where a config states what the backbone depends on, other settings keep its features.
        "config": getattr(config, "cached_part", None) or config.model_dump(mode="json"),
        "preprocess": _name_of(preprocess),
        "preprocessing": dict(state),
        "dtype": dtype,
        "affekt": version("affekt"),
        **({"assets": assets_digest(assets)} if assets else {}),  # absent: keys of before stay
        **({"precision": precision} if precision != "32" else {}),  # keys made before stay valid
    }


def digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of plain values as canonical JSON."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def sample_digest(sample: Sample, views: Views, *, content: str = "") -> str:
    """SHA-256 of everything that a sample's features depend on: its current media, and its views.

    Labels and split are no part of it: a corrected label keeps its features. Of a dialogue, its other turns
    are part of it.

    Args:
        content: Hash of all that preprocessing reads of the sample, where it states that (`cache_key`); then
            nothing else of the sample counts but its id.
    """
    if content:
        return fingerprint(sample.id, content, views.count, views.seed)
    facts = (sample.span_s, sample.dialogue, sample.turn, sample.facts)
    around = [_turn(turn) for turn in sample.around.others(sample)] if sample.around else []
    if around or sample.speaker is not None:  # else keys are those of before
        facts = (*facts, sample.speaker, around)
    return fingerprint(sample.id, _media_of(sample), facts, views.count, views.seed)


def _turn(sample: Sample) -> tuple[Any, ...]:
    """What a sample of the same dialogue may depend on."""
    return sample.id, _media_of(sample), sample.span_s, sample.turn, sample.speaker, sample.facts


def _media_of(sample: Sample) -> dict[str, Any]:
    """The media of a sample, names of files as paths; a text is words."""
    return {name: value if name == "text" else _as_path(value) for name, value in sample.media.items()}


def frozen_tensors(model: nn.Module) -> dict[str, Tensor]:
    """Tensors that training does not change: parameters without gradient, buffers of modules in eval mode.

    The network is set to training mode: modules that stay in eval mode are frozen.
    """
    model.train()
    frozen: dict[str, Tensor] = {}
    for prefix, module in model.named_modules():
        start = f"{prefix}." if prefix else ""
        for name, parameter in module.named_parameters(recurse=False):
            if not parameter.requires_grad:
                frozen[start + name] = parameter.detach()
        if not module.training:
            frozen |= {start + name: buffer.detach() for name, buffer in module.named_buffers(recurse=False)}
    return frozen


def arrays_digest(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of names, types, shapes and bytes."""
    return fingerprint(arrays)


def _name_of(thing: object) -> str:
    return f"{type(thing).__module__}.{type(thing).__qualname__}"


def _as_path(value: Any) -> Any:
    """A name of a file as a path; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return Path(value) if value and Path(value).exists() else value
    except OSError:  # too long for a path
        return value
