"""Settings of a network that affekt trained, as an encoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, PositiveInt, model_validator

from affekt.core.settings import Settings


class TrainedEncoderSettings(Settings):
    """A network of a run or a checkpoint of affekt, up to the vector from which it answered.

    Attributes:
        source: Folder of the run, whose best epoch is taken, or of a checkpoint.
        mode: `trainable` updates all weights, `frozen` none (its outputs can be cached).
        frames: Number of frames of a video, spread over all of it, that a network of one picture reads; their
            vectors are averaged. Faces are not detected: a network of faces needs videos of face crops.
        method, config, state, width, weights_sha256: Taken from the source when a run starts, and kept in
            checkpoints and bundles, so that these need the source no more: the method, its config, what its
            preprocessing measured, the size of the vector, and the hash of the checkpoint's manifest.
    """

    kind: Literal["trained"]
    source: str = Field(min_length=1)
    mode: Literal["trainable", "frozen"] = "frozen"
    frames: PositiveInt = 8
    method: str = ""
    config: dict[str, Any] = Field(default_factory=dict)
    state: dict[str, Any] = Field(default_factory=dict)
    width: PositiveInt = 1
    weights_sha256: str = ""

    @model_validator(mode="after")
    def _is_whole(self) -> TrainedEncoderSettings:
        if bool(self.method) != bool(self.weights_sha256):
            raise ValueError("method is stated by the source: leave it out")
        return self

    @property
    def is_resolved(self) -> bool:
        """Whether the network is known."""
        return bool(self.method)

    @property
    def cached_part(self) -> Mapping[str, Any]:
        """What the output of the frozen encoder depends on, beside the sample and the weights."""
        return self.model_dump(mode="json", include={"kind", "method", "config", "state", "frames"})
