"""Size of the vector of an encoder."""

from __future__ import annotations

from affekt.encoders.settings import EncoderSettings


def vector_width(settings: EncoderSettings) -> int:
    """Size of the vector of an encoder with a known architecture."""
    layers = int(settings.architecture["num_hidden_layers"]) + 1 if settings.layers == "all" else 1
    parts = 2 if settings.pooling == "own mean and max" else 1
    return int(settings.architecture["hidden_size"]) * layers * parts
