"""Opening a video file for one pass through its video track."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from av.container import InputContainer
from av.stream import Discard
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from affekt.core.errors import MediaError
from affekt.media.container import open_container
from affekt.media.kinds import head_of, kind_of
from affekt.media.limits import MAX_PIXELS

MAX_THREADS = 8  # per decoder; each thread holds its own frames
_THREAD_PIXELS = 60_000_000  # in the frames of all threads: seven threads for 4K, two for 8K

# First bytes of text formats that refer to other files: HLS, concat, DASH, SDP and others.
_PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"<?xml", b"<MPD", b"v=0", b"rtsp:", b"[Reference]", b"<ASX", b"<asx")

_GENPTS = 0x1  # libavformat's flag to generate missing timestamps, which are wrong for H.264 in AVI


@contextmanager
def open_track(path: Path, *, one_thread: bool = False) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a file for one pass through its video track.

    Raises:
        MediaError: It is not a media file, has no decodable video track, or its picture is too large.
    """
    with _open(path) as container:
        container.flags &= ~_GENPTS
        stream = _video_track(container, path)
        context: VideoCodecContext | None = stream.codec_context
        if context is None:
            raise MediaError(f"{path}: there is no decoder for its video track")
        if context.width * context.height > MAX_PIXELS:
            raise MediaError(
                f"{path} has frames of {context.width} x {context.height} pixels; "
                f"at most {MAX_PIXELS / 1e6:.0f} megapixels are read"
            )
        context.options = {"max_pixels": str(MAX_PIXELS)}  # sizes can change within a track
        context.thread_type = "AUTO"
        threads = min(
            os.cpu_count() or 1, MAX_THREADS, 1 + _THREAD_PIXELS // max(context.width * context.height, 1)
        )
        context.thread_count = 1 if one_thread or _is_worker() else threads
        for other in container.streams:
            if other.index != stream.index:
                other.discard = Discard.all
        yield container, stream


def _is_worker() -> bool:
    """Whether this is a worker process: workers decode in parallel, with one core each."""
    return multiprocessing.parent_process() is not None


def _open(path: Path) -> InputContainer:
    try:
        return open_container(path, kind="video")
    except MediaError:
        head = head_of(path)
        kind = kind_of(head)
        if head[4:8] == b"ftyp" and kind is not None and kind.medium == "video":
            raise MediaError(
                f"{path} is cut off or damaged: it begins like a video, but its index (moov) cannot be read; "
                f"copy or export it again"
            ) from None
        if head.lstrip(b"\xef\xbb\xbf \r\n").startswith(_PLAYLISTS):
            raise MediaError(
                f"{path} is a playlist or script, which refers to other files; give the video itself"
            ) from None
        raise


def _video_track(container: InputContainer, path: Path) -> VideoStream:
    tracks = [
        track for track in container.streams.video if not track.disposition & track.disposition.attached_pic
    ]
    if tracks:
        best = container.streams.best("video")
        return next((track for track in tracks if best is not None and track.index == best.index), tracks[0])
    found = "a cover picture" if container.streams.video else "neither picture nor sound; is it cut off?"
    if container.streams.audio:
        found = f"sound and {found}" if container.streams.video else "sound only"
    raise MediaError(f"{path} has no video track: it holds {found}")
