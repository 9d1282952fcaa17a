"""What a person points at, to samples: files, folders, decoded media."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from affekt.core.errors import MediaError, UsageError
from affekt.core.sample import Sample, Skipped
from affekt.deploy.runtime.sources import each_taken, kind_of
from affekt.media import files as folder_files
from affekt.media import image, skeleton, sound, video

_HEARD_S = 0.1  # of a sound track, to know that it can be decoded

# Files of a folder that belong to a modality; a file that is named itself is tried whatever it is called.
_SUFFIXES = {
    "skeleton": skeleton.SUFFIXES,
    "image": image.SUFFIXES,
    "video": video.SUFFIXES,
    "video+audio": video.SUFFIXES,
    "audio": (*sound.SUFFIXES, *video.SUFFIXES),
}


class StatedSkeleton(NamedTuple):
    """What the caller states about skeleton files that do not state it themselves.

    Attributes:
        joints: Joint order.
        up: Axis that points up: x, -x, y, -y, z or -z.
        rate_hz: Frames a second.
    """

    joints: tuple[str, ...] | None = None
    up: str | None = None
    rate_hz: float | None = None


NOTHING_STATED = StatedSkeleton()


class Surveyed(NamedTuple):
    """What paths stand for.

    Attributes:
        left_out: What lies in folders and is no file of the modality, or cannot be read.
        hidden: Number of hidden files and folders.
    """

    files: list[Path]
    left_out: list[Skipped]
    hidden: int


def as_samples(
    sources: Iterable[Any], modality: str, *, skeletons: StatedSkeleton = NOTHING_STATED
) -> Iterator[Sample | Skipped]:
    """Each input as a sample; what cannot be read, or is no input, becomes `Skipped` with its reason.

    A folder stands for all files of the modality below it, in order of their names. Pictures and clips are
    not decoded here but when their turn comes, so that a folder of any length fits into memory.

    Args:
        sources: What `sources.taken` takes.

    Raises:
        UsageError: The modality has no reader.
    """
    for name, source in each_taken(sources, modality):
        if isinstance(source, Skipped):
            yield source
        elif isinstance(source, Sample):
            yield _heard(source) if modality == "video+audio" else source
        elif not isinstance(source, Path):
            sample = Sample(id=name, media={kind_of(source) or modality: source})
            yield _heard(sample) if modality == "video+audio" else sample
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
                    yield from _walks(file, skeletons)
                else:
                    yield _clip(file, modality)


def find_files(paths: Sequence[str | os.PathLike[str]], modality: str) -> list[Path]:
    """The files that paths stand for; a folder without any of the modality stands for itself.

    Raises:
        UsageError: A path does not exist, or the modality has no reader.
    """
    return survey(paths, modality).files


def survey(paths: Sequence[str | os.PathLike[str]], modality: str) -> Surveyed:
    """The files that paths stand for, and what folders hold beside them.

    Raises:
        UsageError: A path does not exist, or the modality has no reader.
    """
    suffixes = _suffixes(modality)
    missing = [str(path) for path in paths if not Path(path).exists()]
    if missing:
        raise UsageError(f"{', '.join(missing)} does not exist")
    files: list[Path] = []
    left_out: list[Skipped] = []
    hidden = 0
    for path in map(Path, paths):
        if path.is_dir():
            found = folder_files.walk(path)
            files += [file for file in found.files if folder_files.has_suffix(file, suffixes)] or [path]
            others = folder_files.other_kinds(path, found.files, suffixes, f"{modality} file")
            left_out += [replace(item, id=str(path / item.id)) for item in (*found.left_out, *others)]
            hidden += found.hidden
        else:
            files.append(path)
    return Surveyed(files, left_out, hidden)


def _clip(path: Path, modality: str) -> Sample | Skipped:
    """A clip, indexed if it is looked at."""
    facts: dict[str, Any] = {"path": str(path)}
    if modality == "audio":
        return Sample(id=str(path), media={"audio": path}, facts=facts)
    try:
        clip = video.open_video(path)
    except MediaError as error:
        return Skipped(str(path), str(error))
    media: dict[str, Any] = {"video": clip}
    if modality == "video+audio" and clip.sound_tracks:
        media["audio"] = path
    sample = Sample(id=str(path), media=media, facts=facts)
    return _heard(sample) if modality == "video+audio" else sample


def _heard(sample: Sample) -> Sample:
    """A sample for a network that sees and hears, with its sound named; one that cannot be heard has none.

    The answer is then told what it stands on: preprocessing hears silence in either case.
    """
    if "video" not in sample.media:
        return sample
    is_named = "audio" in sample.media
    reference = sample.media["audio" if is_named else "video"]
    lacking = "no sound track"
    if isinstance(reference, sound.Waveform) or (
        isinstance(reference, str | Path) and not Path(reference).is_dir()
    ):
        start_s = float(sample.span_s[0]) if sample.span_s else 0.0
        try:
            sound.read_sound(reference, start_s=start_s, stop_s=start_s + _HEARD_S)
        except MediaError as error:
            if not isinstance(error, sound.NoSound):
                lacking = f"its sound cannot be used ({error})"
        else:
            return sample if is_named else replace(sample, media={**sample.media, "audio": reference})
    media = {name: sample.media[name] for name in sample.media if name != "audio"}
    if isinstance(media["video"], str | Path) and not Path(media["video"]).is_dir():
        with suppress(MediaError):  # it is told when its turn comes
            media["video"] = video.open_video(media["video"])  # which nobody asks for its sound again
    notes = (*sample.facts.get("notes", ()), f"{lacking}: the answer stands on the picture alone")
    return replace(sample, media=media, facts={**sample.facts, "notes": notes})


def _suffixes(modality: str) -> tuple[str, ...]:
    if modality not in _SUFFIXES:
        raise UsageError(f"inputs of modality {modality!r} cannot be read yet")
    return _SUFFIXES[modality]


def _walks(path: Path, stated: StatedSkeleton) -> Iterator[Sample | Skipped]:
    try:
        walks = skeleton.read_each_skeleton(path, **stated._asdict())
    except MediaError as error:
        yield Skipped(str(path), str(error))
        return
    for number, walk in enumerate(walks):
        name = f"{path}#{number}" if len(walks) > 1 else str(path)
        if isinstance(walk, MediaError):
            yield Skipped(name, str(walk))
        else:
            yield Sample(id=name, media={"skeleton": walk}, facts={"path": str(path)})
