"""SRT subtitles."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from affekt.core.files.whole import write_text
from affekt.report.annotations.times import Annotation, clock_time
from affekt.report.wording import printable


def write_cues(path: Path, cues: Iterable[Annotation]) -> None:
    """Write subtitles, a cue for each annotation, in the given order."""
    blocks = [
        f"{number}\n{clock_time(start, ',')} --> {clock_time(end, ',')}\n{_one_line(text)}\n"
        for number, (start, end, text) in enumerate(cues, 1)
    ]
    write_text(path, "\n".join(blocks))


def _one_line(text: str) -> str:
    # A line end would end the cue, and an arrow would be read as its times.
    return " ".join(printable(text).split()).replace("-->", "->")
