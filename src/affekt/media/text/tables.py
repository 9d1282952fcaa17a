"""Rows to lines: CSV and TSV with a header, and JSON lines.

Columns are found by their names in any case, the first of each list in `_NAMES` that is there. Times are
seconds or `1:02:03,500`. Other columns are not read.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from affekt.core.errors import MediaError
from affekt.core.sample import Skipped
from affekt.media.cell_rows import CellRows, separator_of
from affekt.media.text.line import Line, clean_words, read_clock

_NAMES: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "utterance", "words", "sentence", "transcript", "transcription", "message", "content",
             "comment", "line"),
    "speaker": ("speaker", "character", "name", "who", "role"),
    "dialogue": ("dialogue", "dialog", "dialogue_id", "dialog_id", "conversation", "conversation_id",
                 "session"),
    "turn": ("turn", "utterance_id", "turn_id", "utterance_number"),
    "start": ("start_s", "start", "starttime", "start_time", "begin"),
    "end": ("end_s", "end", "endtime", "end_time", "stop"),
    "label": ("label", "emotion"),
}  # fmt: skip
_SHOWN = 12  # columns that a message names
NO_WORDS = "lines without words"


def read_csv(lines: Iterable[tuple[int, str]], name: str, *, delimiter: str = "") -> Iterator[Line | Skipped]:
    """Rows of a table with a header.

    Args:
        lines: Number and text of each line, with its line end.
        name: Of the file, for errors and ids.
        delimiter: Found in the header if not given, as in `affekt.media.cell_rows`.

    Raises:
        MediaError: The header names no column of words, or a quote is not closed.
    """
    try:
        rows = CellRows((text for _, text in lines), separator=delimiter)
    except csv.Error as error:
        raise MediaError(f"{name} is not a valid table at line 1: {error}") from None
    if not (names := rows.header):
        return
    columns = _columns(names, name)
    begins = rows.line + 1
    while (cells := _next(rows, name)) is not None:
        number, begins = begins, rows.line + 1
        if not any(cell.strip() for cell in cells):
            continue  # an empty line, or a row of separators alone
        extra = [cell for cell in cells[len(names) :] if cell.strip()]
        if extra or len(cells) < len(names):
            yield Skipped(
                f"{name}:{number}",
                f"the row has {len(cells)} cells and the header {len(names)}: "
                "are the words not in quotes, or is the separator another one?",
            )
            continue
        yield _line({key: cells[place] for key, place in columns.items()}, number, name)


def read_json_lines(lines: Iterable[tuple[int, str]], name: str) -> Iterator[Line | Skipped]:
    """One JSON object a line, or one JSON string, which is the words."""
    for number, text in lines:
        if not text.strip():
            continue
        where = f"{name}:{number}"
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield Skipped(where, f"the line is not valid JSON ({error})")
            continue
        if isinstance(value, str):
            value = {"text": value}
        if not isinstance(value, dict):
            yield Skipped(where, f"the line holds a JSON {type(value).__name__}, not an object with `text`")
            continue
        spelled = {key.strip().casefold(): entry for key, entry in value.items()}
        found = {
            key: spelled[alias]
            for key, aliases in _NAMES.items()
            for alias in aliases[::-1]
            if alias in spelled
        }
        if isinstance(span := spelled.get("span_s"), list) and len(span) == 2:
            found["start"], found["end"] = span
        if not isinstance(found.get("text"), str):
            yield Skipped(where, f"the object has no string of words: {_listed(list(value))}; name it `text`")
            continue
        yield _line(found, number, name)


def is_header(text: str) -> bool:
    """Whether a line is the header of a table: it names a column of words and another known one.

    Example:
        >>> is_header("speaker,text"), is_header("Text me, line by line")
        (True, False)
    """
    cells = [cell.strip(' "').casefold() for cell in text.split(separator_of(text))]
    known = {key for key, aliases in _NAMES.items() if set(aliases) & set(cells)}
    return "text" in known and len(known) > 1


def _next(rows: CellRows, name: str) -> list[str] | None:
    try:
        return next(iter(rows), None)
    except csv.Error as error:
        raise MediaError(f"{name} is not a valid table at line {rows.line}: {error}") from None


def _columns(names: Sequence[str], name: str) -> dict[str, int]:
    """Place of each column that is there.

    Raises:
        MediaError: There is none of words.
    """
    spelled = {found.casefold(): place for place, found in reversed(list(enumerate(names)))}
    columns: dict[str, int] = {}
    for key, aliases in _NAMES.items():
        if found := next((alias for alias in aliases if alias in spelled), None):
            columns[key] = spelled[found]
    if "text" not in columns:
        raise MediaError(
            f"{name} has no column of words: {_listed(names)}; name the column of the words `text` in the "
            "first row"
        )
    return columns


def _line(values: Mapping[str, Any], number: int, name: str) -> Line | Skipped:
    text = clean_words(values["text"])
    if not text:
        return Skipped(f"{name}:{number}", "the text is empty", NO_WORDS)
    notes: list[str] = []
    turn = _turn(values.get("turn"), notes)
    return Line(
        text,
        number,
        speaker=_text(values.get("speaker")),
        turn=turn,
        dialogue=_text(values.get("dialogue")),
        span_s=_span(values.get("start"), values.get("end"), notes),
        notes=tuple(notes),
        label=_text(values.get("label")),
    )


def _text(value: Any) -> str | None:
    return (clean_words(str(value)) or None) if isinstance(value, str | int | float) else None


def _turn(value: Any, notes: list[str]) -> int | None:
    stated = _text(value)
    if stated is None:
        return None
    with suppress(ValueError, OverflowError):  # not a number: noted below
        number = float(stated)
        if number.is_integer() and not isinstance(value, bool):
            return int(number)
    notes.append(f"its turn {stated[:40]!r} is not a number: it is counted instead")
    return None


def _span(start: Any, end: Any, notes: list[str]) -> tuple[float, float] | None:
    stated = [_text(start), _text(end)]
    if stated == [None, None]:
        return None
    times = [read_clock(value) if value else None for value in stated]
    if times[0] is None or times[1] is None or times[1] < times[0]:
        notes.append(f"its times {stated[0]} to {stated[1]} cannot be read: it has none")
        return None
    return times[0], times[1]


def _listed(names: Sequence[str]) -> str:
    if not names:
        return "found none"
    shown = ", ".join(repr(name[:40]) for name in names[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"found {shown}{more}"
