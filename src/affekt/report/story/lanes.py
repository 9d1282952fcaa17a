"""The lanes of a timeline: the answers about one person, or the whole medium, from one modality."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from affekt.core.timeline.parts import Modality, Span, Track
from affekt.core.timeline.timeline import Timeline
from affekt.report.story.stretches import UNSURE, Stretch, each_span, joined

# From the answer that stands for all of them to those that it stands on.
ORDER: tuple[Modality, ...] = ("fused", "face", "voice", "words", "gait", "clip")
WHOLE = "whole medium"


class Lane:
    """Tracks of one person and modality. A person who leaves and comes back may have several.

    Attributes:
        person: Id; empty for the whole medium.
        who: What the person is called.
    """

    def __init__(self, person: str, who: str, modality: Modality, tracks: Sequence[Track]) -> None:
        self.person, self.who, self.modality, self.tracks = person, who, modality, tuple(tracks)

    @cached_property
    def answers(self) -> list[Stretch]:
        """A stretch for each span that has an answer, in order of time."""
        return each_span(span for track in self.tracks for span in track.spans)

    @cached_property
    def stretches(self) -> list[Stretch]:
        """Those that touch and have one label joined."""
        return joined(self.answers)

    def during(self, start_s: float, end_s: float) -> list[Stretch]:
        """The stretches that may overlap a time, and perhaps some before it."""
        starts, longest_s = self._index
        return self.stretches[bisect_left(starts, start_s - longest_s) : bisect_right(starts, end_s)]

    @cached_property
    def _index(self) -> tuple[list[float], float]:
        return [one.start_s for one in self.stretches], max(
            (one.duration_s for one in self.stretches), default=0.0
        )

    def spans_during(self, start_s: float, end_s: float) -> list[Span]:
        """The spans that may overlap a time, and perhaps some before it."""
        starts, longest_s = self._span_index
        return self._spans[bisect_left(starts, start_s - longest_s) : bisect_right(starts, end_s)]

    @cached_property
    def _spans(self) -> list[Span]:
        return sorted((span for track in self.tracks for span in track.spans), key=lambda span: span.start_s)

    @cached_property
    def _span_index(self) -> tuple[list[float], float]:
        lengths = (span.end_s - span.start_s for span in self._spans)
        return [span.start_s for span in self._spans], max(lengths, default=0.0)

    @property
    def name(self) -> str:
        """The modality and the person, as ELAN users name a tier."""
        return f"{self.modality}@{self.who}" if self.person else self.modality


class Shown(NamedTuple):
    """A label as it is shown for one moment."""

    label: str
    confidence: float | None
    kind: str


def lanes_of(timeline: Timeline) -> list[Lane]:
    """Lanes by person in the order of the timeline, each person's in `ORDER`; then those of the whole medium.

    Tracks without spans have lanes as well: somebody was seen or heard whom no network answered about.
    """
    names = {person.id: person.shown for person in timeline.persons}
    found: list[Lane] = []
    for person in (*names, ""):
        for modality in ORDER:
            tracks = [it for it in timeline.tracks if it.person == person and it.modality == modality]
            if tracks:
                found.append(Lane(person, names.get(person, WHOLE), modality, tracks))
    return found


def main_lane(lanes: Sequence[Lane], person: str) -> Lane | None:
    """The lane that stands for a person: the fused one, else the first with answers in `ORDER`."""
    return next((lane for lane in lanes if lane.person == person and lane.answers), None)


def label_during(lane: Lane | None, start_s: float, end_s: float) -> Shown | None:
    """The answer that covers most of a stretch, of equal ones the surest; None where there is none."""
    if lane is None:
        return None
    times: dict[tuple[str, str], list[float]] = {}
    for one in lane.during(start_s, end_s):
        inside = min(one.end_s, end_s) - max(one.start_s, start_s)
        if inside <= 0 and not one.start_s == one.end_s == start_s:
            continue
        cell = times.setdefault((one.kind, one.text or one.label), [0.0, 0.0, 0.0])
        cell[0] += inside or 1e-9
        if one.confidence is not None:
            cell[1] += (inside or 1e-9) * one.confidence
            cell[2] += inside or 1e-9
    if not times:
        return None
    (kind, label), (_, weighted, weight) = max(times.items(), key=lambda item: item[1][:2])
    return Shown(label, weighted / weight if weight and kind == "label" else None, kind)


def mean_during(lane: Lane, start_s: float, end_s: float) -> Shown | None:
    """The class with the highest mean score over a stretch, and that mean; None where there is no answer.

    It is unsure where the answers are unsure for most of the stretch. Answers without scores: as
    `label_during`.
    """
    found = [
        (span, min(span.end_s, end_s) - max(span.start_s, start_s))
        for span in lane.spans_during(start_s, end_s)
    ]
    scored = [(span, inside) for span, inside in found if inside > 0 and span.scores]
    if not scored or any(inside > 0 and span.label and not span.scores for span, inside in found):
        return label_during(lane, start_s, end_s)
    whole_s = sum(inside for _, inside in scored)
    sums: dict[str, float] = {}
    for span, inside in scored:
        for name, score in span.scores.items():
            sums[name] = sums.get(name, 0.0) + inside * score
    label = max(sums, key=lambda name: sums[name])
    unsure_s = sum(inside for span, inside in scored if span.is_unsure)
    if unsure_s > whole_s / 2:
        return Shown(UNSURE, sums[label] / whole_s, "unsure")
    return Shown(label, sums[label] / whole_s, "label")
