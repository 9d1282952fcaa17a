"""Lanes of the page: bands of colour over one axis of time, and the same values for the script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from affekt.core.timeline.parts import Missing
from affekt.core.timeline.timeline import Timeline
from affekt.report.story.cues import verdict
from affekt.report.story.disagreement import Disagreement
from affekt.report.story.lanes import Lane, Shown
from affekt.report.story.stretches import Stretch, at_most, covered, joined, level_of
from affekt.report.timeline.moments import clock, percent
from affekt.report.timeline.parts import Scale, corners

LEVELS = 6  # of the strength of a colour
DRAWN = 700  # bands of a lane: finer than a screen shows
ALL_DRAWN = 14_000  # bands of all lanes
EXACT = 4_000  # answers of a lane that the script knows
_TITLED = 150  # bands of a lane that have a title of their own; the script shows the same for more
_MISSING = 60  # stretches of a lane without an answer that are drawn
_SHOTS = 500
_SILENT = 0.005  # peak (-46 dBFS), as in `affekt.report.timeline.lanes`

NAMES = {
    "fused": "fused",
    "face": "face",
    "voice": "voice",
    "words": "words",
    "gait": "gait",
    "clip": "whole clip",
}

PlaceOf = Callable[[str], int]


def describe_lane(
    timeline: Timeline, lane: Lane, scale: Scale, place_of: PlaceOf, *, most: int
) -> dict[str, Any]:
    """Values for a lane of `lanes.html.jinja`.

    Args:
        place_of: The number of a label's colour.
        most: Bands of a lane.
    """
    answers = joined(lane.answers, levels=LEVELS)
    drawn = joined(at_most(answers, most), levels=LEVELS)
    has_titles = len(drawn) <= _TITLED
    networks = dict.fromkeys(track.network for track in lane.tracks if track.network)
    return {
        "name": NAMES[lane.modality],
        "note": ", ".join(networks),
        "is_main": lane.modality == "fused",
        "words": _in_words(lane),
        "thinned": len(answers) > most,
        "bands": [
            {
                "kind": _class_of(one, place_of),
                "place": scale.place(one.start_s, one.end_s),
                "title": said(one) if has_titles else "",
            }
            for one in drawn
        ],
        "missing": [
            {"place": scale.place(*_span_of(it, scale)), "reason": it.reason}
            for it in timeline.missing
            if it.modality == lane.modality and it.start_s is not None
        ][:_MISSING],
    }


def lane_without_answers(one: Missing) -> dict[str, Any]:
    """A lane of a modality that nobody has, with the reason in it."""
    return {"name": NAMES[one.modality], "reason": one.reason}


def describe_apart(apart: Sequence[Disagreement], scale: Scale) -> list[dict[str, str]]:
    """Marks where modalities disagree; of very many, those that a screen cannot tell apart are one."""
    if len(apart) <= _TITLED:
        return [
            {
                "place": scale.place(it.start_s, it.end_s),
                "title": f"{_times(it.start_s, it.end_s)} {it.words}",
            }
            for it in apart
        ]
    near_s = scale.length / DRAWN
    marks = covered((it.start_s, it.end_s + near_s) for it in apart)
    return [{"place": scale.place(start, end - near_s), "title": ""} for start, end in marks]


def describe_shots(timeline: Timeline, scale: Scale) -> list[float]:
    """Places of cuts, in percent; none if there is a single shot, or if there are too many to tell apart."""
    cuts = [start for start, _ in timeline.shots[1:]]
    return [scale.share(cut) for cut in cuts] if len(cuts) <= _SHOTS else []


def describe_sound(envelope: np.ndarray) -> dict[str, str]:
    """The shape of the sound wave, magnified unless it is silent."""
    peak = float(np.nanmax(np.abs(envelope), initial=0.0))
    size = 48 / max(peak, _SILENT)
    low, high = np.nan_to_num(envelope)
    x = (np.arange(len(low)) + 0.5) * 1000 / len(low)
    upper = [(float(a), 50 - size * float(b)) for a, b in zip(x, high, strict=True)]
    lower = [(float(a), 50 - size * float(b)) for a, b in zip(x, low, strict=True)]
    note = "silent" if peak < _SILENT else ""
    return {"shape": corners([*upper, *reversed(lower)]), "note": note}


def script_lane(lane: Lane, number_of: PlaceOf) -> dict[str, Any]:
    """The answers of a lane, for the script: starts and ends in milliseconds, label, confidence in percent.

    The label is its number; -1: unsure.
    """
    answers = lane.answers
    if len(answers) > EXACT:
        answers = joined(answers, levels=LEVELS)
    answers = at_most(answers, EXACT)
    return {
        "name": NAMES[lane.modality],
        "who": lane.who if lane.person else "",
        "person": lane.person,
        "from": [round(1000 * one.start_s) for one in answers],
        "to": [round(1000 * one.end_s) for one in answers],
        "label": [-1 if one.kind == "unsure" else number_of(one.label) for one in answers],
        "score": [-1 if one.confidence is None else round(100 * one.confidence) for one in answers],
    }


def said(one: Stretch) -> str:
    """Times and answer of a stretch."""
    shown = Shown(one.text or one.label, one.confidence if one.kind == "label" else None, one.kind)
    return f"{_times(one.start_s, one.end_s)} {verdict(shown)}"


def _in_words(lane: Lane) -> str:
    """The content of a lane for screen readers."""
    times: dict[str, float] = {}
    for one in lane.stretches:
        times[one.label] = times.get(one.label, 0.0) + one.duration_s
    total = sum(times.values())
    if not total:
        return "no answer"
    most = sorted(times.items(), key=lambda item: -item[1])[:4]
    return ", ".join(f"{label} {percent(time / total)} of the time" for label, time in most)


def _class_of(one: Stretch, place_of: PlaceOf) -> str:
    if one.kind == "unsure":
        return "un"
    return f"c{place_of(one.label)} o{level_of(one.confidence, LEVELS)}"


def _span_of(one: Missing, scale: Scale) -> tuple[float, float]:
    return one.start_s or 0.0, scale.end if one.end_s is None else one.end_s


def _times(start_s: float, end_s: float) -> str:
    places = 1 if end_s - start_s < 10 else 0
    return f"{clock(start_s, places=places)}\N{EN DASH}{clock(end_s, places=places)}"
