"""`create`: a network of a method, with random or given weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import nn

from affekt.core import catalog
from affekt.core.settings import resolve
from affekt.engine.weights.initial import read_weights, start_from


def create(name: str, *, weights: Path | str | Sequence[Path | str] = (), **config: Any) -> nn.Module:
    """A network with random weights, or with those that are given.

    Args:
        weights: Folders made by `convert` or by training, of the network or of parts of it. Nothing else is
            read from disk.
        config: Fields of the method's config.

    Raises:
        ConfigError: A field is unknown or wrong, or weights do not fit.
        FolderError: A folder of weights is incomplete, altered, or holds none.
        UsageError: There is no such method.

    Example:
        >>> model = create("bpm_gcn", width=8, num_classes=7)
        >>> model.posture.head.out_features
        7
    """
    method = catalog.method(name)
    network: nn.Module = method.load("model")(resolve(method.make_config(config)))
    start_from(network, read_weights([weights] if isinstance(weights, Path | str) else weights), method)
    return network
