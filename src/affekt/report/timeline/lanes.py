"""The lanes of one clip over one axis of seconds: frames, sound, true events, attention and scores."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from affekt.core.answers.prediction import Prediction
from affekt.core.sample import Sample
from affekt.core.segment import Point, Segment
from affekt.metrics.localization import KEY_THRESHOLD, is_salient
from affekt.report.colors.labels import LabelColors
from affekt.report.timeline.curves import ENDS, describe_curves
from affekt.report.timeline.media import ClipMedia
from affekt.report.timeline.moments import attention_of, key_spans, likeliest
from affekt.report.timeline.parts import WIDTH, Scale, corners, on_clock, script_data, time_axis, when
from affekt.report.timeline.segments import label_rows, segment_curves, segment_data

_SILENT = 0.005  # peak (-46 dBFS); quieter sound is not magnified, so that noise does not look like speech


@dataclass(frozen=True)
class Events:
    """True events of a clip, and the origin of this knowledge, such as `annotated`."""

    segments: tuple[Segment, ...] | None = None
    points: tuple[Point, ...] = ()
    known: str = ""

    @classmethod
    def of(cls, sample: Sample, known: str) -> Events:
        """The events of a sample."""
        return cls(sample.segments, sample.points, known)


def describe_timeline(
    prediction: Prediction, media: ClipMedia, events: Events, colors: LabelColors
) -> dict[str, Any] | None:
    """Values for `timeline.html.jinja`; None for a clip without any lane."""
    if media.span_s is None:
        return None
    scale = Scale(media.span_s)
    shown: dict[str, Any] = {
        "scale": scale,
        "sound": None
        if media.envelope is None
        else _sound(media.envelope, is_used="audio" in prediction.modality),
        "labels": [],
        "attention": None,
        "curves": None,
        "legend": [],
        "key_spans": [],
        "data": None,
        "axis": time_axis(scale),
    }
    if prediction.segments is not None:
        shown["labels"] = label_rows(prediction, colors)
        shown["data"] = segment_data(prediction, scale, colors)
        if prediction.moments:
            shown["curves"] = segment_curves(prediction, scale, colors)
            shown["legend"] = list(prediction.scores)
    elif prediction.moments:
        strong = _leading(prediction)
        shown |= {
            "attention": _attention(prediction, scale),
            "curves": _curves(prediction, scale, colors, strong),
            "legend": [name for name in prediction.moments[0].scores if name in strong],
            "key_spans": key_spans(prediction)[0].tolist(),
            "data": _data(prediction, scale, colors),
        }
    has_lanes = media.frames or shown["sound"] or shown["labels"] or shown["curves"]
    return shown if has_lanes or events.segments is not None or events.points else None


def _data(prediction: Prediction, scale: Scale, colors: LabelColors) -> dict[str, Any]:
    """Values for the page's script: attention and scores of each moment."""
    names = list(prediction.moments[0].scores)
    return {
        **script_data(names, scale, colors),
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


def _sound(envelope: np.ndarray, *, is_used: bool) -> dict[str, str]:
    low, high = np.nan_to_num(envelope)
    peak = float(np.abs(np.nan_to_num(envelope)).max())
    scale = 48 / max(peak, _SILENT)
    # A minimal thickness, so that silence is drawn as a line; none after the end of the sound.
    thin = np.where(np.isnan(envelope[0]), 0.0, 0.7)
    x = np.linspace(0, WIDTH, envelope.shape[1])
    upper = 50 - np.maximum(scale * high, thin)
    lower = 50 - np.minimum(scale * low, -thin)
    outer = [*zip(x, upper, strict=True), *reversed(list(zip(x, lower, strict=True)))]
    quiet = "silent" if peak < _SILENT else ""
    return {"note": quiet if is_used else "not used", "envelope": corners(outer)}


def _attention(prediction: Prediction, scale: Scale) -> dict[str, Any]:
    """Filled steps, darker for salient moments, and the threshold of salience."""
    attention = attention_of(prediction)
    highest = attention.max() or 1.0
    drawn = {"all": "", "key": ""}
    for moment, value, salient in zip(
        prediction.moments, attention / highest, is_salient(attention), strict=True
    ):
        left, right, top = scale.x(moment.start_s), scale.x(moment.end_s), 100 * (1 - value)
        drawn["key" if salient else "all"] += f"M{left},100V{top:.1f}H{right}V100Z"
    threshold = None
    if attention.any():
        level = attention.min() + KEY_THRESHOLD * (attention.max() - attention.min())
        threshold = f"{100 * (1 - level / highest):.1f}"
    highest_at = when(prediction) or "no moment: it is zero throughout"
    return {**drawn, "threshold": threshold, "words": f"attention; highest at {highest_at}"}


def _curves(prediction: Prediction, scale: Scale, colors: LabelColors, strong: set[str]) -> dict[str, Any]:
    """A line for each label; labels in `strong` have a strong line and are named at its end."""
    moments = prediction.moments
    middles = [scale.x((moment.start_s + moment.end_s) / 2) for moment in moments]
    # Constant before the first middle and after the last one: a moment has the same scores throughout.
    x = [scale.x(moments[0].start_s), *middles, scale.x(moments[-1].end_s)]
    scores = {
        name: [moment.scores[name] for moment in (moments[0], *moments, moments[-1])]
        for name in moments[0].scores
    }
    words = ", ".join(f"{on_clock(moment)} {likeliest(moment)}" for moment in moments)
    return describe_curves(x, scores, strong, colors, words=f"most likely label of each moment: {words}")


def _leading(prediction: Prediction) -> set[str]:
    """The clip's label, and the labels that are most often the most likely one of a moment."""
    counts = Counter(likeliest(moment) for moment in prediction.moments)
    return {prediction.label, *(name for name, _ in counts.most_common(ENDS - 1))} & set(
        prediction.moments[0].scores
    )
