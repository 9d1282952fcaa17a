"""Gaps in a walk, where joints are lost: short gaps are interpolated, longer ones are refused."""

from __future__ import annotations

import numpy as np
from pydantic import Field, PositiveInt

from affekt.core.errors import MediaError
from affekt.core.notes import note
from affekt.core.settings import Settings
from affekt.media.skeleton.lost import Lost, runs


class GapLimits(Settings):
    """Which gaps are interpolated; a walk with larger ones is refused.

    Attributes:
        longest_s: Longest gap of a joint, in seconds, where the frame rate is known. In 0.2 s, a fifth of a
            gait cycle, a limb moves nearly along a line; in 0.4 s it swings back and forth.
        longest_frames: Longest gap in frames, where the rate is not known.
        share: Largest share of the frames in which a joint may be lost.
    """

    longest_s: float = Field(default=0.2, ge=0)
    longest_frames: PositiveInt = 6
    share: float = Field(default=0.2, ge=0, lt=1)


def fill_gaps(positions: np.ndarray, lost: Lost, limits: GapLimits, *, rate_hz: float | None) -> np.ndarray:
    """Interpolate lost joints; at the ends, repeat the nearest position. A note states what was filled.

    A gap is filled by the cubic that matches positions and velocities on both sides: on captured walks its
    mean error is half of that of a line.

    Frames at either end in which all joints are lost, such as zero padding, are cut off.

    Returns:
        (t, v, 3), with at most the given number of frames.

    Raises:
        MediaError: A joint is lost in all frames, in too many frames, or for too long.
    """
    if not lost.frames.any():
        return positions
    always = [lost.joints[joint] for joint in np.flatnonzero(lost.frames.all(axis=0))]
    if always:
        raise MediaError(f"{_some(always)} cannot be used: all frames hold placeholders")
    start, stop = _without_ends(lost.frames)
    total = len(positions)
    positions, frames = positions[start:stop].astype(np.float64), lost.frames[start:stop]
    if stop - start < total:
        cut = total - (stop - start)
        note(f"{cut} of {total} frames at the ends of the walk hold placeholders and were cut off")
    if not frames.any():
        return positions
    _check(Lost(frames, lost.joints), limits, rate_hz)
    for joint in np.flatnonzero(frames.any(axis=0)):
        for first, after in runs(frames[:, joint]):
            _fill(positions[:, joint], first, after, frames[:, joint])
    affected = frames.any(axis=1).sum()
    names = [lost.joints[joint] for joint in np.flatnonzero(frames.any(axis=0))]
    note(
        f"placeholders instead of {_some(names)} in {affected} of {len(positions)} frames "
        f"({100 * frames.mean():.1f} % of all positions): they were interpolated"
    )
    return positions


def _fill(path: np.ndarray, first: int, after: int, lost: np.ndarray) -> None:
    """Write the positions of frames `first` to `after` - 1 to the path (t, 3) of a joint."""
    if first == 0 or after == len(path):
        path[first:after] = path[after if first == 0 else first - 1]
        return
    before = first - 1
    span = after - before
    u = (np.arange(first, after) - before)[:, None] / span
    start, end = path[before], path[after]
    leaving = _velocity(path, before, -1, lost)
    arriving = _velocity(path, after, 1, lost)
    if leaving is None or arriving is None:
        path[first:after] = (1 - u) * start + u * end
        return
    path[first:after] = (
        (2 * u**3 - 3 * u**2 + 1) * start
        + (3 * u**2 - 2 * u**3) * end
        + span * ((u**3 - 2 * u**2 + u) * leaving + (u**3 - u**2) * arriving)
    )


def _velocity(path: np.ndarray, frame: int, side: int, lost: np.ndarray) -> np.ndarray | None:
    """Velocity per frame, from the position two frames further on to limit noise; None if one is lost."""
    beyond = [frame + side, frame + 2 * side]
    if not all(0 <= other < len(path) and not lost[other] for other in beyond):
        return None
    return side * (path[beyond[1]] - path[frame]) / 2


def _check(lost: Lost, limits: GapLimits, rate_hz: float | None) -> None:
    """Refuse gaps over the limits.

    Raises:
        MediaError: States the joints, the missing share and the limit.
    """
    longest = [max((b - a for a, b in runs(column)), default=0) for column in lost.frames.T]
    shares = lost.frames.mean(axis=0)
    limit = limits.longest_frames if rate_hz is None else limits.longest_s * rate_hz + 1e-6
    bad = [i for i, frames in enumerate(longest) if frames > limit or shares[i] > limits.share]
    if not bad:
        return
    worst, frames = max(bad, key=lambda i: shares[i]), max(longest[i] for i in bad)
    duration, most = f"{frames} frames", f"{limits.longest_frames} frames"
    if rate_hz is not None:
        duration, most = f"{frames / rate_hz:.2f} s", f"{limits.longest_s:g} s"
    names = _some([lost.joints[i] for i in bad])
    share, allowed = (f"{100 * number:.0f} %" for number in (shares[worst], limits.share))
    raise MediaError(
        f"{names} cannot be used: placeholders in up to {share} of {len(lost.frames)} frames, for up to "
        f"{duration} at a time; at most {most} and {allowed} are interpolated (settings `gaps`)"
    )


def _without_ends(frames: np.ndarray) -> tuple[int, int]:
    """First frame with a body, and the frame after the last one."""
    body = np.flatnonzero(~_is_empty(frames))
    return int(body[0]), int(body[-1]) + 1


def _is_empty(frames: np.ndarray) -> np.ndarray:
    """(t,): all joints are lost, except those that are never lost, such as the root of a centred walk."""
    some = frames.any(axis=0)
    return frames[:, some].all(axis=1) & (some.sum() > frames.shape[1] / 2)


def _some(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:3])} and {len(names) - 3} more joints"
