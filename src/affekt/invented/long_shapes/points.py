"""Where annotators of long videos put their points, and how far they err.

What they do is what those of TSL-300 did: of its 1058 segments for training, 691 of 1227 points lie in one of
their class, 29 in one of the other class and 507 in none, half of these less than 15 s away from the nearest.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from affekt.core.segment import Point
from affekt.invented.long_shapes.plan import MARKS, NAMES, LongStory, Stretch

SEGMENTS, INSIDE, OPPOSITE, OUTSIDE = 1058, 691, 29, 507  # of TSL-300: segments for training, and points
ASTRAY_S, SPREAD = 15.0, 1.3  # median distance of points in no segment; their quartiles are 5 and 36 s
SAME = 0.8  # share of these that have the class of the segment nearest to them
_TRIES = 8


class Errors(NamedTuple):
    """How often annotators err.

    Attributes:
        missed: Share of events without a point.
        opposite: Share of points in events that have the other class.
        astray: Points in quiet, for each event.
    """

    missed: float
    opposite: float
    astray: float


def errors_at(point_noise: float) -> Errors:
    """Errors so many times as common as they really are.

    Example:
        >>> missed, opposite, astray = errors_at(1.0)
        >>> round(missed, 3), round(opposite, 3), round(astray, 3)
        (0.319, 0.04, 0.479)
    """
    marked = INSIDE + OPPOSITE
    rates = (1 - marked / SEGMENTS, OPPOSITE / marked, OUTSIDE / SEGMENTS)
    missed, opposite, astray = (point_noise * rate for rate in rates)
    return Errors(min(missed, 1.0), min(opposite, 1.0), astray)


def mark(story: LongStory, rate_hz: float, point_noise: float) -> tuple[Point, ...]:
    """Points in order, each in the middle of a frame; every video has one at least, as real ones have."""
    marking, straying = story.chance(MARKS, 0), story.chance(MARKS, 1)
    rates = errors_at(point_noise)
    found: list[Point] = []
    for event in story.events:
        # As many numbers for each event: more errors lose or turn points, but move none.
        place, missed, turned = marking.random(3).tolist()
        if missed >= rates.missed:
            polarity = -event.polarity if turned < rates.opposite else event.polarity
            found.append(_point(event.start_s + place * (event.end_s - event.start_s), polarity, rate_hz))
        for _ in range(int(straying.poisson(rates.astray))):
            polarity = event.polarity if straying.random() < SAME else -event.polarity
            found.append(_point(_stray(story, event, straying), polarity, rate_hz))
    if not found:
        event = story.events[int(marking.integers(len(story.events)))]
        found = [_point((event.start_s + event.end_s) / 2, event.polarity, rate_hz)]
    return tuple(sorted(found, key=lambda point: point.time_s))


def _stray(story: LongStory, event: Stretch, rng: np.random.Generator) -> float:
    """A moment outside all events, as far from one as real ones are, if there is method for that."""
    for _ in range(_TRIES):
        away_s = float(rng.lognormal(np.log(ASTRAY_S), SPREAD))
        time_s = event.end_s + away_s if rng.random() < 0.5 else event.start_s - away_s
        if 0 <= time_s < story.duration_s and not any(it.start_s <= time_s < it.end_s for it in story.events):
            return time_s
    time_s = float(rng.uniform(0, story.duration_s - sum(it.end_s - it.start_s for it in story.events)))
    for it in story.events:
        time_s += (it.end_s - it.start_s) * (time_s >= it.start_s)
    return time_s


def _point(time_s: float, polarity: int, rate_hz: float) -> Point:
    return Point((int(time_s * rate_hz + 1e-6) + 0.5) / rate_hz, NAMES[polarity])
