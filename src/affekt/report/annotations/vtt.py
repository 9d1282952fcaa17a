"""WebVTT subtitles, whose cues state who speaks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from affekt.core.files.whole import write_text
from affekt.report.annotations.times import clock_time
from affekt.report.wording import printable

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


class VoiceCue(NamedTuple):
    """A cue; `voice` is who speaks, empty if nobody in particular."""

    start_s: float
    end_s: float
    voice: str
    text: str


def write_voices(path: Path, cues: Iterable[VoiceCue], *, note: str = "") -> None:
    """Write subtitles, a cue for each annotation, in the given order.

    Args:
        note: A comment at the beginning, which players do not show.

    Source: WebVTT, W3C Candidate Recommendation of April 2019.
    """
    blocks = ["WEBVTT\n"]
    if note:
        blocks.append(f"NOTE\n{_one_line(note)}\n")
    for cue in cues:
        voice = f"<v {_one_line(cue.voice)}>" if cue.voice else ""
        times = f"{clock_time(cue.start_s, '.')} --> {clock_time(cue.end_s, '.')}"
        blocks.append(f"{times}\n{voice}{_one_line(cue.text)}\n")
    write_text(path, "\n".join(blocks))


def _one_line(text: str) -> str:
    # A line end would end the cue; an arrow, which would be read as its times, is escaped with the rest.
    return "".join(_ESCAPES.get(sign, sign) for sign in " ".join(printable(text).split()))
