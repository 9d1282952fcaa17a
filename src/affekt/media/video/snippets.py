"""Snippets of a video: the frames that a network sees, and their times in the clip.

A clip is split into equal segments, and a snippet of consecutive frames is taken from each: temporal segment
sampling as in VAANet (AAAI 2020) and CTEN (CVPR 2023), after Wang et al., Temporal Segment Networks, ECCV
2016. Frames are numbered from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from pydantic import Field, PositiveInt

from affekt.core.sample import Moments, Sample
from affekt.core.settings import Settings
from affekt.core.spec import TensorSpec
from affekt.media.video.read import Video, video_of
from affekt.media.video.views import ClipAugment, ClipView, draw_view

MEAN = np.float32(100 / 255)  # grey level that published 3D networks subtract from all three colours

# Draws a number from 0 to the argument, both included.
Draw = Callable[[int], int]


class SnippetSettings(Settings):
    """How a video is sampled.

    Attributes:
        segments: Number of equal parts of the clip, with one snippet each.
        snippet_frames: Consecutive frames of a snippet; the 3D network takes at most 16.
        size: Side of the square input, in pixels.
        height: Rows to which frames are decoded before a square is cut out; smaller videos are not enlarged.
        frame_step: Take every n-th frame, for videos of a high frame rate.
        augment: Augmentation of training views.
    """

    segments: PositiveInt = 16
    snippet_frames: int = Field(default=16, ge=2, le=16)
    size: int = Field(default=112, ge=32)
    height: PositiveInt = 240
    frame_step: PositiveInt = 1
    augment: ClipAugment = ClipAugment()


def clips_spec(settings: SnippetSettings) -> TensorSpec:
    """The snippets of a clip as the input of a network."""
    return TensorSpec(
        name="clips",
        axes="b s c t h w",
        shape=(settings.segments, 3, settings.snippet_frames, settings.size, settings.size),
        meaning="RGB in [0, 1] minus 100/255; snippets of consecutive frames, one from each segment",
        modality="video",
    )


class Snippets(NamedTuple):
    """Snippets of one clip.

    Attributes:
        clips: (s, 3, t, h, w) float32, RGB in [0, 1] minus `MEAN`.
        numbers: (s, t) int64, their frame numbers.
    """

    clips: np.ndarray
    numbers: np.ndarray


def sample_snippets(
    frames: Sequence[int] | np.ndarray, *, segments: int, length: int, draw: Draw | None = None
) -> np.ndarray:
    """Frames of each snippet, (segments, length) int64.

    A list that is too short is repeated from its beginning; the remainder of the division at its end is never
    used.

    Args:
        frames: Frame numbers to choose from, in temporal order.
        length: Frames per snippet.
        draw: Draws the start of a snippet within its segment; None takes the middle.

    Raises:
        ValueError: There are no frames.

    Example:
        >>> sample_snippets(range(10), segments=2, length=3).tolist()
        [[1, 2, 3], [6, 7, 8]]
        >>> sample_snippets(range(4), segments=2, length=3).tolist()
        [[0, 1, 2], [3, 0, 1]]
    """
    numbers = np.asarray(frames, dtype=np.int64)
    if numbers.size == 0:
        raise ValueError("there are no frames to take snippets from")
    if len(numbers) < segments * length:
        numbers = np.resize(numbers, segments * length)
    each = len(numbers) // segments
    # parity: the last possible start is never drawn.
    starts = [
        each * segment
        + (max(0, each // 2 - length // 2) if draw is None else draw(max(0, each - length - 1)))
        for segment in range(segments)
    ]
    return numbers[np.array(starts)[:, None] + np.arange(length)]


def drawn_by(rng: np.random.Generator | None) -> Draw | None:
    """The `draw` argument of `sample_snippets` from a random generator."""
    return None if rng is None else lambda highest: int(rng.integers(highest + 1))


def snippets_of(
    video: Video, settings: SnippetSettings, numbers: np.ndarray, view: ClipView | None = None
) -> np.ndarray:
    """Pixels of snippets, (s, t, size, size, 3) uint8; every frame is decoded once.

    Raises:
        MediaError: The video cannot be decoded.
    """
    wanted, place = np.unique(numbers, return_inverse=True)
    pictures = video.read(wanted, height=min(settings.height, video.height))
    squares = (view or ClipView()).of(pictures, settings.size)
    return squares[place.reshape(numbers.shape)]


def read_snippets(
    sample: Sample, settings: SnippetSettings, rng: np.random.Generator | None = None
) -> Snippets:
    """Snippets of a sample's video: the middle of each segment and the centre square, or random with `rng`.

    Raises:
        MediaError: There is no video, or it cannot be decoded.
    """
    video = video_of(sample)
    frames = np.arange(0, len(video), settings.frame_step)
    numbers = sample_snippets(
        frames, segments=settings.segments, length=settings.snippet_frames, draw=drawn_by(rng)
    )
    view = None if rng is None else draw_view(settings.augment, rng)
    return Snippets(as_clips(snippets_of(video, settings, numbers, view)), numbers)


def as_clips(pixels: np.ndarray) -> np.ndarray:
    """(..., 3, t, h, w) float32 minus `MEAN`, from (..., t, h, w, 3) uint8."""
    return np.moveaxis(pixels, -1, -4).astype(np.float32, order="C") / 255 - MEAN


def moments_of(video: Video, settings: SnippetSettings) -> Moments:
    """The parts of the clip that the segments concern.

    In a clip that is long enough, each segment is a part. A shorter clip was repeated, so that several
    segments show the same frames: a part is then as long as a snippet, and all segments that show any of it
    concern it.
    """
    frames = np.arange(0, len(video), settings.frame_step)
    segments, length = settings.segments, settings.snippet_frames
    if len(frames) >= segments * length:
        first = frames[:: len(frames) // segments][:segments]
        weights = np.eye(segments)
    else:
        parts = np.array_split(frames, max(1, len(frames) // length))
        numbers = sample_snippets(frames, segments=segments, length=length)
        shown = np.array([np.isin(numbers, part).sum(axis=1) for part in parts], dtype=float)
        first = np.array([part[0] for part in parts])
        weights = shown / shown.sum(axis=1, keepdims=True)
    starts = video.times_s[first]
    return Moments(np.stack([starts, np.append(starts[1:], video.end_s)], axis=1), weights)
