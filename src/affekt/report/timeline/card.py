"""The card of one clip: its name, what was answered and why, its lanes, its moments in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from affekt.core.prediction import Prediction
from affekt.core.sample import Sample
from affekt.report.timeline.lanes import Events, timeline
from affekt.report.timeline.media import MANY, SMALL_ROWS, ClipMedia, clip_media, picture
from affekt.report.timeline.moments import attention_of, clock, key_spans, likeliest, percent, stretches
from affekt.report.timeline.parts import Places, color_of, on_clock, tag, text
from affekt.report.timeline.segments import found_list, found_words
from affekt.report.wording import count

_BARS = 10  # scores beside a clip
_TOLD = 8  # stretches that are listed with a clip


def media_of(prediction: Prediction, samples: Mapping[str, Sample]) -> ClipMedia:
    """Frames and sound of what was answered."""
    sample = samples.get(prediction.id)
    more: dict[str, Any] = {}
    if prediction.segments is not None:
        more = {"count": MANY, "rows": SMALL_ROWS, "still_s": _surest_s(prediction)}
    if sample is not None:
        video, audio = sample.media.get("video"), sample.media.get("audio")
        audio = video if audio is None and isinstance(video, Path | str) else audio
        return clip_media(video, audio, _span(prediction), rate_hz=sample.facts.get("rate_hz"), **more)
    if prediction.modality == "image":
        return picture(prediction.id)
    if not prediction.moments and prediction.span_s is None:
        return ClipMedia(None)
    if not Path(prediction.id).exists():
        return ClipMedia(
            _span(prediction), missing=("its frames and sound cannot be shown: the file is gone",)
        )
    video = None if prediction.modality == "audio" else prediction.id
    return clip_media(video, prediction.id, _span(prediction), **more)


def _surest_s(prediction: Prediction) -> float:
    """The middle of the surest segment; where nothing was found, of the clip."""
    if prediction.segments:
        return (prediction.segments[0].start_s + prediction.segments[0].end_s) / 2
    return sum(_span(prediction) or (0.0, 0.0)) / 2


def _span(prediction: Prediction) -> tuple[float, float] | None:
    if prediction.span_s is not None or not prediction.moments:
        return prediction.span_s
    return prediction.moments[0].start_s, prediction.moments[-1].end_s


def card(
    number: int, prediction: Prediction, media: ClipMedia, events: Events, places: Places, folder: Path
) -> str:
    """All that the page says of one clip.

    Args:
        number: Its place on the page, from 1.
        folder: Where the page will lie.
    """
    path = PurePath(prediction.id)
    within = "" if str(path.parent) == "." else f"<small>{text(path.parent)}/</small>"
    notes = "".join(f"<li>{text(note)}</li>" for note in (*prediction.notes, *media.missing))
    notes = f'<ul class="notes">{notes}</ul>' if notes else ""
    still = ""
    if media.span_s is None and media.frames:
        still = f'<img class="still" src="{media.frames[0]}" alt="">'
    return "\n".join(
        part
        for part in (
            f'<article class="clip" id="clip-{number}" style="{color_of(prediction.label, places)}">',
            f'<header><div><p class="name">{within}<b>{text(path.name)}</b></p>'
            f'<p class="verdict">{text(prediction.label)} <span>{percent(prediction.confidence)}</span></p>'
            f"{_shows(prediction, places)}{notes}{still}</div>"
            f"{_scores(prediction, places)}</header>",
            # Others have clips of seconds, which the frames show well enough.
            found_list(prediction, media, folder, places) if prediction.segments is not None else "",
            timeline(prediction, media, events, places),
            _numbers(prediction, places),
            f'<p class="source">{text(_source(prediction))}</p>',
            "</article>",
        )
        if part
    )


def _shows(prediction: Prediction, places: Places) -> str:
    """What the salient moments say, or how much was found."""
    if prediction.segments is not None:
        return f'<p class="shows">{text(found_words(prediction))}</p>'
    found = stretches(prediction)
    items = "".join(
        f'<li style="{color_of(told.label, places)}"><b>{on_clock(told.start_s, told.end_s)}</b> '
        f"{text(told)}</li>"
        for told in found[:_TOLD]
    )
    if not items:
        return ""
    if len(found) > _TOLD:
        items += f'<li class="left">and {len(found) - _TOLD} more</li>'
    return f'<div class="shows">Most telling<ul>{items}</ul></div>'


def _scores(prediction: Prediction, places: Places) -> str:
    """Bars: in the order of the labels, so that clips can be compared, or the highest of many."""
    names = list(prediction.scores)
    if len(names) > _BARS:
        names = sorted(names, key=lambda name: -prediction.scores[name])[:_BARS]
    rows = "".join(
        f'<tr{" class=chosen" if name == prediction.label else ""}><th scope="row">{tag(name, places)}</th>'
        f'<td><span class="bar" style="{color_of(name, places)}; --share: {100 * score:.1f}%"></span></td>'
        f"<td>{percent(score)}</td></tr>"
        for name, score in ((name, prediction.scores[name]) for name in names)
    )
    if left := len(prediction.scores) - len(names):
        rows += f'<tr class="more"><td colspan="3">and {left} more labels with lower scores</td></tr>'
    told = "<caption>that it occurs at all</caption>" if prediction.segments is not None else ""
    return f'<table class="scores">{told}{rows}</table>'


def _source(prediction: Prediction) -> str:
    source = prediction.provenance
    parts = [source.method, f"weights {source.weights_sha256[:12]}", f"stands on {prediction.modality}"]
    if prediction.span_s is not None:
        start, end = prediction.span_s
        parts.append(f"{clock(start, places=1)} to {clock(end, places=1)}")
    return " \N{MIDDLE DOT} ".join(parts)


def _numbers(prediction: Prediction, places: Places) -> str:
    """The moments as a table, for those who cannot see the lines or want to know exactly."""
    if (
        not prediction.moments or prediction.segments is not None
    ):  # cells are many; there is a list of segments
        return ""
    attention = attention_of(prediction)
    highest = attention.max() or 1.0
    keys, _ = key_spans(prediction)
    rows = ""
    for moment, value in zip(prediction.moments, attention / highest, strict=True):
        inside = any(start <= moment.start_s and moment.end_s <= end for start, end in keys)
        best = likeliest(moment)
        rows += (
            f"<tr{' class=salient' if inside else ''}><td>{clock(moment.start_s, places=1)}</td>"
            f"<td>{clock(moment.end_s, places=1)}</td><td>{percent(float(value))}</td>"
            f'<td class="text">{tag(best, places)}</td><td>{percent(moment.scores[best])}</td></tr>'
        )
    return (
        f"<details><summary>{count(prediction.moments, 'moment')} in numbers</summary>"
        '<div class="scroll" tabindex="0"><table class="numbers"><thead><tr><th>from</th><th>to</th>'
        '<th>attention</th><th class="text">likeliest</th><th>score</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div></details>"
    )
