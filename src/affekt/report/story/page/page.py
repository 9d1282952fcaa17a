"""One page about a timeline: who is seen, heard and quoted, with which expressions, and when.

It is one HTML file that loads nothing, with one exception: to play the video or the sound, it opens the
analyzed file (or the annotated video) by its relative address. The page can be read without scripts.

Layout is in `page.html.jinja` and the templates that it includes, style in `page.css` after that of
`affekt.report.timeline`, the moving boxes and the cursor in `page.js`. The page of a long medium stays light:
bands and boxes are thinned to what a screen shows, and the page says so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

from affekt.core.files.whole import write_text
from affekt.core.labels import emotion_of
from affekt.core.timeline.timeline import Timeline
from affekt.core.wording import count, counted
from affekt.report.colors.labels import LabelColors
from affekt.report.story.blur import LIMITS, LIMITS_OF_PICTURE
from affekt.report.story.cues import label_of_line, verdict
from affekt.report.story.disagreement import Disagreement, disagreements
from affekt.report.story.lanes import Lane, lanes_of, main_lane
from affekt.report.story.page.boxes import TOLERANCE, moving_boxes, still_boxes
from affekt.report.story.page.lanes import (
    ALL_DRAWN,
    DRAWN,
    NAMES,
    describe_apart,
    describe_lane,
    describe_shots,
    describe_sound,
    lane_without_answers,
    script_lane,
)
from affekt.report.story.page.media import FACES, media_of
from affekt.report.story.page.summary import (
    NAMED,
    Summary,
    gone,
    in_words,
    lead_of,
    stack_of,
    summarize,
    summarize_others,
    sureness,
)
from affekt.report.templates import render_page
from affekt.report.timeline.moments import clock, percent
from affekt.report.timeline.parts import WIDTH, Scale, time_axis
from affekt.report.wording import printable

PERSONS = 12  # persons with lanes
CARDS = 60  # persons with a card
_LISTED = 200  # disagreements that are listed
_ROOMY = 6  # persons whose cards have room for details; of a picture, who are listed before it


def write_page(path: Path, timeline: Timeline, *, redact: bool = False, video: Path | None = None) -> None:
    """Write the page.

    Args:
        redact: No picture of anyone, and no address of the analyzed file.
        video: An annotated video, which the page plays in place of the file; of a picture an annotated one,
            which it holds.
    """
    is_picture = not timeline.medium.duration_s
    lanes = lanes_of(timeline)
    apart = disagreements(timeline, lanes)
    persons = summarize(timeline, lanes, apart)
    others = summarize_others(timeline, lanes)
    colors = LabelColors(_labels(timeline))
    media = media_of(timeline, path.parent, redact=redact, video=video)
    scale = Scale((0.0, timeline.medium.duration_s))
    groups, thinned = _groups(timeline, lanes, apart, persons, colors, scale)
    boxes, tolerance = (
        ([], 0.0) if is_picture or media.is_marked or not media.kind else moving_boxes(timeline)
    )

    def color(label: str) -> str:
        return colors.css[_canonical(label)]

    page = render_page(
        Path(__file__).parent,
        {
            "clock": clock,
            "color": color,
            "count": count,
            "in_words": lambda one: in_words(one, is_picture=is_picture),
            "percent": percent,
            "stack": lambda one: stack_of(one, colors, _canonical),
            "sureness": lambda one: sureness(one, is_picture=is_picture),
        },
        labels=colors,
        styles=[Path(__file__).parents[2] / "timeline" / "page.css"],
        timeline=timeline,
        title=PurePath(timeline.medium.path).name or "timeline",
        lead=lead_of(timeline, persons, others),
        is_picture=is_picture,
        media=media,
        classes=[(place, colors.css[name]) for place, name in enumerate(colors)],
        persons=[*persons[:CARDS], *others],
        unlisted=len(persons) - CARDS,
        roomy=len(persons) <= _ROOMY,
        named=NAMED,
        gone=gone(timeline.missing),
        still=_still(timeline, lanes) if is_picture and not media.is_marked else [],
        scale=scale,
        width=WIDTH,
        axis=time_axis(scale),
        sound=describe_sound(media.envelope) if media.envelope is not None else None,
        shots=describe_shots(timeline, scale),
        groups=groups,
        others=[] if is_picture else _others(timeline, lanes),
        words=_words(timeline, lanes),
        apart=apart[:_LISTED],
        apart_rest=len(apart) - _LISTED,
        names={person.id: person.shown for person in timeline.persons},
        legend=[name for name in colors if _is_shown(name, lanes)],
        has_unsure=any(one.unsure for one in [*persons, *others]) or any(_is_unsure(lane) for lane in lanes),
        has_gone=any(lane["missing"] for group in groups for lane in group["lanes"]),
        thinned=_thinned(timeline, persons, thinned, tolerance if boxes and tolerance > TOLERANCE else 0.0),
        modality_names=NAMES,
        assumptions=_assumptions(timeline),
        limits=(LIMITS_OF_PICTURE if is_picture else LIMITS) if redact else "",
        is_redacted=redact,
        settings=json.dumps(timeline.settings, indent=1, ensure_ascii=False, default=str),
        data=None if is_picture else _script_data(timeline, lanes, apart, boxes, colors, persons),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, page)


def _labels(timeline: Timeline) -> list[str]:
    """All labels by the names that their colours go by, the classes of networks first, in their order."""
    spans = [span for track in timeline.tracks for span in track.spans]
    names = [
        *(label for network in timeline.networks for label in network.labels),
        *(label for span in spans for label in (span.label, *span.values) if label),
    ]
    return list(dict.fromkeys(_canonical(name) for name in names))


def _canonical(label: str) -> str:
    """Synonyms of several networks have one colour."""
    return emotion_of(label) or label


def _is_shown(name: str, lanes: Sequence[Lane]) -> bool:
    return any(_canonical(one.label) == name for lane in lanes for one in lane.stretches)


def _is_unsure(lane: Lane) -> bool:
    return any(one.kind == "unsure" for one in lane.answers)


def _groups(
    timeline: Timeline,
    lanes: Sequence[Lane],
    apart: Sequence[Disagreement],
    persons: Sequence[Summary],
    colors: LabelColors,
    scale: Scale,
) -> tuple[list[dict[str, Any]], bool]:
    """Lanes of each of the first persons and of the whole medium; and whether bands were thinned."""
    if not timeline.medium.duration_s:
        return [], False
    shown = [one.person.id for one in persons[:PERSONS]]
    drawn = [lane for lane in lanes if not lane.person or lane.person in shown]
    most = min(DRAWN, ALL_DRAWN // max(len(drawn), 1))
    found: list[dict[str, Any]] = []
    for number, person in enumerate([*shown, ""], 1):
        own = [
            describe_lane(timeline, lane, scale, lambda name: colors[_canonical(name)].place, most=most)
            for lane in drawn
            if lane.person == person
        ]
        if own:
            marks = [it for it in apart if it.person == person]
            found.append(
                {"person": person, "number": number, "lanes": own, "apart": describe_apart(marks, scale)}
            )
    return found, any(lane["thinned"] for group in found for lane in group["lanes"])


def _others(timeline: Timeline, lanes: Sequence[Lane]) -> list[dict[str, Any]]:
    """Lanes of modalities that nobody has, with the reason."""
    present = {lane.modality for lane in lanes}
    found = {it.modality: it for it in timeline.missing if it.modality not in present}
    return [lane_without_answers(it) for it in found.values()]


def _words(timeline: Timeline, lanes: Sequence[Lane]) -> list[dict[str, Any]]:
    names = {person.id: person.shown for person in timeline.persons}
    found: list[dict[str, Any]] = []
    for line in timeline.words:
        shown = label_of_line(lanes, line)
        found.append(
            {
                "line": line,
                "who": names.get(line.person, ""),
                "is_new": not found or found[-1]["line"].person != line.person,
                "label": shown.label if shown is not None and shown.kind == "label" else "",
                "verdict": verdict(shown) if shown is not None else "",
            }
        )
    return found


def _still(timeline: Timeline, lanes: Sequence[Lane]) -> list[dict[str, Any]]:
    """Faces of a picture."""
    names = {person.id: person.shown for person in timeline.persons}
    tracks = {track.id: track for track in timeline.tracks}
    found: list[dict[str, Any]] = []
    for track, person, place in still_boxes(timeline):
        lane = main_lane(lanes, person) if person else Lane("", "", "face", (tracks[track],))
        one = lane.answers[0] if lane is not None and lane.answers else None
        label = one.label if one is not None and one.kind == "label" else ""
        said = f"{label} {percent(one.confidence)}" if one is not None and label else "unsure" if one else ""
        found.append({"who": names.get(person, ""), "place": place, "label": label, "said": said})
    return found


def _assumptions(timeline: Timeline) -> list[tuple[str, str]]:
    """Notes of persons and tracks: whom they concern, and the note; equal ones once."""
    names = {person.id: person.shown for person in timeline.persons}
    found = [(person.shown, note) for person in timeline.persons for note in person.notes]
    for track in timeline.tracks:
        who = names.get(track.person, "whole medium")
        found += [(f"{who}, {NAMES[track.modality]}", note) for note in track.notes]
    return list(dict.fromkeys(found))


def _thinned(timeline: Timeline, persons: Sequence[Summary], bands: bool, tolerance: float) -> list[str]:
    """What the page does not show in full."""
    found: list[str] = []
    if bands:
        found.append(
            "Lanes have more answers than fit: each band is the answer that lasts longest in its stretch"
        )
    if tolerance:
        found.append(f"Boxes are simplified to {100 * tolerance:.1f} % of the picture's size")
    if len(persons) > PERSONS and timeline.medium.duration_s:
        rest = counted(len(persons) - PERSONS, "person")
        found.append(f"Lanes are drawn for the {PERSONS} persons who are there longest, not for {rest}")
    if len(persons) > FACES and timeline.medium.width:
        found.append(f"Pictures of faces are kept of {FACES} persons")
    if len(timeline.shots) > 1 and not describe_shots(
        timeline, Scale((0.0, timeline.medium.duration_s or 1.0))
    ):
        found.append(f"{count(timeline.shots, 'shot')} are too many to be marked")
    if found:
        found[-1] += "; .json and .csv hold everything"
    return found


def _script_data(
    timeline: Timeline,
    lanes: Sequence[Lane],
    apart: Sequence[Disagreement],
    boxes: Sequence[dict[str, Any]],
    colors: LabelColors,
    persons: Sequence[Summary],
) -> dict[str, Any]:
    """Values for the page's script. Lanes are in the order of the page."""
    shown = [*(one.person.id for one in persons[:PERSONS]), ""]
    with_boxes = {run["person"] for run in boxes}
    drawn = [lane for person in shown for lane in lanes if lane.person == person]
    rest = [
        lane for person in sorted(with_boxes - set(shown)) if (lane := main_lane(lanes, person)) is not None
    ]
    every = [*drawn, *rest]
    # As the networks name them; synonyms have one colour.
    labels = list(
        dict.fromkeys(one.label for lane in every for one in lane.stretches if one.kind != "unsure")
    )
    numbers = {label: number for number, label in enumerate(labels)}
    script_lanes = [script_lane(lane, numbers.__getitem__) for lane in every]
    main = {
        person: next((n for n, lane in enumerate(every) if lane.person == person and lane.answers), -1)
        for person in {*with_boxes, *shown}
        if person
    }
    return {
        "end": timeline.medium.duration_s,
        "labels": [printable(name) for name in labels],
        "colors": [colors[_canonical(name)].variable for name in labels],
        "lanes": script_lanes,
        "drawn": len(drawn),
        "main": main,
        "names": {person.id: printable(person.shown) for person in timeline.persons},
        "boxes": boxes,
        "apart": [[round(it.start_s, 3), round(it.end_s, 3)] for it in apart],
    }
