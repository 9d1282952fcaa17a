"""Stretches of a video without a face, and why."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

import numpy as np

from affekt.core.timeline.parts import Missing

BLACK = 16.0  # mean brightness, of 255: the level of black in video that is shown without correction
NO_FACE = "no face is found"
IS_BLACK = "the picture is black"

Stretch = tuple[float, float]


def stretches_without(seen: Iterable[Stretch], *, end_s: float, least_s: float) -> list[Stretch]:
    """Parts of a video outside of some stretches that last longer than `least_s`."""
    found: list[Stretch] = []
    reached = 0.0
    for start_s, stop_s in (*sorted(seen), (end_s, end_s)):
        if start_s - reached > least_s:
            found.append((reached, start_s))
        reached = max(reached, stop_s)
    return found


def missing_faces(
    seen: Sequence[Stretch],
    lost: Sequence[Missing],
    times_s: array,
    brightness: array,
    *,
    end_s: float,
    least_s: float,
) -> list[Missing]:
    """What was not seen and why, in order of time.

    Args:
        seen: When faces are seen.
        lost: What could not be decoded.
        times_s, brightness: Of the searched frames.
    """
    if not seen and not lost:
        dark = len(brightness) > 0 and max(brightness) < BLACK
        return [Missing(modality="face", reason=f"{IS_BLACK if dark else NO_FACE} in the whole video")]
    known = [*seen, *((it.start_s or 0.0, end_s if it.end_s is None else it.end_s) for it in lost)]
    when, level = np.array(times_s), np.array(brightness)
    found = list(lost)
    for start_s, stop_s in stretches_without(known, end_s=end_s, least_s=least_s):
        inside = level[(when >= start_s) & (when < stop_s)]
        dark = len(inside) > 0 and inside.max() < BLACK
        found.append(
            Missing(
                modality="face",
                reason=IS_BLACK if dark else NO_FACE,
                start_s=round(start_s, 3),
                end_s=round(stop_s, 3),
            )
        )
    return sorted(found, key=lambda it: it.start_s or 0.0)
