"""`create`: an untrained network of a method."""

from __future__ import annotations

from typing import Any

from torch import nn

from affekt.core import catalog


def create(name: str, **config: Any) -> nn.Module:
    """A network with random weights; nothing is read from disk.

    Args:
        config: Fields of the method's config.

    Raises:
        ConfigError: A field is unknown or wrong.
        UsageError: There is no such method.

    Example:
        >>> model = create("bpm_gcn", width=8, num_classes=7)
        >>> model.posture.head.out_features
        7
    """
    room = catalog.method(name)
    return room.load("model")(room.make_config(config))
