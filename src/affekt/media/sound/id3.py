"""Data before the first frame of an MP3 file: an ID3 tag, and the number of frames."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

_COUNTS = (b"Xing", b"Info", b"VBRI")  # markers of the header frame that states the number of frames
_LONGEST_FRAME = 2048  # bytes


def tag_size(file: BinaryIO) -> int:
    """Size in bytes of a leading ID3 tag, which some programs write before any format; 0 without one."""
    file.seek(0)
    head = file.read(10)
    if len(head) < 10 or head[:3] != b"ID3" or any(byte & 0x80 for byte in head[6:]):
        return 0
    length = sum(byte << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
    return 10 + length + (10 if head[5] & 0x10 else 0)


def has_frame_count(path: Path) -> bool:
    """Whether an MP3 file states its number of frames; otherwise its length is estimated from its size."""
    try:
        with path.open("rb") as file:
            file.seek(tag_size(file))
            head = file.read(_LONGEST_FRAME)
    except OSError:
        return False
    return any(mark in head for mark in _COUNTS)
