"""Checks of segments and points of untrimmed media: counts, places of points, agreement of annotators."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from affekt.core.dataset import Corpus
from affekt.core.sample import Sample
from affekt.core.segment import Point
from affekt.core.wording import count
from affekt.report.wording import UNASSIGNED

NEAR_S = 3.0  # points of two annotators mark the same moment if they are at most this far apart
DOUBTFUL = 0.1  # share of points outside the segments of their class above which it is reported as a problem

_PLACES = ("inside", "opposite", "outside")


def describe_points(corpus: Corpus) -> dict[str, Any] | None:
    """Segments and points by name, as plain JSON values; None where the task is not localization.

    A point is `inside` if the frame that it marks begins in a segment of its class, `opposite` if it begins
    only in segments of other classes, `outside` if in none. Samples without annotated segments count for none
    of these. `annotators` holds the same counts of each annotator, for samples with the fact `annotators`
    (for each name a list of times in seconds and labels). `agreement` holds, for each two annotators, the
    number of points that have a point of the other one near by, and of these with one of the same class.
    """
    if not corpus.task.by_cells:
        return None
    samples = corpus.samples
    marks = {sample.id: _annotators_of(sample) for sample in samples}
    names = sorted({name for found in marks.values() for name in found})
    return {
        "segments": _segments(samples, corpus.labels.names),
        "points": _summary(samples, {sample.id: sample.points for sample in samples}),
        "annotators": {
            name: _summary(samples, {key: found.get(name, ()) for key, found in marks.items()})
            for name in names
        },
        "near_s": NEAR_S,
        "agreement": [
            {
                "annotators": [one, other],
                **_agreement([(it.get(one, ()), it.get(other, ())) for it in marks.values()]),
            }
            for one, other in combinations(names, 2)
        ],
    }


def lines_of_points(description: Mapping[str, Any] | None) -> list[str]:
    """Segments and points in sentences, with or without problems."""
    if description is None:
        return []
    found: list[str] = []
    for split, part in description["segments"].items():
        classes = ", ".join(f"{number} {name}" for name, number in part["classes"].items())
        length = f", median {part['median_s']:.1f} s" if part["median_s"] is not None else ""
        found.append(f"{split}: {_many(part['segments'], 'segment')} ({classes}){length}")
    found += [f"points: {_summary_line(description['points'])}"] if description["points"]["points"] else []
    found += [f"{name}: {_summary_line(part)}" for name, part in description["annotators"].items()]
    for pair in description["agreement"]:
        near, same = _percent(pair["near"], pair["points"]), _percent(pair["same"], pair["near"])
        found.append(
            f"{' and '.join(pair['annotators'])}: {near} of their points have one of the other within "
            f"{description['near_s']:g} s, {same} of these one of the same class"
        )
    return found


def problems_of_points(description: Mapping[str, Any] | None) -> list[str]:
    """Problems of the points, one sentence each."""
    if description is None:
        return []
    points = description["points"]
    judged = sum(points[place] for place in _PLACES)
    wrong = points["opposite"] + points["outside"]
    if wrong <= DOUBTFUL * judged:
        return []
    return [
        f"{wrong} of {_many(judged, 'point')} ({_percent(wrong, judged)}) are outside the segments of "
        "their class: training uses many wrong moments"
    ]


def _segments(samples: Sequence[Sample], names: Sequence[str]) -> dict[str, Any]:
    """Counts of segments in each split that has samples with annotated segments."""
    parts: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.segments is not None:
            parts.setdefault(sample.split or UNASSIGNED, []).append(sample)
    found: dict[str, Any] = {}
    for split, members in parts.items():
        segments = [segment for sample in members for segment in sample.segments or ()]
        counts = Counter(segment.label for segment in segments)
        lengths = [segment.duration_s for segment in segments]
        found[split] = {
            "samples": len(members),
            "empty": sum(not sample.segments for sample in members),
            "segments": len(segments),
            "classes": {name: counts[name] for name in names},
            "median_s": round(float(np.median(lengths)), 3) if lengths else None,
        }
    return found


def _summary(samples: Sequence[Sample], points: Mapping[str, Sequence[Point]]) -> dict[str, int]:
    """Counts of points by place, and of the segments without a point of their class."""
    marked = [sample for sample in samples if points[sample.id]]
    places: Counter[str] = Counter()
    segments = missed = 0
    for sample in marked:
        if sample.segments is None:
            continue
        hit: set[int] = set()
        for point in points[sample.id]:
            at = _start_of_frame(sample, point)
            around = [n for n, it in enumerate(sample.segments) if it.start_s <= at <= it.end_s]
            same = [n for n in around if sample.segments[n].label == point.label]
            places["inside" if same else "opposite" if around else "outside"] += 1
            hit.update(same)
        segments += len(sample.segments)
        missed += len(sample.segments) - len(hit)
    return {
        "samples": len(marked),
        "points": sum(len(points[sample.id]) for sample in marked),
        **{place: places[place] for place in _PLACES},
        "segments": segments,
        "unmarked": missed,
    }


def _start_of_frame(sample: Sample, point: Point) -> float:
    """Start of the marked frame, as in published counts; the point itself if the frame rate is unknown."""
    rate_hz = sample.facts.get("rate_hz")
    if not isinstance(rate_hz, int | float) or not rate_hz > 0:
        return point.time_s
    return math.floor(point.time_s * rate_hz) / rate_hz


def _annotators_of(sample: Sample) -> dict[str, tuple[Point, ...]]:
    stated = sample.facts.get("annotators")
    if not isinstance(stated, Mapping):
        return {}
    return {name: tuple(Point(*mark) for mark in marks) for name, marks in stated.items()}


def _agreement(pairs: Sequence[tuple[Sequence[Point], Sequence[Point]]]) -> dict[str, int]:
    """Counts of all points of two annotators, of those near a point of the other, and of the same class."""
    total = near = same = 0
    for one, other in pairs:
        for mine, theirs in ((one, other), (other, one)):
            total += len(mine)
            for point in mine:
                labels = [it.label for it in theirs if abs(it.time_s - point.time_s) <= NEAR_S]
                near += bool(labels)
                same += point.label in labels
    return {"points": total, "near": near, "same": same}


def _summary_line(part: Mapping[str, int]) -> str:
    judged = sum(part[place] for place in _PLACES)
    text = f"{part['points']} in {_many(part['samples'], 'sample')}"
    if not judged:
        return text
    inside, opposite, outside = (f"{part[place]} ({_percent(part[place], judged)})" for place in _PLACES)
    return (
        f"{text}, {inside} in a segment of their class, {opposite} in one of another class, {outside} in "
        f"none; {part['unmarked']} of {_many(part['segments'], 'segment')} without a point of their class"
    )


def _many(number: int, noun: str) -> str:
    return count(range(number), noun)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "none"
