"""What a person points at, to samples: files, folders, decoded media."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from affekt.core.errors import MediaError, UsageError
from affekt.core.sample import Sample, Skipped
from affekt.media import image, skeleton, sound, video

Source = str | os.PathLike[str] | Sample | skeleton.Skeleton | np.ndarray

# Files of a folder that belong to a modality; a file that is named itself is tried whatever it is called.
_SUFFIXES = {
    "skeleton": skeleton.SUFFIXES,
    "image": image.SUFFIXES,
    "video": video.SUFFIXES,
    "video+audio": video.SUFFIXES,
    "audio": (*sound.SUFFIXES, *video.SUFFIXES),
}


def as_samples(
    sources: Iterable[Source], modality: str, *, joints: tuple[str, ...] | None = None
) -> Iterator[Sample | Skipped]:
    """Each input as a sample; what cannot be read becomes `Skipped` with its reason.

    A folder stands for all files of the modality below it, in order of their names. Pictures are not decoded
    here but when their turn comes, so that a folder of any length fits into memory.

    Raises:
        UsageError: A path does not exist, or the modality has no reader.
    """
    for number, source in enumerate(sources):
        if isinstance(source, Sample):
            yield source
        elif isinstance(source, skeleton.Skeleton | np.ndarray):
            decoded = "image" if isinstance(source, np.ndarray) else "skeleton"
            yield Sample(id=f"input-{number}", media={decoded: source})
        else:
            for file in find_files([source], modality):
                if file.is_dir():
                    yield Skipped(
                        str(file),
                        f"{file} holds no {modality} file; known are {', '.join(_suffixes(modality))}",
                    )
                elif modality == "image":
                    yield Sample(id=str(file), media={"image": file}, facts={"path": str(file)})
                elif modality == "skeleton":
                    yield from _walks(file, joints)
                else:
                    yield _clip(file, modality.split("+"))


def notes_of(sample: Sample) -> tuple[str, ...]:
    """What an answer to a sample had to put up with, once it was read."""
    clip = sample.media.get("video")
    return (*sample.facts.get("notes", ()), *(clip.notes if isinstance(clip, video.Video) else ()))


def find_files(paths: Sequence[str | os.PathLike[str]], modality: str) -> list[Path]:
    """The files that paths stand for; a folder without any of the modality stands for itself.

    Raises:
        UsageError: A path does not exist, or the modality has no reader.
    """
    suffixes = _suffixes(modality)
    missing = [str(path) for path in paths if not Path(path).exists()]
    if missing:
        raise UsageError(f"{', '.join(missing)} does not exist")
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = (file for file in sorted(path.rglob("*")) if file.suffix.lower() in suffixes)
            found += [file for file in inside if file.is_file()] or [path]
        else:
            found.append(path)
    return found


def _clip(path: Path, modalities: Sequence[str]) -> Sample | Skipped:
    """A clip with the tracks it has; what it lacks is noted, unless there is nothing to answer on."""
    facts: dict[str, Any] = {"path": str(path)}
    if "video" not in modalities:
        return Sample(id=str(path), media={"audio": path}, facts=facts)
    try:
        clip = video.open_video(path)
    except MediaError as error:
        return Skipped(str(path), str(error))
    media: dict[str, Any] = {"video": clip}
    if "audio" in modalities and clip.sound_tracks:
        media["audio"] = path
    elif "audio" in modalities:
        facts["notes"] = ("no sound track: the answer stands on the picture alone",)
    return Sample(id=str(path), media=media, facts=facts)


def _suffixes(modality: str) -> tuple[str, ...]:
    if modality not in _SUFFIXES:
        raise UsageError(f"inputs of modality {modality!r} cannot be read yet")
    return _SUFFIXES[modality]


def _walks(path: Path, joints: tuple[str, ...] | None) -> Iterator[Sample | Skipped]:
    try:
        walks = skeleton.read_each_skeleton(path, joints=joints)
    except MediaError as error:
        yield Skipped(str(path), str(error))
        return
    for number, walk in enumerate(walks):
        name = f"{path}#{number}" if len(walks) > 1 else str(path)
        if isinstance(walk, MediaError):
            yield Skipped(name, str(walk))
        else:
            yield Sample(id=name, media={"skeleton": walk}, facts={"path": str(path)})
