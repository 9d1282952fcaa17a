"""Clips, films, sounds and lines to samples of a network that takes any subset of words, sound and picture.

Words of a clip are those that are stated, else those of a transcript, else those of subtitles beside it.
Where they have times, each line is an answer of its own with its part of sound and picture; else they are the
words of the whole clip. A clip without words is answered by its sound and picture, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from affekt.core.errors import MediaError, UsageError
from affekt.core.sample import Sample, Skipped
from affekt.deploy.runtime.conversations import file_samples, film_samples, subtitles_of
from affekt.media import sound, text, video
from affekt.media.files import has_suffix

SUFFIXES = {
    "text": text.SUFFIXES,
    "audio": (*sound.SUFFIXES, *video.SUFFIXES),
    "video": video.SUFFIXES,
}


class StatedWords(NamedTuple):
    """The words of a clip, where the caller states them.

    Attributes:
        text: The words.
        transcript: A file of lines: subtitles, a table, or plain text.
    """

    text: str = ""
    transcript: Path | None = None


NO_WORDS = StatedWords()


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
    """Files without the subtitles of videos that are among them, which are read with their video."""
    read = {subtitles_of(file) for file in files if has_suffix(file, video.SUFFIXES)}
    return [file for file in files if file not in read]


def scene_samples(
    path: Path, modality: str, *, keep: int, encoding: str | None = None, words: StatedWords = NO_WORDS
) -> Iterator[Sample | Skipped]:
    """The samples of one file: the lines of a conversation or a film, or one clip or sound.

    Args:
        modality: Of the network, such as `text+audio+video`.
        keep: Number of earlier turns that preprocessing reads.
        words: Of a clip or sound.
    """
    kinds = modality.split("+")
    if "text" in kinds and has_suffix(path, text.SUFFIXES):
        yield from file_samples(path, keep=keep, encoding=encoding)
        return
    try:
        media = _media_of(path, kinds)
    except MediaError as error:
        yield Skipped(str(path), str(error))
        return
    yield from _worded(Sample(str(path), media), kinds, path, keep=keep, encoding=encoding, words=words)


def apart_samples(
    files: Mapping[str, Path], modality: str, *, keep: int, encoding: str | None, words: StatedWords
) -> Iterator[Sample | Skipped]:
    """The samples of sound and picture that lie in files of their own.

    Args:
        files: By modality, `audio` and `video`.
        modality: Of the network.
        keep, words: As in `scene_samples`.

    Raises:
        UsageError: The network does not read what is given, or a file does not exist.
    """
    kinds = modality.split("+")
    for kind, file in files.items():
        if kind not in kinds:
            raise UsageError(f"--{kind} {file}: this bundle reads {' and '.join(kinds)}, not {kind}")
        if not file.is_file():
            raise UsageError(f"--{kind} {file} does not exist, or is no file")
    scene = Sample("+".join(map(str, files.values())), dict(files))
    beside = files["video"] if "video" in files else files["audio"]
    return _worded(scene, kinds, beside, keep=keep, encoding=encoding, words=words)


def _worded(
    scene: Sample,
    kinds: Sequence[str],
    beside: Path,
    *,
    keep: int,
    encoding: str | None,
    words: StatedWords,
) -> Iterator[Sample | Skipped]:
    """A scene with its words, or its lines.

    Args:
        beside: The file beside which subtitles may lie.
    """
    facts: dict[str, Any] = {"path": scene.id}
    said, lines = words.text, words.transcript
    if "text" in kinds and not said:
        lines = lines or subtitles_of(beside)
        try:
            read = list(text.read_lines(lines, encoding=encoding)) if lines else []
        except MediaError as error:
            yield Skipped(str(lines), str(error))
            return
        if any(isinstance(one, text.Line) and one.span_s is not None for one in read):
            yield from film_samples(beside, lines, keep=keep, encoding=encoding, media=scene.media)
            return
        said = " ".join(one.text for one in read if isinstance(one, text.Line))
    if "text" in kinds and not said.strip():
        how = "its words are not known: give --text, --transcript FILE, or subtitles of its name beside it"
        facts["notes"] = (how,)
    media = {"text": said, **scene.media} if said.strip() else scene.media
    yield Sample(scene.id, media, facts=facts)


def _media_of(path: Path, kinds: Sequence[str]) -> dict[str, Any]:
    """Picture and sound of a file.

    Raises:
        MediaError: It cannot be read, or holds none of what the network reads.
    """
    if has_suffix(path, sound.SUFFIXES) and not has_suffix(path, video.SUFFIXES):
        if "audio" not in kinds:
            raise MediaError(f"{path} is sound, and the network reads {' and '.join(kinds)}")
        return {"audio": path}
    clip = video.open_video(path)
    found: dict[str, Any] = {"video": clip} if "video" in kinds else {}
    if "audio" in kinds and clip.sound_tracks:
        found["audio"] = path
    if not found:
        raise MediaError(f"{path} has no sound track, and the network reads no picture")
    return found
