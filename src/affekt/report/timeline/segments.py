"""What a localization network found in a clip: curves over time, segments as bars, and a list that jumps."""

from __future__ import annotations

import math
import os
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np

from affekt.core.prediction import Prediction
from affekt.core.segment import Segment
from affekt.report.timeline.lines import ENDS, describe_lines
from affekt.report.timeline.moments import clock, percent, scored, sureness, without_overlaps
from affekt.report.timeline.parts import Places, Scale, colors_of, corners
from affekt.report.wording import count, printable

LISTED = 300  # segments of the list; the cursor knows the same ones
_DRAWN = 600  # bars of a label
_ROWS = 4  # of bars of a label: one, and those that overlap it beneath
_BINS = 1500  # of a curve: finer than a screen shows


def label_rows(prediction: Prediction, places: Places) -> list[dict[str, Any]]:
    """Bars of each label of which anything was found: the row of each bar, and its segment."""
    found = prediction.segments or ()
    counts = Counter(segment.label for segment in found)
    shown = sorted((label for label, _ in counts.most_common(ENDS)), key=lambda label: places[label])
    return [_label_row(label, [one for one in found if one.label == label]) for label in shown]


def found_data(prediction: Prediction, scale: Scale, places: Places) -> dict[str, Any]:
    """What the script reads: percent over time, and where segments lie."""
    names = list(dict.fromkeys([*prediction.scores, *(one.label for one in prediction.segments or ())]))
    bins = _bins(prediction)
    colors = colors_of(places)
    return {
        "start": scale.start,
        "end": scale.end,
        "labels": [printable(name) for name in names],
        "colors": [colors[name] for name in names],
        "edges": [round(float(edge), 2) for edge in bins.edges_s],
        "curves": (100 * bins.curves.T).round().astype(int).tolist(),
        "segments": [
            [round(one.start_s, 3), round(one.end_s, 3), names.index(one.label), printable(scored(one))]
            for one in (prediction.segments or ())[:LISTED]
        ],
    }


def found_words(prediction: Prediction) -> str:
    """How many segments of which label."""
    found = prediction.segments or ()
    if not found:
        return "no segment was found"
    counts = Counter(segment.label for segment in found)
    each = ", ".join(f"{number} {label}" for label, number in counts.most_common())
    return f"{count(found, 'segment')}: {each}"


def strength(segment: Segment) -> float:
    """How strongly a segment is drawn, in [0, 1]."""
    return min(max(sureness(segment), 0.0), 1.0)


def score(segment: Segment) -> str:
    """Its score alone, if it has one."""
    return "" if segment.score is None else f"{segment.score:z.2f}"


def address_of(file: Path, folder: Path) -> str:
    """Where a file lies as seen from the page: both may be moved together."""
    try:
        relative = Path(os.path.relpath(file.resolve(), folder.resolve()))
    except ValueError:  # they lie on two drives
        return file.resolve().as_uri()
    # Begins with a dot, so that no name is taken for the scheme of an address.
    return f"./{quote(os.fsencode(relative.as_posix()))}"


def _label_row(label: str, found: list[Segment]) -> dict[str, Any]:
    """Bars of one label; those that overlap a surer one lie in rows beneath."""
    bars: list[tuple[int, Segment]] = []
    left, rows = found[:_DRAWN], 0
    while left and rows < _ROWS:
        shown = without_overlaps(left)
        # The surest last: where bars are narrower than a pixel, it is drawn over the others.
        bars += [(rows, segment) for segment in sorted(shown, key=sureness)]
        drawn = set(shown)
        left = [segment for segment in left if segment not in drawn]
        rows += 1
    undrawn = len(found[_DRAWN:]) + len(left)
    note = f"{len(found)} found" + (f", {undrawn} not drawn" if undrawn else "")
    return {"label": label, "note": note, "rows": rows, "bars": bars}


class _Bins(NamedTuple):
    """Scores by cell of time, or their means over as many cells as keep the page small.

    Attributes:
        edges_s: (n + 1,), where each begins and the last one ends.
        curves: (n, k), of each label, in [0, 1].
        anything: (n,), that anything happens, in [0, 1].
    """

    edges_s: np.ndarray
    curves: np.ndarray
    anything: np.ndarray


def _bins(prediction: Prediction) -> _Bins:
    names, moments = list(prediction.scores), prediction.moments
    if not moments:
        return _Bins(np.zeros(0), np.zeros((0, len(names))), np.zeros(0))
    curves = np.array([[moment.scores[name] for name in names] for moment in moments])
    anything = np.array([moment.attention for moment in moments])
    first = np.arange(0, len(moments), math.ceil(len(moments) / _BINS))
    cells = np.diff(np.append(first, len(moments)))
    starts = np.array([moment.start_s for moment in moments])[first]
    return _Bins(
        np.append(starts, moments[-1].end_s),
        np.clip(np.add.reduceat(curves, first) / cells[:, None], 0, 1),
        np.clip(np.add.reduceat(anything, first) / cells, 0, 1),
    )


def found_curves(prediction: Prediction, scale: Scale, places: Places) -> dict[str, Any]:
    """A line for each label over time; those that were found are strong, and so is the answer."""
    bins = _bins(prediction)
    edges = bins.edges_s
    middles = (edges[:-1] + edges[1:]) / 2
    x = [scale.x(float(second)) for second in (edges[0], *middles, edges[-1])]

    def level(values: np.ndarray) -> list[float]:
        """Level before the first middle and after the last one."""
        return [float(value) for value in (values[0], *values, values[-1])]

    names = list(prediction.scores)
    scores = {name: level(bins.curves[:, number]) for number, name in enumerate(names)}
    found = Counter(segment.label for segment in prediction.segments or ())
    strong = {prediction.label, *(name for name, _ in found.most_common(ENDS - 1))}
    if len(names) <= ENDS:
        strong = set(names)
    top = [100 * (1 - value) for value in level(bins.anything)]
    shape = corners([(x[0], 100.0), *zip(x, top, strict=True), (x[-1], 100.0)])
    peaks = zip(names, bins.curves.max(axis=0).tolist(), middles[bins.curves.argmax(axis=0)], strict=True)
    said = ", ".join(
        f"{name} up to {percent(score)} at {clock(float(second))}"
        for name, score, second in peaks
        if name in strong
    )
    return describe_lines(x, scores, strong, places, words=f"scores over time: {said}", behind=shape)
