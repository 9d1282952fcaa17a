"""Open any medium: a photo, a clip, a film, a folder of frames, a recording, or words alone."""

from __future__ import annotations

from pathlib import Path

from affekt.analysis.found import OpenMedium
from affekt.core.errors import AffektError, MediaError, UsageError
from affekt.core.notes import collect_notes
from affekt.core.timeline.parts import Medium
from affekt.deploy.runtime.input_types import checked_path
from affekt.media import text
from affekt.media.files import has_suffix, walk
from affekt.media.image import read_image
from affekt.media.kinds import head_of, kind_of
from affekt.media.sound import NoSound, sound_duration_s
from affekt.media.video import Video, open_video
from affekt.media.video.folder import is_folder_of_frames
from affekt.media.video.read import UNSTATED_RATE

DIFFERENT_S = 1.0  # from which a difference between the lengths of picture and sound is stated


def open_medium(given: Path | str, *, rate_hz: float | None = None) -> OpenMedium:
    """A medium by its content: a file of any suffix, or a folder of frames.

    Args:
        rate_hz: Frames per second of a folder of frames.

    Raises:
        UsageError: The path does not exist, or it is a folder of several media.
        MediaError: It is none of these media, or too damaged to be used.
    """
    path = checked_path(given)
    if path.is_dir():
        files = [file for file in walk(path).files if file.parent == path]
        if not is_folder_of_frames(path, files):
            raise UsageError(f"{path} is a folder, and its files are not the frames of one video: give files")
        notes = [] if rate_hz else [UNSTATED_RATE]
        return _moving(path, open_video(path, rate_hz=rate_hz), None, *notes)
    if has_suffix(path, text.SUFFIXES):
        return _lines(path)
    kind = kind_of(head_of(path))
    video, refused = _video(path)
    if video is None and kind is not None and kind.medium == "image":
        return _still(path)
    if video is not None and len(video) == 1 and kind is not None and kind.medium == "image":
        return _still(path)
    if video is None or video.sound_tracks:
        sound_s, silent = _sound_s(path)
        if video is None and sound_s is None:
            raise refused or silent or MediaError(f"{path} holds neither picture nor sound")
        return _moving(path, video, sound_s, *([str(silent)] if silent and video else []))
    return _moving(path, video, None)


def _lines(path: Path) -> OpenMedium:
    """Words alone last until the last of them ends."""
    spans = [item.span_s for item in text.read_lines(path) if isinstance(item, text.Line)]
    ends = [span[1] for span in spans if span is not None]
    return OpenMedium(Medium(path=str(path), duration_s=max(ends, default=0.0)), path, None, None, lines=True)


def _video(path: Path) -> tuple[Video | None, AffektError | None]:
    try:
        return open_video(path), None
    except MediaError as error:
        return None, error


def _sound_s(path: Path) -> tuple[float | None, AffektError | None]:
    """End of the sound; None with the reason if there is none."""
    try:
        return sound_duration_s(path), None
    except NoSound:
        return None, None
    except MediaError as error:
        return None, error


def _still(path: Path) -> OpenMedium:
    with collect_notes() as notes:
        picture = read_image(path)
    height, width = picture.shape[:2]
    medium = Medium(path=str(path), duration_s=0.0, width=width, height=height)
    return OpenMedium(medium, path, None, None, picture=picture, notes=tuple(notes))


def _moving(path: Path, video: Video | None, sound_s: float | None, *notes: str) -> OpenMedium:
    ends = [end for end in (video.end_s if video else None, sound_s) if end is not None]
    stated = list(notes)
    if len(ends) == 2 and abs(ends[0] - ends[1]) > DIFFERENT_S:
        stated.append(f"the picture ends at {ends[0]:.1f} s and the sound at {ends[1]:.1f} s")
    medium = Medium(
        path=str(path),
        duration_s=max(ends),
        width=video.width if video else None,
        height=video.height if video else None,
        frame_rate_hz=len(video) / video.end_s if video and video.end_s > 0 else None,
        has_sound=sound_s is not None,
    )
    sound = path if sound_s is not None else None
    return OpenMedium(medium, path, video, sound, notes=(*(video.notes if video else ()), *stated))
