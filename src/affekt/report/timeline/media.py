"""What a timeline shows of a clip's media: a strip of frames and the outline of its sound."""

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
MANY = 40  # of the strip of a clip that may last for hours; the page shows one of them where the cursor is
SMALL_ROWS = 80  # of each of so many
STILL_ROWS = 360  # of the picture of a player that has not begun
FRAME_ROWS = 128  # pixels: twice the height at which they are shown
BINS = 600  # of an outline: finer than a screen shows
QUALITY = 72  # of JPEG


@dataclass(frozen=True)
class ClipMedia:
    """What could be had of a clip.

    Attributes:
        frames: JPEG pictures as data URIs, in order of time, spread evenly over the span.
        still: A larger picture of one moment.
        file: What a browser may be able to play.
        outline: (2, bins), least and greatest sample in each bin of the span, in [-1, 1]; NaN where there is
            no sound. None where there is none at all.
        missing: What could not be read, and why.
    """

    span_s: tuple[float, float] | None
    frames: tuple[str, ...] = ()
    outline: np.ndarray | None = None
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
    """Frames and sound of a clip, as far as they can be read; nothing is raised for what cannot.

    Args:
        video: What `open_video` takes; None where there is none.
        audio: What `sound_blocks` takes; None where there is none.
        span_s: The part that is shown; the whole clip if not given.
        rate_hz: Of a folder of frames.
        count, rows: How many frames, and how high.
        still_s: The moment of the larger picture; none if not given.
    """
    still = ""
    frames: tuple[str, ...] = ()
    outline: np.ndarray | None = None
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
            outline, span_s = sound_outline(audio, span_s)
        except NoSound:
            pass  # the answer's own notes say what that meant for it
        except MediaError as error:
            missing.append(f"its sound cannot be shown: {error}")
    file = next(
        (Path(it) for it in (video, audio) if isinstance(it, Path | str) and Path(it).is_file()), None
    )
    return ClipMedia(span_s, frames, outline, tuple(missing), still, file)


def sound_outline(
    reference: Any, span_s: tuple[float, float] | None, *, bins: int = BINS
) -> tuple[np.ndarray, tuple[float, float]]:
    """Least and greatest sample of each bin of a span, (2, bins), and the span; memory does not grow with it.

    Bins after the end of the sound are NaN. Without a span the sound is gone through twice.

    Raises:
        MediaError: The sound cannot be read, or there is none.
    """
    if span_s is None:
        span_s = (0.0, sum(block.duration_s for block in sound_blocks(reference)))
    start, end = span_s
    outline = np.full((2, bins), np.nan)
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
            outline[0, filled] = np.fmin(outline[0, filled], low)
            outline[1, filled] = np.fmax(outline[1, filled], high)
        offset += len(samples)
    return outline, span_s


def picture(path: str) -> ClipMedia:
    """A picture that was answered, as the only frame of a strip."""
    try:
        pixels = read_image(Path(path))
    except MediaError as error:
        return ClipMedia(None, missing=(f"the picture cannot be shown: {error}",))
    rows = min(2 * FRAME_ROWS, len(pixels))
    columns = max(1, round(pixels.shape[1] * rows / len(pixels)))
    return ClipMedia(None, frames=(as_jpeg(resize(pixels, rows, columns)),))


def as_jpeg(pixels: np.ndarray) -> str:
    """Pixels (h, w, 3) uint8 as a data URI."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"


def _frame_numbers(times_s: np.ndarray, end_s: float, span_s: tuple[float, float], most: int) -> np.ndarray:
    """The frame on screen in the middle of each of `most` equal parts of a span; fewer if it has fewer."""
    start, end = max(span_s[0], 0.0), min(span_s[1], end_s)
    first, last = np.searchsorted(times_s, [start, max(end, start)], side="right") - 1
    count = int(np.clip(last - first + 1, 1, most))
    middles = start + (end - start) * (np.arange(count) + 0.5) / count
    return np.clip(np.searchsorted(times_s, middles, side="right") - 1, 0, len(times_s) - 1)


def _may_have_sound(reference: Any) -> bool:
    """Whether to look for it: a folder of frames has none."""
    if isinstance(reference, Path | str):
        return Path(reference).is_file()
    return reference is not None
