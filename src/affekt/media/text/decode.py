"""Bytes to text: which encoding a file has, decided in a fixed order, and which files are not text.

1. A byte order mark decides: UTF-8, UTF-16 or UTF-32.
2. Zero bytes in every second place are UTF-16 without a mark. Any other zero byte, the first bytes of a known
   binary format, or many control characters: the file is not text and is refused.
3. Valid UTF-8 is UTF-8. So is text of which almost all characters beyond ASCII are valid UTF-8; the rest is
   replaced, and noted.
4. GB18030, if the bytes are valid, its characters are mostly the common ones of simplified Chinese, and a few
   of the most frequent are among them; or if it holds no Chinese, and almost only typographic quotes, dashes
   and dots, whose bytes no text in CP-1252 has.
5. CP-1252, if all bytes are defined there and bytes beyond ASCII stand singly within text, as accents and
   quotes do.

Anything else (Big5, Shift-JIS, EUC-KR, KOI8-R, ...) is refused: the caller states the encoding. A decision
of 2, 4 or 5 is a guess, and a note says so.

The rule is our own: `charset-normalizer` 3.5 always names one of its 90 encodings. Measured on single lines,
it named another one for 16 of 60 lines of MELD in CP-1252 and for 15 of 18 Chinese lines in GB18030; this
module for none and for one.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from affekt.core.errors import MediaError, UsageError

_MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY = (
    (b"PK\x03\x04", "a ZIP container, such as .docx, .xlsx or .odt: save it as text, CSV or subtitles"),
    (b"\xd0\xcf\x11\xe0", "an old Office document: save it as text, CSV or subtitles"),
    (b"%PDF-", "a PDF document: save its text"),
    (b"{\\rtf", "a Rich Text document: save it as plain text"),
    (b"\x1f\x8b", "compressed with gzip: unpack it"),
    (b"RIFF", "a sound or a video"),
    (b"\x1a\x45\xdf\xa3", "a Matroska video: extract its subtitles"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x19\x1c-\x1f\x7f]")
_MOST_CONTROLS = 0.01  # share of control characters up to which bytes can be text
_LEAST_ZEROS = 0.02  # share of UTF-16 units with a zero byte: one line break or space in fifty characters
_LEAST_PRINTABLE = 0.98  # of the characters of text in UTF-16 that is found by its zero bytes
_VALID_PER_BROKEN = 20  # valid characters of UTF-8 beyond ASCII for each broken byte
_LEAST_LEVEL_1 = 0.8  # share of the 3755 common hanzi of GB 2312 among the hanzi; running text has above 0.95
_LEAST_FREQUENT = 0.1  # share of the characters below among the hanzi; conversation has about 0.4
# The most frequent characters of spoken Chinese (SUBTLEX-CH counts the same ones first).
_FREQUENT = frozenset(
    "的我你是了不们这一他么在有个好来人那要会就什没到说吗为想能上去道她很看可知得过吧还对里以都事哈谢请"
)
# In CP-1252 their bytes are an inverted exclamation mark and a sign that never follows it.
_TYPOGRAPHIC = frozenset("\u2018\u2019\u201c\u201d\u2026\u2014")
_MOST_LONG_RUNS = 0.1  # share of bytes beyond ASCII that stand three or more together
_EVIDENCE_BYTES = 1 << 20  # of lines with bytes beyond ASCII, that decide between encodings
_HIGH = re.compile(rb"[\x80-\xff]")
_BEYOND_ASCII, _BROKEN = re.compile("[^\x00-\x7f]"), re.compile("[\udc80-\udcff]")


class Encoding(NamedTuple):
    """How bytes are to be decoded.

    Attributes:
        name: Of a Python codec; `utf-8-sig`, `utf-16` and `utf-32` drop the byte order mark.
        errors: `replace` if a few bytes are broken; a note says so.
        notes: What was guessed or is broken, for the reader of the answers.
    """

    name: str
    errors: Literal["strict", "replace"] = "strict"
    notes: tuple[str, ...] = ()


class Decoded(NamedTuple):
    """Text, the codec that read it, and what a reader of it should know."""

    text: str
    encoding: str
    notes: tuple[str, ...] = ()


def decode_text(content: bytes, name: str, *, encoding: str | None = None) -> Decoded:
    """The text of a whole file.

    Args:
        name: Of the file, for errors.
        encoding: Codec that the caller states; found by the rule of this module if not given.

    Raises:
        MediaError: It is not text, or its encoding is not recognised, or not the stated one.
        UsageError: There is no such codec.

    Example:
        >>> decode_text("C'est caf\N{LATIN SMALL LETTER E WITH ACUTE}.".encode("cp1252"), "a.txt").encoding
        'cp1252'
    """
    found = stated_encoding(encoding) if encoding else find_encoding([content], name)
    try:
        return Decoded(content.decode(found.name, found.errors), found.name, found.notes)
    except UnicodeError as error:
        raise undecodable(name, found.name, error) from None


def stated_encoding(name: str) -> Encoding:
    """The encoding of this name.

    Raises:
        UsageError: There is no such codec of text.
    """
    try:
        "".encode(name)
        found = codecs.lookup(name).name
    except LookupError:
        raise UsageError(
            f"{name!r} is not an encoding: utf-8, gb18030, big5, shift_jis, cp1252, ..."
        ) from None
    return Encoding("utf-8-sig" if found == "utf-8" else found)


def undecodable(name: str, encoding: str, error: UnicodeError) -> MediaError:
    """The error of bytes that do not fit an encoding."""
    place = f" (byte {error.start})" if isinstance(error, UnicodeDecodeError) else ""
    return MediaError(f"{name} is not valid {encoding}{place}: state its encoding, or save it as UTF-8")


def find_encoding(blocks: Iterable[bytes], name: str) -> Encoding:
    """The encoding of a file, from its consecutive blocks; only lines that decide are kept in memory.

    Args:
        name: Of the file, for errors.

    Raises:
        MediaError: It is not text, or its encoding is not recognised.
    """
    validity = _Utf8()
    first = b""
    for block in blocks:
        if not first and block:
            first = block
            if marked := _by_first_bytes(first, name):
                return marked
        if b"\0" in block:
            raise MediaError(f"{name} is binary (it holds zero bytes), not text")
        validity.feed(block)
    return validity.decision(name)


def _by_first_bytes(first: bytes, name: str) -> Encoding | None:
    """The encoding by mark or zero bytes; None if the rest must decide.

    Raises:
        MediaError: It is a binary format.
    """
    for mark, encoding in _MARKS:
        if first.startswith(mark):
            return Encoding(encoding)
    for magic, kind in _BINARY:
        if first.startswith(magic):
            raise MediaError(f"{name} is not text but {kind}")
    if b"\0" in first:
        if encoding := _wide(first):
            return Encoding(encoding, notes=(f"its encoding is not stated: read as {encoding.upper()}",))
        raise MediaError(f"{name} is binary (it holds zero bytes), not text")
    if len(_CONTROLS.findall(first)) > _MOST_CONTROLS * len(first):
        raise MediaError(f"{name} is binary (it holds control characters), not text")
    return None


def _wide(content: bytes) -> str | None:
    """UTF-16 without a mark: zero bytes in every second place, and printable characters."""
    content = content[: len(content) // 2 * 2]
    even, odd = content[::2].count(0), content[1::2].count(0)
    units = max(len(content) // 2, 1)
    for encoding, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros >= _LEAST_ZEROS * units and others * 10 <= zeros:
            text = content.decode(encoding, "replace")
            printable = sum(character.isprintable() or character.isspace() for character in text)
            if printable >= _LEAST_PRINTABLE * len(text):
                return encoding
    return None


class _Utf8:
    """Counts valid and broken characters of UTF-8, block by block, and keeps the lines that decide."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._valid = self._broken = 0
        self._evidence: list[bytes] = []
        self._kept = 0
        self._rest = b""

    def feed(self, block: bytes) -> None:
        self._count(self._decoder.decode(block))
        content = self._rest + block
        if content.isascii():  # no line of it decides
            self._rest = content[content.rfind(b"\n") + 1 :] if len(content) < _EVIDENCE_BYTES else b""
            return
        # Whole lines only: a character must not be cut where a block ends.
        lines = content.split(b"\n")
        self._rest = lines.pop() if len(lines[-1]) < _EVIDENCE_BYTES else b""
        for line in lines:
            self._keep(line)

    def decision(self, name: str) -> Encoding:
        self._count(self._decoder.decode(b"", final=True))
        self._keep(self._rest)
        if not self._broken:
            return Encoding("utf-8")
        if self._valid >= _VALID_PER_BROKEN * self._broken:
            count = f"{self._broken} byte{'s are' if self._broken > 1 else ' is'} not valid UTF-8"
            return Encoding("utf-8", "replace", (f"{count}: read as \N{REPLACEMENT CHARACTER}",))
        content = b"\n".join(self._evidence)
        if _is_gb18030(content):
            return Encoding("gb18030", notes=("its encoding is not stated: read as GB18030",))
        if content and _is_cp1252(content):
            return Encoding("cp1252", notes=("its encoding is not stated: read as CP-1252",))
        raise MediaError(
            f"the encoding of {name} is not recognised (not UTF-8, UTF-16, GB18030 or CP-1252): "
            "state its encoding, or save it as UTF-8"
        )

    def _count(self, text: str) -> None:
        if not text.isascii():
            broken = len(_BROKEN.findall(text))
            self._broken += broken
            self._valid += len(_BEYOND_ASCII.findall(text)) - broken

    def _keep(self, line: bytes) -> None:
        if self._kept < _EVIDENCE_BYTES and _HIGH.search(line):
            self._evidence.append(line)
            self._kept += len(line)


def _is_gb18030(content: bytes) -> bool:
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        return False
    hanzi = [character for character in text if "\u3400" <= character <= "\u9fff"]
    if not hanzi:
        beyond = _BEYOND_ASCII.findall(text)
        typographic = sum(character in _TYPOGRAPHIC for character in beyond)
        return bool(beyond) and typographic >= _LEAST_LEVEL_1 * len(beyond)
    common = sum(_is_level_1(character) for character in hanzi)
    frequent = sum(character in _FREQUENT for character in hanzi)
    return common >= _LEAST_LEVEL_1 * len(hanzi) and frequent >= _LEAST_FREQUENT * len(hanzi)


def _is_level_1(character: str) -> bool:
    """Whether a character is in rows 16 to 55 of GB 2312, the 3755 common hanzi."""
    code = character.encode("gb18030")
    return len(code) == 2 and 0xB0 <= code[0] <= 0xD7 and code[1] >= 0xA1


def _is_cp1252(content: bytes) -> bool:
    try:
        content.decode("cp1252")
    except UnicodeDecodeError:  # five bytes are not defined
        return False
    high = len(_HIGH.findall(content))
    together = sum(len(run) for run in re.findall(rb"[\x80-\xff]{3,}", content))
    return together <= _MOST_LONG_RUNS * high
