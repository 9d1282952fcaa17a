"""Video of a sample to the frames that its encoder reads, in numpy alone."""

from __future__ import annotations

import numpy as np
from PIL import Image

from affekt.core.files.fingerprint import fingerprint
from affekt.core.sample import Sample
from affekt.core.spec import TensorSpec
from affekt.encoders.picture.settings import PictureEncoderSettings, PictureInput
from affekt.media.video import video_of


class PictureReader:
    """Frames of samples as the array `<name>` (frames, 3, h, w) of an encoder, RGB.

    Frames are spread over the whole video; each is resized, cropped and normalised as the network's image
    processor does.

    Args:
        name: Of the input of the network.
        optional: Whether a sample may lack video.
    """

    def __init__(
        self, settings: PictureEncoderSettings, *, name: str = "video", optional: bool = False
    ) -> None:
        self.settings, self.name, self.optional = settings, name, optional

    @property
    def specs(self) -> tuple[TensorSpec]:
        """The array."""
        height, width = self.settings.size
        return (
            TensorSpec(
                name=self.name,
                axes="b t c h w",
                shape=(self.settings.count, 3, height, width),
                meaning="frames, RGB, shifted and scaled by the mean and deviation of the network",
                modality="video",
                optional=self.optional,
            ),
        )

    def __call__(self, sample: Sample) -> dict[str, np.ndarray]:
        """The array of one sample.

        Raises:
            MediaError: It has no video, or one that cannot be read or ends before the sample's span.
        """
        video = video_of(sample)
        choose = floor_steps if self.settings.floor_step else spread
        frames = video.read(choose(len(video), self.settings.count))
        if self.settings.bgr:
            frames = frames[..., ::-1]
        return {self.name: np.stack([prepared(frame, self.settings.input) for frame in frames])}

    def cache_key(self, sample: Sample) -> str:
        """Hash of the video that is read: its file or its frames, and the span."""
        return fingerprint("video", sample.media.get("video"), sample.span_s, sample.facts.get("rate_hz"))


def spread(length: int, count: int) -> np.ndarray:
    """Numbers of frames in the middles of equal parts of a video; a short one repeats frames.

    Example:
        >>> spread(10, 4).tolist(), spread(2, 4).tolist()
        ([1, 3, 6, 8], [0, 0, 1, 1])
    """
    return ((np.arange(count) + 0.5) * length / count).astype(np.int64)


def floor_steps(length: int, count: int) -> np.ndarray:
    """parity: every (length // count)-th frame; the last frames of a video are never among them.

    Example:
        >>> floor_steps(23, 4).tolist(), floor_steps(2, 4).tolist()
        ([0, 5, 10, 15], [0, 1, 1, 1])
    """
    return np.minimum(np.arange(count) * max(1, length // count), length - 1)


def prepared(pixels: np.ndarray, facts: PictureInput) -> np.ndarray:
    """A picture (h, w, 3) uint8 as its network reads it, (3, h, w) float32."""
    height, width = pixels.shape[:2]
    if isinstance(facts.resize, int):
        shorter = min(height, width)
        size = (facts.resize * height // shorter, facts.resize * width // shorter)
    else:
        size = facts.resize
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if size != (height, width):
        image = image.resize((size[1], size[0]), Image.Resampling[facts.resample.upper()])
    cut = np.asarray(image)
    if facts.crop is not None:
        top, left = (size[0] - facts.crop[0]) // 2, (size[1] - facts.crop[1]) // 2
        cut = cut[top : top + facts.crop[0], left : left + facts.crop[1]]
    values = cut.astype(np.float32) * np.float32(facts.scale) - np.float32(facts.offset)
    values = (values - np.array(facts.mean, np.float32)) / np.array(facts.std, np.float32)
    return np.ascontiguousarray(values.transpose(2, 0, 1))
