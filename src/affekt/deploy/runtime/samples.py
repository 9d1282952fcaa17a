"""Samples from the inputs of `predict`: files, folders, decoded media."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from affekt.core.errors import MediaError, UsageError
from affekt.core.files.regular import is_folder
from affekt.core.sample import Sample, Skipped
from affekt.deploy.runtime.clip_words import NO_WORDS, WordSources
from affekt.deploy.runtime.conversations import file_samples
from affekt.deploy.runtime.input_types import check_any_path, each_checked, modality_of, reads_words
from affekt.deploy.runtime.scene_files import reads_scenes, scene_suffixes, without_subtitles
from affekt.deploy.runtime.scenes import decoded_samples, scene_samples
from affekt.media import files as folder_files
from affekt.media import image, skeleton, sound, text, video
from affekt.media.video.animation import SUFFIXES as ANIMATED
from affekt.media.video.folder import is_folder_of_frames

_LONE_SURROGATES = re.compile(r"[\ud800-\udfff]")
_PROBE_S = 0.1  # of a sound track, decoded as a test of the track

# Suffixes of the files in a folder that belong to a modality. A file that is given by its own path is tried
# with any suffix.
_SUFFIXES = {
    "skeleton": skeleton.SUFFIXES,
    "image": image.SUFFIXES,
    "video": (*video.SUFFIXES, *ANIMATED),
    "video+audio": (*video.SUFFIXES, *ANIMATED),
    "audio": (*sound.SUFFIXES, *video.SUFFIXES),
    "text": text.SUFFIXES,
}


class StatedSkeleton(NamedTuple):
    """What the caller states about skeleton files that do not state it themselves.

    Attributes:
        joints: Joint order.
        up: Axis that points up: x, -x, y, -y, z or -z.
        rate_hz: Frames per second; also of folders of frames.
    """

    joints: tuple[str, ...] | None = None
    up: str | None = None
    rate_hz: float | None = None


NOTHING_STATED = StatedSkeleton()


class Surveyed(NamedTuple):
    """The files that paths stand for.

    Attributes:
        left_out: Files in folders that are not of the modality, or cannot be read.
        hidden: Number of hidden files and folders.
    """

    files: list[Path]
    left_out: list[Skipped]
    hidden: int


def as_samples(
    inputs: Iterable[Any],
    modality: str,
    *,
    skeletons: StatedSkeleton = NOTHING_STATED,
    earlier_turns: int = 0,
    encoding: str | None = None,
    words: WordSources = NO_WORDS,
) -> Iterator[Sample | Skipped]:
    """Each input as a sample; one that cannot be read, or is not an input, becomes `Skipped` with its reason.

    A folder stands for all files of the modality below it, in order of their names. Pictures and clips are
    not decoded here but one by one in preprocessing, so that a folder of any length fits into memory. A file
    of lines gives a sample for each line, linked to the turns before it, as it is read.

    Args:
        inputs: Each of a type that `input_types.checked_input` accepts.
        earlier_turns: Turns before a line that preprocessing reads.
        encoding: Of files of lines; found if not given.
        words: Where the words of clips come from. Samples hold theirs themselves.

    Raises:
        UsageError: The modality has no reader.
    """
    for name, given in each_checked(inputs, modality):
        if isinstance(given, Skipped):
            yield given
        elif isinstance(given, Sample):
            yield _with_sound(given) if modality == "video+audio" else _with_characters(given)
        elif isinstance(given, text.Text):
            yield _with_characters(Sample(id=name, media={"text": given.words}))
        elif not isinstance(given, Path):
            kind = modality_of(given) or modality
            if reads_scenes(modality):
                yield from decoded_samples(
                    name, kind, given, modality, keep=earlier_turns, encoding=encoding, words=words
                )
                continue
            sample = Sample(id=name, media={kind: given})
            yield _with_sound(sample) if modality == "video+audio" else sample
        else:
            # A file that is gone by now is skipped by its reader.
            for file in _listed([given], modality).files:
                if is_folder(file) and not _takes_frames(file, modality):
                    yield Skipped(
                        str(file),
                        f"{file} holds no {modality} file; known are {', '.join(_suffixes(modality))}",
                    )
                elif modality == "image":
                    yield Sample(id=str(file), media={"image": file}, facts={"path": str(file)})
                elif reads_scenes(modality):
                    yield from scene_samples(
                        file, modality, keep=earlier_turns, encoding=encoding, words=words
                    )
                elif reads_words(modality):
                    yield from file_samples(file, keep=earlier_turns, encoding=encoding)
                elif modality == "skeleton":
                    yield from _walks(file, skeletons)
                else:
                    yield _clip(file, modality, skeletons.rate_hz)


def find_files(paths: Sequence[str | os.PathLike[str]], modality: str) -> list[Path]:
    """The files that paths stand for; a folder without any of the modality stands for itself.

    Raises:
        UsageError: No path can be used, or the modality has no reader.
    """
    return survey(paths, modality).files


def survey(paths: Sequence[str | os.PathLike[str]], modality: str) -> Surveyed:
    """The files that paths stand for, and the other files of folders.

    A path that does not exist stands for itself: it is skipped where the others are answered.

    Raises:
        UsageError: No path can be used, or the modality has no reader.
    """
    check_any_path(paths)
    return _listed(paths, modality)


def _listed(paths: Sequence[str | os.PathLike[str]], modality: str) -> Surveyed:
    suffixes = _suffixes(modality)
    files: list[Path] = []
    left_out: list[Skipped] = []
    hidden = 0
    for path in map(Path, paths):
        if is_folder(path):
            found = folder_files.walk(path)
            clips, rest = _folders_of_frames(path, found.files, modality)
            known = [file for file in rest if folder_files.has_suffix(file, suffixes)]
            known = without_subtitles(known) if reads_scenes(modality) else known
            files += sorted([*clips, *known]) or [path]
            others = folder_files.other_kinds(path, rest, suffixes, f"{modality} file")
            left_out += [replace(item, id=str(path / item.id)) for item in (*found.left_out, *others)]
            hidden += found.hidden
        else:
            files.append(path)
    return Surveyed(files, left_out, hidden)


def _folders_of_frames(root: Path, files: Sequence[Path], modality: str) -> tuple[list[Path], list[Path]]:
    """Folders of frames, which are clips for a network that takes video; and the other files."""
    if "video" not in modality.split("+"):
        return [], list(files)
    held: dict[Path, list[Path]] = {}
    for file in files:
        held.setdefault(file.parent, []).append(file)
    clips = [folder for folder, inside in held.items() if is_folder_of_frames(folder, inside)]
    # Files below such a folder belong to it: it is one clip, also when it is given by its own path.
    clips = [folder for folder in clips if not any(other in folder.parents for other in clips)]
    return clips, [file for file in files if not any(folder in file.parents for folder in clips)]


def _takes_frames(folder: Path, modality: str) -> bool:
    return folder in _folders_of_frames(folder, folder_files.walk(folder).files, modality)[0]


def _clip(path: Path, modality: str, rate_hz: float | None) -> Sample | Skipped:
    """A clip; its video is indexed if the network uses it.

    Args:
        rate_hz: Frames per second of a folder of frames.
    """
    facts: dict[str, Any] = {"path": str(path)}
    if modality == "audio":
        return Sample(id=str(path), media={"audio": path}, facts=facts)
    try:
        clip = video.open_video(path, rate_hz=rate_hz)
    except MediaError as error:
        return Skipped(str(path), str(error))
    if rate_hz is None and path.is_dir():
        facts["notes"] = (video.UNSTATED_RATE,)
    media: dict[str, Any] = {"video": clip}
    if modality == "video+audio" and clip.sound_tracks:
        media["audio"] = path
    sample = Sample(id=str(path), media=media, facts=facts)
    return _with_sound(sample) if modality == "video+audio" else sample


def _with_sound(sample: Sample) -> Sample:
    """A sample for a network of video and audio: with a reference to its sound, if that can be decoded.

    Otherwise a note states that the answer is based on the picture alone: preprocessing gives silence to the
    network, and cannot tell the two cases apart.
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
            sound.read_sound(reference, start_s=start_s, stop_s=start_s + _PROBE_S)
        except MediaError as error:
            if not isinstance(error, sound.NoSound):
                lacking = f"its sound cannot be used ({error})"
        else:
            return sample if is_named else replace(sample, media={**sample.media, "audio": reference})
    media = {name: sample.media[name] for name in sample.media if name != "audio"}
    if isinstance(media["video"], str | Path) and not Path(media["video"]).is_dir():
        with suppress(MediaError):  # preprocessing raises it again
            media["video"] = video.open_video(media["video"])  # no further search for its sound
    notes = (*sample.facts.get("notes", ()), f"{lacking}: the answer is based on the picture alone")
    return replace(sample, media=media, facts={**sample.facts, "notes": notes})


def _with_characters(sample: Sample) -> Sample:
    """A sample whose words hold characters only, as those of files do: no half of a surrogate pair."""
    words = sample.media.get("text")
    if not isinstance(words, str) or words.isascii():
        return sample
    sound_words = _LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", words)
    if sound_words == words:
        return sample
    note = "half of a surrogate pair is no character: read as \N{REPLACEMENT CHARACTER}"
    notes = (*sample.facts.get("notes", ()), note)
    media, facts = {**sample.media, "text": sound_words}, {**sample.facts, "notes": notes}
    return replace(sample, media=media, facts=facts)


def _suffixes(modality: str) -> tuple[str, ...]:
    if reads_scenes(modality):
        return scene_suffixes(modality)
    if reads_words(modality):
        return _SUFFIXES["text"]
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
