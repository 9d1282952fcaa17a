"""Settings of a pretrained encoder of pictures or video."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import PositiveFloat, PositiveInt

from affekt.core.settings import Settings
from affekt.encoders.settings import PretrainedSettings

PicturePooling = Literal["class", "first", "mean", "max", "last"]
# Networks that read several frames at once, and networks of one picture, which read frames one by one.
VIDEOS = ("videomae", "timesformer", "vivit")
PICTURES = ("vit", "clip_vision_model")
WITHOUT_CLASS = ("videomae",)  # families without a class token
DEFAULT_FRAMES = 8  # of networks of one picture


class PictureInput(Settings):
    """What a network of pictures reads, as its image processor states it.

    A pixel p becomes (p * scale - offset - mean) / std, for each of red, green and blue.

    Attributes:
        resize: The shorter side after resizing, or height and width, in pixels.
        crop: Height and width that are cut out of the middle; None keeps all.
        resample: Filter of the resizing.
        scale: Factor of a pixel, from 0 to 255.
        offset: What is subtracted after scaling.
        mean: What is subtracted from red, green and blue.
        std: What red, green and blue are divided by.
    """

    resize: PositiveInt | tuple[PositiveInt, PositiveInt] = 224
    crop: tuple[PositiveInt, PositiveInt] | None = (224, 224)
    resample: Literal["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"] = "bilinear"
    scale: PositiveFloat = 1 / 255
    offset: float = 0.0
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[PositiveFloat, PositiveFloat, PositiveFloat] = (0.229, 0.224, 0.225)


class PictureEncoderSettings(PretrainedSettings):
    """One pretrained encoder of video (VideoMAE, TimeSformer, ViViT) or of its frames (ViT, CLIP).

    Further attributes are those of `PretrainedSettings`.

    Attributes:
        pooling: How the states of the patches become one vector: that of the class token, where the network
            has one; that of its first token, whichever that is, or of the last patch; the mean or the maximum
            over the patches. Vectors of frames that are read one by one are averaged.
        frames: Number of frames, spread over the whole video. That of the network if not given; 8 where the
            network reads one picture.
        floor_step: parity: take every (n // frames)-th frame from the first on, as TelME's reference does,
            which misses the last frames; a short video repeats its last frame.
        bgr: parity: swap red and blue, as where OpenCV's frames are taken for RGB.
        input: What the network reads. Taken from the source like the architecture.
    """

    needed: ClassVar[tuple[str, ...]] = ("model_type", "hidden_size", "num_hidden_layers", "image_size")

    kind: Literal["pretrained"] = "pretrained"
    pooling: PicturePooling = "mean"
    frames: PositiveInt | None = None
    floor_step: bool = False
    bgr: bool = False
    input: PictureInput = PictureInput()

    @property
    def reads_video(self) -> bool:
        """Whether the network reads all frames at once."""
        return self.architecture["model_type"] in VIDEOS

    @property
    def has_class(self) -> bool:
        """Whether the first token is a class token."""
        return self.architecture["model_type"] not in WITHOUT_CLASS

    @property
    def width(self) -> int:
        """Size of the vector; 1 while the architecture is not known."""
        if not self.is_resolved:
            return 1
        layers = int(self.architecture["num_hidden_layers"]) + 1 if self.layers == "all" else 1
        return int(self.architecture["hidden_size"]) * layers

    @property
    def count(self) -> int:
        """Number of frames that are read."""
        if self.reads_video:
            return int(self.architecture["num_frames"])
        return self.frames or DEFAULT_FRAMES

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the pictures that the network reads, in pixels."""
        return as_pair(self.architecture["image_size"])

    @property
    def cached_part(self) -> dict[str, Any]:
        """What the output of the frozen encoder depends on, beside the video and the weights."""
        left_out = {"source", "mode", "lora", "checkpointing", "weights_sha256"}
        return self.model_dump(mode="json", exclude=left_out)


def as_pair(size: int | Sequence[int]) -> tuple[int, int]:
    """A size of one number as height and width."""
    height, width = (size, size) if isinstance(size, int) else size
    return int(height), int(width)
