"""What can be read in ten seconds: who is seen and heard for how long, main expressions, how sure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from affekt.core.timeline.parts import Missing, Person
from affekt.core.timeline.timeline import Timeline
from affekt.core.wording import count, counted
from affekt.report.colors.labels import LabelColors
from affekt.report.story.disagreement import Disagreement
from affekt.report.story.faces import FacePath
from affekt.report.story.lanes import Lane, main_lane
from affekt.report.story.stretches import Stretch, length_s
from affekt.report.timeline.moments import clock, percent

NAMED = 3  # main expressions of a person
_FEW = 6  # persons of a picture who are listed before it


class Share(NamedTuple):
    """A label's share of the time of a person's answers."""

    label: str
    share: float


class Summary(NamedTuple):
    """One person.

    Attributes:
        number: Of the person's card and lanes.
        seen_s, heard_s, read_s: None: not at all. Words that were given are read, those that were recognised
            are heard.
        shares: Of the time with an answer, the largest first; without the unsure part.
        confidence: Mean over the time with a label.
        basis: The modality whose answers these are.
        parts: Modalities that answered about this person.
        rated: Mean ratings in words, where the network rates.
    """

    person: Person
    number: int
    seen_s: float | None
    heard_s: float | None
    read_s: float | None
    shares: tuple[Share, ...]
    unsure: float
    answered_s: float
    confidence: float | None
    basis: str
    parts: tuple[str, ...]
    rated: str
    apart: tuple[Disagreement, ...]

    @property
    def apart_s(self) -> float:
        """The time during which modalities disagree."""
        return length_s((it.start_s, it.end_s) for it in self.apart)


def summarize(timeline: Timeline, lanes: Sequence[Lane], apart: Sequence[Disagreement]) -> list[Summary]:
    """A summary of each person, those who are there longest first."""
    found = [
        _summary(timeline, [lane for lane in lanes if lane.person == person.id], person, apart)
        for person in timeline.persons
    ]
    order = sorted(found, key=lambda one: -max(one.seen_s or 0.0, one.heard_s or 0.0, one.read_s or 0.0))
    return [one._replace(number=number) for number, one in enumerate(order, 1)]


def summarize_others(timeline: Timeline, lanes: Sequence[Lane]) -> list[Summary]:
    """A summary of each modality whose answers concern the whole medium, or persons who are not known.

    Each has a person without an id, who is named after what was answered, such as `2 lines of words`.
    """
    return [
        _summary(timeline, [lane], Person(id="", name=_answered(lane)), ())
        for lane in lanes
        if not lane.person and lane.answers
    ]


def _answered(lane: Lane) -> str:
    """What answers that are of no person are about."""
    number = len(lane.answers)
    match lane.modality:
        case "words":
            return f"{counted(number, 'line')} of words"
        case "voice":
            return f"{counted(number, 'turn')} of voices"
        case "clip":
            return "the whole clip"
        case other:
            return f"the {other} of nobody in particular"


def _summary(
    timeline: Timeline, own: Sequence[Lane], person: Person, apart: Sequence[Disagreement]
) -> Summary:
    main = main_lane(own, person.id)
    answers = main.answers if main is not None else []
    total = sum(map(_weight, answers))
    sure = [one for one in answers if one.kind == "label"]
    sums: dict[str, float] = {}
    for one in sure:
        sums[one.label] = sums.get(one.label, 0.0) + _weight(one)
    shares = [Share(label, time / total) for label, time in sums.items()] if total else []
    scored = [(one, one.confidence) for one in sure if one.confidence is not None]
    weight = sum(_weight(one) for one, _ in scored)
    return Summary(
        person=person,
        number=0,
        seen_s=_seen_s(timeline, own),
        heard_s=_heard_s(timeline, own, person.id),
        read_s=_read_s(timeline, own, person.id),
        shares=tuple(sorted(shares, key=lambda it: -it.share)),
        unsure=sum(_weight(one) for one in answers if one.kind == "unsure") / total if total else 0.0,
        answered_s=length_s((one.start_s, one.end_s) for one in answers),
        confidence=sum(_weight(one) * score for one, score in scored) / weight if weight else None,
        basis=main.modality if main is not None else "",
        parts=tuple(lane.modality for lane in own if lane.modality != "fused" and lane.answers),
        rated=_rated(main),
        apart=tuple(it for it in apart if it.person == person.id),
    )


def _weight(one: Stretch) -> float:
    """Its time; answers to a picture count alike."""
    return one.duration_s or 1e-6


def _rated(main: Lane | None) -> str:
    if main is None:
        return ""
    sums: dict[str, tuple[float, float]] = {}
    for span in (span for track in main.tracks for span in track.spans):
        time = span.end_s - span.start_s or 1e-6
        for name, value in span.values.items():
            total, weight = sums.get(name, (0.0, 0.0))
            sums[name] = (total + time * value, weight + time)
    return ", ".join(f"{name} {total / weight:z.2f}" for name, (total, weight) in sums.items())


def _seen_s(timeline: Timeline, own: Sequence[Lane]) -> float | None:
    """By boxes where there are any: a face may be seen where no network answered."""
    tracks = [track for lane in own if lane.modality == "face" for track in lane.tracks]
    if not tracks:
        return None
    times = [span for track in tracks if track.boxes for span in FacePath(track, timeline.shots).seen()]
    times += [(span.start_s, span.end_s) for track in tracks for span in track.spans]
    return min(length_s(times), timeline.medium.duration_s)


def _heard_s(timeline: Timeline, own: Sequence[Lane], person: str) -> float | None:
    times = _heard(own)
    times += [
        (line.start_s, line.end_s)
        for line in timeline.words
        if line.person == person and (times or line.confidence is not None)
    ]
    return length_s(times) if times else None


def _read_s(timeline: Timeline, own: Sequence[Lane], person: str) -> float | None:
    """Of lines that were given, of somebody whose voice was not heard."""
    times = [
        (line.start_s, line.end_s)
        for line in timeline.words
        if line.person == person and line.confidence is None
    ]
    return length_s(times) if times and not _heard(own) else None


def _heard(own: Sequence[Lane]) -> list[tuple[float, float]]:
    voices = [track for lane in own if lane.modality == "voice" for track in lane.tracks]
    return [(span.start_s, span.end_s) for track in voices for span in track.spans]


def lead_of(timeline: Timeline, persons: Sequence[Summary], others: Sequence[Summary] = ()) -> str:
    """One sentence about the whole medium.

    Args:
        others: Answers that are of no person.
    """
    medium = timeline.medium
    if not medium.duration_s:
        what = f"a picture of {medium.width} x {medium.height} pixels" if medium.width else "a picture"
    else:
        kind = "video" if medium.width else "sound" if medium.has_sound else "words"
        what = f"{clock(medium.duration_s)} of {kind}" + (
            " without sound" if medium.width and not medium.has_sound else ""
        )
    if not persons and others:
        answered = _listed([one.person.shown for one in others])
        return f"No person was told apart in {what}; answered: {answered}."
    if not persons:
        lines = f", {counted(len(timeline.words), 'line')} of words" if timeline.words else ""
        return f"Nobody was found in {what}{lines}."
    who = counted(len(persons), "person")
    if not medium.duration_s and len(persons) > _FEW:
        return f"{who} in {what}: {_counts(persons)}."
    shots = f", {count(timeline.shots, 'shot')}" if len(timeline.shots) > 1 else ""
    words = f", {counted(len(timeline.words), 'line')} of words" if timeline.words else ""
    return f"{who} in {what}{shots}{words}."


def _counts(persons: Sequence[Summary]) -> str:
    """How many persons have each label."""
    labels = Counter(one.shares[0].label for one in persons if one.shares)
    rest = [
        (name, len(them))
        for name, them in (
            ("unsure", [one for one in persons if not one.shares and one.unsure]),
            ("without an answer", [one for one in persons if not one.shares and not one.unsure]),
        )
        if them
    ]
    return ", ".join(f"{number} {name}" for name, number in [*labels.most_common(), *rest])


def in_words(one: Summary, *, is_picture: bool = False) -> str:
    """Presence of a person in words, such as `seen 0:40, heard 0:12`; `words 0:12` if they were only read."""
    if is_picture:
        return ""
    if not one.person.id:
        return f"answered for {clock(one.answered_s)}"
    times = (("seen", one.seen_s), ("heard", one.heard_s), ("words", one.read_s))
    parts = [f"{name} {clock(time)}" for name, time in times if time]
    return ", ".join(parts) or "neither seen nor heard for long enough"


def sureness(one: Summary, *, is_picture: bool = False) -> str:
    """How sure the answers are, and what they stand on."""
    parts: list[str] = []
    if one.confidence is not None and not is_picture:
        parts.append(f"mean confidence {percent(one.confidence)}")
    if one.unsure and not is_picture:
        parts.append(f"unsure for {percent(one.unsure)} of {clock(one.answered_s)}")
    if one.apart:
        parts.append(f"modalities disagree for {clock(one.apart_s)}")
    if one.parts and one.person.id:
        parts.append(f"from {_listed(one.parts)}")
    return "; ".join(parts)


def gone(missing: Sequence[Missing]) -> list[dict[str, Any]]:
    """What was not seen or heard and why: equal reasons together, with the time."""
    found: dict[tuple[str, str], list[Missing]] = {}
    for one in missing:
        found.setdefault((one.modality, one.reason), []).append(one)
    return [
        {"modality": modality, "reason": reason, "when": _when(each)}
        for (modality, reason), each in found.items()
    ]


def _when(each: Sequence[Missing]) -> str:
    """The time, or the number of stretches and their length together."""
    stretches = [(it.start_s, it.end_s) for it in each if it.start_s is not None and it.end_s is not None]
    if len(stretches) < len(each):
        return ""
    if len(stretches) == 1:
        start, end = stretches[0]
        return f"{clock(start)}\N{EN DASH}{clock(end)}"
    return f"{count(stretches, 'stretch')}, {clock(length_s(stretches))} together"


def stack_of(one: Summary, colors: LabelColors, color_name: Any) -> list[Share]:
    """Shares in the order of the labels of the page, so that persons can be compared."""
    return sorted(one.shares, key=lambda it: colors[color_name(it.label)].place)


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
