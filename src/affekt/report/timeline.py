"""One page about predicted clips: what each shows, and when. One HTML file that loads nothing.

Needs no more than the core install, for it is written where a bundle answers: plain strings instead of
templates, SVG instead of matplotlib. Looks are in `timeline.css`, the cursor in `timeline.js`; the page can
be read without scripts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from affekt.core.prediction import Prediction
from affekt.core.sample import Sample, Skipped
from affekt.core.sealed import write_text
from affekt.metrics.localization import KEY_BAR
from affekt.report.moments import (
    attention_of,
    clock,
    key_spans,
    likeliest,
    percent,
    printable,
    stretches,
)
from affekt.report.timeline_media import ClipMedia, clip_media, picture
from affekt.report.wording import count

HERE = Path(__file__).parent
FULL = 50  # clips that are drawn; a page of more would take long to write and to open

# How many colours the page's style has, chosen to be told apart by colour-blind readers too: any two differ
# by 0.08 or more in Oklab, seen normally or without one kind of cone (simulated as in Machado 2009).
_COLORS = 8
_BARS = 10  # scores beside a clip
_ENDS = 8  # labels that fit beside the lines
_END_GAP = 10.5  # between two of them, in percent of the plot's height
_PLACES = 1000  # units of a drawing's width
_SILENT = 0.005  # peak (-46 dBFS) below which sound is not magnified, so that hiss does not look like speech
_TOLD = 8  # stretches that are listed with a clip
_STEPS_S = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
_TICKS = 8
_LEVELS = ((0, "100 %", ""), (50, "50 %", ""), (100, "0 %", " floor"))
_NO_SECURITY_HOLE = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

# Name of a label to its place among all of the page.
Places = Mapping[str, int]


def write_timeline(
    path: Path,
    predictions: Sequence[Prediction],
    skipped: Sequence[Skipped] = (),
    *,
    samples: Mapping[str, Sample] | None = None,
    title: str = "",
    lead: str = "",
    events: str = "stated",
    full: int = FULL,
) -> None:
    """Write the page: a card with its timeline for each clip, and a table of those that are too many.

    Frames and sound are read again from the file that a prediction names; where it is gone, the rest is drawn
    and the card says so.

    Args:
        samples: By id: where media of predictions lie that are no files of that name, and what truly happens
            in them, if `facts["events"]` says so. Events have a start and an end in seconds, `start_s` and
            `end_s`, and may have a `label`.
        title: The clip's name, or how many there are, if not given.
        lead: What to know before reading on; a blank line begins a new paragraph.
        events: How it is known what truly happens, such as `annotated`; stands beside the events.
        full: How many clips are drawn.
    """
    places = _places(predictions)
    drawn, rest = predictions[:full], predictions[full:]
    known = {name: _Events.of(sample, events) for name, sample in (samples or {}).items()}
    cards = (
        _card(
            number,
            prediction,
            _media_of(prediction, samples or {}),
            known.get(prediction.id, _Events()),
            places,
        )
        for number, prediction in enumerate(drawn, 1)
    )
    if not title:
        title = PurePath(predictions[0].id).name if len(predictions) == 1 else count(predictions, "clip")
    body = [
        f'<header><p class="mark">affekt</p><h1>{_text(title)}</h1>{_lead(predictions, lead)}</header>',
        _tally(predictions, places) if len(predictions) > 1 else "",
        *cards,
        _rest(rest, places),
        _skipped(skipped),
        _footer(predictions),
    ]
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_NO_SECURITY_HOLE}">\n'
        f"<title>{_text(title)}</title>\n<style>\n{(HERE / 'timeline.css').read_text()}</style>\n</head>\n"
        "<body>\n<main>\n" + "\n".join(part for part in body if part) + "\n</main>\n"
        f"<script>\n{(HERE / 'timeline.js').read_text()}</script>\n</body>\n</html>\n"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, page)


# ---- the page


def _text(value: object) -> str:
    """Anybody's text, for an element or an attribute."""
    return escape(printable(value), quote=True)


def _class(label: str, places: Places) -> str:
    """The style that gives a label its colour."""
    return f"--class: var(--c{places[label] % _COLORS})"


def _tag(label: str, places: Places) -> str:
    return f'<span class="tag" style="{_class(label, places)}">{_text(label)}</span>'


def _places(predictions: Sequence[Prediction]) -> dict[str, int]:
    names = dict.fromkeys(name for prediction in predictions for name in prediction.scores)
    return {name: place for place, name in enumerate(names)}


def _lead(predictions: Sequence[Prediction], lead: str) -> str:
    """What the caller says, then how to read the drawings."""
    reading = "What the network answered, with the score of each label."
    if any(prediction.moments for prediction in predictions):
        reading = (
            "Marked stretches are where the network's attention was highest; its answer rests on them most. "
            "The lines show what each moment would be taken for if the whole clip were like it."
        )
    said = [part for part in lead.split("\n\n") if part.strip()]
    return "".join(f'<p class="lead">{_text(part)}</p>' for part in [*said, reading])


def _tally(predictions: Sequence[Prediction], places: Places) -> str:
    """How often each label was answered."""
    counts = Counter(prediction.label for prediction in predictions)
    ranked = sorted(counts, key=lambda name: (-counts[name], places[name]))
    parts = "".join(f'<i style="{_class(name, places)}; --share: {counts[name]}"></i>' for name in ranked)
    names = "".join(f"<li>{_tag(name, places)}<b>{counts[name]}</b></li>" for name in ranked)
    return f'<div class="tally"><div class="stack" aria-hidden="true">{parts}</div><ul>{names}</ul></div>'


def _rest(predictions: Sequence[Prediction], places: Places) -> str:
    """The clips that are not drawn."""
    if not predictions:
        return ""
    rows = "".join(
        f'<tr><td class="text wide">{_text(p.id)}</td><td class="text">{_tag(p.label, places)}</td>'
        f'<td>{percent(p.confidence)}</td><td class="text">{_text(_when(p))}</td>'
        f'<td class="text wide">{_text("; ".join(p.notes))}</td></tr>'
        for p in predictions
    )
    head = (
        '<th class="text">clip</th><th class="text">answer</th><th>confidence</th>'
        '<th class="text">shows at</th><th class="text">notes</th>'
    )
    return (
        f"<section><h2>{count(predictions, 'more clip')}</h2>"
        f'<div class="scroll" tabindex="0"><table class="numbers"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def _skipped(skipped: Sequence[Skipped]) -> str:
    if not skipped:
        return ""
    rows = "".join(
        f'<tr><td class="text wide">{_text(item.id)}</td><td class="text wide">{_text(item.reason)}</td></tr>'
        for item in skipped
    )
    return (
        f"<section><h2>Not answered: {len(skipped)}</h2>"
        '<div class="scroll" tabindex="0"><table class="numbers"><thead><tr><th class="text">input</th>'
        f'<th class="text">reason</th></tr></thead><tbody>{rows}</tbody></table></div></section>'
    )


def _footer(predictions: Sequence[Prediction]) -> str:
    sources = dict.fromkeys(prediction.provenance for prediction in predictions)
    lines = "".join(
        f'<p class="source">{_text(source.method)}, bundle version {_text(source.bundle_version)}, weights '
        f"{_text(source.weights_sha256)} (SHA-256)</p>"
        for source in sources
    )
    return (
        "<footer><p>Networks predict what observers would say of a recording, not what a person feels. Read "
        f"the limits on the method's card before you use an answer.</p>{lines}</footer>"
    )


def _when(prediction: Prediction) -> str:
    """Key stretches in words."""
    return ", ".join(_stretch(stretch.start_s, stretch.end_s) for stretch in stretches(prediction))


def _stretch(start_s: float, end_s: float) -> str:
    """A stretch on the clock, to a tenth of a second where it is short."""
    places = 0 if end_s - start_s >= 10 else 1
    return f"{clock(start_s, places=places)}\N{EN DASH}{clock(end_s, places=places)}"


# ---- one clip


def _media_of(prediction: Prediction, samples: Mapping[str, Sample]) -> ClipMedia:
    """Frames and sound of what was answered."""
    sample = samples.get(prediction.id)
    if sample is not None:
        video, audio = sample.media.get("video"), sample.media.get("audio")
        audio = video if audio is None and isinstance(video, Path | str) else audio
        return clip_media(video, audio, _span(prediction), rate_hz=sample.facts.get("rate_hz"))
    if prediction.modality == "image":
        return picture(prediction.id)
    if not prediction.moments and prediction.span_s is None:
        return ClipMedia(None)
    if not Path(prediction.id).exists():
        return ClipMedia(
            _span(prediction), missing=("its frames and sound cannot be shown: the file is gone",)
        )
    video = None if prediction.modality == "audio" else prediction.id
    return clip_media(video, prediction.id, _span(prediction))


def _span(prediction: Prediction) -> tuple[float, float] | None:
    if prediction.span_s is not None or not prediction.moments:
        return prediction.span_s
    return prediction.moments[0].start_s, prediction.moments[-1].end_s


def _card(number: int, prediction: Prediction, media: ClipMedia, events: _Events, places: Places) -> str:
    path = PurePath(prediction.id)
    folder = "" if str(path.parent) == "." else f"<small>{_text(path.parent)}/</small>"
    notes = "".join(f"<li>{_text(note)}</li>" for note in (*prediction.notes, *media.missing))
    notes = f'<ul class="notes">{notes}</ul>' if notes else ""
    still = ""
    if media.span_s is None and media.frames:
        still = f'<img class="still" src="{media.frames[0]}" alt="">'
    return "\n".join(
        part
        for part in (
            f'<article class="clip" id="clip-{number}" style="{_class(prediction.label, places)}">',
            f'<header><div><p class="name">{folder}<b>{_text(path.name)}</b></p>'
            f'<p class="verdict">{_text(prediction.label)} <span>{percent(prediction.confidence)}</span></p>'
            f"{_shows(prediction, places)}{notes}{still}</div>"
            f"{_scores(prediction, places)}</header>",
            _timeline(prediction, media, events, places),
            _numbers(prediction, places),
            f'<p class="source">{_text(_source(prediction))}</p>',
            "</article>",
        )
        if part
    )


def _shows(prediction: Prediction, places: Places) -> str:
    """What the salient moments say."""
    found = stretches(prediction)
    items = "".join(
        f'<li style="{_class(told.label, places)}"><b>{_stretch(told.start_s, told.end_s)}</b> '
        f"{_text(told)}</li>"
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
        f'<tr{" class=chosen" if name == prediction.label else ""}><th scope="row">{_tag(name, places)}</th>'
        f'<td><span class="bar" style="{_class(name, places)}; --share: {100 * score:.1f}%"></span></td>'
        f"<td>{percent(score)}</td></tr>"
        for name, score in ((name, prediction.scores[name]) for name in names)
    )
    if left := len(prediction.scores) - len(names):
        rows += f'<tr class="more"><td colspan="3">and {left} more labels with lower scores</td></tr>'
    return f'<table class="scores">{rows}</table>'


def _source(prediction: Prediction) -> str:
    source = prediction.provenance
    parts = [source.method, f"weights {source.weights_sha256[:12]}", f"stands on {prediction.modality}"]
    if prediction.span_s is not None:
        start, end = prediction.span_s
        parts.append(f"{clock(start, places=1)} to {clock(end, places=1)}")
    return " \N{MIDDLE DOT} ".join(parts)


def _numbers(prediction: Prediction, places: Places) -> str:
    """The moments as a table, for those who cannot see the lines or want to know exactly."""
    if not prediction.moments:
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
            f'<td class="text">{_tag(best, places)}</td><td>{percent(moment.scores[best])}</td></tr>'
        )
    return (
        f"<details><summary>{count(prediction.moments, 'moment')} in numbers</summary>"
        '<div class="scroll" tabindex="0"><table class="numbers"><thead><tr><th>from</th><th>to</th>'
        '<th>attention</th><th class="text">likeliest</th><th>score</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div></details>"
    )


# ---- the timeline of a clip


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
class _Events:
    """What truly happens in a clip, and how that is known."""

    spans: tuple[tuple[float, float, str], ...] = ()
    known: str = ""

    @classmethod
    def of(cls, sample: Sample, known: str) -> _Events:
        """Those that a sample states: start and end in seconds, label."""
        return cls(
            tuple(
                (float(event["start_s"]), float(event["end_s"]), str(event.get("label") or ""))
                for event in sample.facts.get("events", ())
            ),
            known,
        )


def _timeline(prediction: Prediction, media: ClipMedia, events: _Events, places: Places) -> str:
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
        lanes.append(_lane(what, _text(events.known), "events", _happens(events, scale, places)))
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
        f'<div class="told" style="{scale.place(t.start_s, t.end_s)}; {_class(t.label, places)}"></div>'
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
        "colors": [f"var(--c{places[name] % _COLORS})" for name in names],
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
        f'aria-label="{_text(label)}">{content}</svg>'
    )


def _strip(media: ClipMedia, prediction: Prediction) -> str:
    name = PurePath(prediction.id).name
    return "".join(
        f'<img src="{frame}" alt="{_text(f"frame {number} of {len(media.frames)} of {name}")}">'
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


def _happens(events: _Events, scale: _Scale, places: Places) -> str:
    """A bar for each true event, in the colour of its label if the network knows it."""
    bars = ""
    for start, end, label in events.spans:
        color = f"; {_class(label, places)}" if label in places else ""
        said = f"{_stretch(start, end)} {label}".strip()
        bars += f'<span style="{scale.place(start, end)}{color}" title="{_text(said)}">{_text(label)}</span>'
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
    said = _when(prediction) or "nowhere: it is zero throughout"
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
            for word, applies in (("leads", name in leads), ("dashed", places[name] >= _COLORS))
            if applies
        )
        lines += (
            f'<polyline class="{look}" style="{_class(name, places)}" '
            f'points="{_points(zip(x, y, strict=True))}"/>'
        )
        if name in leads:
            ends[name] = y[-1]
    labels = "".join(
        f'<span class="end" style="top: {y:.1f}%; {_class(name, places)}">{_text(name)}</span>'
        for name, y in _apart(ends).items()
    )
    levels = "".join(
        f'<span class="level{kind}" style="top: {y}%">{text}</span>' for y, text, kind in _LEVELS
    )
    told = ", ".join(f"{_stretch(m.start_s, m.end_s)} {likeliest(m)}" for m in prediction.moments)
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
    items = "".join(
        f"<li>{_tag(name, places)}</li>" for name in prediction.moments[0].scores if name in leads
    )
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
