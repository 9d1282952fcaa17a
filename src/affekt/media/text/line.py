"""One line of a file of words: what is said, by whom, where and when, as far as the file states it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from affekt.media.text.clean import repair_c1

_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2}(?:[.,]\d{1,9})?)")
# Control characters, except those that are white space: they are no words, and terminals would obey them.
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
_BREAKS = re.compile(r"[^\S\n\r]*[\n\r]\s*")
_LONE_SURROGATES = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    Attributes:
        text: The words, without name, markup and space around them; never empty.
        number: Line of the file where they begin, from 1.
        turn: Number of the turn in its dialogue, where the file states it.
        span_s: Start and end in seconds.
        notes: Limitations of the line.
        label: Annotation, where the file states one.
        confidence: Of words that were recognised, 0 to 1.
    """

    text: str
    number: int
    speaker: str | None = None
    turn: int | None = None
    dialogue: str | None = None
    span_s: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()
    label: str | None = None
    confidence: float | None = None


def clean_words(text: str) -> str:
    """Words on one line, without control characters and without space around them.

    Half of a surrogate pair, as damaged JSON holds it, becomes a replacement character, and C1 control
    characters what they are in CP-1252: U+0085 at the end is three dots, and no space.
    """
    if not text.isascii():
        text = _LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", repair_c1(text))
    return _BREAKS.sub(" ", _CONTROLS.sub("", text).strip())


def read_clock(text: str) -> float | None:
    """Seconds of `1:02:03.5`, `02:03,500` or `123.5`; None for anything else.

    Example:
        >>> [read_clock(text) for text in ("01:02:03,500", "2:03", "4.5", "soon")]
        [3723.5, 123.0, 4.5, None]
    """
    text = text.strip()
    if found := _CLOCK.fullmatch(text):
        hours, minutes, seconds = found.groups()
        value = float(seconds.replace(",", "."))
        if value >= 60 or (hours and int(minutes) >= 60):
            return None
        return int(hours or 0) * 3600 + int(minutes) * 60 + value
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
