"""The lanes of one clip over one axis of seconds: frames, sound, events, what the network made of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import PurePath
from typing import Any

import numpy as np

from affekt.core.prediction import Prediction
from affekt.core.sample import Sample
from affekt.core.segment import Point, Segment
from affekt.metrics.localization import KEY_BAR
from affekt.report.timeline.lines import ENDS, legend, lines
from affekt.report.timeline.media import ClipMedia
from affekt.report.timeline.moments import attention_of, clock, key_spans, likeliest, printable, stretches
from affekt.report.timeline.parts import (
    COLORS,
    WIDTH,
    Places,
    Scale,
    color_of,
    corners,
    lane,
    on_clock,
    svg,
    text,
    when,
)
from affekt.report.timeline.segments import found_data, found_lanes

_SILENT = 0.005  # peak (-46 dBFS) below which sound is not magnified, so that hiss does not look like speech
_STEPS_S = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
_TICKS = 8
_NAMED = 5  # percent of the width: an event that is narrower has no method for its label


@dataclass(frozen=True)
class Events:
    """What truly happens in a clip, and how that is known."""

    segments: tuple[Segment, ...] | None = None
    points: tuple[Point, ...] = ()
    known: str = ""

    @classmethod
    def of(cls, sample: Sample, known: str) -> Events:
        """Those that a sample states."""
        return cls(sample.segments, sample.points, known)


def timeline(prediction: Prediction, media: ClipMedia, events: Events, places: Places) -> str:
    """Lanes over one axis of seconds."""
    if media.span_s is None:
        return ""
    scale = Scale(media.span_s)
    lanes = []
    if media.frames:
        lanes.append(lane("frames", "", "strip", _strip(media, prediction)))
    if media.outline is not None:
        quiet = "silent" if _peak(media.outline) < _SILENT else ""
        note = quiet if "audio" in prediction.modality else "not used"
        lanes.append(lane("sound", note, "sound", _sound(media.outline)))
    if events.segments is not None:
        what = "event" if len(events.segments) == 1 else "events"
        lanes.append(lane(what, text(events.known), "events", _happens(events.segments, scale, places)))
    if events.points:
        what = "point" if len(events.points) == 1 else "points"
        lanes.append(lane(what, "marked", "points", _marked(events.points, scale, places)))
    marks = data = names = ""
    if prediction.segments is not None:
        lanes += found_lanes(prediction, scale, places)
        data = found_data(prediction, scale, places)
        names = legend(list(prediction.scores), places) if prediction.moments else ""
    elif prediction.moments:
        lanes += [
            lane("attention", "of its peak", "attention", _attention(prediction, scale)),
            lane("scores", "by moment", "says", _says(prediction, scale, places)),
        ]
        marks = _key_marks(prediction, scale, places)
        data = _data(prediction, scale, places)
        leads = _leading(prediction)
        names = legend([name for name in prediction.moments[0].scores if name in leads], places)
    if not lanes:
        return ""
    lanes.append(f'<div class="lane"><div class="plot axis">{_axis(scale)}</div></div>')
    return f'<div class="timeline"{data}>{"".join(lanes)}<div class="marks">{marks}</div></div>{names}'


def _key_marks(prediction: Prediction, scale: Scale, places: Places) -> str:
    """Shades over all lanes where attention stands out, and what is said there."""
    keys, _ = key_spans(prediction)
    marks = "".join(f'<div class="key" style="{scale.place(start, end)}"></div>' for start, end in keys)
    return marks + "".join(
        f'<div class="told" style="{scale.place(t.start_s, t.end_s)}; {color_of(t.label, places)}"></div>'
        for t in stretches(prediction)
    )


def _data(prediction: Prediction, scale: Scale, places: Places) -> str:
    """What the script reads."""
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
    x = np.linspace(0, WIDTH, outline.shape[1])
    upper = 50 - np.maximum(48 * high / peak, thin)
    lower = 50 - np.minimum(48 * low / peak, -thin)
    outer = [*zip(x, upper, strict=True), *reversed(list(zip(x, lower, strict=True)))]
    return svg(f'<path d="M{corners(outer)}Z"/>', height=100, label="outline of the sound")


def _happens(events: Sequence[Segment], scale: Scale, places: Places) -> str:
    """A bar for each true event, in the colour of its label if the network knows it."""
    bars = "" if events else "<p>nothing happens</p>"
    for event in events:
        color = f"; {color_of(event.label, places)}" if event.label in places else ""
        said = text(f"{on_clock(event.start_s, event.end_s)} {event.label}".strip())
        style = f'style="{scale.place(event.start_s, event.end_s)}{color}" title="{said}"'
        if scale.share(event.end_s) - scale.share(event.start_s) < _NAMED:
            bars += f'<span class="thin" {style}></span>'
        else:
            bars += f"<span {style}>{text(event.label)}</span>"
    return bars


def _marked(points: Sequence[Point], scale: Scale, places: Places) -> str:
    """A dot for each moment that somebody marked."""
    dots = ""
    for point in points:
        color = f"; {color_of(point.label, places)}" if point.label in places else ""
        said = text(f"{clock(point.time_s, places=1)} {point.label}")
        dots += f'<i style="left: {scale.share(point.time_s)}%{color}" title="{said}"></i>'
    return dots


def _attention(prediction: Prediction, scale: Scale) -> str:
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
        bar = f'<line class="bar-line" x1="0" x2="{WIDTH}" y1="{level:.1f}" y2="{level:.1f}"/>'
    said = when(prediction) or "nowhere: it is zero throughout"
    return svg(paths + bar, height=100, label=f"attention; highest at {said}")


def _says(prediction: Prediction, scale: Scale, places: Places) -> str:
    """A line for each label; those that lead at some moment are strong and named at their end."""
    names = list(prediction.moments[0].scores)
    middles = [scale.x((moment.start_s + moment.end_s) / 2) for moment in prediction.moments]
    # Level before the first middle and after the last one: a moment says the same throughout.
    x = [scale.x(prediction.moments[0].start_s), *middles, scale.x(prediction.moments[-1].end_s)]
    scores = {name: [moment.scores[name] for moment in prediction.moments] for name in names}
    told = ", ".join(f"{on_clock(m.start_s, m.end_s)} {likeliest(m)}" for m in prediction.moments)
    return lines(
        x,
        {name: [each[0], *each, each[-1]] for name, each in scores.items()},
        _leading(prediction),
        places,
        label=f"likeliest label of each moment: {told}",
    )


def _leading(prediction: Prediction) -> set[str]:
    """The clip's label and those that are likeliest at some moment, of many the ones that are most often."""
    counts = Counter(likeliest(moment) for moment in prediction.moments)
    return {prediction.label, *(name for name, _ in counts.most_common(ENDS - 1))} & set(
        prediction.moments[0].scores
    )


def _axis(scale: Scale) -> str:
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
