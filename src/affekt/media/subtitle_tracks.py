"""Subtitle tracks inside of video files, as lines; those that are pictures are listed, not read.

Packets are read as their containers store them, since the decoders of FFmpeg drop the voices of WebVTT. Times
are on the clock of `affekt.media.sound`: second 0 is the first picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from affekt.core.errors import MediaError, UsageError
from affekt.core.sample import Skipped
from affekt.media.limits import MAX_SUBTITLE_BYTES
from affekt.media.text.line import Line
from affekt.media.text.subtitles import read_subtitles

# Of a cue whose end the file does not state, if the next one does not begin before: subtitles are shown for
# up to 7 s (BBC Subtitle Guidelines, 2024, and Netflix's Timed Text Style Guide).
UNSTATED_S = 7.0


def _plain(packet: bytes) -> str:
    return packet.decode("utf-8", "replace")


def _mov_text(packet: bytes) -> str:
    """3GPP timed text: the length of the text in two bytes, the text, boxes of styles."""
    text = packet[2 : 2 + int.from_bytes(packet[:2], "big")]
    return text.decode("utf-16" if text[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")


def _ass(packet: bytes) -> str:
    r"""An event of ASS in Matroska: order, layer, style, name, three margins, effect, text.

    The name becomes a voice of WebVTT. Drawings, which follow `{\p1}`, are no words.
    """
    fields = packet.decode("utf-8", "replace").split(",", 8)
    if len(fields) < 9 or "{\\p1" in fields[8]:
        return ""
    name = fields[3].strip().replace(">", " ").replace("<", " ")
    return f"<v {name}>{fields[8]}" if name else fields[8]


# By the names of FFmpeg's decoders.
_READERS: dict[str, Callable[[bytes], str]] = {
    "mov_text": _mov_text,
    "subrip": _plain,
    "srt": _plain,
    "text": _plain,
    "webvtt": _plain,
    "ass": _ass,
    "ssa": _ass,
}
_PICTURES = {
    "pgssub": "pictures of a Blu-ray (PGS)",
    "dvdsub": "pictures of a DVD (VobSub)",
    "dvbsub": "pictures of a broadcast (DVB)",
    "xsub": "pictures (XSUB)",
}


class SubtitleTrack(NamedTuple):
    """A subtitle track.

    Attributes:
        number: Among the subtitle tracks of the file, from 0.
        codec: As FFmpeg names its decoder.
        language: As the file states it, such as `eng`; empty if it does not.
        title: Likewise.
        is_default: Whether the file marks it as the one to be shown.
        problem: Why its words cannot be read; empty for text.
    """

    number: int
    codec: str
    language: str
    title: str
    is_default: bool
    problem: str

    @property
    def shown(self) -> str:
        """In words, for reports."""
        facts = [
            self.codec,
            *([self.language] if self.language else []),
            *([self.title] if self.title else []),
        ]
        return f"subtitle track {self.number + 1} ({', '.join(facts)})"


def subtitle_tracks(path: Path) -> list[SubtitleTrack]:
    """The subtitle tracks of a file.

    Raises:
        MediaError: The file cannot be opened.
    """
    from affekt.media.container import open_container

    with closing(open_container(path, kind="video")) as container:
        return [_described(number, stream) for number, stream in enumerate(container.streams.subtitles)]


def read_subtitle_track(path: Path, number: int) -> Iterator[Line | Skipped]:
    """Lines of a subtitle track, as `affekt.media.text.read_lines` gives those of a file.

    Raises:
        MediaError: The file cannot be read, the track holds pictures, or no subtitles.
        UsageError: There is no such track.
    """
    tracks = subtitle_tracks(path)
    if not 0 <= number < len(tracks):
        raise UsageError(f"{path} has {len(tracks)} subtitle tracks; track {number} was asked for")
    track = tracks[number]
    name = f"{path}: {track.shown}"
    if track.problem:
        raise MediaError(f"{name}: {track.problem}")
    cues = _cues(path, number, _READERS[track.codec])
    if not cues:
        raise MediaError(f"{name} holds no words")
    yield from read_subtitles(_as_subtitles(cues), name)


class _Cue(NamedTuple):
    start_s: float
    end_s: float | None
    text: str


def _described(number: int, stream: object) -> SubtitleTrack:
    from av.stream import Disposition

    codec = getattr(getattr(stream, "codec_context", None), "name", "") or ""
    metadata = getattr(stream, "metadata", {})
    if codec in _READERS:
        problem = ""
    elif codec in _PICTURES:
        problem = f"its subtitles are {_PICTURES[codec]}, not text: give subtitles as text (.srt or .vtt)"
    else:
        problem = f"subtitles of the kind {codec or 'unknown'} are not read: give them as .srt or .vtt"
    return SubtitleTrack(
        number,
        codec or "unknown",
        str(metadata.get("language", "")).replace("und", ""),
        str(metadata.get("title", "")),
        bool(getattr(stream, "disposition", 0) & Disposition.default),
        problem,
    )


def _cues(path: Path, number: int, text_of: Callable[[bytes], str]) -> list[_Cue]:
    from av.stream import Discard, Disposition

    from affekt.media.container import BROKEN, open_container

    cues: list[_Cue] = []
    size = 0
    with closing(open_container(path, kind="video")) as container:
        stream = container.streams.subtitles[number]
        zero_s = 0.0
        for video in container.streams.video:
            if not video.disposition & Disposition.attached_pic and video.start_time is not None:
                zero_s = float(video.start_time * (video.time_base or 0))
                break
        for other in container.streams:
            if other is not stream:
                other.discard = Discard.all
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, *BROKEN):  # the end, or damage: what was read so far counts
                break
            if packet.pts is None or not packet.size or packet.time_base is None:
                continue
            size += packet.size
            if size > MAX_SUBTITLE_BYTES:
                raise MediaError(
                    f"{path}: its subtitle track has more than {MAX_SUBTITLE_BYTES / 2**20:.0f} MB"
                )
            text = text_of(bytes(packet)).strip()
            start_s = float(packet.pts * packet.time_base) - zero_s
            end_s = start_s + float(packet.duration * packet.time_base) if packet.duration else None
            if text and (end_s is None or end_s > 0):
                cues.append(_Cue(max(0.0, start_s), end_s, text))
    return sorted(cues, key=lambda cue: cue.start_s)


def _as_subtitles(cues: Sequence[_Cue]) -> Iterator[tuple[int, str]]:
    """Numbered lines in the layout of SubRip, so that one reader serves files and tracks."""
    number = 0
    for place, cue in enumerate(cues):
        next_s = cues[place + 1].start_s if place + 1 < len(cues) else float("inf")
        end_s = cue.end_s if cue.end_s is not None else min(next_s, cue.start_s + UNSTATED_S)
        lines = ["", f"{_clock(cue.start_s)} --> {_clock(end_s)}", *cue.text.splitlines()]
        for text in lines:
            number += 1
            yield number, text


def _clock(seconds: float) -> str:
    """Seconds as `01:02:03.500`.

    Example:
        >>> _clock(3723.5)
        '01:02:03.500'
    """
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest / 1000:06.3f}"
