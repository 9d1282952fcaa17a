"""A timeline as subtitles: words with who says them and how, and where nobody speaks the labels alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from affekt.core.timeline.parts import SpokenLine
from affekt.core.timeline.timeline import Timeline
from affekt.report.annotations.srt import write_cues
from affekt.report.annotations.vtt import VoiceCue, write_voices
from affekt.report.story.lanes import Lane, Shown, lanes_of, main_lane, mean_during
from affekt.report.story.stretches import UNSURE, covered, rest_of
from affekt.report.timeline.moments import percent

_SHORTEST_S = 0.5  # of a cue without words, which nobody could read in less
_LASTS_S = 2.0  # of the cue of a medium without a duration


def write_srt(path: Path, timeline: Timeline) -> None:
    """Write a cue for each line of words, `[happiness 81 %] Ann: Well, hello.`, and for labels elsewhere.

    Where nobody speaks, each stretch with one label is a cue: `Ann: happiness 81 %`. A timeline without
    either has one cue that says so, because many players refuse a file without cues.
    """
    write_cues(
        path,
        [(cue.start_s, cue.end_s, _srt_text(cue, is_spoken)) for cue, is_spoken in _cues(timeline)],
    )


def write_vtt(path: Path, timeline: Timeline) -> None:
    """Write the cues of `write_srt`; who speaks is marked up, so that players can show it: `<v Ann>`."""
    sources = ", ".join(f"{it.name} ({it.method})" for it in timeline.networks)
    note = f"affekt {timeline.affekt}: labels that observers would give. {sources}".strip()
    write_voices(path, [cue for cue, _ in _cues(timeline)], note=note)


def _srt_text(cue: VoiceCue, is_spoken: bool) -> str:
    if not cue.voice:
        return cue.text
    if not is_spoken:
        return f"{cue.voice}: {cue.text}"
    head, bracket, rest = cue.text.partition("] ")
    return f"{head}{bracket}{cue.voice}: {rest}" if bracket else f"{cue.voice}: {cue.text}"


def _cues(timeline: Timeline) -> list[tuple[VoiceCue, bool]]:
    """Cues in order of time, and whether each has words; at least one."""
    lanes = lanes_of(timeline)
    found = [*_spoken(timeline, lanes), *_silent(timeline, lanes)]
    if not found:
        end = timeline.medium.duration_s or _LASTS_S
        found = [(VoiceCue(0.0, end, "", "nothing was found"), False)]
    return sorted(found, key=lambda item: (item[0].start_s, item[0].end_s))


def _spoken(timeline: Timeline, lanes: Sequence[Lane]) -> Iterator[tuple[VoiceCue, bool]]:
    names = {person.id: person.shown for person in timeline.persons}
    for line in timeline.words:
        shown = label_of_line(lanes, line)
        label = f"[{verdict(shown)}] " if shown is not None else ""
        yield VoiceCue(line.start_s, line.end_s, names.get(line.person, ""), f"{label}{line.text}"), True


def _silent(timeline: Timeline, lanes: Sequence[Lane]) -> Iterator[tuple[VoiceCue, bool]]:
    """Stretches of each person, and of the whole medium, outside of the times of words."""
    taken = covered((line.start_s, line.end_s) for line in timeline.words)
    names = {person.id: person.shown for person in timeline.persons}
    for person in (*names, ""):
        lane = main_lane(lanes, person)
        for one in lane.stretches if lane is not None else ():
            shown = Shown(one.text or one.label, one.confidence if one.kind == "label" else None, one.kind)
            if one.start_s == one.end_s:  # a picture
                yield (
                    VoiceCue(one.start_s, one.end_s + _LASTS_S, names.get(person, ""), verdict(shown)),
                    False,
                )
            for start, end in rest_of(one.start_s, one.end_s, taken):
                if end - start >= _SHORTEST_S:
                    yield VoiceCue(start, end, names.get(person, ""), verdict(shown)), False


def label_of_line(lanes: Sequence[Lane], line: SpokenLine) -> Shown | None:
    """The label of who speaks, over the whole line, by the first modality that has one."""
    return next(
        (
            shown
            for lane in lanes
            if lane.person == line.person and (lane.person or lane.modality == "words")
            if (shown := mean_during(lane, line.start_s, line.end_s)) is not None
        ),
        None,
    )


def verdict(shown: Shown) -> str:
    """A label with its confidence.

    Example:
        >>> verdict(Shown("joy", 0.62, "label")), verdict(Shown("unsure", None, "unsure"))
        ('joy 62 %', 'unsure')
    """
    return shown.label if shown.kind == UNSURE else f"{shown.label} {percent(shown.confidence)}".strip()
