"""How modalities are encoded: one vector for title and sound, one for each second of the rest."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, PositiveInt, Tag

from affekt.core.settings import Settings
from affekt.encoders.settings import Pooling

MODALITIES = ("title", "video", "faces", "text", "audio")


class TextEncoding(Settings):
    """Words by a frozen encoder of text.

    Attributes:
        source: An asset such as `minilm` (English) or `use` (16 languages with Chinese), a folder, or a name
            on the hub that was downloaded.
        pooling: How the vectors of tokens become one.
        layers: The last layer, or all of them.
        tokens: The longest input; the rest of a line is cut off.
    """

    source: str
    pooling: Pooling = "mean"
    layers: Literal["last", "all"] = "last"
    tokens: PositiveInt = 128


class PretrainedEncoding(Settings):
    """Pictures or sound by a frozen network of `transformers`, from a folder or the hub's local cache.

    Attributes:
        source: Folder of the network, or its name on the hub.
        pooling: How the vectors of parts become one, such as `mean`.
        layers: The last layer, or all of them.
    """

    kind: Literal["pretrained"] = "pretrained"
    source: str
    pooling: str = "mean"
    layers: Literal["last", "all"] = "last"


class TrainedEncoding(Settings):
    """Pictures or sound by a network that affekt trained.

    Attributes:
        source: Folder of a run or a checkpoint.
    """

    kind: Literal["trained"]
    source: str


class ThumbnailEncoding(Settings):
    """Pictures as thumbnails: a baseline that needs no network.

    Attributes:
        size: Side of the square to which a picture is reduced, in pixels; 3 * size * size values.
    """

    kind: Literal["thumbnail"]
    size: PositiveInt = 8


class LogMelEncoding(Settings):
    """Sound as mean and standard deviation of its log-mel spectrogram: a baseline that needs no network.

    Attributes:
        mels: Bands; the vector has twice as many values.
    """

    kind: Literal["log_mel"]
    mels: PositiveInt = 40


def _kind(values: Any) -> str:
    return str(values.get("kind", "pretrained")) if isinstance(values, dict) else values.kind


_Pretrained = Annotated[PretrainedEncoding, Tag("pretrained")]
_Trained = Annotated[TrainedEncoding, Tag("trained")]
PictureEncoding = Annotated[
    _Pretrained | _Trained | Annotated[ThumbnailEncoding, Tag("thumbnail")], Discriminator(_kind)
]
SoundEncoding = Annotated[
    _Pretrained | _Trained | Annotated[LogMelEncoding, Tag("log_mel")], Discriminator(_kind)
]


class EncodingSettings(Settings):
    """Encoders by modality; one that is left out is not encoded.

    Attributes:
        captions: A track of words that is added to the text of each second, on a line of its own, such as
            descriptions of the frames; empty: none.
        dtype: Of the stored vectors; `float16` halves their size.
        normalized_faces: Weights of the faces of a frame sum to 1; else they are the shares of its area, as
            CHFEN's reference has them.
    """

    title: TextEncoding | None = None
    text: TextEncoding | None = None
    video: PictureEncoding | None = None
    faces: PictureEncoding | None = None
    audio: SoundEncoding | None = None
    captions: str = ""
    dtype: Literal["float16", "float32"] = "float32"
    normalized_faces: bool = True

    @property
    def named(self) -> tuple[str, ...]:
        """Modalities that are encoded."""
        return tuple(name for name in MODALITIES if getattr(self, name) is not None)
