"""Settings of the method."""

from __future__ import annotations

from affekt.encoders.multimodal.settings import MultimodalSettings


class MDNConfig(MultimodalSettings):
    """Any modalities, any fusion, any of the losses; one text encoder with a classifier by default."""
