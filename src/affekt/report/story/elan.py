"""A timeline as an ELAN document: tiers by person and modality."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from affekt.core.timeline.timeline import Timeline
from affekt.report.annotations.eaf import Tier, write_tiers
from affekt.report.annotations.media import media_descriptor
from affekt.report.annotations.rows import in_rows
from affekt.report.story.disagreement import disagreements
from affekt.report.story.lanes import Lane, lanes_of
from affekt.report.story.stretches import Stretch
from affekt.report.wording import printable


def write_eaf(path: Path, timeline: Timeline, *, redact: bool = False) -> None:
    """Write an ELAN document (EAF 3.0), with tiers named as ELAN users name them, such as `face@Ann`.

    A tier holds the label of each stretch, joined where it does not change; `confidence of face@Ann` its mean
    confidence, linked to it by symbolic association. `said@Ann` holds words, `disagreement@Ann` the labels
    where modalities disagree, `shots` the shots, `missing` what was not seen or heard and why. Annotations
    that overlap others of their tier go to a further one, `face@Ann (2)`.

    Args:
        redact: Do not name the file that was analyzed.
    """
    lanes = lanes_of(timeline)
    medium = Path(timeline.medium.path)
    kind = "audio" if timeline.medium.width is None else "video"
    media = media_descriptor(path, medium, kind=kind) if medium.is_file() and not redact else None
    write_tiers(path, _numbered(_tiers(timeline, lanes)), facts=_facts(timeline), media=media)


_Timed = tuple[float, float, Stretch | str]


def _tiers(timeline: Timeline, lanes: Sequence[Lane]) -> Iterator[tuple[str, str, list[_Timed]]]:
    """Name, participant and annotations of each tier, which may overlap; several may have one name."""
    apart = disagreements(timeline, lanes)
    for person in timeline.persons:
        for lane in lanes:
            if lane.person == person.id and lane.answers:
                yield lane.name, person.shown, [(one.start_s, one.end_s, one) for one in lane.stretches]
        said: list[_Timed] = [
            (line.start_s, line.end_s, line.text) for line in timeline.words if line.person == person.id
        ]
        if said:
            yield f"said@{person.shown}", person.shown, said
        own: list[_Timed] = [(it.start_s, it.end_s, it.words) for it in apart if it.person == person.id]
        if own:
            yield f"disagreement@{person.shown}", person.shown, own
    for lane in lanes:
        if not lane.person and lane.answers:
            yield lane.name, "", [(one.start_s, one.end_s, one) for one in lane.stretches]
    rest: list[_Timed] = [(line.start_s, line.end_s, line.text) for line in timeline.words if not line.person]
    if rest:
        yield "said", "", rest
    if timeline.shots:
        yield "shots", "", [(start, end, str(n)) for n, (start, end) in enumerate(timeline.shots, 1)]
    end_s = timeline.medium.duration_s
    gone: list[_Timed] = [
        (it.start_s or 0.0, end_s if it.end_s is None else it.end_s, f"{it.modality}: {it.reason}")
        for it in timeline.missing
    ]
    if gone:
        yield "missing", "", gone


def _numbered(tiers: Iterator[tuple[str, str, list[_Timed]]]) -> Iterator[Tier]:
    """Tiers without overlaps, each under a name of its own."""
    taken: set[str] = set()
    for name, participant, timed in tiers:
        for row in in_rows(sorted(timed, key=lambda one: one[:2])):
            found, number = _one_line(name), 1
            while not taken.isdisjoint((found, f"confidence of {found}")):
                number += 1
                found = f"{_one_line(name)} ({number})"
            taken |= {found, f"confidence of {found}"}
            yield _tier(found, _one_line(participant), row)


def _tier(name: str, participant: str, row: Sequence[_Timed]) -> Tier:
    texts = [(start, end, one if isinstance(one, str) else one.text or one.label) for start, end, one in row]
    scores = [
        None if isinstance(one, str) or one.confidence is None else f"{one.confidence:.2f}"
        for _, _, one in row
    ]
    linked = {f"confidence of {name}": scores} if any(scores) else {}
    return Tier(name, texts, participant, linked)


def _facts(timeline: Timeline) -> dict[str, str]:
    networks = {f"network {it.name}": f"{it.method} {it.weights_sha256}" for it in timeline.networks}
    notes = {f"note {number}": note for number, note in enumerate(timeline.notes, 1)}
    return {"affekt": timeline.affekt, **networks, **notes}


def _one_line(text: str) -> str:
    return " ".join(printable(text).split())
