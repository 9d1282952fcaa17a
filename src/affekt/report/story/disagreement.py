"""Where modalities disagree about a person: their labels differ at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from affekt.core.labels import LabelSet, emotion_of
from affekt.core.timeline.timeline import Timeline
from affekt.report.story.lanes import Lane
from affekt.report.story.stretches import Stretch, each_span, joined

_POLES = ("positive", "negative")
# Of the whole medium and of the fusion itself: not a second opinion about the person.
_OTHERS = ("fused", "clip")


class Disagreement(NamedTuple):
    """A stretch in which modalities give a person different labels.

    Attributes:
        labels: By modality, as their networks name them.
    """

    person: str
    start_s: float
    end_s: float
    labels: dict[str, str]

    @property
    def words(self) -> str:
        """The labels in words, such as `face: neutral, voice: anger`."""
        return ", ".join(f"{modality}: {label}" for modality, label in self.labels.items())


def disagreements(timeline: Timeline, lanes: Sequence[Lane]) -> list[Disagreement]:
    """Stretches in which two modalities are sure of different labels, by person and in order of time.

    Labels are compared after each network's mapping to the classes of the fused answer; synonyms agree, and
    `positive` agrees with each positive emotion. A modality that is unsure or silent disagrees with nobody.
    Stretches that begin and end at the same tenth of a second are left out.
    """
    found: list[Disagreement] = []
    for person in timeline.persons:
        own = [it for it in lanes if it.person == person.id and it.modality not in _OTHERS]
        if len(own) > 1:
            found += _of_person(person.id, [(lane.modality, _votes(timeline, lane)) for lane in own])
    return [it for it in found if round(it.start_s, 1) < round(it.end_s, 1)]


class _Vote(NamedTuple):
    """A stretch, and its label among the classes of the fused answer."""

    stretch: Stretch
    mapped: str


def _votes(timeline: Timeline, lane: Lane) -> list[_Vote]:
    mappings = {network.name: network.mapping for network in timeline.networks}
    votes = [
        _Vote(one, mappings.get(track.network, {}).get(one.label) or one.label)
        for track in lane.tracks
        for one in joined(each_span(track.spans))
        if one.kind == "label"
    ]
    return sorted(votes, key=lambda vote: vote.stretch.start_s)


def _of_person(person: str, votes: Sequence[tuple[str, list[_Vote]]]) -> list[Disagreement]:
    """One pass over the times at which any label changes."""
    edges = sorted({time for _, each in votes for one, _ in each for time in (one.start_s, one.end_s)})
    found: list[Disagreement] = []
    places = [0] * len(votes)
    for start, end in pairwise(edges):
        labels: dict[str, str] = {}
        mapped: list[str] = []
        for number, (modality, each) in enumerate(votes):
            # The last one that has begun, where windows of a modality overlap.
            while places[number] + 1 < len(each) and each[places[number] + 1].stretch.start_s <= start:
                places[number] += 1
            vote = each[places[number]] if each else None
            if vote is not None and vote.stretch.start_s <= start and vote.stretch.end_s >= end:
                labels[modality] = vote.stretch.label
                mapped.append(vote.mapped)
        if all(_agree(one, other) for one, other in combinations(mapped, 2)):
            continue
        last = found[-1] if found else None
        if last is not None and last.end_s == start and last.labels == labels:
            found[-1] = last._replace(end_s=end)
        else:
            found.append(Disagreement(person, start, end, labels))
    return found


def _agree(one: str, other: str) -> bool:
    one, other = (emotion_of(name) or name for name in (one, other))
    if one == other:
        return True
    if one in _POLES or other in _POLES:
        return LabelSet.of(one, other).polarity[0] == LabelSet.of(one, other).polarity[1]
    return False
