"""What cached features depend on, as hashes: the network that made them, and the sample that they are of.

Code is known by the version of affekt alone: who changes a backbone or a preprocessing uses another folder.
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

from affekt.core.files.fingerprint import fingerprint
from affekt.core.method import Method
from affekt.core.sample import Preprocess, Sample
from affekt.core.settings import Settings
from affekt.engine.randomness import CACHED_VIEW, generator


@dataclass(frozen=True, slots=True)
class Views:
    """How many views of a sample are kept, and what they are drawn from.

    Attributes:
        seed: Of training views; None for the one view without augmentation.
    """

    count: int = 1
    seed: int | None = None

    def rng(self, sample: Sample, view: int) -> np.random.Generator | None:
        """What a view is drawn with: it depends on the sample's id and not on its place in a part, so that
        folds share their features.
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
    precision: str = "32",
) -> dict[str, Any]:
    """Everything that features depend on but the sample, as plain JSON values."""
    frozen = frozen_tensors(model)
    return {
        "method": method.name,
        "network": _name_of(model),
        "tensors": arrays_digest({name: value.cpu().numpy() for name, value in frozen.items()}),
        "config": config.model_dump(mode="json"),
        "preprocess": _name_of(preprocess),
        "preprocessing": dict(state),
        "dtype": dtype,
        "affekt": version("affekt"),
        **({"precision": precision} if precision != "32" else {}),  # keys made before stay valid
    }


def digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of plain values as canonical JSON."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def sample_digest(sample: Sample, views: Views) -> str:
    """SHA-256 of what a sample's features depend on: its media as they are now, and its views.

    Labels and split are no part of it: a corrected label keeps its features.
    """
    media = {name: _as_path(value) for name, value in sample.media.items()}
    facts = (sample.span_s, sample.dialogue, sample.turn, sample.facts)
    return fingerprint(sample.id, media, facts, views.count, views.seed)


def frozen_tensors(model: nn.Module) -> dict[str, Tensor]:
    """What training does not change: parameters that take no gradient, buffers of parts kept from training.

    The network is left in training mode, which is what tells these parts.
    """
    model.train()
    found: dict[str, Tensor] = {}
    for prefix, module in model.named_modules():
        start = f"{prefix}." if prefix else ""
        for name, parameter in module.named_parameters(recurse=False):
            if not parameter.requires_grad:
                found[start + name] = parameter.detach()
        if not module.training:
            found |= {start + name: buffer.detach() for name, buffer in module.named_buffers(recurse=False)}
    return found


def arrays_digest(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of names, types, shapes and bytes."""
    return fingerprint(arrays)


def _name_of(thing: object) -> str:
    return f"{type(thing).__module__}.{type(thing).__qualname__}"


def _as_path(value: Any) -> Any:
    """A text that names a file, as a path; texts may be words that somebody said, too."""
    if not isinstance(value, str):
        return value
    try:
        return Path(value) if value and Path(value).exists() else value
    except OSError:  # too long for a path
        return value
