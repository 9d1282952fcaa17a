"""Files of lines: `.txt`, `.csv`, `.tsv`, `.jsonl`, `.srt` and `.vtt`, in any encoding that `decode` knows.

A file is read twice, once for its encoding and once for its lines. Only the lines that are used are in
memory, but subtitles are read whole, because they are sorted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import IO

from affekt.core.errors import MediaError
from affekt.core.sample import Skipped
from affekt.media.kinds import named_kind
from affekt.media.limits import MAX_LINE_CHARACTERS, MAX_SUBTITLE_BYTES
from affekt.media.text.clean import looks_like_mojibake
from affekt.media.text.decode import Encoding, find_encoding, stated_encoding, undecodable
from affekt.media.text.line import Line
from affekt.media.text.subtitles import read_subtitles
from affekt.media.text.tables import read_csv, read_json_lines
from affekt.media.text.transcript import read_transcript

Reader = Callable[[Iterable[tuple[int, str]], str], Iterator[Line | Skipped]]
READERS: dict[str, Reader] = {
    ".txt": read_transcript,
    ".csv": read_csv,
    ".tsv": partial(read_csv, delimiter="\t"),
    ".jsonl": read_json_lines,
    ".srt": read_subtitles,
    ".vtt": read_subtitles,
}
SUFFIXES = tuple(READERS)
SORTED = (".srt", ".vtt")
_BLOCK_BYTES = 1 << 16


def read_lines(path: Path, *, encoding: str | None = None) -> Iterator[Line | Skipped]:
    """The lines of a file, in order, as they are read; lines that cannot be used are `Skipped`.

    A skipped line has the id `FILE:NUMBER`, and a `kind` if such lines are usual, as empty cues are.

    Args:
        encoding: Stated by the caller; found if not given.

    Raises:
        MediaError: The file is not one of lines, has no lines, or its encoding is not known. Raised before
            the first line, or where the file breaks.
        UsageError: There is no such encoding.
    """
    suffix = path.suffix.lower()
    if suffix not in READERS:
        raise MediaError(
            f"{path} is not a file of lines by its name: read are {', '.join(SUFFIXES)}{named_kind(path)}"
        )
    name = str(path)
    empty = True
    found = stated_encoding(encoding) if encoding else None
    try:
        if path.is_dir() or not path.is_file():
            raise MediaError(f"{path} is not a file: give a stream as standard input (-)")
        if suffix in SORTED and path.stat().st_size > MAX_SUBTITLE_BYTES:
            raise MediaError(
                f"{path} has {path.stat().st_size / 2**20:.0f} MB; subtitles of at most "
                f"{MAX_SUBTITLE_BYTES / 2**20:.0f} MB are read"
            )
        found = found or _encoding_of(path)
        # The csv module needs line ends as they are, for those inside of quotes.
        newline = "" if suffix in (".csv", ".tsv") else None
        with path.open(encoding=found.name, errors=found.errors, newline=newline) as stream:
            for item in READERS[suffix](_numbered(stream, name), name):
                empty = False
                yield with_notes(item, found) if isinstance(item, Line) else item
    except UnicodeError as error:
        raise undecodable(name, found.name if found else "text", error) from None
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror or error}") from None
    if empty:
        raise MediaError(f"{path} holds no lines with words")


def with_notes(line: Line, encoding: Encoding) -> Line:
    """A line with what its characters tell: a guessed encoding, and signs of a wrong one."""
    if line.text.isascii():
        return line
    notes = encoding.notes if encoding.errors == "strict" or "\N{REPLACEMENT CHARACTER}" in line.text else ()
    if looks_like_mojibake(line.text):
        notes = (*notes, "its words look as if they were decoded with a wrong encoding")
    return replace(line, notes=(*line.notes, *notes)) if notes else line


def _encoding_of(path: Path) -> Encoding:
    with path.open("rb") as stream:
        return find_encoding(iter(lambda: stream.read(_BLOCK_BYTES), b""), str(path))


def _numbered(stream: IO[str], name: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; refuses a line that no file of lines has."""
    for number in count(1):
        text = stream.readline(MAX_LINE_CHARACTERS + 1)
        if not text:
            return
        if len(text) > MAX_LINE_CHARACTERS:
            raise MediaError(
                f"{name}: line {number} has more than {MAX_LINE_CHARACTERS} characters: a file of lines?"
            )
        yield number, text
