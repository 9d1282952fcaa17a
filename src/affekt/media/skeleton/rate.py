"""Time in walks: frame rates, lengths of the gait cycle, and interpolation between frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from affekt.core.claims.measured import measured_number, measured_vector
from affekt.core.notes import note
from affekt.media.skeleton.skeleton import Skeleton

SAME = 0.01  # relative difference of two rates that count as equal, such as 29.97 and 30 Hz
SPARSE = 1.5  # ratio of the network's rate to that of a walk from which interpolated frames are noted
CYCLE_RANGE = 1.25  # factor beyond the shortest and longest training cycle from which a cycle is implausible

_TAPS = 12  # on either side of the spline's prefilter; the omitted weights are below 1e-6
_POLE = np.sqrt(3.0) - 2.0
_PREFILTER = np.sqrt(3.0) * _POLE ** np.abs(np.arange(-_TAPS, _TAPS + 1))
_MIN_CORRELATION = 0.6  # of a walk with itself one cycle later
_ESTIMATED = 2000  # maximum number of frames from which a cycle is estimated


class Timing(NamedTuple):
    """Frame rate and gait cycles of the training walks.

    Attributes:
        rate_hz: Frame rate to which walks are resampled; None if no training walk states one.
        cycle_frames: Shortest, median and longest gait cycle at that rate; None if unknown.
        without_rate: Number of training walks that state no rate; they are not resampled.
    """

    rate_hz: float | None = None
    cycle_frames: tuple[float, float, float] | None = None
    without_rate: int = 0

    @classmethod
    def measure(cls, walks: Sequence[Skeleton], *, rate_hz: float | None = None) -> Timing:
        """Timing of training walks: `rate_hz`, or their most frequent rate (the lowest of equals)."""
        rates = Counter(walk.rate_hz for walk in walks if walk.rate_hz is not None)
        if rate_hz is None and rates:
            rate_hz = min(rates, key=lambda rate: (-rates[rate], rate))
        cycles = [
            cycle / source_frames(walk.rate_hz, rate_hz)
            for walk in walks
            if (cycle := cycle_of(walk)) is not None
        ]
        rate_hz = None if rate_hz is None else float(rate_hz)
        ends = (min(cycles), float(np.median(cycles)), max(cycles)) if cycles else None
        return cls(rate_hz, ends, sum(walk.rate_hz is None for walk in walks))

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Timing:
        """Timing from the result of `as_state`; missing values are unknown.

        Raises:
            FolderError: Values are of another kind.
        """
        cycle = None
        if state.get("cycle_frames") is not None:
            shortest, median, longest = measured_vector(state, "cycle_frames", 3).tolist()
            cycle = (shortest, median, longest)
        without = int(measured_number(state, "without_rate") or 0)
        return cls(measured_number(state, "rate_hz"), cycle, without)

    def as_state(self) -> dict[str, Any]:
        """Plain values to save in a checkpoint."""
        return {
            "rate_hz": self.rate_hz,
            "cycle_frames": self.cycle_frames and list(self.cycle_frames),
            "without_rate": self.without_rate,
        }

    def note_limits(self, walk: Skeleton) -> None:
        """Note an unknown or implausible frame rate of a walk.

        Walks are not scaled to one cycle length, because its differences between people and moods are
        evidence. A cycle far outside the range of the training walks is noted, since the frame rate may
        differ from the assumed one.
        """
        rate, ours = walk.rate_hz, self.rate_hz
        if ours is None:
            stated = "no frame rate is stated" if rate is None else f"the walk has {rate:g} frames per second"
            note(
                f"{stated}, and the rate of the network's training walks is not known: if the rates differ, "
                "the answer is wrong"
            )
        elif rate is None:
            note(
                f"no frame rate is stated: {ours:g} frames per second, the rate of the training walks, are "
                "assumed; state `rate_hz` in the file"
            )
        elif ours > SPARSE * rate:
            note(
                f"the walk has {rate:g} frames per second and the network takes {ours:g}: the missing frames "
                "were interpolated, and fast movement is lost"
            )
        cycle = cycle_of(walk)
        if cycle is None or self.cycle_frames is None:
            return
        cycle /= source_frames(rate, ours)
        shortest, _, longest = self.cycle_frames
        if not shortest / CYCLE_RANGE <= cycle <= longest * CYCLE_RANGE:
            note(
                f"a gait cycle has {cycle:.0f} frames, but the training walks have {shortest:.0f} to "
                f"{longest:.0f}: the frame rate may differ from the {'stated' if rate else 'assumed'} one"
            )


def source_frames(rate_hz: float | None, wanted_hz: float | None) -> float:
    """Source frames per target frame; 1 where a rate is not known, or both are equal."""
    if rate_hz is None or wanted_hz is None or abs(rate_hz / wanted_hz - 1) <= SAME:
        return 1.0
    return rate_hz / wanted_hz


def cycle_of(walk: Skeleton) -> float | None:
    """Length of a gait cycle in frames, as stated or as estimated from the feet; None if unclear.

    The estimate is the first clear peak of the autocorrelation of the vector between the feet. It needs at
    least one and a half cycles.
    """
    if walk.cycle_frames is not None:
        return float(walk.cycle_frames)
    if not {"left_foot", "right_foot"} <= set(walk.joints):
        return None
    left, right = (
        walk.in_order(("left_foot", "right_foot"))[:_ESTIMATED].astype(np.float64).transpose(1, 0, 2)
    )
    apart = left - right
    apart -= apart.mean(axis=0)
    frames = len(apart)
    power = float((apart**2).sum()) / frames
    if not 0 < power < np.inf:
        return None
    lags = np.arange(2 * frames // 3)
    alike = sum(np.correlate(axis, axis, "full")[frames - 1 :][: len(lags)] for axis in apart.T)
    alike = alike / (frames - lags) / power
    below = np.flatnonzero(alike < 0)
    if not below.size:
        return None
    peaks = [
        lag
        for lag in range(below[0], len(lags) - 1)
        if alike[lag] >= _MIN_CORRELATION and alike[lag - 1] <= alike[lag] >= alike[lag + 1]
    ]
    return float(peaks[0]) if peaks else None


def between_frames(positions: np.ndarray, times: np.ndarray, *, period: int | None = None) -> np.ndarray:
    """Positions at fractional frame times, by a cubic spline through (t, v, 3), whose velocity is continuous.

    Downsampling does not smooth first: limbs move below 6 Hz, and the noise of a single frame stays the same.

    Args:
        times: (n,) in frames; from 0 to t - 1, or any with `period`.
        period: Frames after which the walk repeats itself, at most t.
    """
    before = np.floor(times).astype(int)
    share = times - before
    if not share.any():
        return positions[before % period if period else before]
    low, high = int(before.min()) - _TAPS - 1, int(before.max()) + _TAPS + 3
    if period:
        near = positions[np.arange(low, high) % period]
    else:
        end = len(positions)
        near = positions[max(low, 0) : min(high, end)].astype(np.float64)
        pad = [(max(-low, 0), max(high - end, 0)), (0, 0), (0, 0)]
        near = np.pad(near, pad, mode="reflect", reflect_type="odd")
    count = len(near) - 2 * _TAPS
    knots = np.sum([weight * near[k : k + count] for k, weight in enumerate(_PREFILTER)], axis=0)
    first = before - low - _TAPS - 1  # the first of four knots around each time
    u = share[:, None, None]
    weights = ((1 - u) ** 3, 3 * u**3 - 6 * u**2 + 4, -3 * u**3 + 3 * u**2 + 3 * u + 1, u**3)
    return np.sum([weight * knots[first + k] for k, weight in enumerate(weights)], axis=0) / 6
