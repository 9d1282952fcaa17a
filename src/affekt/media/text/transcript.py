"""Plain text, a line each; names of speakers before the words where that is consistent (`speakers`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from affekt.core.sample import Skipped
from affekt.media.text.line import Line, clean_words
from affekt.media.text.speakers import are_named, split_name

LOOK_AHEAD = 1000  # lines of a file from which it is decided whether they begin with names


def read_transcript(
    lines: Iterable[tuple[int, str]], name: str, *, look_ahead: int = LOOK_AHEAD
) -> Iterator[Line | Skipped]:
    """Lines of words; empty ones are left out.

    Args:
        lines: Number and text of each line.
        name: Of the file, for ids of skipped lines.
        look_ahead: Lines that decide whether all begin with a name. 1 where each line must be answered before
            the next one is there: its first line decides.
    """
    worded = ((number, words) for number, text in lines if (words := clean_words(text)))
    first = list(islice(worded, look_ahead))
    named = are_named(words for _, words in first)
    for number, words in chain(first, worded):
        yield one_turn(words, number, name, named=named)


def one_turn(text: str, number: int, name: str, *, named: bool = True) -> Line | Skipped:
    """A single turn, `Name: words` or words alone; `Skipped` if it has no words.

    Args:
        named: Whether a name at its beginning is a speaker.
    """
    words = clean_words(text)
    speaker, said = split_name(words) if named else (None, words)
    if not said:
        reason = f"{speaker} says nothing" if speaker else "the line has no words"
        return Skipped(f"{name}:{number}", reason, "lines without words")
    return Line(said, number, speaker)
