"""What may stand for a modality: an encoder of words, of sound or of picture, or vectors that data ship."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, PositiveInt, Tag, model_validator

from affekt.core.settings import Settings
from affekt.encoders.picture.settings import PictureEncoderSettings
from affekt.encoders.settings import EncoderSettings
from affekt.encoders.sound.settings import SoundEncoderSettings
from affekt.encoders.trained.settings import TrainedEncoderSettings
from affekt.encoders.width import vector_width

# Letters in recipes, and names in `Sample.media`, in the order in which vectors are joined.
MODALITIES: dict[str, Literal["text", "audio", "video"]] = {"T": "text", "A": "audio", "V": "video"}
Letter = Literal["T", "A", "V"]


class Projected(Settings):
    """What comes after an encoder.

    Attributes:
        projection: Width of the vector after a linear layer; None leaves the encoder's own.
        standardize: Values of the encoder's vector with mean 0 and variance 1, as measured in training.
        freeze_projection: Keep that layer as `--weights` gives it.
    """

    projection: PositiveInt | None = 96
    freeze_projection: bool = False
    standardize: bool = False


class WordsEncoder(EncoderSettings, Projected):
    """A pretrained encoder of words; attributes are those of `EncoderSettings` and `Projected`."""

    kind: Literal["text"] = "text"


class SoundEncoding(SoundEncoderSettings, Projected):
    """A pretrained encoder of sound; attributes are those of `SoundEncoderSettings` and `Projected`."""


class PictureEncoding(PictureEncoderSettings, Projected):
    """A pretrained encoder of video; attributes are those of `PictureEncoderSettings` and `Projected`."""


class TrainedEncoding(TrainedEncoderSettings, Projected):
    """A network that affekt trained; attributes are those of `TrainedEncoderSettings` and `Projected`."""


class FeaturesEncoder(Settings):
    """Vectors that the data set ships, standardised by the training part (`affekt.media.features`).

    Attributes:
        width: Values of a vector; `features` of the config if not given.
        pooling: Of vectors in time: their mean, or the last one.
        projection: Width of the vector after a linear layer; None leaves its own.
        freeze_projection: Keep that layer as `--weights` gives it.
    """

    kind: Literal["features"] = "features"
    width: PositiveInt | None = None
    pooling: Literal["mean", "last"] = "mean"
    projection: PositiveInt | None = 96
    freeze_projection: bool = False


MediaEncoding = SoundEncoding | PictureEncoding | TrainedEncoding
Encoding = WordsEncoder | MediaEncoding | FeaturesEncoder


def _kinds(*known: str) -> Discriminator:
    """The encoder that `kind` names; the first of the known ones if it is left out."""

    def kind_of(value: Any) -> str:
        found = (
            value.get("kind", known[0]) if isinstance(value, Mapping) else getattr(value, "kind", known[0])
        )
        return str(found)

    return Discriminator(
        kind_of,
        custom_error_type="unknown_kind",
        custom_error_message=f"kind must be one of {', '.join(known)}",
    )


_Features = Annotated[FeaturesEncoder, Tag("features")]
_Trained = Annotated[TrainedEncoding, Tag("trained")]
# An encoder of a further kind is added to the line of its modality.
_ForText = Annotated[Annotated[WordsEncoder, Tag("text")] | _Features, _kinds("text", "features")]
_ForAudio = Annotated[
    Annotated[SoundEncoding, Tag("pretrained")] | _Trained | _Features,
    _kinds("pretrained", "trained", "features"),
]
_ForVideo = Annotated[
    Annotated[PictureEncoding, Tag("pretrained")] | _Trained | _Features,
    _kinds("pretrained", "trained", "features"),
]


class EncodersSettings(Settings):
    """Encoders by modality; those that are not given take no part."""

    T: _ForText | None = None
    A: _ForAudio | None = None
    V: _ForVideo | None = None

    @model_validator(mode="after")
    def _has_any(self) -> EncodersSettings:
        if not self.named:
            raise ValueError("it names no modality: give T, A or V")
        return self

    @property
    def named(self) -> dict[str, Any]:
        """The encoders that take part, by letter."""
        found = {letter: getattr(self, letter) for letter in MODALITIES}
        return {letter: one for letter, one in found.items() if one is not None}

    @property
    def words(self) -> WordsEncoder | None:
        """The encoder of words; None if there is none."""
        return self.T if isinstance(self.T, WordsEncoder) else None

    @property
    def media(self) -> dict[str, MediaEncoding]:
        """Encoders of sound and picture, by letter."""
        return {letter: one for letter, one in self.named.items() if isinstance(one, MediaEncoding)}

    @property
    def frozen(self) -> tuple[str, ...]:
        """Letters of the encoders that are not trained, whose vectors can be cached."""
        return tuple(letter for letter, one in self.named.items() if getattr(one, "mode", "") == "frozen")

    @property
    def cached_part(self) -> dict[str, object]:
        """What the vectors of frozen encoders depend on, beside inputs and weights."""
        kept = {"pooling", "layers", "architecture", "padding_id", "mask_id"}
        found = self.words.model_dump(mode="json", include=kept) if self.words else {}
        for letter, one in self.media.items():
            found[letter] = {
                name: value for name, value in one.cached_part.items() if name not in Projected.model_fields
            }
        return found


def encoder_width(one: Encoding) -> int | None:
    """Width of the vector of an encoder; None while it is not known."""
    if isinstance(one, FeaturesEncoder):
        return one.width
    if not one.is_resolved:
        return None
    return vector_width(one) if isinstance(one, WordsEncoder) else one.width
