"""Media of a clip for its timeline: a strip of frames and the envelope of its sound."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from affekt.core.errors import MediaError
from affekt.media.image import read_image, resize
from affekt.media.sound import NoSound, sound_blocks
from affekt.media.video import open_video

FRAMES = 12  # of a strip
MANY = 40  # of the strip of a clip that may last for hours; the cursor shows the nearest one
SMALL_ROWS = 80  # pixels: height of each of these
STILL_ROWS = 360  # pixels: height of the picture that the player shows before it is started
FRAME_ROWS = 128  # pixels: twice the height at which they are shown
BINS = 600  # of an envelope: finer than a screen shows
QUALITY = 72  # of JPEG
MARGIN = 0.3  # around the box of a face, as a share of its sides


@dataclass(frozen=True)
class ClipMedia:
    """The media of a clip that could be read.

    Attributes:
        frames: JPEG pictures as data URIs, in order of time, spread evenly over the span.
        still: A larger picture of one moment.
        file: A file that a browser may be able to play.
        envelope: (2, bins), least and greatest sample in each bin of the span, in [-1, 1]; NaN in bins
            without sound. None for a clip without sound.
        missing: What could not be read, and the reason.
    """

    span_s: tuple[float, float] | None
    frames: tuple[str, ...] = ()
    envelope: np.ndarray | None = None
    missing: tuple[str, ...] = ()
    still: str = ""
    file: Path | None = None


def clip_media(
    video: Any,
    audio: Any,
    span_s: tuple[float, float] | None,
    *,
    rate_hz: float | None = None,
    count: int = FRAMES,
    rows: int = FRAME_ROWS,
    still_s: float | None = None,
) -> ClipMedia:
    """Frames and sound of a clip; what cannot be read is listed in `missing` and not raised.

    Args:
        video: As `open_video` takes it; None without video.
        audio: As `sound_blocks` takes it; None without sound.
        span_s: The part that is shown; by default the whole clip.
        rate_hz: Frame rate of a folder of frames.
        count, rows: Number of frames, and their height.
        still_s: The moment of the larger picture; None for no such picture.
    """
    still = ""
    frames: tuple[str, ...] = ()
    envelope: np.ndarray | None = None
    missing: list[str] = []
    if video is not None:
        try:
            opened = open_video(video, rate_hz=rate_hz)
            span_s = span_s or (0.0, opened.end_s)
            shown = _frame_numbers(opened.times_s, opened.end_s, span_s, count)
            pictures = opened.read(shown, height=min(rows, opened.height))
            frames = tuple(as_jpeg(picture) for picture in pictures)
            if still_s is not None:
                number = np.clip(np.searchsorted(opened.times_s, still_s, side="right") - 1, 0, None)
                still = as_jpeg(opened.read([int(number)], height=min(STILL_ROWS, opened.height))[0])
        except MediaError as error:
            missing.append(f"its frames cannot be shown: {error}")
    if _may_have_sound(audio):
        try:
            envelope, span_s = sound_envelope(audio, span_s)
        except NoSound:
            pass  # the notes of the answer state what this means for it
        except MediaError as error:
            missing.append(f"its sound cannot be shown: {error}")
    file = next(
        (Path(it) for it in (video, audio) if isinstance(it, Path | str) and Path(it).is_file()), None
    )
    return ClipMedia(span_s, frames, envelope, tuple(missing), still, file)


def sound_envelope(
    reference: Any, span_s: tuple[float, float] | None, *, bins: int = BINS
) -> tuple[np.ndarray, tuple[float, float]]:
    """Least and greatest sample of each bin of a span, (2, bins), and the span, in constant memory.

    Bins after the end of the sound are NaN. Without a span the sound is decoded twice.

    Raises:
        MediaError: The sound cannot be read, or there is none.
    """
    if span_s is None:
        span_s = (0.0, sum(block.duration_s for block in sound_blocks(reference)))
    start, end = span_s
    envelope = np.full((2, bins), np.nan)
    offset = 0
    for block in sound_blocks(reference):
        edges = np.rint((start + (end - start) * np.arange(bins + 1) / bins) * block.rate_hz).astype(int)
        if offset >= edges[-1]:
            break
        samples = block.samples[0]
        cuts = np.clip(edges - offset, 0, len(samples))
        filled = np.flatnonzero(cuts[:-1] < cuts[1:])
        if len(filled):
            part = samples[: cuts[filled[-1] + 1]]
            low = np.minimum.reduceat(part, cuts[filled])
            high = np.maximum.reduceat(part, cuts[filled])
            # A bin may go on in the next block.
            envelope[0, filled] = np.fmin(envelope[0, filled], low)
            envelope[1, filled] = np.fmax(envelope[1, filled], high)
        offset += len(samples)
    return envelope, span_s


class Pictures:
    """Reads pictures; the last one is kept, because the faces of a photo follow each other."""

    def __init__(self) -> None:
        self._last: tuple[str, np.ndarray] | None = None

    def read(self, path: str) -> np.ndarray:
        """Pixels (h, w, 3) uint8 RGB.

        Raises:
            MediaError: It cannot be read.
        """
        if self._last is None or self._last[0] != path:
            self._last = None  # two large pictures at once would need twice the memory
            self._last = (path, read_image(Path(path)))
        return self._last[1]


def picture(path: str, pictures: Pictures, box: tuple[float, float, float, float] | None = None) -> ClipMedia:
    """A predicted picture, as a single frame without time; of a face, its box with some of what is around."""
    try:
        pixels = pictures.read(path)
    except MediaError as error:
        return ClipMedia(None, missing=(f"the picture cannot be shown: {error}",))
    if box is not None:
        pixels = _around(pixels, box)
    return ClipMedia(None, frames=(as_jpeg(reduced(pixels, rows=2 * FRAME_ROWS)),))


def reduced(pixels: np.ndarray, *, rows: int) -> np.ndarray:
    """Pixels with at most so many rows."""
    rows = min(rows, len(pixels))
    return resize(pixels, rows, max(1, round(pixels.shape[1] * rows / len(pixels))))


def _around(pixels: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """The part of a picture with a box and a margin around it; the whole picture if the box is not in it."""
    height, width = pixels.shape[:2]
    left, top, right, bottom = box
    across, down = MARGIN * (right - left), MARGIN * (bottom - top)
    columns = slice(max(0, int(left - across)), max(0, min(width, int(right + across) + 1)))
    rows = slice(max(0, int(top - down)), max(0, min(height, int(bottom + down) + 1)))
    part = pixels[rows, columns]
    return np.ascontiguousarray(part) if part.size else pixels


def as_jpeg(pixels: np.ndarray) -> str:
    """Pixels (h, w, 3) uint8 as a data URI."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"


def _frame_numbers(times_s: np.ndarray, end_s: float, span_s: tuple[float, float], most: int) -> np.ndarray:
    """The frame at the middle of each of `most` equal parts of a span; fewer if the span has fewer frames."""
    start, end = max(span_s[0], 0.0), min(span_s[1], end_s)
    first, last = np.searchsorted(times_s, [start, max(end, start)], side="right") - 1
    count = int(np.clip(last - first + 1, 1, most))
    middles = start + (end - start) * (np.arange(count) + 0.5) / count
    return np.clip(np.searchsorted(times_s, middles, side="right") - 1, 0, len(times_s) - 1)


def _may_have_sound(reference: Any) -> bool:
    """Whether there may be sound: a folder of frames has none."""
    if isinstance(reference, Path | str):
        return Path(reference).is_file()
    return reference is not None
