"""Who speaks: the side, the mark and the shares of labels of each speaker."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from affekt.report.colors.labels import LabelColors
from affekt.report.conversation.lines import Conversation, labels_of
from affekt.report.timeline.moments import clock
from affekt.report.wording import printable

TONES = 6  # marks of speakers differ in this many tones; names are always written
_COLUMNS = 8  # labels of the table: the most frequent ones


class Person(NamedTuple):
    """How a speaker is shown in one conversation: the same in all of it."""

    name: str
    side: str
    tone: int
    initials: str


def persons(conversation: Conversation) -> dict[str | None, Person]:
    """By speaker, in order of first appearance: the first is on the left, the second on the right, and so on.

    Lines without a speaker are on the left.
    """
    found: dict[str | None, Person] = {
        name: Person(name, ("left", "right")[number % 2], number % TONES, initials(name))
        for number, name in enumerate(conversation.speakers)
    }
    return {**found, None: Person("", "left", 0, "")}


def initials(name: str) -> str:
    """Up to two first letters; of scripts without spaces, the first character.

    Example:
        >>> initials("ana lopez"), initials("Bo"), initials("王小明")
        ('AL', 'B', '王')
    """
    words = printable(name).split()
    letters = [next((sign for sign in word if sign.isalnum()), "") for word in words]
    first = [unicodedata.normalize("NFC", letter).upper() for letter in letters if letter]
    return "".join((first[0], first[-1]) if len(first) > 1 else first[:1]) or "?"


def describe_speakers(conversation: Conversation, colors: LabelColors) -> dict[str, Any]:
    """Values for the table: lines, time and shares of labels of each speaker."""
    counts = Counter(name for line in conversation.lines for name in labels_of(line))
    names = sorted((name for name, _ in counts.most_common(_COLUMNS)), key=lambda name: colors[name].place)
    rows = [_row(conversation, speaker, names, colors) for speaker in conversation.speakers]
    if conversation.said_by(None):
        rows.append(_row(conversation, None, names, colors))
    return {
        "labels": names,
        "rest": len(counts) - len(names),
        "has_times": conversation.has_times,
        "rows": rows,
    }


def _row(
    conversation: Conversation, speaker: str | None, names: list[str], colors: LabelColors
) -> dict[str, Any]:
    lines = conversation.said_by(speaker)
    counts = Counter(name for line in lines for name in labels_of(line))
    confidence = [line.confidence for line in lines if line.confidence is not None]
    seconds = sum((line.span_s[1] - line.span_s[0] for line in lines if line.span_s is not None), 0.0)
    return {
        "speaker": speaker,
        "lines": len(lines),
        "time": clock(seconds),
        "confidence": float(np.mean(confidence)) if confidence else None,
        "stack": sorted(counts.items(), key=lambda one: colors[one[0]].place),
        # Of the lines: a line with several labels counts for each of them.
        "shares": [counts[name] / len(lines) for name in names],
    }
