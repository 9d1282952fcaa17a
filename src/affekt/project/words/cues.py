"""Cues of the database, and the words that are shown at each second."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from affekt.core.errors import MediaError
from affekt.media.text.line import Line

RECOGNIZED = "recognized"  # track of recognised speech


class Cue(NamedTuple):
    """Words that are shown from one time to another, in seconds."""

    start_s: float
    end_s: float
    text: str


def words_at_seconds(cues: Iterable[Cue], duration_s: float) -> list[str]:
    """The words at 0, 1, ... floor(duration) seconds, both ends included; empty where there are none.

    Of the cues with start <= t <= end, the one that begins first is taken; of those that begin together, the
    first one.

    Raises:
        ValueError: The duration is negative or not finite.

    Source: CHFEN, alignment of subtitles; a shared boundary belongs to the earlier cue.

    Example:
        >>> words_at_seconds([Cue(0.5, 2.0, "A"), Cue(2.0, 3.4, "B")], 4.2)
        ['', 'A', 'A', 'B', '']
    """
    if not 0 <= duration_s < math.inf:
        raise ValueError(f"a duration is at least 0 s, found {duration_s}")
    words = [""] * (math.floor(duration_s) + 1)
    # Earlier cues overwrite later ones.
    for cue in sorted(cues, key=lambda it: it.start_s)[::-1]:
        first, last = max(0, math.ceil(cue.start_s)), min(len(words) - 1, math.floor(cue.end_s))
        words[first : last + 1] = [cue.text] * (last + 1 - first)
    return words


def stored_cues(connection: sqlite3.Connection, item: str, tracks: Sequence[str]) -> list[Cue]:
    """The cues of the first of these tracks that the item has; empty if it has none of them.

    Turns of several speakers that share the times of a subtitle are one cue, a line each.
    """
    for track in tracks:
        rows = connection.execute(
            "SELECT start_s, end_s, text FROM cue WHERE item_id = ? AND track = ? ORDER BY number",
            (item, track),
        ).fetchall()
        if rows:
            return _joined(Cue(*row) for row in rows)
    return []


class TimedLine(NamedTuple):
    """A row of the table `cue`."""

    start_s: float
    end_s: float
    text: str
    speaker: str | None
    confidence: float | None


def timed(lines: Iterable[Line]) -> list[TimedLine]:
    """Lines as they are stored.

    Raises:
        MediaError: A line has no times.
    """
    found: list[TimedLine] = []
    for line in lines:
        if line.span_s is None:
            raise MediaError(f"line {line.number} has no times: {line.text[:60]!r}")
        found.append(TimedLine(*line.span_s, line.text, line.speaker, line.confidence))
    return found


def replace_cues(connection: sqlite3.Connection, item: str, track: str, lines: Iterable[TimedLine]) -> None:
    """Replace a track of an item."""
    connection.execute("DELETE FROM cue WHERE item_id = ? AND track = ?", (item, track))
    connection.executemany(
        "INSERT INTO cue (item_id, track, number, start_s, end_s, text, speaker, confidence) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(item, track, number, *line) for number, line in enumerate(lines, 1)],
    )


def _joined(cues: Iterable[Cue]) -> list[Cue]:
    joined: list[Cue] = []
    for cue in cues:
        if joined and joined[-1][:2] == cue[:2]:
            cue = Cue(cue.start_s, cue.end_s, f"{joined.pop().text}\n{cue.text}")
        joined.append(cue)
    return joined
