"""`create`: a network of a method, fresh or with weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import nn

from affekt.core import catalog
from affekt.engine.weights.initial import read_weights, start_from


def create(name: str, *, weights: Path | str | Sequence[Path | str] = (), **config: Any) -> nn.Module:
    """A network with random weights; nothing is read from disk unless `weights` says so.

    Args:
        weights: Folders that `convert` or a training has made, of the network or of parts of it.
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
    network: nn.Module = method.load("model")(method.make_config(config))
    start_from(network, read_weights([weights] if isinstance(weights, Path | str) else weights), method)
    return network
