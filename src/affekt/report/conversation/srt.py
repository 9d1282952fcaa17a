"""The answers to the lines of a conversation as SRT subtitles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from affekt.core.answers.prediction import Prediction
from affekt.report.annotations.srt import write_cues
from affekt.report.conversation.lines import check_timed, in_time, verdict


def write_srt(path: Path, predictions: Sequence[Prediction]) -> None:
    """Write a cue for each line at its times: `[anger 87 %] Ana: Where were you?`.

    Raises:
        UsageError: Lines have no times, or are of several dialogues.
    """
    check_timed(path, predictions)
    write_cues(path, [(start, end, _cue(line)) for start, end, line in in_time(predictions)])


def _cue(line: Prediction) -> str:
    name = f"{line.speaker}: " if line.speaker else ""
    return f"[{verdict(line)}] {name}{line.text}"
