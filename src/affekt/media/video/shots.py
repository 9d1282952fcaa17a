"""Shots of a video: where one picture is cut hard to another.

Frames are compared at a small size. Three things have to change for a cut: the colours, where it is bright
and dark, and most of the picture. Somebody who moves changes the second in a part of the picture, a flash or
an exposure the first alone.

    change(a, b) = part * sqrt((1 - similarity of colour histograms) * (1 - s))
    s = (2 cov(a, b) + c) / (var a + var b + c)    of brightness, c = (0.03 * 255)^2
    part = share of the cells of a grid that change by more than 8 % of the mean brightness

`s` is the contrast and structure term of SSIM (Wang et al., Image quality assessment, 2004) over the whole
picture. A frame begins a shot if its change is above a threshold that adapts to the changes before it, and if
no frame soon after it is like the picture before. Fades and other gradual changes are no cuts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from affekt.media.image import resize
from affekt.media.image.colours import colour_histogram
from affekt.media.video.read import Video

# Measured by `benchmarks/face_tracks.py`, Cuts.
LEAST_CHANGE = 0.06  # of a cut
TIMES_USUAL = 4.0  # a cut changes so many times more than the median of the frames before it
USUAL_OF = 15  # frames
FLASH_S = 0.3  # what looks as before again within this time was no cut

SMALL_ROWS, SMALL_COLUMNS = 36, 64  # of the frames that are compared
_GRID_ROWS, _GRID_COLUMNS = 18, 32  # of brightness
_STABLE = (0.03 * 255) ** 2  # SSIM's constant
_CELL, _LEAST_CELL = 0.08, 2.0  # change of a cell in mean brightness, and at least, of 255


class Looks(NamedTuple):
    """What is compared of a frame.

    Attributes:
        colours: As `affekt.media.image.colours.colour_histogram`.
        cells: (18, 32, 3) float32, mean colours of the cells of a grid.
        structure: (18, 32), their brightness less its mean.
        variance, brightness: Of the cells' brightness: variance and mean, of 255.
    """

    colours: np.ndarray
    cells: np.ndarray
    structure: np.ndarray
    variance: float
    brightness: float


class Judged(NamedTuple):
    """A frame whose shot is known.

    Attributes:
        begins: Whether it is the first of a shot; false for the first frame of the video.
    """

    time_s: float
    begins: bool


def looks_of(picture: np.ndarray) -> Looks:
    """What is compared of a picture (h, w, 3) uint8 RGB of any size."""
    small = picture
    if picture.shape[0] > 2 * SMALL_ROWS or picture.shape[1] > 2 * SMALL_COLUMNS:
        step = max(1, min(picture.shape[0] // (4 * SMALL_ROWS), picture.shape[1] // (4 * SMALL_COLUMNS)))
        # Every n-th pixel first: reducing all of a large frame costs more than finding its faces may.
        small = resize(np.ascontiguousarray(picture[::step, ::step]), SMALL_ROWS, SMALL_COLUMNS)
    cells = resize(small, _GRID_ROWS, _GRID_COLUMNS).astype(np.float32)
    grid = cells @ np.array([0.299, 0.587, 0.114])
    level = float(grid.mean())
    return Looks(colour_histogram(small), cells, grid - level, float(grid.var()), level)


def change(one: Looks, other: Looks) -> float:
    """How much changes from one frame to another: 0 nothing, 1 everything."""
    colours = 1 - float(one.colours @ other.colours)
    common = 2 * float((one.structure * other.structure).mean()) + _STABLE
    structure = 1 - common / (one.variance + other.variance + _STABLE)
    least = max(_CELL * (one.brightness + other.brightness) / 2, _LEAST_CELL)
    part = float((np.abs(one.cells - other.cells).max(axis=2) > least).mean())
    return part * float(np.sqrt(max(colours, 0) * min(max(structure, 0), 1)))


class ShotFinder:
    """Finds the first frames of shots in a stream of frames. It holds a few small frames and can be pickled.

    Whether a frame begins a shot is known once the frames of the next `FLASH_S` seconds have been seen.
    """

    def __init__(self) -> None:
        self._before: Looks | None = None
        self._waiting: list[tuple[float, Looks]] = []
        self._usual: deque[float] = deque(maxlen=USUAL_OF)

    def update(self, time_s: float, looks: Looks) -> list[Judged]:
        """Take a frame; the frames whose shot is now known, in order."""
        self._waiting.append((time_s, looks))
        return self._judged(at_end=False)

    def finish(self) -> list[Judged]:
        """The remaining frames, at the end of the video or before a part that cannot be decoded."""
        return self._judged(at_end=True)

    def _judged(self, *, at_end: bool) -> list[Judged]:
        known: list[Judged] = []
        while self._waiting:
            time_s, looks = self._waiting[0]
            if self._before is None:
                known.append(self._accept(begins=False))
                continue
            changed = change(self._before, looks)
            limit = self._limit()
            if changed <= limit:
                self._usual.append(changed)
                known.append(self._accept(begins=False))
                continue
            later = self._waiting[1:]
            again = next((n for n, (_, it) in enumerate(later, 1) if change(self._before, it) <= limit), 0)
            if again:  # a flash: what it showed is compared with nothing
                known += [Judged(when, False) for when, _ in self._waiting[:again]]
                del self._waiting[:again]
            elif at_end or (later and later[-1][0] - time_s >= FLASH_S - 1e-6):
                self._usual.clear()
                known.append(self._accept(begins=True))
            else:
                break
        return known

    def _accept(self, *, begins: bool) -> Judged:
        time_s, self._before = self._waiting.pop(0)
        return Judged(time_s, begins)

    def _limit(self) -> float:
        usual = float(np.median(self._usual)) if self._usual else 0.0
        return max(LEAST_CHANGE, min(TIMES_USUAL * usual, 0.9))


def exact_cuts(video: Video, spans: Iterable[tuple[int, int]]) -> list[float]:
    """The times of cuts that lie between two frames each: before the frame that changes most.

    All frames between are decoded, small, in one pass.

    Args:
        spans: Numbers of a frame before the cut and of one after it; in order.

    Raises:
        MediaError: Nothing can be decoded, or the file no longer exists.
    """
    wanted = [(before, after) for before, after in spans]
    numbers = sorted({number for before, after in wanted for number in range(before, after + 1)})
    looks: dict[int, Looks] = {}
    found: list[float] = []
    pending = deque(wanted)
    for number, picture in video.chosen(numbers, height=_height(video)):
        looks[number] = looks_of(picture)
        while pending and number >= pending[0][1]:
            before, after = pending.popleft()
            steps = [change(looks[it], looks[it + 1]) for it in range(before, after)]
            found.append(float(video.times_s[before + 1 + int(np.argmax(steps))]))
            if pending:
                looks = {it: look for it, look in looks.items() if it >= pending[0][0]}
    return found


def _height(video: Video) -> int:
    """Rows of a frame that is not larger than what is compared needs."""
    return max(1, min(video.height, 2 * SMALL_ROWS))
