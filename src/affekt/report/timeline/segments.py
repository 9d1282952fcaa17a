"""Detected segments of a clip: curves over time, bars by label, and a list of jumps."""

from __future__ import annotations

import math
import os
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np

from affekt.core.answers.prediction import Prediction
from affekt.core.segment import Segment
from affekt.core.wording import count
from affekt.report.colors.labels import LabelColors
from affekt.report.timeline.curves import ENDS, describe_curves
from affekt.report.timeline.moments import clock, confidence, percent, scored, without_overlaps
from affekt.report.timeline.parts import Scale, corners, script_data
from affekt.report.wording import printable

LISTED = 300  # segments of the list and of the cursor
_DRAWN = 600  # bars of a label
_ROWS = 4  # of bars of a label: the first, and overlapping ones below it
_BINS = 1500  # of a curve: finer than a screen shows


def label_rows(prediction: Prediction, colors: LabelColors) -> list[dict[str, Any]]:
    """Bars of the most frequent labels: the row of each bar, and its segment."""
    segments = prediction.segments or ()
    counts = Counter(segment.label for segment in segments)
    shown = sorted((label for label, _ in counts.most_common(ENDS)), key=lambda label: colors[label].place)
    return [_label_row(label, [one for one in segments if one.label == label]) for label in shown]


def segment_data(prediction: Prediction, scale: Scale, colors: LabelColors) -> dict[str, Any]:
    """Values for the page's script: scores over time in percent, and the segments."""
    names = list(dict.fromkeys([*prediction.scores, *(one.label for one in prediction.segments or ())]))
    bins = _bins(prediction)
    return {
        **script_data(names, scale, colors),
        "edges": [round(float(edge), 2) for edge in bins.edges_s],
        "curves": (100 * bins.curves.T).round().astype(int).tolist(),
        "segments": [
            [round(one.start_s, 3), round(one.end_s, 3), names.index(one.label), printable(scored(one))]
            for one in (prediction.segments or ())[:LISTED]
        ],
    }


def summary_of_segments(prediction: Prediction) -> str:
    """The number of segments of each label."""
    segments = prediction.segments or ()
    if not segments:
        return "no segment detected"
    counts = Counter(segment.label for segment in segments)
    each = ", ".join(f"{number} {label}" for label, number in counts.most_common())
    return f"{count(segments, 'segment')}: {each}"


def strength(segment: Segment) -> float:
    """The strength of a segment's colour, in [0, 1]."""
    return min(max(confidence(segment), 0.0), 1.0)


def score(segment: Segment) -> str:
    """The score as text; empty without one."""
    return "" if segment.score is None else f"{segment.score:z.2f}"


def address_of(file: Path, folder: Path) -> str:
    """The address of a file relative to the page's folder, so that both can be moved together."""
    try:
        relative = Path(os.path.relpath(file.resolve(), folder.resolve()))
    except ValueError:  # on two drives
        return file.resolve().as_uri()
    # Begins with a dot, so that a colon in a name does not end a scheme.
    return f"./{quote(os.fsencode(relative.as_posix()))}"


def _label_row(label: str, segments: list[Segment]) -> dict[str, Any]:
    """Bars of one label; a bar that overlaps one with a higher score is in a row below."""
    bars: list[tuple[int, Segment]] = []
    left, rows = segments[:_DRAWN], 0
    while left and rows < _ROWS:
        shown = without_overlaps(left)
        # The highest score last: where bars are narrower than a pixel, it is drawn over the others.
        bars += [(rows, segment) for segment in sorted(shown, key=confidence)]
        drawn = set(shown)
        left = [segment for segment in left if segment not in drawn]
        rows += 1
    undrawn = len(segments[_DRAWN:]) + len(left)
    note = f"{len(segments)} detected" + (f", {undrawn} not drawn" if undrawn else "")
    return {"label": label, "note": note, "rows": rows, "bars": bars}


class _Bins(NamedTuple):
    """Scores of each cell of time, or means over several cells to keep the page small.

    Attributes:
        edges_s: (n + 1,), starts of the bins and the end of the last one.
        curves: (n, k), scores of each label, in [0, 1].
        any_event: (n,), scores of any event, in [0, 1].
    """

    edges_s: np.ndarray
    curves: np.ndarray
    any_event: np.ndarray


def _bins(prediction: Prediction) -> _Bins:
    names, moments = list(prediction.scores), prediction.moments
    if not moments:
        return _Bins(np.zeros(0), np.zeros((0, len(names))), np.zeros(0))
    curves = np.array([[moment.scores[name] for name in names] for moment in moments])
    any_event = np.array([moment.attention for moment in moments])
    first = np.arange(0, len(moments), math.ceil(len(moments) / _BINS))
    cells = np.diff(np.append(first, len(moments)))
    starts = np.array([moment.start_s for moment in moments])[first]
    return _Bins(
        np.append(starts, moments[-1].end_s),
        np.clip(np.add.reduceat(curves, first) / cells[:, None], 0, 1),
        np.clip(np.add.reduceat(any_event, first) / cells, 0, 1),
    )


def segment_curves(prediction: Prediction, scale: Scale, colors: LabelColors) -> dict[str, Any]:
    """A line for each label over time; detected labels and the clip's own are strong."""
    bins = _bins(prediction)
    edges = bins.edges_s
    middles = (edges[:-1] + edges[1:]) / 2
    x = [scale.x(float(second)) for second in (edges[0], *middles, edges[-1])]

    def level(values: np.ndarray) -> list[float]:
        """Constant before the first middle and after the last one."""
        return [float(value) for value in (values[0], *values, values[-1])]

    names = list(prediction.scores)
    scores = {name: level(bins.curves[:, number]) for number, name in enumerate(names)}
    detected = Counter(segment.label for segment in prediction.segments or ())
    strong = {prediction.label, *(name for name, _ in detected.most_common(ENDS - 1))}
    if len(names) <= ENDS:
        strong = set(names)
    top = [100 * (1 - value) for value in level(bins.any_event)]
    shape = corners([(x[0], 100.0), *zip(x, top, strict=True), (x[-1], 100.0)])
    peaks = zip(names, bins.curves.max(axis=0).tolist(), middles[bins.curves.argmax(axis=0)], strict=True)
    words = ", ".join(
        f"{name} up to {percent(score)} at {clock(float(second))}"
        for name, score, second in peaks
        if name in strong
    )
    return describe_curves(x, scores, strong, colors, words=f"scores over time: {words}", behind=shape)
