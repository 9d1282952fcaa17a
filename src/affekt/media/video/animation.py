"""Animated pictures as clips: GIF, WebP, PNG and, where Pillow decodes it, AVIF."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from affekt.core.errors import MediaError
from affekt.media.image import image_bytes, resize
from affekt.media.image.arrays import on_white
from affekt.media.image.read import OPENING
from affekt.media.image.stated import DECODER_ERRORS
from affekt.media.limits import MAX_DURATION_S, MAX_PIXELS

# Suffixes of files that can be animated; the content decides.
SUFFIXES = (".gif", ".webp", ".apng")
_FORMATS = ("GIF", "WEBP", "PNG", "AVIF")
# Shorter durations are errors of old writers: browsers and FFmpeg show such frames for a tenth of a second.
_SHORTEST_MS, _USUAL_MS = 20.0, 100.0
_MAX_FRAMES = 100_000
MAX_TOTAL_PIXELS = 4_000_000_000  # of all frames, which are decoded to find their times: a minute of full HD
_BROKEN = (*DECODER_ERRORS, Image.DecompressionBombError, Image.DecompressionBombWarning)


class AnimationSource:
    """The frames of an animated picture; each pass decodes from its beginning to the last asked frame.

    Raises:
        MediaError: It is a still picture, damaged, or too large.
    """

    def __init__(self, path: Path) -> None:
        self._path, self.name = path, str(path)
        self.sound_tracks = 0
        self.notes: list[str] = []
        self.replacements: dict[int, int] = {}
        with self._opened() as image:
            self.width, self.height = image.size
            # The first picture of an animated PNG may be one for viewers that show no animation.
            self._first = int(bool(getattr(image, "default_image", False)))
            durations = self._durations(image)
        if len(durations) < 2:
            raise MediaError(f"{path} cannot be read as video: it is a still picture")
        brief = np.array(durations) < _SHORTEST_MS
        if brief.any():
            self.notes.append(f"{brief.sum()} of its frames state no duration: 0.1 s each is assumed")
        ends = np.cumsum(np.where(brief, _USUAL_MS, durations)) / 1000
        self.times_s, self.end_s = np.concatenate([[0.0], ends[:-1]]), float(ends[-1])

    def pictures(self, numbers: Sequence[int], height: int, width: int) -> Iterator[tuple[int, np.ndarray]]:
        """Frames of increasing numbers, on white where they are transparent.

        Raises:
            MediaError: The file was changed or removed since.
        """
        with self._opened() as image:
            for number in numbers:
                try:
                    image.seek(self._first + number)
                    picture = np.asarray(on_white(image.convert("RGBA")))
                except _BROKEN as error:
                    raise MediaError(f"{self.name} can no longer be decoded: {error}") from None
                yield (
                    number,
                    picture if picture.shape[:2] == (height, width) else resize(picture, height, width),
                )

    def _opened(self) -> Image.Image:
        content = io.BytesIO(image_bytes(self._path))
        try:
            with OPENING, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about large pictures, which are limited below, and odd tags
                image = Image.open(content, formats=_FORMATS)
        except _BROKEN as error:
            raise MediaError(f"{self.name} is truncated or damaged: {error}") from None
        if not 0 < image.size[0] * image.size[1] <= MAX_PIXELS:
            raise MediaError(
                f"{self.name} has frames of {image.size[0]} x {image.size[1]} pixels; "
                f"at most {MAX_PIXELS / 1e6:.0f} megapixels are read"
            )
        return image

    def _durations(self, image: Image.Image) -> list[float]:
        """In milliseconds, of each frame that can be decoded."""
        found: list[float] = []
        pixels = 0
        try:
            for number in range(self._first, _MAX_FRAMES + self._first):
                image.seek(number)
                image.load()
                pixels += image.size[0] * image.size[1]
                if pixels > MAX_TOTAL_PIXELS:
                    raise MediaError(
                        f"{self.name} has more than {MAX_TOTAL_PIXELS / 1e6:.0f} megapixels in its frames: "
                        "convert it to a video, such as MP4"
                    )
                stated = float(image.info.get("duration") or 0.0)
                found.append(stated if math.isfinite(stated) else 0.0)
                if sum(found) > MAX_DURATION_S * 1000:
                    break
        except EOFError:
            pass  # after the last frame
        except _BROKEN as error:
            if not found:
                raise MediaError(f"{self.name} is truncated or damaged: {error}") from None
            self.notes.append(f"cut off: {len(found)} frames can be decoded")
        return found
