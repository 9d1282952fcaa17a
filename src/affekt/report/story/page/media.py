"""What the page shows of the analyzed file: a player, a picture, a strip of frames, sound, faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from affekt.core.errors import MediaError
from affekt.core.timeline.parts import Box, Track
from affekt.core.timeline.timeline import Timeline
from affekt.media.image import read_image, resize
from affekt.media.sound import NoSound
from affekt.media.video import open_video
from affekt.report.story.faces import best_box
from affekt.report.timeline.media import as_jpeg, clip_media, sound_envelope
from affekt.report.timeline.segments import address_of

# What the usual browsers play: H.264, VP8, VP9, AV1 in these; others are refused by their codec when played.
_VIDEO = (".mp4", ".m4v", ".webm", ".mov", ".ogv")
_SOUND = (".mp3", ".wav", ".m4a", ".ogg", ".oga", ".opus", ".flac", ".aac", ".weba")
_ANIMATED = (".gif", ".webp", ".png", ".apng", ".avif")
_FRAMES, _ROWS = 40, 64  # of the strip
_FACE = 112  # pixels: twice the size at which faces are shown
FACES = 24  # persons who have a picture
_LONGEST = 1400  # pixels of a photo's longer side
_AROUND = 0.25  # of a face's box on each side


class PageMedia(NamedTuple):
    """Media of a page.

    Attributes:
        kind: `video`, `audio`, `picture`; empty if nothing can be shown.
        address: Of the file that is played, relative to the page.
        name: Of that file.
        still: Data URI of a photo, or of the picture before a video starts.
        frames: Data URIs, in order of time.
        envelope: (2, bins), as `affekt.report.timeline.media.ClipMedia.envelope`.
        faces: Data URI of a face of each person, by id.
        is_marked: The video itself shows boxes and labels.
        missing: What cannot be shown, and why.
    """

    kind: str = ""
    address: str = ""
    name: str = ""
    still: str = ""
    frames: tuple[str, ...] = ()
    envelope: np.ndarray | None = None
    faces: Mapping[str, str] = {}
    is_marked: bool = False
    missing: tuple[str, ...] = ()


def media_of(timeline: Timeline, folder: Path, *, redact: bool, video: Path | None) -> PageMedia:
    """Media of the page.

    Args:
        folder: Of the page.
        redact: No picture and no address of the analyzed file.
        video: An annotated video to play in place of the file, or an annotated picture to show.
    """
    path, medium = Path(timeline.medium.path), timeline.medium
    is_picture = not medium.duration_s and medium.width is not None
    if video is not None and is_picture:
        faces = {} if redact or not path.is_file() else _photo(timeline, path).faces
        return _photo(timeline, video)._replace(faces=faces, is_marked=True)
    if video is not None:
        found = PageMedia() if redact else _over_time(timeline, path)
        shown = {"kind": "video", "address": address_of(video, folder), "name": video.name, "still": ""}
        return found._replace(**shown, is_marked=True)
    if redact:
        return PageMedia()
    if is_picture:
        return _photo(timeline, path)
    found = _over_time(timeline, path)
    if not path.is_file() or _is_read(timeline):
        return found
    suffix = path.suffix.lower()
    if suffix in (_VIDEO if medium.width else _SOUND):
        kind = "video" if medium.width else "audio"
        return found._replace(kind=kind, address=address_of(path, folder), name=path.name)
    what = "write an annotated MP4 beside the page to watch it here" if medium.width else "convert it to .wav"
    if suffix in _ANIMATED:
        note = f"browsers show an animated {suffix} without a player, which cannot go to a time: {what}"
    else:
        note = f"browsers do not play {suffix or 'files without a suffix'}: {what}"
    return found._replace(missing=(*found.missing, note))


def _is_read(timeline: Timeline) -> bool:
    """Whether there are only words, such as subtitles without their video."""
    return timeline.medium.width is None and not timeline.medium.has_sound


def _photo(timeline: Timeline, path: Path) -> PageMedia:
    try:
        pixels = read_image(path)
    except MediaError as error:
        return PageMedia(missing=(f"the picture cannot be shown: {error}",))
    scale = min(_LONGEST / max(pixels.shape[:2]), 1.0)
    height, width = (max(round(side * scale), 1) for side in pixels.shape[:2])
    still = as_jpeg(resize(pixels, height, width)) if scale < 1 else as_jpeg(pixels)
    faces = {person: as_jpeg(_face(pixels, box)) for person, box in _best_boxes(timeline).items()}
    return PageMedia("picture", name=path.name, still=still, faces=faces)


def _over_time(timeline: Timeline, path: Path) -> PageMedia:
    medium = timeline.medium
    if not path.exists() and not _is_read(timeline):
        return PageMedia(missing=(f"{path.name} cannot be shown: the file does not exist",))
    if _is_read(timeline):
        return PageMedia()
    span = (0.0, medium.duration_s)
    if medium.width is None:
        try:
            return PageMedia(envelope=sound_envelope(path, span)[0])
        except NoSound:
            return PageMedia()
        except MediaError as error:
            return PageMedia(missing=(f"its sound cannot be shown: {error}",))
    best = _best_boxes(timeline)
    still_s = next(iter(best.values())).time_s if best else medium.duration_s / 2
    rate_hz = medium.frame_rate_hz if path.is_dir() else None
    shown = clip_media(
        path,
        path if medium.has_sound else None,
        span,
        rate_hz=rate_hz,
        count=_FRAMES,
        rows=_ROWS,
        still_s=still_s,
    )
    faces: dict[str, str] = {}
    if best:
        try:
            opened = open_video(path, rate_hz=rate_hz)
            for person, box in best.items():
                number = int(np.searchsorted(opened.times_s, box.time_s + 1e-3, side="right")) - 1
                faces[person] = as_jpeg(_face(opened.read([max(number, 0)])[0], box))
        except MediaError:
            pass  # `clip_media` states that frames cannot be shown
    return PageMedia(
        still=shown.still,
        frames=shown.frames,
        envelope=shown.envelope,
        faces=faces,
        missing=shown.missing,
    )


def _best_boxes(timeline: Timeline) -> dict[str, Box]:
    """A box of each of the first persons that have one."""
    found: dict[str, Box] = {}
    for person in timeline.persons:
        tracks: Sequence[Track] = [it for it in timeline.tracks if it.person == person.id]
        box = best_box(tracks)
        if box is not None and len(found) < FACES:
            found[person.id] = box
    return found


def _face(pixels: np.ndarray, box: Box) -> np.ndarray:
    """A square around a box, as large as it is shown; parts beyond the picture are left out."""
    height, width = pixels.shape[:2]
    x, y = width * (box.left + box.right) / 2, height * (box.top + box.bottom) / 2
    sides = (width * (box.right - box.left), height * (box.bottom - box.top))
    half = max(max(sides) * (0.5 + _AROUND), 4)
    left, right = int(max(x - half, 0)), int(min(x + half, width)) + 1
    top, bottom = int(max(y - half, 0)), int(min(y + half, height)) + 1
    part = Image.fromarray(np.ascontiguousarray(pixels[top:bottom, left:right]))
    part.thumbnail((_FACE, _FACE))
    return np.asarray(part)
