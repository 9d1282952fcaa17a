"""Files of sound and video opened with FFmpeg: regular files only, and no format that names other files."""

from __future__ import annotations

from pathlib import Path

import av
import av.container
import av.error
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from affekt.core.errors import MediaError
from affekt.media.limits import MAX_PIXELS

# Formats that hold their own data, in libavformat's names. Playlists, concat scripts, image sequences,
# devices and whatever else opens further files or addresses are not among them, whatever their suffix.
FORMATS = (
    "mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "avi", "mpeg", "mpegts", "asf", "flv",
    "ogg", "wav", "w64", "flac", "mp3", "aac", "ac3", "eac3", "aiff", "au", "caf", "amr", "wv", "tta", "ape",
    "mpegvideo", "h264", "hevc", "m4v", "ivf", "nut", "gxf", "mxf", "dv", "rm",
)  # fmt: skip
_OPTIONS = {
    "format_whitelist": ",".join(FORMATS),
    "protocol_whitelist": "file",
    "enable_drefs": "0",  # tracks of a QuickTime movie that lie in other files
    "max_pixels": str(MAX_PIXELS),  # probing decodes, too
}
# What damaged files make PyAV raise; some of its errors derive from the built-in ones only. IndexError:
# at the end of a file in which more tracks turned up than its beginning told of.
BROKEN = (av.error.FFmpegError, OSError, ValueError, EOFError, MemoryError, OverflowError, IndexError)


def check_file(path: Path, *, kind: str) -> None:
    """Refuse what is no regular file with something in it.

    Raises:
        MediaError: There is no such file, it is a folder, pipe or device, or it is empty.
    """
    try:
        size = path.stat().st_size
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise MediaError(f"{path} cannot be read: {reason}") from None
    if not path.is_file():
        raise MediaError(f"{path} is no regular file; {kind} is read from files only")
    if not size:
        raise MediaError(f"{path} is empty")


def open_container(path: Path, *, kind: str) -> av.container.InputContainer:
    """Open a file with FFmpeg, by its content, not its suffix.

    Nothing but the file itself is opened: neither addresses nor files that it names.

    Args:
        kind: What errors say was looked for: "sound" or "video".

    Raises:
        MediaError: There is no such file, it is empty, damaged, or of no format in `FORMATS`.
    """
    check_file(path, kind=kind)
    try:
        # Absolute: a name such as "concat:a" is then a name, not a protocol.
        # Tags in Latin-1 and worse are common; nobody reads them here.
        return av.open(str(path.absolute()), options=_OPTIONS, metadata_errors="replace")
    except BROKEN as error:
        reason = getattr(error, "strerror", None) or error
        raise MediaError(f"{path} is no {kind} that can be read ({reason}): {_looks_like(path)}") from None


def track_end_s(stream: VideoStream | AudioStream) -> float | None:
    """When a track of a Matroska file ends by its tags, "00:01:02.500000000", from second 0 of the file."""
    try:
        hours, minutes, seconds = stream.metadata.get("DURATION", "").split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return None


def _looks_like(path: Path) -> str:
    """What to say of a file that no format claims."""
    try:
        with path.open("rb") as file:
            head = file.read(40)
    except OSError as error:
        return str(error.strerror)
    try:
        return f"it holds the text {head.decode('ascii')!r}"
    except UnicodeDecodeError:
        return f"its first bytes are {head[:8].hex(' ')}"
