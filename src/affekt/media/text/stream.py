"""Streams of lines, such as standard input: each line as soon as it is there.

Plain lines have names by the rule of `speakers.LineByLine`. The first line beyond ASCII decides the encoding
of the stream; a line that does not fit it decides anew. Streams in UTF-16, and subtitles, which are sorted,
are read to their end at first.
"""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Iterator
from itertools import count
from typing import Protocol, runtime_checkable

from affekt.core.errors import MediaError, UsageError
from affekt.core.sample import Skipped
from affekt.media.limits import MAX_LINE_CHARACTERS, MAX_STREAM_BYTES
from affekt.media.text.decode import Decoded, Encoding, decode_text, stated_encoding
from affekt.media.text.line import Line, clean_words
from affekt.media.text.read import READERS, SORTED, with_notes
from affekt.media.text.speakers import LineByLine
from affekt.media.text.tables import is_header, read_json_lines
from affekt.media.text.transcript import one_turn

FORMATS = tuple(suffix.removeprefix(".") for suffix in READERS)
_PLAIN, _EACH = "txt", "jsonl"
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_MOST_BYTES = 4 * MAX_LINE_CHARACTERS
_Found = tuple[int, Decoded] | Skipped  # number and text of a line
_FIRST_LINES = 4  # lines with words that are looked at for another format


@runtime_checkable
class ByteStream(Protocol):
    """What is needed of a stream, such as `sys.stdin.buffer`."""

    def readline(self, size: int = -1, /) -> bytes:
        """The next line, or as much of it as `size` allows; empty at the end."""
        ...

    def read(self, size: int = -1, /) -> bytes:
        """All that is left, or as much of it as `size` allows."""
        ...


class LineDecoder:
    """Decodes lines one by one, all in the encoding of the first one that is not ASCII.

    Args:
        encoding: Stated by the caller; found if not given.

    Raises:
        UsageError: There is no such encoding.
    """

    def __init__(self, encoding: str | None = None) -> None:
        self.stated = stated_encoding(encoding) if encoding else None
        self._found: Encoding | None = None

    def decode(self, content: bytes) -> Decoded:
        """The text of a line.

        Raises:
            MediaError: It is not text, or its encoding is not recognised, or not the stated one.
        """
        if self.stated is not None:
            return decode_text(content, "the line", encoding=self.stated.name)
        if self._found is not None and not content.isascii():
            try:
                return Decoded(content.decode(self._found.name), self._found.name, self._found.notes)
            except UnicodeDecodeError:
                pass  # this line decides anew
        decoded = decode_text(content, "the line")
        if not content.isascii():
            # Broken bytes are a property of this line, not of the stream.
            notes = () if decoded.encoding.startswith("utf-8") else decoded.notes
            self._found = Encoding(decoded.encoding, notes=notes)
        return decoded


def read_stream(
    stream: ByteStream, name: str, *, encoding: str | None = None, form: str | None = None
) -> Iterator[Line | Skipped]:
    """The lines of a stream, each as soon as it is there.

    Args:
        name: Of the stream, for ids.
        encoding: Stated by the caller; found if not given.
        form: One of `FORMATS`. If not given, the lines are plain ones, and refused if the first of them look
            like another format; a first line of digits alone waits for the next one.

    Raises:
        UsageError: There is no such encoding or format, or the lines look like another format.
        MediaError: A table or subtitles cannot be read.
    """
    if form is not None and form not in FORMATS:
        raise UsageError(f"{form!r} is not a format of lines: give {', '.join(FORMATS)}")
    decoder = LineDecoder(encoding)
    if form is not None and f".{form}" in SORTED:
        yield from _read_whole(b"", stream, name, decoder.stated, form)
        return
    found = _decoded(stream, name, decoder)
    if form in (None, _PLAIN):
        yield from _plain(found if form else _checked(found), name)
    elif form == _EACH:
        for item in found:
            if isinstance(item, tuple):
                number, decoded = item
                yield from _noted(read_json_lines([(number, decoded.text)], name), decoded)
            else:
                yield item
    else:
        yield from _table(found, name, form)


def _plain(found: Iterator[_Found], name: str) -> Iterator[Line | Skipped]:
    names = LineByLine()
    for item in found:
        if not isinstance(item, tuple):
            yield item
            continue
        number, decoded = item
        if clean_words(decoded.text):
            yield from _noted(iter([one_turn(decoded.text, number, name, names)]), decoded)


def _table(found: Iterator[_Found], name: str, form: str) -> Iterator[Line | Skipped]:
    """Rows of a table; its lines are not independent, so that one that cannot be read ends it."""
    last = Decoded("", "utf-8")

    def lines() -> Iterator[tuple[int, str]]:
        nonlocal last
        for item in found:
            if not isinstance(item, tuple):
                raise MediaError(str(item))
            last = item[1]
            yield item[0], last.text

    for item in READERS[f".{form}"](lines(), name):
        yield from _noted(iter([item]), last)


def _noted(items: Iterator[Line | Skipped], decoded: Decoded) -> Iterator[Line | Skipped]:
    encoding = Encoding(decoded.encoding, notes=decoded.notes)
    return (with_notes(item, encoding) if isinstance(item, Line) else item for item in items)


def _decoded(stream: ByteStream, name: str, decoder: LineDecoder) -> Iterator[_Found]:
    """Number and text of each line; lines that cannot be decoded are `Skipped`."""
    for number in count(1):
        content = stream.readline(_MOST_BYTES + 1)
        if not content:
            return
        if number == 1 and _is_wide(content, decoder.stated):
            yield from _wide_lines(content, stream, name, decoder.stated)
            return
        where = f"{name}:{number}"
        if len(content) > _MOST_BYTES:
            yield Skipped(where, f"the line has more than {MAX_LINE_CHARACTERS} characters")
            return
        if b"\0" in content:
            yield Skipped(where, "the line is binary (it holds zero bytes), not text")
            continue
        try:
            decoded = decoder.decode(content)
        except MediaError as error:
            yield Skipped(where, str(error))
            continue
        yield number, decoded


def _checked(
    found: Iterator[_Found],
) -> Iterator[_Found]:
    """The same lines; the first ones are refused if they look like another format.

    Raises:
        UsageError: They do.
    """
    held: tuple[int, Decoded] | None = None
    seen = 0
    for item in found:
        if isinstance(item, tuple) and seen < _FIRST_LINES and (words := item[1].text.strip("\ufeff \t\r\n")):
            seen += 1
            if likely := _other_format(words, is_first=seen == 1):
                shown = words if len(words) <= 60 else f"{words[:60]}..."
                raise UsageError(
                    f"line {item[0]} of standard input is {shown!r}: these look like lines of a .{likely} "
                    f"file, not plain lines. State --format {likely}, or --format txt if each line "
                    "is spoken or written words"
                )
            if seen == 1 and words.isdigit():
                held = item  # perhaps the number of a subtitle
                continue
        if held is not None:
            yield held
            held = None
        yield item
    if held is not None:
        yield held


def _other_format(words: str, *, is_first: bool) -> str | None:
    """The format that a line is of, if it is not a plain one."""
    if is_first and words.startswith("WEBVTT"):
        return "vtt"
    if "-->" in words:
        return "srt"
    if words.startswith("{"):
        try:
            return "jsonl" if isinstance(json.loads(words), dict) else None
        except (ValueError, RecursionError):
            return None
    if is_first and is_header(words):
        return "tsv" if "\t" in words else "csv"
    return None


def _is_wide(first: bytes, stated: Encoding | None) -> bool:
    """Whether characters have two or four bytes, so that lines do not end at a byte."""
    if stated is not None:
        return stated.name.startswith(("utf-16", "utf-32"))
    return first.startswith(_WIDE_MARKS) or b"\0" in first


def _whole(first: bytes, stream: ByteStream, name: str, stated: Encoding | None) -> Decoded:
    """The text of a stream that must be read to its end.

    Raises:
        MediaError: It is too long, or is not text.
    """
    content = first + stream.read(MAX_STREAM_BYTES)
    if stream.read(1):
        raise MediaError(
            f"{name} is read whole, as subtitles and UTF-16 are, and has more than "
            f"{MAX_STREAM_BYTES / 2**20:.0f} MB"
        )
    return decode_text(content, name, encoding=stated.name if stated else None)


def _wide_lines(
    first: bytes, stream: ByteStream, name: str, stated: Encoding | None
) -> Iterator[tuple[int, Decoded] | Skipped]:
    try:
        decoded = _whole(first, stream, name, stated)
    except MediaError as error:
        yield Skipped(name, str(error))
        return
    for number, text in enumerate(io.StringIO(decoded.text, newline=None), start=1):
        yield number, decoded._replace(text=text)


def _read_whole(
    first: bytes, stream: ByteStream, name: str, stated: Encoding | None, form: str
) -> Iterator[Line | Skipped]:
    decoded = _whole(first, stream, name, stated)
    lines = enumerate(io.StringIO(decoded.text, newline=None), start=1)
    yield from _noted(READERS[f".{form}"](lines, name), decoded)
