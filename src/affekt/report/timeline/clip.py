"""One clip of the page: its media, its answer and scores, its lanes, its moments in numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from affekt.core.answers.prediction import Prediction
from affekt.core.sample import Sample
from affekt.metrics.localization import is_salient
from affekt.report.colors.labels import LabelColors
from affekt.report.timeline.lanes import Events, describe_timeline
from affekt.report.timeline.media import MANY, SMALL_ROWS, ClipMedia, Pictures, clip_media, picture
from affekt.report.timeline.moments import attention_of, clock, likeliest, stretches
from affekt.report.timeline.segments import address_of, summary_of_segments

_BARS = 10  # scores that are listed with a clip
_NEXT = 2  # scores after the highest one that are beside a small picture


def describe_clip(
    prediction: Prediction, media: ClipMedia, events: Events, colors: LabelColors, folder: Path
) -> dict[str, Any]:
    """Values for `clip.html.jinja`.

    Args:
        folder: The folder of the page.
    """
    path = PurePath(prediction.id)
    scores = list(prediction.scores.items())
    if len(scores) > _BARS:
        # A few keep the order of the labels, so that clips can be compared; of many, the highest are listed.
        scores = sorted(scores, key=lambda item: -item[1])[:_BARS]
    has_segments = prediction.segments is not None
    return {
        "answer": prediction,
        "media": media,
        "events": events,
        "folder": "" if str(path.parent) == "." else str(path.parent),
        "name": path.name,
        "summary": summary_of_segments(prediction) if has_segments else "",
        "stretches": [] if has_segments else stretches(prediction),
        "notes": (*prediction.notes, *media.missing),
        "scores": scores,
        # Scores of several labels at once are no parts of a whole.
        "adds_up": math.isclose(sum(prediction.scores.values()), 1.0, abs_tol=0.01),
        "next": sorted(prediction.scores.items(), key=lambda item: -item[1])[1 : 1 + _NEXT],
        # Only long clips have segments; the frames show the content of a short one.
        "address": address_of(media.file, folder) if has_segments and media.file is not None else "",
        "timeline": describe_timeline(prediction, media, events, colors),
        "moments": [] if has_segments else _moments(prediction),
        "source": _source(prediction),
    }


def media_of(prediction: Prediction, samples: Mapping[str, Sample], pictures: Pictures) -> ClipMedia:
    """Frames and sound of a predicted clip.

    Args:
        pictures: Reads pictures.
    """
    sample = samples.get(prediction.id)
    more: dict[str, Any] = {}
    if prediction.segments is not None:
        more = {"count": MANY, "rows": SMALL_ROWS, "still_s": _still_s(prediction)}
    if sample is not None:
        video, audio = sample.media.get("video"), sample.media.get("audio")
        audio = video if audio is None and isinstance(video, Path | str) else audio
        return clip_media(video, audio, _span(prediction), rate_hz=sample.facts.get("rate_hz"), **more)
    if prediction.modality == "image":
        return picture(prediction.source, pictures, prediction.box)
    if not prediction.moments and prediction.span_s is None:
        return ClipMedia(None)
    if not Path(prediction.id).exists():
        what = "sound" if prediction.modality == "audio" else "frames and sound"
        return ClipMedia(_span(prediction), missing=(f"its {what} cannot be shown: the file does not exist",))
    video = None if prediction.modality == "audio" else prediction.id
    return clip_media(video, prediction.id, _span(prediction), **more)


def _still_s(prediction: Prediction) -> float:
    """The middle of the segment with the highest score; without segments, of the clip."""
    if prediction.segments:
        return (prediction.segments[0].start_s + prediction.segments[0].end_s) / 2
    return sum(_span(prediction) or (0.0, 0.0)) / 2


def _span(prediction: Prediction) -> tuple[float, float] | None:
    if prediction.span_s is not None or not prediction.moments:
        return prediction.span_s
    return prediction.moments[0].start_s, prediction.moments[-1].end_s


def _source(prediction: Prediction) -> list[str]:
    source = prediction.provenance
    parts = [source.method, f"weights {source.weights_sha256[:12]}", f"based on {prediction.modality}"]
    if prediction.span_s is not None:
        start, end = prediction.span_s
        parts.append(f"{clock(start, places=1)} to {clock(end, places=1)}")
    return parts


def _moments(prediction: Prediction) -> list[dict[str, Any]]:
    """Rows of the table of moments: exact values, and an alternative to the drawings."""
    attention = attention_of(prediction)
    highest = attention.max(initial=0.0) or 1.0
    return [
        {
            "moment": moment,
            "is_salient": salient,
            "attention": value,
            "label": likeliest(moment),
            "score": moment.scores[likeliest(moment)],
        }
        for moment, salient, value in zip(
            prediction.moments, is_salient(attention), (attention / highest).tolist(), strict=True
        )
    ]
