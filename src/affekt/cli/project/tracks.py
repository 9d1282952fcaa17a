"""`affekt project tracks`."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from affekt.cli.project.arguments import ProjectFolder, say_skipped
from affekt.cli.show import AsJson, as_json, progress, say
from affekt.cli.tables import as_table
from affekt.core.files.cells import safe_cell
from affekt.core.files.output import check_file
from affekt.core.files.whole import write_text
from affekt.core.wording import counted

if TYPE_CHECKING:
    from affekt.project.tracks.summary import TrackSummary


def command(
    project: ProjectFolder,
    again: Annotated[bool, typer.Option("--again", help="Also retry videos that failed.")] = False,
    frames: Annotated[
        Path | None,
        typer.Option(help="Write the number of faces and their area in each frame to this CSV file."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Find faces, and persons if a detector is stated, in all videos, and follow them over time.

    Example: affekt project tracks news
    """
    from affekt.project.folder import Project
    from affekt.project.steps import run_step
    from affekt.project.tracks.step import track_steps
    from affekt.project.tracks.summary import summarise

    opened = Project.open(project)
    if frames is not None:
        check_file(frames)
    failed = []
    for step in track_steps(opened):
        with progress(step.name) as show:
            ran = run_step(opened, step, show, again=again)
        failed += ran.failed
        if not json:
            say(f"{step.name}: {counted(ran.computed, 'video')} searched, {ran.reused} unchanged")
    with opened.database() as connection:
        found = summarise(connection)
        reasons = {
            row["item_id"]: row["reason"]
            for row in connection.execute(
                "SELECT item_id, reason FROM done WHERE step LIKE 'tracks-%' AND reason IS NOT NULL"
            )
        }
        if frames is not None:
            _write_frames(frames, connection, found)
    if json:
        as_json({"videos": [it._asdict() for it in found], "failed": reasons})
        return
    say_skipped(failed)
    if old := len(reasons) - len({it.id for it in failed}):
        say(f"{old} more videos failed before; --again retries them")
    as_table(("", "videos", "with", "tracks", "most", "seconds", "share", "area"), _rows(found))
    say(
        "with: videos with at least one; most: in one frame; seconds: summed over tracks; share: of frames "
        "with one; area: of a frame, mean"
    )


def _write_frames(path: Path, connection: sqlite3.Connection, found: Sequence[TrackSummary]) -> None:
    from affekt.project.tracks.summary import face_ratios

    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("id", "time_s", "faces", "area"))
    for one in found:
        if one.what == "face":
            for time_s, faces, ratio in face_ratios(connection, one.item):
                writer.writerow((safe_cell(one.item), f"{time_s:.3f}", faces, f"{ratio:.5f}"))
    write_text(path, stream.getvalue())


def _rows(found: Sequence[TrackSummary]) -> list[tuple[str | int | float, ...]]:
    rows: list[tuple[str | int | float, ...]] = []
    for what in dict.fromkeys(it.what for it in found):
        ones = [it for it in found if it.what == what]
        rows.append(
            (
                what,
                len(ones),
                sum(it.tracks > 0 for it in ones),
                sum(it.tracks for it in ones),
                max(it.most for it in ones),
                round(sum(it.seconds for it in ones), 1),
                sum(it.share for it in ones) / len(ones),
                sum(it.mean_ratio for it in ones) / len(ones),
            )
        )
    return rows
