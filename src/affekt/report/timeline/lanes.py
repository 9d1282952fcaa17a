"""The lanes of one clip over one axis of seconds: frames, sound, events, what the network made of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from affekt.core.prediction import Prediction
from affekt.core.sample import Sample
from affekt.core.segment import Point, Segment
from affekt.metrics.localization import KEY_BAR
from affekt.report.timeline.lines import ENDS, describe_lines
from affekt.report.timeline.media import ClipMedia
from affekt.report.timeline.moments import attention_of, clock, is_key, key_spans, likeliest
from affekt.report.timeline.parts import WIDTH, Places, Scale, colors_of, corners, on_clock, when
from affekt.report.timeline.segments import found_curves, found_data, label_rows
from affekt.report.wording import printable

_SILENT = 0.005  # peak (-46 dBFS) below which sound is not magnified, so that hiss does not look like speech
_STEPS_S = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
_TICKS = 8


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


def describe_timeline(
    prediction: Prediction, media: ClipMedia, events: Events, places: Places
) -> dict[str, Any] | None:
    """What `timeline.html.jinja` shows: lanes over one axis of seconds; None without any lane."""
    if media.span_s is None:
        return None
    scale = Scale(media.span_s)
    shown: dict[str, Any] = {
        "scale": scale,
        "sound": None
        if media.outline is None
        else _sound(media.outline, is_used="audio" in prediction.modality),
        "labels": [],
        "attention": None,
        "curves": None,
        "legend": [],
        "key_spans": [],
        "data": None,
        "axis": _axis(scale),
    }
    if prediction.segments is not None:
        shown["labels"] = label_rows(prediction, places)
        shown["data"] = found_data(prediction, scale, places)
        if prediction.moments:
            shown["curves"] = found_curves(prediction, scale, places)
            shown["legend"] = list(prediction.scores)
    elif prediction.moments:
        leads = _leading(prediction)
        shown |= {
            "attention": _attention(prediction, scale),
            "curves": _curves(prediction, scale, places, leads),
            "legend": [name for name in prediction.moments[0].scores if name in leads],
            "key_spans": key_spans(prediction)[0].tolist(),
            "data": _data(prediction, scale, places),
        }
    has_lanes = media.frames or shown["sound"] or shown["labels"] or shown["curves"]
    return shown if has_lanes or events.segments is not None or events.points else None


def _data(prediction: Prediction, scale: Scale, places: Places) -> dict[str, Any]:
    """What the script reads."""
    names = list(prediction.moments[0].scores)
    colors = colors_of(places)
    return {
        "start": scale.start,
        "end": scale.end,
        "labels": [printable(name) for name in names],
        "colors": [colors[name] for name in names],
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


def _sound(outline: np.ndarray, *, is_used: bool) -> dict[str, str]:
    low, high = np.nan_to_num(outline)
    peak = float(np.abs(np.nan_to_num(outline)).max())
    scale = 48 / max(peak, _SILENT)
    # A little thickness, so that silence is a line; none where the sound has ended.
    thin = np.where(np.isnan(outline[0]), 0.0, 0.7)
    x = np.linspace(0, WIDTH, outline.shape[1])
    upper = 50 - np.maximum(scale * high, thin)
    lower = 50 - np.minimum(scale * low, -thin)
    outer = [*zip(x, upper, strict=True), *reversed(list(zip(x, lower, strict=True)))]
    quiet = "silent" if peak < _SILENT else ""
    return {"note": quiet if is_used else "not used", "outline": corners(outer)}


def _attention(prediction: Prediction, scale: Scale) -> dict[str, Any]:
    """Filled steps, those of the key stretches darker, and the bar between the two."""
    attention = attention_of(prediction)
    highest = attention.max() or 1.0
    drawn = {"all": "", "key": ""}
    for moment, value, key in zip(prediction.moments, attention / highest, is_key(prediction), strict=True):
        left, right, top = scale.x(moment.start_s), scale.x(moment.end_s), 100 * (1 - value)
        drawn["key" if key else "all"] += f"M{left},100V{top:.1f}H{right}V100Z"
    threshold = None
    if attention.any():
        level = attention.min() + KEY_BAR * (attention.max() - attention.min())
        threshold = f"{100 * (1 - level / highest):.1f}"
    said = when(prediction) or "nowhere: it is zero throughout"
    return {**drawn, "threshold": threshold, "words": f"attention; highest at {said}"}


def _curves(prediction: Prediction, scale: Scale, places: Places, strong: set[str]) -> dict[str, Any]:
    """A line for each label; those that lead at some moment are strong and named at their end."""
    moments = prediction.moments
    middles = [scale.x((moment.start_s + moment.end_s) / 2) for moment in moments]
    # Level before the first middle and after the last one: a moment says the same throughout.
    x = [scale.x(moments[0].start_s), *middles, scale.x(moments[-1].end_s)]
    scores = {
        name: [moment.scores[name] for moment in (moments[0], *moments, moments[-1])]
        for name in moments[0].scores
    }
    told = ", ".join(f"{on_clock(moment)} {likeliest(moment)}" for moment in moments)
    return describe_lines(x, scores, strong, places, words=f"likeliest label of each moment: {told}")


def _leading(prediction: Prediction) -> set[str]:
    """The clip's label and those that are likeliest at some moment, of many the ones that are most often."""
    counts = Counter(likeliest(moment) for moment in prediction.moments)
    return {prediction.label, *(name for name, _ in counts.most_common(ENDS - 1))} & set(
        prediction.moments[0].scores
    )


def _axis(scale: Scale) -> list[tuple[float, str]]:
    """Times at round places: where they stand, in percent of the width."""
    step = next((step for step in _STEPS_S if scale.length / step <= _TICKS), _STEPS_S[-1])
    decimals = 1 if step < 1 else 0
    first = np.ceil(scale.start / step - 1e-6) * step
    ticks = [float(tick) for tick in np.arange(first, scale.end + step * 1e-6, step)]
    if not ticks or ticks[0] > scale.start + step * 1e-3:
        ticks.insert(0, scale.start)
    return [(scale.share(tick), clock(tick, places=decimals)) for tick in ticks]
