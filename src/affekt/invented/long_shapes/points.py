"""Simulated point annotations of long videos, with annotation errors.

Error rates are those of TSL-300: its training split has 1058 segments and 1227 points. 691 points are in a
segment of their class, 29 in a segment of the other class, and 507 in no segment, half of these less than
15 s from the nearest one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from affekt.core.segment import Point
from affekt.invented.long_shapes.plan import NAMES, POINTS, Episode, VideoPlan

SEGMENTS, INSIDE, OPPOSITE, OUTSIDE = 1058, 691, 29, 507  # TSL-300: training segments, and points (see above)
STRAY_DISTANCE_S, SPREAD = 15.0, 1.3  # median distance of stray points; the quartiles are 5 and 36 s
SAME = 0.8  # share of stray points that have the class of the nearest segment
_TRIES = 8


class Errors(NamedTuple):
    """Rates of annotation errors.

    Attributes:
        missed: Share of events without a point.
        opposite: Share of points in events that have the other class.
        stray: Points outside of all events, per event.
    """

    missed: float
    opposite: float
    stray: float


def errors_at(point_noise: float) -> Errors:
    """Error rates of TSL-300, multiplied by `point_noise`.

    Example:
        >>> missed, opposite, stray = errors_at(1.0)
        >>> round(missed, 3), round(opposite, 3), round(stray, 3)
        (0.319, 0.04, 0.479)
    """
    marked = INSIDE + OPPOSITE
    rates = (1 - marked / SEGMENTS, OPPOSITE / marked, OUTSIDE / SEGMENTS)
    missed, opposite, stray = (point_noise * rate for rate in rates)
    return Errors(min(missed, 1.0), min(opposite, 1.0), stray)


def mark_points(plan: VideoPlan, rate_hz: float, point_noise: float) -> tuple[Point, ...]:
    """Points in order, each in the middle of a frame; every video has at least one, as in TSL-300."""
    marking, straying = plan.rng(POINTS, 0), plan.rng(POINTS, 1)
    rates = errors_at(point_noise)
    found: list[Point] = []
    for event in plan.events:
        # The same number of draws for each event: a higher error rate removes or relabels points, moves none.
        place, missed, turned = marking.random(3).tolist()
        if missed >= rates.missed:
            polarity = -event.polarity if turned < rates.opposite else event.polarity
            found.append(_point(event.start_s + place * (event.end_s - event.start_s), polarity, rate_hz))
        for _ in range(int(straying.poisson(rates.stray))):
            polarity = event.polarity if straying.random() < SAME else -event.polarity
            found.append(_point(_stray(plan, event, straying), polarity, rate_hz))
    if not found:
        event = plan.events[int(marking.integers(len(plan.events)))]
        found = [_point((event.start_s + event.end_s) / 2, event.polarity, rate_hz)]
    return tuple(sorted(found, key=lambda point: point.time_s))


def _stray(plan: VideoPlan, event: Episode, rng: np.random.Generator) -> float:
    """A time outside of all events, at a distance as in TSL-300 if the video allows it, else uniform."""
    for _ in range(_TRIES):
        away_s = float(rng.lognormal(np.log(STRAY_DISTANCE_S), SPREAD))
        time_s = event.end_s + away_s if rng.random() < 0.5 else event.start_s - away_s
        if 0 <= time_s < plan.duration_s and not any(it.start_s <= time_s < it.end_s for it in plan.events):
            return time_s
    time_s = float(rng.uniform(0, plan.duration_s - sum(it.end_s - it.start_s for it in plan.events)))
    for it in plan.events:
        time_s += (it.end_s - it.start_s) * (time_s >= it.start_s)
    return time_s


def _point(time_s: float, polarity: int, rate_hz: float) -> Point:
    return Point((int(time_s * rate_hz + 1e-6) + 0.5) / rate_hz, NAMES[polarity])
