"""Files of lines: `.txt`, `.csv`, `.tsv`, `.jsonl`, `.srt` and `.vtt`, in any encoding that `decode` knows.

A file is read twice, once for its encoding and once for its lines. Only the lines that are used are in
memory, but subtitles are read whole, because they are sorted.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import IO, Protocol, runtime_checkable

from affekt.core.errors import MediaError
from affekt.core.sample import Skipped
from affekt.media.limits import MAX_LINE_CHARACTERS, MAX_STREAM_BYTES, MAX_SUBTITLE_BYTES
from affekt.media.text.clean import looks_like_mojibake
from affekt.media.text.decode import Encoding, decode_text, find_encoding, stated_encoding, undecodable
from affekt.media.text.line import Line, clean_words
from affekt.media.text.speakers import are_named
from affekt.media.text.subtitles import read_subtitles
from affekt.media.text.tables import read_csv, read_json_lines
from affekt.media.text.transcript import one_turn, read_transcript

_Reader = Callable[[Iterable[tuple[int, str]], str], Iterator[Line | Skipped]]
_READERS: dict[str, _Reader] = {
    ".txt": read_transcript,
    ".csv": read_csv,
    ".tsv": partial(read_csv, delimiter="\t"),
    ".jsonl": read_json_lines,
    ".srt": read_subtitles,
    ".vtt": read_subtitles,
}
SUFFIXES = tuple(_READERS)
_SORTED = (".srt", ".vtt")
_BLOCK_BYTES = 1 << 16
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


@runtime_checkable
class ByteStream(Protocol):
    """What is needed of a stream, such as `sys.stdin.buffer`."""

    def readline(self, size: int = -1, /) -> bytes:
        """The next line, or as much of it as `size` allows; empty at the end."""
        ...

    def read(self, size: int = -1, /) -> bytes:
        """All that is left, or as much of it as `size` allows."""
        ...


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
    if suffix not in _READERS:
        raise MediaError(f"{path} is not a file of lines by its name: read are {', '.join(SUFFIXES)}")
    name = str(path)
    empty = True
    found = stated_encoding(encoding) if encoding else None
    try:
        if path.is_dir() or not path.is_file():
            raise MediaError(f"{path} is not a file: give a stream as standard input (-)")
        if suffix in _SORTED and path.stat().st_size > MAX_SUBTITLE_BYTES:
            raise MediaError(
                f"{path} has {path.stat().st_size / 2**20:.0f} MB; subtitles of at most "
                f"{MAX_SUBTITLE_BYTES / 2**20:.0f} MB are read"
            )
        found = found or _encoding_of(path)
        # The csv module needs line ends as they are, for those inside of quotes.
        newline = "" if suffix in (".csv", ".tsv") else None
        with path.open(encoding=found.name, errors=found.errors, newline=newline) as stream:
            for item in _READERS[suffix](_numbered(stream, name), name):
                empty = False
                yield with_notes(item, found) if isinstance(item, Line) else item
    except UnicodeError as error:
        raise undecodable(name, found.name if found else "text", error) from None
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror or error}") from None
    if empty:
        raise MediaError(f"{path} holds no lines with words")


def read_stream(stream: ByteStream, name: str, *, encoding: str | None = None) -> Iterator[Line | Skipped]:
    """The lines of a stream such as standard input, each as soon as it is there.

    They are plain lines. If the first one begins with the name of a speaker (`speakers`), names are read in
    all lines. Each line is decoded by itself; a stream in UTF-16 is read to its end at first.

    Args:
        name: Of the stream, for ids.

    Raises:
        UsageError: There is no such encoding.
    """
    stated = stated_encoding(encoding) if encoding else None
    named: bool | None = None
    for number in count(1):
        content = stream.readline(4 * MAX_LINE_CHARACTERS + 1)
        if not content:
            return
        if number == 1 and _is_wide(content, stated):
            yield from _read_wide(content, stream, name, stated)
            return
        where = f"{name}:{number}"
        if len(content) > 4 * MAX_LINE_CHARACTERS:
            yield Skipped(where, f"the line has more than {MAX_LINE_CHARACTERS} characters")
            return
        if b"\0" in content:
            yield Skipped(where, "the line is binary (it holds zero bytes), not text")
            continue
        try:
            text, codec, notes = decode_text(content, "the line", encoding=stated.name if stated else None)
        except MediaError as error:
            yield Skipped(where, str(error))
            continue
        words = clean_words(text)
        if not words:
            continue
        if named is None:
            named = are_named([words])
        line = one_turn(words, number, name, named=named)
        yield with_notes(line, Encoding(codec, notes=notes)) if isinstance(line, Line) else line


def with_notes(line: Line, encoding: Encoding) -> Line:
    """A line with what its characters tell: a guessed encoding, and signs of a wrong one."""
    if line.text.isascii():
        return line
    notes = encoding.notes if encoding.errors == "strict" or "\N{REPLACEMENT CHARACTER}" in line.text else ()
    if looks_like_mojibake(line.text):
        notes = (*notes, "its words look as if they were decoded with a wrong encoding")
    return replace(line, notes=(*line.notes, *notes)) if notes else line


def _is_wide(first: bytes, stated: Encoding | None) -> bool:
    """Whether characters have two or four bytes, so that lines do not end at a byte."""
    if stated is not None:
        return stated.name.startswith(("utf-16", "utf-32"))
    return first.startswith(_WIDE_MARKS) or b"\0" in first


def _read_wide(
    first: bytes, stream: ByteStream, name: str, stated: Encoding | None
) -> Iterator[Line | Skipped]:
    content = first + stream.read(MAX_STREAM_BYTES)
    if stream.read(1):
        yield Skipped(name, f"the stream is in UTF-16 and has more than {MAX_STREAM_BYTES / 2**20:.0f} MB")
        return
    try:
        text, codec, notes = decode_text(content, name, encoding=stated.name if stated else None)
    except MediaError as error:
        yield Skipped(name, str(error))
        return
    lines = enumerate(io.StringIO(text, newline=None), start=1)
    for item in read_transcript(lines, name, look_ahead=1):
        yield with_notes(item, Encoding(codec, notes=notes)) if isinstance(item, Line) else item


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
