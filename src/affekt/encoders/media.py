"""Encoders of sound and of picture, of either kind: pretrained networks, and networks that affekt trained.

A config names them by modality:

    A: AudioEncoderSettings          kind = "pretrained", which may be left out, or "trained"
    V: VideoEncoderSettings

Preprocessing makes arrays with `media_reader`, the network vectors of them with
`affekt.encoders.media_network.make_media_encoder`: it takes the arrays of the reader's `specs`, in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag

from affekt.encoders.picture import facts as picture_facts
from affekt.encoders.picture.read import PictureReader
from affekt.encoders.picture.settings import PictureEncoderSettings
from affekt.encoders.sound import facts as sound_facts
from affekt.encoders.sound.read import SoundReader
from affekt.encoders.sound.settings import SoundEncoderSettings
from affekt.encoders.trained import facts as trained_facts
from affekt.encoders.trained.read import TrainedReader
from affekt.encoders.trained.settings import TrainedEncoderSettings

Modality = Literal["audio", "video"]


def _kind(values: Any) -> str:
    if isinstance(values, Mapping):
        return str(values.get("kind", "pretrained"))
    return getattr(values, "kind", "pretrained")


_BY_KIND = Discriminator(
    _kind,
    custom_error_type="unknown_kind",
    custom_error_message="kind must be 'pretrained' or 'trained'",
)
_Trained = Annotated[TrainedEncoderSettings, Tag("trained")]
AudioEncoderSettings = Annotated[Annotated[SoundEncoderSettings, Tag("pretrained")] | _Trained, _BY_KIND]
VideoEncoderSettings = Annotated[Annotated[PictureEncoderSettings, Tag("pretrained")] | _Trained, _BY_KIND]
MediaSettings = SoundEncoderSettings | PictureEncoderSettings | TrainedEncoderSettings
MediaReader = SoundReader | PictureReader | TrainedReader


def resolved_media(settings: MediaSettings, modality: Modality) -> MediaSettings:
    """Settings with all that the source states.

    Raises:
        ConfigError: A setting does not go with the network, or the network reads something else.
        FolderError: The source cannot be read.
        UsageError: There is no such source.
    """
    if isinstance(settings, TrainedEncoderSettings):
        return trained_facts.resolved(settings, modality=modality)
    if isinstance(settings, SoundEncoderSettings):
        return sound_facts.resolved(settings)
    return picture_facts.resolved(settings)


def media_reader(settings: MediaSettings, modality: Modality, *, optional: bool = False) -> MediaReader:
    """What makes the arrays of samples; the first is named as the modality.

    Args:
        settings: Resolved, or with an architecture.
        optional: Whether a sample may lack the modality.
    """
    if isinstance(settings, TrainedEncoderSettings):
        return TrainedReader(settings, name=modality, modality=modality, optional=optional)
    if isinstance(settings, SoundEncoderSettings):
        return SoundReader(settings, name=modality, optional=optional)
    return PictureReader(settings, name=modality, optional=optional)
