"""Whether a skeleton walks: long enough, and with moving feet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field, PositiveInt

from affekt.core.errors import MediaError
from affekt.core.settings import Settings

FEWEST_FRAMES = 4  # needed to compute velocity and acceleration
NOISE_S, NOISE_FRAMES = 0.15, 5  # positions are averaged over these before movement is measured
# Smallest ratio of the variance of the smoothed vector between the feet to the variance left by independent
# noise of each frame. Noise reaches 2.9 by chance; captured walks have 7.6 and more at 10 Hz, 400 at 30 Hz.
CLEAR_OF_NOISE = 3.0


class MotionLimits(Settings):
    """Minimum requirements of a walk; a skeleton with less is refused.

    Attributes:
        shortest_s: Duration in seconds, where the frame rate is known: about half a gait cycle.
        shortest_frames: Number of frames, where the rate is not known.
        lowest_rate_hz: Frame rate, where it is known. A gait cycle takes about a second.
        stride: Standard deviation of the vector between the feet, in leg lengths, below which a person stands
            still. Captured walks have 0.14 and more. It does not depend on how the body sways.
    """

    shortest_s: float = Field(default=0.5, ge=0)
    shortest_frames: PositiveInt = 12
    lowest_rate_hz: float = Field(default=5.0, ge=0)
    stride: float = Field(default=0.03, ge=0)


def check_walks(
    positions: np.ndarray, joints: Sequence[str], limits: MotionLimits, *, rate_hz: float | None
) -> None:
    """Refuse a skeleton that does not walk; `positions` (t, v, 3) include hips, knees and feet.

    Raises:
        MediaError: The walk is too short, its frame rate is too low, or its feet do not move.
    """
    check_length(len(positions), limits, rate_hz=rate_hz)
    place = {name: positions[:, index] for index, name in enumerate(joints)}
    leg = 0.5 * sum(
        float(np.median(np.linalg.norm(place[f"{side}_{end}"] - place[f"{side}_knee"], axis=-1)))
        for side in ("left", "right")
        for end in ("hip", "foot")
    )
    if not leg > 0:
        raise MediaError("hips, knees and feet lie in the same place: the skeleton has no size")
    width = NOISE_FRAMES if rate_hz is None else round(NOISE_S * rate_hz)
    apart = _smooth(place["left_foot"] - place["right_foot"], width)
    stride = float(np.linalg.norm(apart.std(axis=0))) / leg
    noise = float(np.linalg.norm(_noise(place["left_foot"] - place["right_foot"], width))) / leg
    if stride < limits.stride:
        raise MediaError(
            f"the skeleton does not walk: the feet move against each other by {stride:.4f} leg lengths "
            f"(standard deviation); a walk has at least {limits.stride:g} (setting `motion.stride`)"
        )
    if limits.stride and stride**2 < CLEAR_OF_NOISE * noise**2:
        raise MediaError(
            f"the skeleton does not walk: the feet move against each other by {stride:.3f} leg lengths "
            "(standard deviation), but at random from frame to frame, like the noise of a tracker "
            "(setting `motion.stride`)"
        )


def check_length(frames: int, limits: MotionLimits, *, rate_hz: float | None) -> None:
    """Refuse a walk that is too short.

    Raises:
        MediaError: It has too few frames, or too low a frame rate.
    """
    if rate_hz is not None and rate_hz < limits.lowest_rate_hz:
        raise MediaError(
            f"{rate_hz:g} frames per second are too few for a walk; {limits.lowest_rate_hz:g} are needed "
            "(setting `motion.lowest_rate_hz`)"
        )
    number = f"{frames} frame{'s' * (frames != 1)}"
    if rate_hz is not None and (frames < FEWEST_FRAMES or frames / rate_hz < limits.shortest_s):
        raise MediaError(
            f"{number} ({frames / rate_hz:.2f} s) are too short for a walk; at least {limits.shortest_s:g} s "
            "are needed (setting `motion.shortest_s`)"
        )
    if rate_hz is None and frames < limits.shortest_frames:
        raise MediaError(
            f"{number} are too few for a walk; at least {limits.shortest_frames} are needed where no frame "
            "rate is stated (setting `motion.shortest_frames`)"
        )


def _width(frames: int, width: int) -> int:
    return max(1, min(width, frames // 4))


def _noise(vectors: np.ndarray, width: int) -> np.ndarray:
    """Standard deviation (3,) that independent noise of each frame has after `_smooth`.

    It is estimated from second differences. Without smoothing it is 0: at a few frames per second, the steps
    of a walk cannot be distinguished from noise.
    """
    width = _width(len(vectors), width)
    if width == 1:
        return np.zeros(3)
    return np.diff(vectors, n=2, axis=0).std(axis=0) / np.sqrt(6 * width)


def _smooth(vectors: np.ndarray, width: int) -> np.ndarray:
    """Moving average, which reduces the noise of a tracker: (t, 3) to (t - width + 1, 3)."""
    width = _width(len(vectors), width)
    sums = np.cumsum(np.concatenate([np.zeros((1, 3)), vectors]), axis=0)
    return (sums[width:] - sums[:-width]) / width
