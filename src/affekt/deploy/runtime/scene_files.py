"""Files for a network that takes any subset of words, sound and picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from affekt.deploy.runtime.conversations import is_result, subtitles_of
from affekt.media import sound, text, video
from affekt.media.files import has_suffix
from affekt.media.video.animation import SUFFIXES as ANIMATED

SUFFIXES = {
    "text": text.SUFFIXES,
    "audio": (*sound.SUFFIXES, *video.SUFFIXES),
    "video": (*video.SUFFIXES, *ANIMATED),
}


def reads_scenes(modality: str) -> bool:
    """Whether a network takes any subset of several modalities, as far as their names tell.

    `video+audio` is that of networks that need the picture.
    """
    kinds = modality.split("+")
    return len(kinds) > 1 and ("text" in kinds or modality == "audio+video")


def scene_suffixes(modality: str) -> tuple[str, ...]:
    """Suffixes of the files that hold one of the modalities."""
    found = [suffix for kind in modality.split("+") for suffix in SUFFIXES.get(kind, ())]
    return tuple(dict.fromkeys(found))


def without_subtitles(files: Sequence[Path]) -> list[Path]:
    """Files without subtitles of videos that are among them, read with their video, and without results."""
    read = {subtitles_of(file) for file in files if has_suffix(file, video.SUFFIXES)}
    return [file for file in files if file not in read and not is_result(file)]
