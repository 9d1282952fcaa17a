"""The frames of a video that are searched, one at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from affekt.core.errors import MediaError
from affekt.media.video import Video


class Frame(NamedTuple):
    """A frame at the time of a step.

    Attributes:
        number: In the video.
        time_s: When it begins to be shown; where it is shown at several steps, the later steps.
        picture: (h, w, 3) uint8 RGB; None if it cannot be decoded.
        is_new: Whether the step before showed another frame.
    """

    number: int
    time_s: float
    picture: np.ndarray | None
    is_new: bool


class BreaksOff(NamedTuple):
    """Nothing can be decoded from here on, and why."""

    time_s: float
    reason: str


def sampled(video: Video, *, step_s: float, longest_px: int) -> Iterator[Frame | BreaksOff]:
    """The frames that are shown at multiples of `step_s`, in order; one is in memory.

    Args:
        longest_px: Larger frames are reduced to this longer side.

    Raises:
        MediaError: Not a single frame can be decoded.
    """
    steps_s = np.arange(max(1, math.ceil(video.end_s / step_s - 1e-6))) * step_s
    # A frame is shown until the next one; rounding must not choose the one before.
    numbers = (np.searchsorted(video.times_s, steps_s + 1e-6, side="right") - 1).clip(0)
    scale = min(1.0, longest_px / max(video.height, video.width))
    pictures = video.chosen(np.unique(numbers).tolist(), height=max(1, round(video.height * scale)))
    shown, picture = -1, np.zeros((0, 0, 3), np.uint8)
    for step, number in zip(steps_s.tolist(), numbers.tolist(), strict=True):
        is_new = number != shown
        if is_new:
            try:
                shown, picture = next(pictures)
            except MediaError as error:
                if shown < 0:
                    raise
                yield BreaksOff(float(video.times_s[number]), str(error))
                return
        lost = video.is_replaced(number)
        yield Frame(
            number, float(video.times_s[number]) if is_new else step, None if lost else picture, is_new
        )
