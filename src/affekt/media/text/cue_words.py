r"""What is said in one subtitle: turns without markup, sound descriptions and marks of speakers.

Not speech, and left out: tags (`<i>`, `{\an8}`), and descriptions in brackets (`[DOOR SLAMS]`, `(laughs)`).
Turns begin with a dash, `>>` or the name of a speaker (`JOHN: Hi.`) at the start of a line, or with a WebVTT
voice (`<v Name>`).
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import NamedTuple

from affekt.media.text.line import clean_words
from affekt.media.text.speakers import Split, split_capitals

_BREAK = re.compile(r"\\[Nn]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,10});")
_OVERRIDE = re.compile(r"\{(?:\\|[A-Za-z]:)[^{}]*\}")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^<>]+)>")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|</?>|<\d[\d:.]*>")
_DESCRIPTION = re.compile(
    "|".join(
        rf"{re.escape(a)}[^{re.escape(a + b)}]*{re.escape(b)}"
        for a, b in (
            "[]",
            "()",
            "\N{FULLWIDTH LEFT PARENTHESIS}\N{FULLWIDTH RIGHT PARENTHESIS}",
            "\u3010\u3011",
            "\u3014\u3015",
        )
    )
)
_MUSIC = re.compile(r"[\N{QUARTER NOTE}-\N{BEAMED SIXTEENTH NOTES}]+")
# Before and after a name in brackets, `- [Bob]: hi`, which is no description.
_AT_START = re.compile(r"(?:^|\n)[ \t]*(?:[-\u2010\u2013\u2014>]{1,3}[ \t]*)?\Z")
_COLON = re.compile(r"[ \t]*[:\N{FULLWIDTH COLON}]")
# A dash that opens a turn; two dashes are an interruption.
_MARK = re.compile(r"^[ \t]*(?:[-\u2010\u2013\u2014](?![-\u2010\u2013\u2014])|>{2,3})[ \t]*", re.MULTILINE)


class Said(NamedTuple):
    """One turn of a cue.

    Attributes:
        number: Line of the file where it begins.
        sung: Whether it stands between notes of music.
    """

    words: str
    number: int
    speaker: str | None
    sung: bool


class CueWords(NamedTuple):
    """The turns of a cue, and the descriptions that were left out."""

    turns: list[Said]
    descriptions: list[str]


def read_cue(lines: Sequence[tuple[int, str]], *, split: Split = split_capitals) -> CueWords:
    """The turns of a cue.

    Args:
        lines: Number and text of each line of its payload.
        split: The name at the start of a line, and the words after it.

    Example:
        >>> found = read_cue([(3, "- <i>Hi.</i> [DOOR SLAMS]"), (4, "- Who is there?")])
        >>> [turn.words for turn in found.turns], found.descriptions
        (['Hi.', 'Who is there?'], ['[DOOR SLAMS]'])
    """
    # Line of the file of each line of the text; a payload line with `\N` has several.
    text = "\n".join(line for _, line in lines)
    numbers = [number for number, line in lines for _ in range(1 + len(_BREAK.findall(line)))]
    text = _BREAK.sub("\n", text).replace("\\h", " ")
    text = _OVERRIDE.sub("", text)
    voices = list(_VOICE.finditer(text))
    descriptions: list[str] = []

    def leave_out(found: re.Match[str]) -> str:
        opens_line = _AT_START.search(found.string, 0, found.start())
        if opens_line and found[0][0] in "[\u3010" and _COLON.match(found.string, found.end()):
            return found[0]
        descriptions.append(" ".join(found.group().split()))
        return _breaks(found)

    turns: list[Said] = []

    def add(start: int, stop: int, speaker: str | None) -> None:
        spoken = _TAG.sub(_breaks, text[start:stop])  # before `&lt;` becomes `<`
        spoken = _ENTITY.sub(lambda found: html.unescape(found.group()), spoken)
        spoken = _DESCRIPTION.sub(leave_out, spoken)
        sung = bool(_MUSIC.search(spoken))
        spoken = _MUSIC.sub("", spoken)
        for place, part in _by_names(_by_marks(spoken), split):
            if words := clean_words(" ".join(part.split())):
                place += len(part) - len(part.lstrip())
                above = text.count("\n", 0, start) + spoken.count("\n", 0, place)
                turns.append(Said(words, numbers[above], speaker, sung))

    if voices:
        add(0, voices[0].start(), None)
        ends = [voice.start() for voice in voices[1:]]
        for voice, end in zip(voices, [*ends, len(text)], strict=True):
            add(voice.end(), end, clean_words(_TAG.sub("", voice[1])) or None)
    else:
        add(0, len(text), None)
    return CueWords(turns, descriptions)


def _breaks(found: re.Match[str]) -> str:
    """The line breaks of what is left out, so that the lines below keep their numbers."""
    return "\n" * found.group().count("\n")


def _by_marks(text: str) -> list[tuple[int, str]]:
    """Place and text of the parts that begin with a dash at the start of a line, without the dash."""
    marks = list(_MARK.finditer(text))
    starts = [0, *(mark.end() for mark in marks)]
    stops = [*(mark.start() for mark in marks), len(text)]
    return [(start, text[start:stop]) for start, stop in zip(starts, stops, strict=True)]


def _by_names(parts: list[tuple[int, str]], split: Split) -> list[tuple[int, str]]:
    """The same parts, each divided where a line after its first one begins with the name of a speaker."""
    found: list[tuple[int, str]] = []
    for start, part in parts:
        place = begin = 0
        for line in part.splitlines(keepends=True):
            if part[begin:place].strip() and split(line.strip())[0] is not None:
                found.append((start + begin, part[begin:place]))
                begin = place
            place += len(line)
        found.append((start + begin, part[begin:]))
    return found
