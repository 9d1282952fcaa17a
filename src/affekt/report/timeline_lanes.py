"""The lanes of one clip over one axis of seconds: frames, sound, events, attention, scores."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import PurePath
from typing import Any

import numpy as np

from affekt.core.prediction import Prediction
from affekt.core.sample import Sample
from affekt.metrics.localization import KEY_BAR
from affekt.report.moments import attention_of, clock, key_spans, likeliest, printable, stretches
from affekt.report.timeline_media import ClipMedia
from affekt.report.timeline_parts import COLORS, Places, color_of, on_clock, tag, text, when

_ENDS = 8  # labels that fit beside the lines
_END_GAP = 10.5  # between two of them, in percent of the plot's height
_PLACES = 1000  # units of a drawing's width
_SILENT = 0.005  # peak (-46 dBFS) below which sound is not magnified, so that hiss does not look like speech
_STEPS_S = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
_TICKS = 8
_LEVELS = ((0, "100 %", ""), (50, "50 %", ""), (100, "0 %", " floor"))


class _Scale:
    """Seconds of a span to places of a drawing."""

    def __init__(self, span_s: tuple[float, float]) -> None:
        self.start, self.end = span_s
        self.length = max(self.end - self.start, 1e-9)

    def share(self, seconds: float) -> float:
        """In percent of the width, within it."""
        return round(min(max(100 * (seconds - self.start) / self.length, 0.0), 100.0), 3)

    def place(self, start_s: float, end_s: float) -> str:
        """The style that puts something over a stretch."""
        left = self.share(start_s)
        return f"left: {left}%; width: {self.share(end_s) - left:.3f}%"

    def x(self, seconds: float) -> float:
        """In units of a drawing."""
        return round(self.share(seconds) * _PLACES / 100, 1)


@dataclass(frozen=True)
class Events:
    """What truly happens in a clip, and how that is known."""

    spans: tuple[tuple[float, float, str], ...] = ()
    known: str = ""

    @classmethod
    def of(cls, sample: Sample, known: str) -> Events:
        """Those that a sample states: start and end in seconds, label."""
        return cls(
            tuple(
                (float(event["start_s"]), float(event["end_s"]), str(event.get("label") or ""))
                for event in sample.facts.get("events", ())
            ),
            known,
        )


def timeline(prediction: Prediction, media: ClipMedia, events: Events, places: Places) -> str:
    """Lanes over one axis of seconds."""
    if media.span_s is None:
        return ""
    scale = _Scale(media.span_s)
    lanes = []
    if media.frames:
        lanes.append(_lane("frames", "", "strip", _strip(media, prediction)))
    if media.outline is not None:
        quiet = "silent" if _peak(media.outline) < _SILENT else ""
        note = quiet if "audio" in prediction.modality else "not used"
        lanes.append(_lane("sound", note, "sound", _sound(media.outline)))
    if events.spans:
        what = "event" if len(events.spans) == 1 else "events"
        lanes.append(_lane(what, text(events.known), "events", _happens(events, scale, places)))
    if prediction.moments:
        lanes += [
            _lane("attention", "of its peak", "attention", _attention(prediction, scale)),
            _lane("scores", "by moment", "says", _says(prediction, scale, places)),
        ]
    if not lanes:
        return ""
    lanes.append(f'<div class="lane"><div class="plot axis">{_axis(scale)}</div></div>')
    keys, _ = key_spans(prediction) if prediction.moments else (np.zeros((0, 2)), None)
    marks = "".join(f'<div class="key" style="{scale.place(start, end)}"></div>' for start, end in keys)
    marks += "".join(
        f'<div class="told" style="{scale.place(t.start_s, t.end_s)}; {color_of(t.label, places)}"></div>'
        for t in stretches(prediction)
    )
    return (
        f'<div class="timeline"{_data(prediction, scale, places)}>{"".join(lanes)}'
        f'<div class="marks">{marks}</div></div>{_legend(prediction, places)}'
    )


def _data(prediction: Prediction, scale: _Scale, places: Places) -> str:
    """What the script reads."""
    if not prediction.moments:
        return ""
    names = list(prediction.moments[0].scores)
    data: dict[str, Any] = {
        "start": scale.start,
        "end": scale.end,
        "labels": [printable(name) for name in names],
        "colors": [f"var(--c{places[name] % COLORS})" for name in names],
        "moments": [
            [
                round(m.start_s, 3),
                round(m.end_s, 3),
                float(f"{m.attention:.4g}"),
                [round(m.scores[name], 4) for name in names],
            ]
            for m in prediction.moments
        ],
    }
    return f' data-moments="{escape(json.dumps(data, separators=(",", ":")), quote=True)}"'


def _lane(what: str, note: str, kind: str, content: str) -> str:
    small = f"<small>{note}</small>" if note else ""
    plot = f'<div class="plot {kind}">{content}</div>'
    return f'<div class="lane"><div class="what">{what}{small}</div>{plot}</div>'


def _svg(content: str, *, height: int, label: str) -> str:
    """A drawing that is stretched to its place; what it shows is said in words as well."""
    return (
        f'<svg viewBox="0 0 {_PLACES} {height}" preserveAspectRatio="none" role="img" '
        f'aria-label="{text(label)}">{content}</svg>'
    )


def _strip(media: ClipMedia, prediction: Prediction) -> str:
    name = PurePath(prediction.id).name
    return "".join(
        f'<img src="{frame}" alt="{text(f"frame {number} of {len(media.frames)} of {name}")}">'
        for number, frame in enumerate(media.frames, 1)
    )


def _peak(outline: np.ndarray) -> float:
    return float(np.abs(np.nan_to_num(outline)).max())


def _sound(outline: np.ndarray) -> str:
    low, high = np.nan_to_num(outline)
    peak = max(_peak(outline), _SILENT)
    # A little thickness, so that silence is a line; none where the sound has ended.
    thin = np.where(np.isnan(outline[0]), 0.0, 0.7)
    x = np.linspace(0, _PLACES, outline.shape[1])
    upper = 50 - np.maximum(48 * high / peak, thin)
    lower = 50 - np.minimum(48 * low / peak, -thin)
    points = [*zip(x, upper, strict=True), *reversed(list(zip(x, lower, strict=True)))]
    return _svg(f'<path d="M{_points(points)}Z"/>', height=100, label="outline of the sound")


def _happens(events: Events, scale: _Scale, places: Places) -> str:
    """A bar for each true event, in the colour of its label if the network knows it."""
    bars = ""
    for start, end, label in events.spans:
        color = f"; {color_of(label, places)}" if label in places else ""
        said = f"{on_clock(start, end)} {label}".strip()
        bars += f'<span style="{scale.place(start, end)}{color}" title="{text(said)}">{text(label)}</span>'
    return bars


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _attention(prediction: Prediction, scale: _Scale) -> str:
    """Filled steps, those of the key stretches darker, and the bar between the two."""
    attention = attention_of(prediction)
    highest = attention.max() or 1.0
    keys, _ = key_spans(prediction)
    drawn = {"all": "", "key": ""}
    for moment, value in zip(prediction.moments, attention / highest, strict=True):
        inside = any(start <= moment.start_s and moment.end_s <= end for start, end in keys)
        left, right, top = scale.x(moment.start_s), scale.x(moment.end_s), 100 * (1 - value)
        drawn["key" if inside else "all"] += f"M{left},100V{top:.1f}H{right}V100Z"
    paths = "".join(f'<path class="{kind}" d="{path}"/>' for kind, path in drawn.items() if path)
    bar = ""
    if attention.any():
        level = 100 * (1 - (attention.min() + KEY_BAR * (attention.max() - attention.min())) / highest)
        bar = f'<line class="bar-line" x1="0" x2="{_PLACES}" y1="{level:.1f}" y2="{level:.1f}"/>'
    said = when(prediction) or "nowhere: it is zero throughout"
    return _svg(paths + bar, height=100, label=f"attention; highest at {said}")


def _says(prediction: Prediction, scale: _Scale, places: Places) -> str:
    """A line for each label; those that lead at some moment are strong and named at their end."""
    names = list(prediction.moments[0].scores)
    middles = [scale.x((moment.start_s + moment.end_s) / 2) for moment in prediction.moments]
    # Level before the first middle and after the last one: a moment says the same throughout.
    x = [scale.x(prediction.moments[0].start_s), *middles, scale.x(prediction.moments[-1].end_s)]
    leads = _leading(prediction)
    grid = "".join(f'<line x1="0" x2="{_PLACES}" y1="{y}" y2="{y}"/>' for y in (0, 50, 100))
    lines, ends = "", {}
    for name in sorted(names, key=lambda name: name in leads):
        scores = [moment.scores[name] for moment in prediction.moments]
        y = [100 * (1 - score) for score in (scores[0], *scores, scores[-1])]
        look = " ".join(
            word
            for word, applies in (("leads", name in leads), ("dashed", places[name] >= COLORS))
            if applies
        )
        lines += (
            f'<polyline class="{look}" style="{color_of(name, places)}" '
            f'points="{_points(zip(x, y, strict=True))}"/>'
        )
        if name in leads:
            ends[name] = y[-1]
    labels = "".join(
        f'<span class="end" style="top: {y:.1f}%; {color_of(name, places)}">{text(name)}</span>'
        for name, y in _apart(ends).items()
    )
    levels = "".join(
        f'<span class="level{kind}" style="top: {y}%">{share}</span>' for y, share, kind in _LEVELS
    )
    told = ", ".join(f"{on_clock(m.start_s, m.end_s)} {likeliest(m)}" for m in prediction.moments)
    return _svg(grid + lines, height=100, label=f"likeliest label of each moment: {told}") + levels + labels


def _leading(prediction: Prediction) -> set[str]:
    """The clip's label and those that are likeliest at some moment, of many the ones that are most often."""
    counts = Counter(likeliest(moment) for moment in prediction.moments)
    return {prediction.label, *(name for name, _ in counts.most_common(_ENDS - 1))} & set(
        prediction.moments[0].scores
    )


def _apart(ends: Mapping[str, float]) -> dict[str, float]:
    """Heights for names beside line ends, in percent, moved so that they do not cover each other."""
    names = sorted(ends, key=lambda name: ends[name])
    heights: list[float] = []
    for name in names:
        heights.append(max(ends[name], heights[-1] + _END_GAP if heights else ends[name]))
    limit = 100.0
    for number in reversed(range(len(heights))):
        heights[number] = min(heights[number], limit)
        limit = heights[number] - _END_GAP
    return dict(zip(names, heights, strict=True))


def _legend(prediction: Prediction, places: Places) -> str:
    """Names of the strong lines, where there is no room at their ends."""
    if not prediction.moments:
        return ""
    leads = _leading(prediction)
    items = "".join(f"<li>{tag(name, places)}</li>" for name in prediction.moments[0].scores if name in leads)
    return f'<ul class="legend">{items}</ul>'


def _axis(scale: _Scale) -> str:
    """Times at round places."""
    step = next((step for step in _STEPS_S if scale.length / step <= _TICKS), _STEPS_S[-1])
    decimals = 1 if step < 1 else 0
    first = np.ceil(scale.start / step - 1e-6) * step
    ticks = [float(tick) for tick in np.arange(first, scale.end + step * 1e-6, step)]
    if not ticks or ticks[0] > scale.start + step * 1e-3:
        ticks.insert(0, scale.start)
    return "".join(
        f'<span style="left: {scale.share(tick)}%"{" class=last" if scale.share(tick) > 97 else ""}>'
        f"{clock(tick, places=decimals)}</span>"
        for tick in ticks
    )
