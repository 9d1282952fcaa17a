"""What a localization network found in a clip: curves over time, segments as bars, and a list that jumps."""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from html import escape
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np

from affekt.core.prediction import Prediction
from affekt.core.segment import Segment
from affekt.report.timeline.lines import ENDS, lines
from affekt.report.timeline.media import ClipMedia
from affekt.report.timeline.moments import clock, percent, printable, scored, sureness, without_overlaps
from affekt.report.timeline.parts import (
    COLORS,
    Places,
    Scale,
    color_of,
    corners,
    lane,
    on_clock,
    tag,
    text,
)
from affekt.report.wording import count

LISTED = 300  # segments of the list; the cursor knows the same ones
_DRAWN = 600  # bars of a label
_ROWS = 4  # of bars of a label: one, and those that overlap it beneath
_BINS = 1500  # of a curve: finer than a screen shows
_FAINTEST = 14  # percent of a label's colour, for what has a score of 0


def found_lanes(prediction: Prediction, scale: Scale, places: Places) -> list[str]:
    """A lane of bars for each label of which anything was found, and one of all curves."""
    found = prediction.segments or ()
    counts = Counter(segment.label for segment in found)
    shown = sorted((label for label, _ in counts.most_common(ENDS)), key=lambda label: places[label])
    lanes = [_bar_lane(label, [one for one in found if one.label == label], scale, places) for label in shown]
    if prediction.moments:
        lanes.append(lane("scores", "grey: of anything", "says", _curves(prediction, scale, places)))
    return lanes


def found_data(prediction: Prediction, scale: Scale, places: Places) -> str:
    """What the script reads: percent over time, and where segments lie."""
    names = list(dict.fromkeys([*prediction.scores, *(one.label for one in prediction.segments or ())]))
    bins = _bins(prediction)
    data: dict[str, Any] = {
        "start": scale.start,
        "end": scale.end,
        "labels": [printable(name) for name in names],
        "colors": [f"var(--c{places[name] % COLORS})" for name in names],
        "edges": [round(float(edge), 2) for edge in bins.edges_s],
        "curves": (100 * bins.curves.T).round().astype(int).tolist(),
        "segments": [
            [round(one.start_s, 3), round(one.end_s, 3), names.index(one.label), scored(one)]
            for one in (prediction.segments or ())[:LISTED]
        ],
    }
    return f' data-found="{escape(json.dumps(data, separators=(",", ":")), quote=True)}"'


def found_list(prediction: Prediction, media: ClipMedia, folder: Path, places: Places) -> str:
    """A player if there is a file to play, and the segments beside it, the surest first.

    Args:
        folder: Where the page will lie.
    """
    player = _player(media, folder)
    items = "".join(_item(segment, places) for segment in (prediction.segments or ())[:LISTED])
    if not player and not items:
        return ""
    left = len(prediction.segments or ()) - LISTED
    more = f'<p class="left">and {left} less sure ones: .json and .csv hold all</p>' if left > 0 else ""
    finds = f'<div class="finds"><h3>The surest first</h3><ol>{items}</ol>{more}</div>' if items else ""
    return f'<div class="theatre{" alone" if not player else ""}">{player}{finds}</div>'


def found_words(prediction: Prediction) -> str:
    """How many segments of which label."""
    found = prediction.segments or ()
    if not found:
        return "no segment was found"
    counts = Counter(segment.label for segment in found)
    each = ", ".join(f"{number} {label}" for label, number in counts.most_common())
    return f"{count(found, 'segment')}: {each}"


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


def _curves(prediction: Prediction, scale: Scale, places: Places) -> str:
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
    behind = f'<path class="any" d="M{shape}Z"/>'
    return lines(x, scores, strong, places, label=f"scores over time: {said}", behind=behind)


def _bar_lane(label: str, found: list[Segment], scale: Scale, places: Places) -> str:
    """Bars in the label's colour, the stronger the surer; those that overlap a surer one lie thin beneath."""
    bars, left, rows = "", found[:_DRAWN], 0
    while left and rows < _ROWS:
        shown = without_overlaps(left)
        # The surest last: where bars are narrower than a pixel, it is drawn over the others.
        for segment in sorted(shown, key=sureness):
            said = text(f"{on_clock(segment.start_s, segment.end_s)} {scored(segment)}")
            shade = _FAINTEST + (100 - _FAINTEST) * min(max(sureness(segment), 0.0), 1.0)
            place = scale.place(segment.start_s, segment.end_s)
            bars += f'<i class="r{rows}" style="{place}; --sure: {shade:.0f}%" title="{said}"></i>'
        drawn = set(shown)
        left = [segment for segment in left if segment not in drawn]
        rows += 1
    undrawn = len(found[_DRAWN:]) + len(left)
    note = f"{len(found)} found" + (f", {undrawn} not drawn" if undrawn else "")
    return lane(
        tag(label, places), note, f"bars rows{rows}", f'<div style="{color_of(label, places)}">{bars}</div>'
    )


def _item(segment: Segment, places: Places) -> str:
    share = 100 * min(max(sureness(segment), 0.0), 1.0)
    score = "" if segment.score is None else f"{segment.score:z.2f}"
    return (
        f'<li style="{color_of(segment.label, places)}; --share: {share:.0f}%">'
        f'<button type="button" data-at="{segment.start_s:.3f}">'
        f"<b>{on_clock(segment.start_s, segment.end_s)}</b> {tag(segment.label, places)} "
        f'<span class="bar"></span> <span class="score">{score}</span></button></li>'
    )


def _player(media: ClipMedia, folder: Path) -> str:
    """The clip itself, read from its own file and only when somebody wants to play it.

    A page that is not where it was written finds no file, and then asks for it.
    """
    if media.file is None:
        return ""
    name, address = text(media.file.name), text(_address(media.file, folder))
    if media.frames:
        poster = f' poster="{media.still}"' if media.still else ""
        plays = f'<video controls preload="none" src="{address}"{poster}></video>'
    else:
        plays = f'<audio controls preload="none" src="{address}"></audio>'
    return (
        f'<div class="player">{plays}<p class="elsewhere" hidden>{name} cannot be played from here. '
        '<label>Choose the file: <input type="file" accept="video/*,audio/*"></label></p></div>'
    )


def _address(file: Path, folder: Path) -> str:
    """Where a file lies as seen from the page: both may be moved together."""
    try:
        relative = Path(os.path.relpath(file.resolve(), folder.resolve()))
    except ValueError:  # they lie on two drives
        return file.resolve().as_uri()
    # Begins with a dot, so that no name is taken for the scheme of an address.
    return f"./{quote(os.fsencode(relative.as_posix()))}"
