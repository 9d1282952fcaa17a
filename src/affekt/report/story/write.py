"""A timeline to a file, by its suffix.

JSON holds all of it. CSV and Parquet have a row for each person, span and modality. SRT and WebVTT are
subtitles, EAF is for ELAN, HTML is a page. Files are written whole.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

from affekt.core.errors import UsageError, require
from affekt.core.files.output import check_file, check_no_input
from affekt.core.files.tables import write_csv, write_parquet
from affekt.core.files.whole import write_text
from affekt.core.timeline.timeline import Timeline

SUFFIXES = {
    ".html": "a page",
    ".json": "all of it",
    ".csv": "a row for each person, span and modality",
    ".parquet": "the same rows",
    ".srt": "subtitles",
    ".vtt": "subtitles",
    ".eaf": "ELAN",
}


def write_story(timeline: Timeline, path: Path, *, redact: bool = False, video: Path | None = None) -> None:
    """Write a timeline in the format of the suffix.

    Args:
        redact: Keep no picture of anyone and no reference to the file that was analyzed. Words and names of
            speakers stay.
        video: An annotated video or picture of this timeline (`affekt.report.story.video`), which the page
            then shows in place of the analyzed file.

    Raises:
        UsageError: No format has this suffix, the place cannot be written, or it is the analyzed file.
        MissingExtra: Parquet was asked for without pyarrow.
    """
    check_story_suffix(path)
    check_no_input([path], [Path(timeline.medium.path)])
    if redact:
        timeline = without_source(timeline)
    _WRITERS[path.suffix](path, timeline, redact, video)


def check_story_suffix(path: Path) -> None:
    """Refuse a file that cannot be written. Call it before computing, so that nothing is computed in vain.

    Raises:
        UsageError: No format has this suffix, or the place cannot be written.
        MissingExtra: Parquet was asked for without pyarrow.
    """
    if path.suffix not in SUFFIXES:
        known = ", ".join(f"{suffix} ({what})" for suffix, what in SUFFIXES.items())
        found = f"not as {path.suffix}" if path.suffix else f"and {path} has no suffix"
        raise UsageError(f"{path}: a timeline is written as {known}, {found}")
    check_file(path)
    if path.suffix == ".parquet":
        require("pyarrow", extra="parquet", needed_by="Parquet output")


def without_source(timeline: Timeline) -> Timeline:
    """The same timeline with the bare name of its medium in place of its path."""
    name = PurePath(timeline.medium.path).name
    medium = timeline.medium.model_copy(update={"path": name})
    return timeline.model_copy(update={"medium": medium})


def column_types(timeline: Timeline) -> dict[str, type]:
    """Columns of `Timeline.rows` and the types of their cells, also of a timeline without rows."""
    return {name: _type_of(name) for name in timeline.columns()}


def _type_of(column: str) -> type:
    is_number = column in ("start_s", "end_s", "confidence") or column.startswith(("score_", "value_"))
    return float if is_number else str


def _json(path: Path, timeline: Timeline, redact: bool, video: Path | None) -> None:
    write_text(path, timeline.to_json() + "\n", error=UsageError)


def _csv(path: Path, timeline: Timeline, redact: bool, video: Path | None) -> None:
    write_csv(path, timeline.rows(), columns=list(column_types(timeline)), error=UsageError)


def _parquet(path: Path, timeline: Timeline, redact: bool, video: Path | None) -> None:
    write_parquet(path, timeline.rows(), types=column_types(timeline), error=UsageError)


def _srt(path: Path, timeline: Timeline, redact: bool, video: Path | None) -> None:
    from affekt.report.story.cues import write_srt

    write_srt(path, timeline)


def _vtt(path: Path, timeline: Timeline, redact: bool, video: Path | None) -> None:
    from affekt.report.story.cues import write_vtt

    write_vtt(path, timeline)


def _eaf(path: Path, timeline: Timeline, redact: bool, video: Path | None) -> None:
    from affekt.report.story.elan import write_eaf

    write_eaf(path, timeline, redact=redact)


def _html(path: Path, timeline: Timeline, redact: bool, video: Path | None) -> None:
    # Templates, and readers of media: not needed for the other files.
    from affekt.report.story.page.page import write_page

    write_page(path, timeline, redact=redact, video=video)


_WRITERS: dict[str, Callable[[Path, Timeline, bool, Path | None], Any]] = {
    ".html": _html,
    ".json": _json,
    ".csv": _csv,
    ".parquet": _parquet,
    ".srt": _srt,
    ".vtt": _vtt,
    ".eaf": _eaf,
}
