"""How many bytes of samples the header of a sound file states, and how many the file holds.

Decoders do not report missing samples. The formats here state the size of their samples, so that a cut-off
file can be recognised. WAV files are handled by `affekt.media.sound.wav`.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

_MOST_CHUNKS = 1000
_UNKNOWN = 0xFFFF_FFFF  # in AU files: the length was unknown when the file was written
_W64_RIFF, _W64_DATA = b"riff\x2e\x91\xcf\x11", b"data\xf3\xac\xd3\x11"  # the first half of each GUID
_NIST_BYTES = 1024  # size of the text header of NIST SPHERE


class _Samples(NamedTuple):
    start: int  # in bytes
    stated: int | None  # bytes; None where the file states no length


def held_share(path: Path) -> float | None:
    """Share of the samples stated by the header that the file holds, at most 1; None if unknown.

    Supported formats: AU, CAF, AIFF, 8SVX, Wave64 and uncompressed NIST SPHERE.
    """
    try:
        with path.open("rb") as file:
            head = file.read(12)
            read = next((read for start, read in _READERS.items() if head.startswith(start)), None)
            found = None if read is None else read(file)
            size = file.seek(0, io.SEEK_END)
    except (OSError, struct.error, ValueError):
        return None
    if found is None or not found.stated or found.stated < 0:
        return None
    return min(1.0, max(0, size - found.start) / found.stated)


def _au(file: BinaryIO) -> _Samples:
    file.seek(4)
    start, stated = struct.unpack(">II", file.read(8))
    return _Samples(start, None if stated == _UNKNOWN else stated)


def _caf(file: BinaryIO) -> _Samples | None:
    return _chunk(file, first=8, head=">4sq", names=(b"data",))


def _iff(file: BinaryIO) -> _Samples | None:
    return _chunk(file, first=12, head=">4sI", names=(b"SSND", b"BODY"), even=True)


def _w64(file: BinaryIO) -> _Samples | None:
    place = 40
    for _ in range(_MOST_CHUNKS):
        file.seek(place)
        name, length = struct.unpack("<16sQ", file.read(24))
        if name.startswith(_W64_DATA):
            return _Samples(place + 24, length - 24)
        place += max(length, 24) + -length % 8
    return None


def _chunk(
    file: BinaryIO, *, first: int, head: str, names: tuple[bytes, ...], even: bool = False
) -> _Samples | None:
    size, place = struct.calcsize(head), first
    for _ in range(_MOST_CHUNKS):
        file.seek(place)
        name, length = struct.unpack(head, file.read(size))
        if name in names:
            return _Samples(place + size, length)
        if length < 0:
            return None
        place += size + length + (length % 2 if even else 0)
    return None


def _nist(file: BinaryIO) -> _Samples | None:
    file.seek(0)
    fields = [line.split(None, 2) for line in file.read(_NIST_BYTES).decode("ascii", "replace").splitlines()]
    values = {field[0]: field[2].strip() for field in fields if len(field) == 3}
    if values.get("sample_coding", "pcm") not in ("pcm", "ulaw", "alaw", "mu-law"):
        return None
    names = ("sample_count", "sample_n_bytes", "channel_count")
    if not all(values.get(name, "").isdecimal() for name in names):
        return None
    count, width, channels = (int(values[name]) for name in names)
    return _Samples(_NIST_BYTES, count * width * channels)


_READERS: dict[bytes, Callable[[BinaryIO], _Samples | None]] = {
    b".snd": _au,
    b"caff": _caf,
    b"FORM": _iff,
    _W64_RIFF: _w64,
    b"NIST_1A": _nist,
}
