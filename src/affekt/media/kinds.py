"""What a file is, by its first bytes, so that a refusal can name it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

HEAD_BYTES = 64


class Kind(NamedTuple):
    """A kind of file.

    Attributes:
        name: With its article, as in "a PNG picture".
        medium: `image`, `video`, `audio`, or empty.
        advice: What to do with it; empty if some network here reads it.
    """

    name: str
    medium: str = ""
    advice: str = ""


_CONVERT = "convert it to JPEG or PNG"
_HEIC = Kind("a HEIC picture", "image", _CONVERT)
_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), Kind("an AVIF picture", "image")),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), _HEIC),
    **dict.fromkeys((b"M4A ", b"M4B "), Kind("an M4A sound", "audio")),
    b"qt  ": Kind("a QuickTime video", "video"),
}
_STARTS = (
    (b"\x89PNG", Kind("a PNG picture", "image")),
    (b"\xff\xd8\xff", Kind("a JPEG picture", "image")),
    (b"GIF8", Kind("a GIF picture", "image")),
    (b"BM", Kind("a BMP picture", "image")),
    (b"II*\x00", Kind("a TIFF picture", "image")),
    (b"MM\x00*", Kind("a TIFF picture", "image")),
    (b"NIST_1A", Kind("a NIST SPHERE sound, compressed", "audio", "convert it to WAV")),
    (b"fLaC", Kind("a FLAC sound", "audio")),
    (b"OggS", Kind("an Ogg file of sound or video", "audio")),
    (b"ID3", Kind("an MP3 sound", "audio")),
    (b"#!AMR", Kind("an AMR sound", "audio")),
    (b"\x1aE\xdf\xa3", Kind("a Matroska or WebM video", "video")),
    (b"FLV\x01", Kind("a Flash video", "video")),
    (b"0&\xb2u\x8ef\xcf\x11", Kind("a Windows Media file", "video")),
    (b"\x00\x00\x01\xba", Kind("an MPEG video", "video")),
    (b"PK\x03\x04", Kind("a ZIP archive, such as .npz, .zip or .docx", "", "unpack or export what it holds")),
    (b"\x1f\x8b", Kind("compressed with gzip", "", "unpack it")),
    (b"7z\xbc\xaf", Kind("a 7-Zip archive", "", "unpack it")),
    (b"Rar!", Kind("a RAR archive", "", "unpack it")),
    (b"%PDF-", Kind("a PDF document", "", "export its pictures or its text")),
    (b"\x93NUMPY", Kind("an array of NumPy (.npy), which states neither names nor units")),
    (b"\x89HDF", Kind("an HDF5 file")),
)  # fmt: skip
_RIFF = {
    b"WAVE": Kind("a WAV sound", "audio"),
    b"AVI ": Kind("an AVI video", "video"),
    b"WEBP": Kind("a WebP picture", "image"),
}


def kind_of(head: bytes) -> Kind | None:
    """The kind of a file with these first bytes; None if it is not known here."""
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], Kind("an MP4 video", "video"))
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    return next((kind for start, kind in _STARTS if head.startswith(start)), None)


def described(head: bytes, *, wanted: str, further: str = "") -> str:
    """What bytes are that could not be read as the wanted medium, and what to do.

    Args:
        wanted: `image`, `video` or `audio`.
        further: Added if nothing is known of them.

    Example:
        >>> described(b"GIF89a", wanted="audio")
        'it is a GIF picture, not sound'
        >>> described(b"hello", wanted="image")
        "it holds the text 'hello'"
    """
    kind = kind_of(head)
    if kind is not None and kind.advice:
        return f"it is {kind.name}: {kind.advice}"
    if kind is not None and kind.medium != wanted:
        return f"it is {kind.name}, not {_SPELLED[wanted]}"
    try:
        return f"it holds the text {head[:40].decode('ascii')!r}"
    except UnicodeDecodeError:
        return f"its first bytes are {head[:8].hex(' ')}{further}"


def head_of(path: Path) -> bytes:
    """The first bytes of a regular file; empty if it cannot be read."""
    try:
        if not path.is_file():  # opening a pipe would wait for a writer
            return b""
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except (OSError, ValueError):
        return b""


def named_kind(path: Path) -> str:
    """`: it is a PNG picture` for a file of a known kind, to end a refusal with; else empty."""
    kind = kind_of(head_of(path))
    return f": it is {kind.name}" if kind else ""


_SPELLED = {"image": "a picture", "video": "a video", "audio": "sound"}
