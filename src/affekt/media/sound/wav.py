"""WAV files with wrong headers: sizes of 0, of a stream or of half the file, or leading tags.

The chunks are parsed here; the actual content of the file takes precedence over the stated sizes. libsndfile
then decodes the file or, where its own reading of the header would differ, the same samples behind a
corrected header.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import soundfile

from affekt.core.errors import MediaError
from affekt.core.notes import note
from affekt.media.sound.id3 import tag_size
from affekt.media.sound.notes import percent
from affekt.media.sound.sndfile import SndfileTrack
from affekt.media.sound.tracks import check_format

_MAGIC = {b"RIFF": "<", b"RIFX": ">", b"RF64": "<", b"BW64": "<"}  # and their byte order
_TAGS = (b"TAG", b"ID3", b"APETAG", b"LYRICS")  # of tags that programs append
# Written when the length is not known yet: 0, and 2^31 or 2^32 less the length of a header.
_PLACEHOLDERS = range(0x7FFF_0000, 0x8000_0000), range(0xFFFF_0000, 0x1_0000_0000)
_MOST_CHUNKS = 1000
_LEAST_TRAILING_S = 0.1  # duration of bytes after the stated end from which they count as sound
_PCM, _FLOAT = 1, 3  # format tags of uncompressed numbers
_LARGEST = 2**32 - 2**16  # largest size for a header without 64-bit sizes


@dataclass(frozen=True, slots=True)
class WavHeader:
    """What a WAV file states, and what it holds.

    Attributes:
        order: Byte order, in the notation of `struct`.
        format: Content of the `fmt ` chunk.
        start: Start of the samples in the file, in bytes.
        stated: Bytes of samples by the header; None where it states no length.
        held: Bytes of samples in the file.
        frames: Samples of each channel, by a `fact` chunk.
        must_correct: libsndfile needs a corrected header.
    """

    order: str
    format: bytes
    start: int
    stated: int | None
    held: int
    frames: int | None
    must_correct: bool

    @property
    def codec(self) -> int:
        """The format tag."""
        return struct.unpack(f"{self.order}H", self.format[:2])[0]


def open_wav(path: Path) -> SndfileTrack | None:
    """A WAV file, recognised by its first bytes; None for other files and for variants left to FFmpeg.

    libsndfile reads WAV faster than FFmpeg; FFmpeg reads more of cut-off FLAC and MP3.

    Raises:
        MediaError: It states an implausible rate or number of channels, or FFmpeg would misread it.
    """
    try:
        with path.open("rb") as file:
            header = read_wav_header(file)
    except OSError:
        return None
    if header is None:
        return None
    channels, rate_hz, bytes_per_s = struct.unpack(f"{header.order}HII", header.format[2:12])
    check_format(str(path), rate_hz, channels)
    if not header.held:
        return None
    corrected = _Corrected(path, header) if header.must_correct else None
    try:
        track = SndfileTrack(path, corrected)
        if track.format not in ("WAV", "WAVEX", "RF64"):
            track.close()
            return None
    except (soundfile.SoundFileError, MediaError, OSError) as error:
        if header.order == ">":  # FFmpeg reads RIFX as RIFF, which gives noise
            raise MediaError(
                f"{path} is RIFX, a WAV with reversed byte order, and cannot be decoded: {error}"
            ) from None
        return None
    track.trim(header.frames)
    if header.stated is not None and header.stated > header.held:
        track.set_stated(track.end() / track.rate_hz * header.stated / header.held)
    elif header.stated is not None and header.stated < header.held and bytes_per_s:
        share = percent(header.stated / header.held)
        note(f"its header states {share} of the sound that the file holds: all of it is read")
    return track


def read_wav_header(file: BinaryIO) -> WavHeader | None:
    """Parse the chunks of a WAV file; None if it is not one, or has no samples."""
    size = file.seek(0, io.SEEK_END)
    origin = tag_size(file)
    file.seek(origin)
    head = file.read(12)
    order = _MAGIC.get(head[:4])
    if order is None or head[8:] != b"WAVE":
        return None
    place, long_size, frames = origin + 12, None, None
    kind: bytes | None = None
    for _ in range(_MOST_CHUNKS):
        file.seek(place)
        head = file.read(8)
        if len(head) < 8:
            return None
        name, length = struct.unpack(f"{order}4sI", head)
        body = file.read(min(length, 64)) if name in (b"fmt ", b"ds64", b"fact") else b""
        if name == b"fmt ":
            kind = body
        elif name == b"ds64" and len(body) >= 16:
            long_size = struct.unpack("<Q", body[8:16])[0]
        elif name == b"fact" and len(body) >= 4:
            frames = struct.unpack(f"{order}I", body[:4])[0]
        elif name == b"data":
            break
        place += 8 + length + length % 2
    else:
        return None
    if kind is None or len(kind) < 14:
        return None
    start = place + 8
    stated = long_size if length == 0xFFFF_FFFF and long_size is not None else length
    return _header(file, size, origin, order, kind, start, stated, frames)


def _header(
    file: BinaryIO,
    size: int,
    origin: int,
    order: str,
    kind: bytes,
    start: int,
    length: int,
    frames: int | None,
) -> WavHeader:
    there = size - start
    is_known = length > 0 and not any(length in values for values in _PLACEHOLDERS)
    held = min(length, there)
    bytes_per_s = _bytes_per_s(order, kind)
    if (not is_known and length < there) or (
        there - length >= max(1, _LEAST_TRAILING_S * bytes_per_s)
        and not _is_known_end(file, start + length, order)
    ):
        held = there if length or not _is_known_end(file, start, order) else 0
    tag, channels = struct.unpack(f"{order}HH", kind[:4])
    must_correct = origin > 0 or held > length
    if tag in (_PCM, _FLOAT) and len(kind) >= 16:
        align, bits = struct.unpack(f"{order}HH", kind[12:16])
        width = channels * -(-bits // 8)
        if align != width and 0 < width < 2**16:
            kind = kind[:8] + struct.pack(f"{order}IHH", 0, width, bits) + kind[16:]
            must_correct = True
    must_correct = must_correct and held < _LARGEST
    return WavHeader(order, kind, start, length if is_known else None, held, frames or None, must_correct)


def _bytes_per_s(order: str, kind: bytes) -> int:
    """Bytes per second: computed for uncompressed numbers, as stated for codecs."""
    tag, channels, rate_hz, stated = struct.unpack(f"{order}HHII", kind[:12])
    if tag in (_PCM, _FLOAT) and len(kind) >= 16:
        return channels * rate_hz * -(-struct.unpack(f"{order}H", kind[14:16])[0] // 8)
    return stated


def _is_known_end(file: BinaryIO, place: int, order: str) -> bool:
    """Whether a position holds a chunk, a tag or zeros, and not more sound."""
    for at in (place + place % 2, place):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8 or head.startswith(_TAGS):
            return True
        name, length = struct.unpack(f"{order}4sI", head)
        file.seek(at + 8 + length - 1)
        if all(0x20 <= byte < 0x7F for byte in name) and (not length or file.read(1)):
            if name in _MAGIC:
                note("the file contains a second WAV file, which is not read")
            return True
    file.seek(place)
    return not any(file.read(2**16))


class _Corrected(io.RawIOBase):
    """The samples of a file behind a corrected header, as a file object."""

    def __init__(self, path: Path, header: WavHeader) -> None:
        super().__init__()
        kind = header.format + b"\0" * (len(header.format) % 2)
        chunk = f"{header.order}4sI"
        magic = b"RIFX" if header.order == ">" else b"RIFF"
        fact = b"" if header.frames is None else struct.pack(f"{chunk}I", b"fact", 4, header.frames)
        body = struct.pack(chunk, b"fmt ", len(kind)) + kind + fact
        body += struct.pack(chunk, b"data", header.held)
        total = struct.pack(chunk, magic, 4 + len(body) + header.held)
        self._head, self._start = total + b"WAVE" + body, header.start
        self._size, self._place = len(self._head) + header.held, 0
        self._file = path.open("rb")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def readinto(self, buffer: Any, /) -> int:
        wanted = max(0, min(len(buffer), self._size - self._place))
        head = self._head[self._place : self._place + wanted]
        self._file.seek(self._start + max(0, self._place - len(self._head)))
        content = head + self._file.read(wanted - len(head))
        buffer[: len(content)] = content
        self._place += len(content)
        return len(content)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()
