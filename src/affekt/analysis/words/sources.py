"""Where the words of a medium come from: given or neighbouring subtitles, a track inside of it, its sound."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from affekt.analysis.found import OpenMedium
from affekt.core.errors import MediaError, MissingExtra
from affekt.core.sample import Skipped
from affekt.deploy.runtime.conversations import subtitles_of
from affekt.media.speech import Recognizer, installed_recognizer, what_is_missing
from affekt.media.subtitle_tracks import SubtitleTrack, read_subtitle_track, subtitle_tracks
from affekt.media.text import Line, read_lines


class Source(NamedTuple):
    """The lines of a medium, as one source holds them.

    Attributes:
        name: Of the source: the beginning of ids.
        origin: In words, for reports.
        items: Lines, and those that cannot be used.
        notes: Limitations of the source.
    """

    name: str
    origin: str
    items: Sequence[Line | Skipped]
    notes: tuple[str, ...] = ()


def find_source(
    open_medium: OpenMedium,
    *,
    subtitles: Path | None,
    beside: bool,
    embedded: bool,
    recognize: bool | None,
    recognizer: Recognizer | None,
    encoding: str | None,
) -> Source | str:
    """The first source that has words: the given file, one beside the medium, a track in it, its sound.

    Args:
        subtitles: If it is given, no other source is asked.
        recognize: None: if it is installed.
        recognizer: Hears the words; the installed one if not given.

    Returns:
        Why there are none, as a sentence, if there are none.

    Raises:
        MissingExtra: Speech is to be recognised, and a part of the recogniser is missing.
    """
    if subtitles is not None:
        return _file(subtitles, encoding)
    reasons: list[str] = []
    if beside:
        file = subtitles_of(open_medium.path) if open_medium.path.parent.is_dir() else None
        found = _file(file, encoding) if file else "no subtitles lie beside it"
        if isinstance(found, Source):
            return found
        reasons.append(found)
    if embedded:
        found = _track(open_medium)
        if isinstance(found, Source):
            return found
        reasons.append(found)
    found = _heard(open_medium, recognize, recognizer)
    if isinstance(found, Source):
        return found
    return "; ".join([*reasons, found])


def _file(path: Path, encoding: str | None) -> Source | str:
    try:
        items = list(read_lines(path, encoding=encoding))
    except MediaError as error:
        return str(error)
    return Source(str(path), f"words of {path.name}", items)


def _track(open_medium: OpenMedium) -> Source | str:
    """The words of the subtitle track that the file marks as its default, else of its first one of text."""
    if open_medium.path.is_dir():
        return "a folder of frames has no subtitle track"
    try:
        tracks = subtitle_tracks(open_medium.path)
    except MediaError:
        tracks = []  # formats that FFmpeg does not read have no subtitles
    if not tracks:
        return "it has no subtitle track"
    reasons: list[str] = []
    for track in sorted(tracks, key=lambda one: not one.is_default):
        if track.problem:
            reasons.append(f"{track.shown}: {track.problem}")
            continue
        try:
            items = list(read_subtitle_track(open_medium.path, track.number))
        except MediaError as error:
            reasons.append(str(error))
            continue
        if any(isinstance(item, Line) for item in items):
            return Source(str(open_medium.path), f"words of {track.shown}", items, _others(track, tracks))
        reasons.append(f"{track.shown} holds no words")
    return "; ".join(reasons)


def _others(chosen: SubtitleTrack, tracks: Sequence[SubtitleTrack]) -> tuple[str, ...]:
    others = [track.shown for track in tracks if track.number != chosen.number]
    return (f"not used: {', '.join(others)}",) if others else ()


def _heard(open_medium: OpenMedium, recognize: bool | None, recognizer: Recognizer | None) -> Source | str:
    if recognize is False:
        return "speech recognition was not asked for"
    if open_medium.sound is None:
        return "it has no sound in which words could be recognised"
    if recognizer is None:
        lacking = what_is_missing()
        if lacking and recognize:
            raise MissingExtra(f"speech recognition is not installed: {lacking}")
        recognizer = installed_recognizer()
    if recognizer is None:
        return f"speech recognition (English) is not installed: {what_is_missing()}"
    try:
        lines = recognizer.lines(open_medium.sound)
    except MediaError as error:
        return f"its sound cannot be used ({error})"
    if not lines:
        return f"no words were recognised in its sound ({recognizer.name})"
    origin = f"words by speech recognition ({recognizer.name})"
    return Source(str(open_medium.path), origin, lines)
