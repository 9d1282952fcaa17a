"""Subtitles, SubRip (`.srt`) and WebVTT (`.vtt`): timed lines of speech, as real files hold them.

A cue is a line of times, `00:00:01,000 --> 00:00:02,500`, and the lines up to the next one. The line directly
above the times is its number if it holds digits alone or stands below an empty line; numbers are not
checked, and empty lines may be missing or too many. Cues are sorted by their start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from affekt.core.errors import MediaError
from affekt.core.sample import Skipped
from affekt.media.limits import MAX_DURATION_S
from affekt.media.text.cue_words import read_cue
from affekt.media.text.line import Line, read_clock
from affekt.media.text.speakers import Split, are_named, split_capitals, split_name, split_sure

LONG_CUE_S = 60.0  # a cue that is shown longer does not state when its words are said
_CLOCK = r"(?:\d{1,3}:)?\d{1,3}:\d{1,2}(?:[.,]\d{1,9})?"
_TIMING = re.compile(rf"\s*({_CLOCK})\s*-{{1,3}}>\s*({_CLOCK})(?=\s|$)")
# A line of times that is damaged: its words must not be added to the cue above it.
_LIKE_TIMING = re.compile(r"-->|^\s*\d{1,3}:\d{2}:\d{2}\s*[.,:]\s*\d")
_COMMENT = re.compile(r"(?:NOTE(?:\s|$)|STYLE\s*$|REGION\s*$)")
NO_SPEECH, NO_WORDS = "sound descriptions", "cues without words"


@dataclass
class _Cue:
    """One cue.

    Attributes:
        number: Line of the file with its times.
        start_s: Its place among the other cues.
        span_s: None if its times cannot be read; `problem` says why.
        damaged: Whether its times cannot be read at all.
    """

    number: int
    start_s: float
    span_s: tuple[float, float] | None
    problem: str = ""
    damaged: bool = False
    notes: list[str] = field(default_factory=list)
    payload: list[tuple[int, str]] = field(default_factory=list)


def read_subtitles(lines: Iterable[tuple[int, str]], name: str) -> Iterator[Line | Skipped]:
    """Turns in order of time; cues without speech and cues with damaged times are `Skipped`.

    Args:
        lines: Number and text of each line.
        name: Of the file, for errors and ids.

    Raises:
        MediaError: There is no cue.
    """
    cues = _cues(lines)
    if not cues:
        raise MediaError(
            f"{name} holds no subtitles: no line has the form 00:00:01,000 --> 00:00:02,500 (a file of plain "
            "lines is named .txt)"
        )
    _note_order(cues)
    cues.sort(key=lambda cue: cue.start_s)
    split = split_capitals
    found = [item for cue in cues for item in _items(cue, name, split)]
    if are_named(item.text for item in found if isinstance(item, Line)):
        # Names in small letters divide cues too. Inside of a cue, only a name that its line shows does.
        split = split_name
        found = [item for cue in cues for item in _items(cue, name, split_sure)]
    for item in found:
        if isinstance(item, Line) and item.speaker is None:
            speaker, words = split(item.text)
            if not words:
                yield Skipped(f"{name}:{item.number}", f"{speaker} says nothing", NO_WORDS)
                continue
            item = replace(item, speaker=speaker, text=words)
        yield item


def _cues(lines: Iterable[tuple[int, str]]) -> list[_Cue]:
    """Cues in the order of the file."""
    cues: list[_Cue] = []
    is_vtt = in_comment = False
    above_is_empty = True
    for number, text in lines:
        text = text.rstrip("\r\n")
        if number == 1 and text.startswith("WEBVTT"):
            is_vtt = True
        if not text.strip():
            above_is_empty, in_comment = True, False
            continue
        if above_is_empty and is_vtt and _COMMENT.match(text):
            in_comment = True
        if _LIKE_TIMING.search(text) and not in_comment:
            if cues:
                _drop_number(cues[-1], number)
            cues.append(_cue(number, text, cues[-1].start_s if cues else 0.0))
        elif cues and not in_comment:
            # Marked if it stands below an empty line: it may be the name of the next cue.
            cues[-1].payload.append((number, f"\f{text}" if above_is_empty else text))
        above_is_empty = False
    for cue in cues:
        cue.payload = [(number, text.lstrip("\f")) for number, text in cue.payload]
    return cues


def _drop_number(cue: _Cue, number: int) -> None:
    """Remove the number of the next cue, which stands directly above its times, from a payload."""
    if cue.payload and cue.payload[-1][0] == number - 1:
        text = cue.payload[-1][1]
        if text.startswith("\f") or text.strip().isdigit():
            cue.payload.pop()


def _cue(number: int, text: str, before_s: float) -> _Cue:
    found = _TIMING.match(text)
    start_s, end_s = (read_clock(found[1]), read_clock(found[2])) if found else (None, None)
    shown = f"{' '.join(text.split())[:60]!r}"
    if start_s is None or end_s is None:
        return _Cue(number, before_s, None, f"its times cannot be read: {shown}", damaged=True)
    if max(start_s, end_s) > MAX_DURATION_S:
        return _Cue(
            number,
            before_s,
            None,
            f"its times are beyond {MAX_DURATION_S / 3600:.0f} h: {shown}",
            damaged=True,
        )
    if end_s < start_s:
        return _Cue(
            number, start_s, (start_s, start_s), f"it ends before it begins ({shown}): its end is unknown"
        )
    cue = _Cue(number, start_s, (start_s, end_s))
    if end_s - start_s > LONG_CUE_S:
        cue.notes.append(f"its subtitle lasts {end_s - start_s:.0f} s: when its words are said is not stated")
    return cue


def _note_order(cues: list[_Cue]) -> None:
    """Note cues that are out of order in the file, and cues that begin before an earlier one ends."""
    latest_s = 0.0
    for cue in cues:
        if cue.start_s < latest_s:
            cue.notes.append("its subtitle is out of order in the file: sorted by its start")
        latest_s = max(latest_s, cue.start_s)
    end_s = 0.0
    for cue in sorted(cues, key=lambda cue: cue.start_s):
        if cue.span_s is not None:
            if cue.start_s < end_s:
                cue.notes.append("its subtitle begins before an earlier one ends")
            end_s = max(end_s, cue.span_s[1])


def _items(cue: _Cue, name: str, split: Split) -> Iterator[Line | Skipped]:
    where = f"{name}:{cue.number}"
    if cue.damaged:
        yield Skipped(where, cue.problem)
        return
    turns, descriptions = read_cue(cue.payload, split=split)
    if not turns:
        if descriptions:
            yield Skipped(where, f"no speech: {' '.join(descriptions)[:80]}", NO_SPEECH)
        else:
            yield Skipped(where, "the subtitle has no words", NO_WORDS)
        return
    notes = [*([cue.problem] if cue.problem else ()), *cue.notes]
    if descriptions:
        notes.append(f"sound descriptions left out: {' '.join(descriptions)[:80]}")
    if len(turns) > 1:
        notes.append(f"{len(turns)} turns share the times of a subtitle")
    for turn in turns:
        sung = ["its words are sung"] if turn.sung else []
        yield Line(turn.words, turn.number, turn.speaker, span_s=cue.span_s, notes=tuple([*notes, *sung]))
