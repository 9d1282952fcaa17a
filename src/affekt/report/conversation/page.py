"""One page about a conversation: its lines as people read them, and the emotional course of each speaker.

It is one HTML file that loads nothing and runs no script. The page needs no more than the core install,
because bundles write it: drawings are SVG, without matplotlib. Layout is in `page.html.jinja`, style in
`page.css`. Words are the input of somebody unknown: they are escaped, and their direction of writing ends
with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from affekt.core.answers.prediction import Prediction
from affekt.core.files.whole import write_text
from affekt.core.sample import Skipped
from affekt.core.wording import count
from affekt.report.colors.labels import LabelColors
from affekt.report.conversation.course import describe_course
from affekt.report.conversation.lines import (
    Conversation,
    conversations,
    has_several,
    labels_of,
    score_of,
    verdict,
)
from affekt.report.conversation.speakers import Person, describe_speakers, persons
from affekt.report.templates import render_page
from affekt.report.timeline.moments import clock, percent
from affekt.report.timeline.parts import WIDTH

CHANCE = 0.5  # below this confidence, an answer is more probably wrong than right
_TOGETHER = 40  # lines whose layout a browser computes together, when they come into view
_LISTED = 8  # scores that are listed with a line


def write_page(
    path: Path,
    predictions: Sequence[Prediction],
    skipped: Sequence[Skipped] = (),
    *,
    title: str = "",
    lead: str = "",
) -> None:
    """Write the page: a section for each dialogue.

    Args:
        predictions: Answers to lines, with their words.
        title: By default the name of the dialogue, or the number of dialogues or lines.
        lead: Introduction; a blank line begins a new paragraph.
    """
    colors = LabelColors(name for line in predictions for name in (*line.scores, *labels_of(line)))
    talks = conversations(predictions)
    if not title:
        title = (
            talks[0].name or count(predictions, "line") if len(talks) == 1 else count(talks, "conversation")
        )
    counts = Counter(name for line in predictions for name in labels_of(line))
    page = render_page(
        Path(__file__).parent,
        {"clock": clock, "count": count, "percent": percent},
        labels=colors,
        title=title,
        lead=[part for part in lead.split("\n\n") if part.strip()],
        lines=predictions,
        color=colors.css,
        width=WIDTH,
        counts=sorted(counts.items(), key=lambda item: (-item[1], colors[item[0]].place)),
        has_unsure=any(_is_unsure(line) for line in predictions),
        has_several=any(map(has_several, predictions)),
        chance=CHANCE,
        # A generator: the template takes the dialogues one by one.
        talks=(_describe(number, talk, colors) for number, talk in enumerate(talks, 1)),
        contents=[_entry(number, talk, colors) for number, talk in enumerate(talks, 1)]
        if len(talks) > 1
        else [],
        notes=Counter(note for line in predictions for note in line.notes).most_common(),
        skipped=skipped,
        sources=dict.fromkeys(line.provenance for line in predictions),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, page)


def _entry(number: int, talk: Conversation, colors: LabelColors) -> dict[str, Any]:
    """A line of the table of contents."""
    counts = Counter(name for line in talk.lines for name in labels_of(line))
    return {
        "number": number,
        "name": talk.name or "lines without a dialogue",
        "lines": count(talk.lines, "line"),
        "stack": sorted(counts.items(), key=lambda one: colors[one[0]].place),
    }


def _describe(number: int, talk: Conversation, colors: LabelColors) -> dict[str, Any]:
    """Values for the section of a dialogue."""
    people = persons(talk)
    facts = [count(talk.lines, "line")]
    if talk.speakers:
        facts.append(count(talk.speakers, "speaker"))
    if talk.has_times:
        start, end = talk.span_s
        facts.append(f"{clock(start)} to {clock(end)}")
    return {
        "number": number,
        "name": talk.name or "lines without a dialogue",
        "facts": ", ".join(facts),
        "is_plain": not talk.speakers,
        "people": people,
        "course": describe_course(talk, colors),
        "speakers": describe_speakers(talk, colors) if talk.speakers and len(talk.lines) > 1 else None,
        "parts": _parts(talk, people),
    }


def _parts(talk: Conversation, people: Mapping[str | None, Person]) -> Iterator[list[dict[str, Any]]]:
    """Lines in parts of a fixed number."""
    before: str | None = None
    part: list[dict[str, Any]] = []
    for number, line in enumerate(talk.lines, 1):
        speaker = line.speaker or None
        # A line without a speaker has a heading too, so that it does not stand under the name of another one.
        is_new = bool(talk.speakers) and (number == 1 or speaker != before)
        part.append(_line(number, line, people[speaker], is_new=is_new))
        before = speaker
        if len(part) == _TOGETHER:
            yield part
            part = []
    if part:
        yield part


def _line(number: int, line: Prediction, person: Person, *, is_new: bool) -> dict[str, Any]:
    names = labels_of(line)
    scores = list(line.scores.items())
    if len(scores) > _LISTED:
        # A few keep the order of the labels, so that lines can be compared; of many, the highest are listed.
        scores = sorted(scores, key=lambda item: -item[1])[:_LISTED]
    strength = score_of(line, names[0]) if names else 0.0
    return {
        "number": number,
        "person": person,
        "is_new": is_new,
        "text": (line.text or "").strip(),
        "at": _at(line),
        "labels": [(name, percent(score_of(line, name))) for name in names],
        "strength": round(100 * min(max(1.0 if strength is None else strength, 0.0), 1.0)),
        "is_unsure": _is_unsure(line),
        "verdict": verdict(line),
        "scores": [(name, percent(score), round(100 * min(max(score, 0.0), 1.0))) for name, score in scores],
        "unlisted": len(line.scores) - len(scores),
        "notes": line.notes,
    }


def _at(line: Prediction) -> str:
    """The start of a line on the clock; without times, its turn."""
    if line.span_s is not None:
        return clock(line.span_s[0])
    return "" if line.turn is None else f"turn {line.turn}"


def _is_unsure(line: Prediction) -> bool:
    """Whether the answer is more probably wrong than right, or is none."""
    scores = [score_of(line, name) for name in labels_of(line)[:1]]
    return not scores or (scores[0] is not None and scores[0] < CHANCE)
