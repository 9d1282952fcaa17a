"""`affekt project subtitles`."""

from __future__ import annotations

from typing import Annotated

import typer

from affekt.cli.project.arguments import ProjectFolder
from affekt.cli.show import AsJson, as_json, progress, say
from affekt.cli.tables import as_table
from affekt.core.wording import counted, have

_SHOWN = 5  # failures, and findings


def command(
    project: ProjectFolder,
    recognize: Annotated[
        bool,
        typer.Option("--recognize", help="Also recognise speech, as a track of its own; English only."),
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Also retry items that failed.")] = False,
    json: AsJson = False,
) -> None:
    """Read collected subtitles into the project, and recognise speech if asked to.

    Example: affekt project subtitles news --recognize
    """
    from affekt.project.folder import Project
    from affekt.project.steps import run_step
    from affekt.project.words.recognition import RecognitionStep
    from affekt.project.words.subtitles import SubtitleStep
    from affekt.project.words.summary import describe_words

    opened = Project.open(project)
    steps = [SubtitleStep(), *([RecognitionStep(opened)] if recognize else [])]
    for step in steps:
        with progress(step.name) as show:
            ran = run_step(opened, step, show, again=again)
        if not json:
            say(
                f"{step.name}: {counted(ran.computed, 'item')} read, {ran.reused} unchanged, "
                f"{len(ran.failed)} failed"
            )
    with opened.database() as connection:
        found = describe_words(connection)
    if json:
        as_json(found)
        return
    as_table(
        ("track", "items", "cues", "seconds", "confidence"),
        [
            (it["track"], it["items"], it["cues"], it["seconds"], _shown(it["confidence"]))
            for it in found["tracks"]
        ],
    )
    for one in found["failed"][:_SHOWN]:
        say(f"{one['step']} failed: {one['item']}: {one['reason']}")
    for one in found["findings"][:_SHOWN]:
        say(f"{one['code']}: {one['item']}: {one['text']}")
    hidden = sum(max(0, len(found[key]) - _SHOWN) for key in ("failed", "findings"))
    if hidden:
        say(f"{hidden} more; --json lists all")
    if found["without_words"]:
        say(
            f"{found['without_words']} of {counted(found['items'], 'item')} {have(found['without_words'])} "
            "no words"
        )


def _shown(confidence: float | None) -> str:
    return "" if confidence is None else f"{confidence:.2f}"
