"""Sound and video files opened with FFmpeg: regular files only, and only formats that hold their own data."""

from __future__ import annotations

from pathlib import Path

import av
import av.container
import av.error
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from affekt.core.errors import MediaError
from affekt.media.kinds import described, head_of
from affekt.media.limits import MAX_PIXELS

# Formats that hold their own data, by their libavformat names. Playlists, concat scripts, image sequences,
# devices and everything else that opens further files or addresses are excluded, whatever the suffix.
FORMATS = (
    "mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "avi", "mpeg", "mpegts", "asf", "flv",
    "ogg", "wav", "w64", "flac", "mp3", "aac", "ac3", "eac3", "aiff", "au", "caf", "amr", "wv", "tta", "ape",
    "mpegvideo", "h264", "hevc", "m4v", "ivf", "nut", "gxf", "mxf", "dv", "rm",
)  # fmt: skip
_OPTIONS = {
    "format_whitelist": ",".join(FORMATS),
    "protocol_whitelist": "file",
    "enable_drefs": "0",  # tracks of a QuickTime movie that are stored in other files
    "max_pixels": str(MAX_PIXELS),  # probing decodes as well
}
_NO_HEADER = "; samples without a header state neither rate nor type: convert them to WAV"
# What PyAV raises for damaged files; some of its errors derive from built-in ones only. IndexError: at the
# end of a file that has more tracks than its beginning states.
BROKEN = (av.error.FFmpegError, OSError, ValueError, EOFError, MemoryError, OverflowError, IndexError)


def check_file(path: Path, *, kind: str) -> None:
    """Refuse everything but a non-empty regular file.

    Raises:
        MediaError: There is no such file, it is a folder, pipe or device, or it is empty.
    """
    try:
        size = path.stat().st_size
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise MediaError(f"{path} cannot be read: {reason}") from None
    if not path.is_file():
        raise MediaError(f"{path} is not a regular file; {kind} is read from files only")
    if not size:
        raise MediaError(f"{path} is empty")


def open_container(path: Path, *, kind: str) -> av.container.InputContainer:
    """Open a file with FFmpeg, by its content, not by its suffix.

    Only the file itself is opened, no addresses or files that it names.

    Args:
        kind: What error messages call the expected content: "sound" or "video".

    Raises:
        MediaError: There is no such file, or it is empty, damaged, or not of a format in `FORMATS`.
    """
    check_file(path, kind=kind)
    try:
        # The path is absolute, so that a name such as "concat:a" is not taken for a protocol. Tags in Latin-1
        # or in broken encodings are common; they are not used here.
        return av.open(str(path.absolute()), options=_OPTIONS, metadata_errors="replace")
    except BROKEN as error:
        reason = getattr(error, "strerror", None) or error
        medium = "audio" if kind == "sound" else "video"
        content = described(head_of(path), wanted=medium, further=_NO_HEADER if kind == "sound" else "")
        raise MediaError(f"{path} cannot be read as {kind} ({reason}): {content}") from None


def track_end_s(stream: VideoStream | AudioStream) -> float | None:
    """End of a Matroska track by its tags, "00:01:02.500000000", in seconds from the start of the file."""
    try:
        hours, minutes, seconds = stream.metadata.get("DURATION", "").split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return None
