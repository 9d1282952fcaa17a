"""Plain text, a line each; names of speakers before the words where that is consistent (`speakers`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice

from affekt.core.sample import Skipped
from affekt.media.text.line import Line, clean_words
from affekt.media.text.speakers import LineByLine, are_named, split_name, split_sure

LOOK_AHEAD = 1000  # lines of a file from which it is decided whether they begin with names


def read_transcript(lines: Iterable[tuple[int, str]], name: str) -> Iterator[Line | Skipped]:
    """Lines of words; empty ones are left out.

    Where only some of the lines begin with a name, names stay in the words, and the first such line has a
    note.

    Args:
        lines: Number and text of each line.
        name: Of the file, for ids of skipped lines.
    """
    worded = ((number, words) for number, text in lines if (words := clean_words(text)))
    first = list(islice(worded, LOOK_AHEAD))
    texts = [words for _, words in first]
    if are_named(texts):
        for number, words in chain(first, worded):
            yield _line(*split_name(words), number, name)
        return
    noted, note = _unsplit(texts)
    for place, (number, words) in enumerate(chain(first, worded)):
        line = Line(words, number)
        yield replace(line, notes=(note,)) if place == noted else line


def one_turn(text: str, number: int, name: str, names: LineByLine) -> Line | Skipped:
    """A single turn, `Name: words` or words alone; `Skipped` if it has no words.

    Args:
        names: Of the turns before it.
    """
    words = clean_words(text)
    speaker, said, notes = names.split(words)
    found = _line(speaker, said, number, name)
    return replace(found, notes=notes) if isinstance(found, Line) else found


def _unsplit(texts: Sequence[str]) -> tuple[int | None, str]:
    """Place of the first line that begins with a name, in lines of which too few do, and its note."""
    found = [place for place, text in enumerate(texts) if split_sure(text)[0] is not None]
    if not found:
        return None, ""
    return found[0], (
        f"names are not split from words: {len(found)} of {len(texts)} lines "
        f"{'begins' if len(found) == 1 else 'begin'} with one"
    )


def _line(speaker: str | None, words: str, number: int, name: str) -> Line | Skipped:
    if words:
        return Line(words, number, speaker)
    reason = f"{speaker} says nothing" if speaker else "the line has no words"
    return Skipped(f"{name}:{number}", reason, "lines without words")
