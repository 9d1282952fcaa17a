"""Spans of a track as stretches with one label, fewer of them, and the time that they cover."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from affekt.core.timeline.parts import Span

Kind = Literal["label", "unsure", "rated"]
UNSURE = "unsure"
_TOUCHING_S = 0.05  # a frame at 20 Hz: times of spans are rounded


class Stretch(NamedTuple):
    """A stretch of time with one answer.

    Attributes:
        label: The class; `unsure` if none is sure enough; of ratings, the first one's name.
        confidence: Mean over the stretch, weighted by time; None without classes.
        text: What is said about it, such as `valence 0.31`; empty where label and confidence say it.
    """

    start_s: float
    end_s: float
    kind: Kind
    label: str
    confidence: float | None = None
    text: str = ""

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


def each_span(spans: Iterable[Span]) -> list[Stretch]:
    """A stretch for each span that has an answer, in order of time."""
    found = [one for span in spans if (one := _stretch(span)) is not None]
    return sorted(found, key=lambda one: (one.start_s, one.end_s))


def joined(stretches: Iterable[Stretch], *, levels: int = 0) -> list[Stretch]:
    """Stretches that touch and have the same label as one.

    Args:
        levels: Those whose confidence differs by more than a step of so many equal ones stay apart.

    Example:
        >>> spans = [Stretch(0.0, 1.0, "label", "joy", 0.5), Stretch(1.0, 3.0, "label", "joy", 0.8)]
        >>> joined(spans)
        [Stretch(start_s=0.0, end_s=3.0, kind='label', label='joy', confidence=0.7, text='')]
        >>> len(joined(spans, levels=5))
        2
    """
    found: list[Stretch] = []
    for one in stretches:
        last = found[-1] if found else None
        if last is not None and _goes_on(last, one, levels):
            found[-1] = _both(last, one)
        else:
            found.append(one)
    return found


def at_most(stretches: Sequence[Stretch], most: int) -> list[Stretch]:
    """Stretches for a drawing: if there are too many, equal parts of the time with their longest answer each.

    Args:
        most: More stretches than this are thinned to at most as many.
    """
    if len(stretches) <= most:
        return list(stretches)
    start, end = stretches[0].start_s, max(one.end_s for one in stretches)
    width = (end - start) / most or 1.0
    parts: list[dict[tuple[Kind, str], list[float]]] = [defaultdict(lambda: [0.0, 0.0]) for _ in range(most)]
    for one in stretches:
        first = min(int((one.start_s - start) / width), most - 1)
        last = min(max(math.ceil((one.end_s - start) / width), first + 1), most)
        for number in range(first, last):
            left, right = start + number * width, start + (number + 1) * width
            inside = max(min(one.end_s, right) - max(one.start_s, left), 1e-6)
            cell = parts[number][one.kind, one.label]
            cell[0] += inside
            cell[1] += inside * (one.confidence or 0.0)
    found: list[Stretch] = []
    for number, part in enumerate(parts):
        # A part of which the greater share has no answer stays empty.
        if sum(time for time, _ in part.values()) < width / 2:
            continue
        (kind, label), (time, weighted) = max(part.items(), key=lambda item: item[1][0])
        confidence = None if kind != "label" else weighted / time
        found.append(Stretch(start + number * width, start + (number + 1) * width, kind, label, confidence))
    return found


def covered(intervals: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The union of intervals, in order of time.

    Example:
        >>> covered([(4.0, 5.0), (0.0, 2.0), (1.0, 3.0)])
        [(0.0, 3.0), (4.0, 5.0)]
    """
    found: list[tuple[float, float]] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1] + _TOUCHING_S:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def length_s(intervals: Iterable[tuple[float, float]]) -> float:
    """The time that intervals cover together."""
    return sum((end - start for start, end in covered(intervals)), 0.0)


def rest_of(start_s: float, end_s: float, taken: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """What intervals in order of time, without overlaps, leave of a stretch.

    Example:
        >>> rest_of(0.0, 5.0, [(1.0, 2.0), (4.0, 9.0)])
        [(0.0, 1.0), (2.0, 4.0)]
    """
    found: list[tuple[float, float]] = []
    for first, last in taken:
        if last <= start_s:
            continue
        if first >= end_s:
            break
        if first > start_s:
            found.append((start_s, first))
        start_s = max(start_s, last)
    if start_s < end_s:
        found.append((start_s, end_s))
    return found


def _stretch(span: Span) -> Stretch | None:
    if span.label:
        return Stretch(span.start_s, span.end_s, "label", span.label, span.confidence)
    if span.is_unsure:
        return Stretch(span.start_s, span.end_s, "unsure", UNSURE, span.confidence)
    if span.values:
        text = ", ".join(f"{name} {value:z.2f}" for name, value in span.values.items())
        return Stretch(span.start_s, span.end_s, "rated", next(iter(span.values)), None, text)
    return None


def _goes_on(last: Stretch, one: Stretch, levels: int) -> bool:
    if (last.kind, last.label, last.text) != (one.kind, one.label, one.text):
        return False
    if one.start_s > last.end_s + _TOUCHING_S or one.start_s < last.start_s or one.end_s < last.end_s:
        return False
    return not levels or level_of(last.confidence, levels) == level_of(one.confidence, levels)


def _both(last: Stretch, one: Stretch) -> Stretch:
    confidence = last.confidence
    if last.confidence is not None and one.confidence is not None:
        weights = (last.duration_s or 1e-9, one.duration_s or 1e-9)
        mean = (last.confidence * weights[0] + one.confidence * weights[1]) / sum(weights)
        confidence = round(mean, 6)
    return last._replace(end_s=one.end_s, confidence=confidence)


def level_of(confidence: float | None, levels: int) -> int:
    """Of so many equal steps from 0 to 1, the one that holds a confidence: 1 to `levels`; the last for None.

    Example:
        >>> level_of(0.0, 5), level_of(0.41, 5), level_of(1.0, 5), level_of(None, 5)
        (1, 3, 5, 5)
    """
    if confidence is None:
        return levels
    return min(max(math.ceil(confidence * levels), 1), levels)
