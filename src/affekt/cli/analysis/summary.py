"""A timeline on the terminal: who was seen and heard, what each expressed, what is missing and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from affekt.cli.show import say
from affekt.cli.tables import as_table, filled
from affekt.core.timeline import Timeline
from affekt.report.story.disagreement import disagreements
from affekt.report.story.lanes import lanes_of
from affekt.report.story.page.summary import (
    NAMED,
    Summary,
    gone,
    in_words,
    lead_of,
    summarize,
    summarize_others,
    sureness,
)
from affekt.report.timeline.moments import percent

SHOWN = 12  # persons; files have all


def print_story(timeline: Timeline, places: Sequence[Path]) -> None:
    """The summary on standard output; what is missing, and notes, on standard error."""
    lanes = lanes_of(timeline)
    persons = summarize(timeline, lanes, disagreements(timeline, lanes))
    others = summarize_others(timeline, lanes)
    typer.echo(f"{timeline.medium.path}: {lead_of(timeline, persons, others)}")
    shown = [*persons[:SHOWN], *others]
    if shown and timeline.medium.duration_s:
        as_table(
            ("person", "seen, heard", "share of the time", "how sure"), [_over_time(one) for one in shown]
        )
    elif shown:
        as_table(("person", "label", "confidence"), [_in_picture(one) for one in shown])
    if len(persons) > SHOWN:
        typer.echo(f"and {len(persons) - SHOWN} more")
    for one in gone(timeline.missing):
        when = f" ({one['when']})" if one["when"] else ""
        _say(f"{one['modality']}{when}: {one['reason']}")
    notes = [*timeline.notes, *(f"{one.shown}: {note}" for one in timeline.persons for note in one.notes)]
    for note in notes:
        _say(f"note: {note}")
    for place in places:
        typer.echo(f"written: {place}")
    if not places:
        typer.echo(
            "--output FILE.html writes a page, .json all of it, .csv a table; --video an annotated film"
        )


def _over_time(one: Summary) -> tuple[str, str, str, str]:
    shares = ", ".join(f"{it.label} {percent(it.share)}" for it in one.shares[:NAMED])
    return one.person.shown, in_words(one), shares or one.rated or _without_label(one), sureness(one)


def _in_picture(one: Summary) -> tuple[str, str, str]:
    label = ", ".join(it.label for it in one.shares) or one.rated or _without_label(one)
    return one.person.shown, label, percent(one.confidence)


def _without_label(one: Summary) -> str:
    return "unsure" if one.unsure else "no answer"


def _say(text: str) -> None:
    for line in filled(text, rest="    "):
        say(line)
