"""Clips, films, sounds and lines to samples of a network that takes any subset of words, sound and picture.

Words of a clip are those that are stated, else those of a transcript, else those of subtitles beside it, else
those that are recognised in its sound. Where they have times, each line is an answer of its own with its part
of sound and picture; else they are the words of the whole clip. A clip without words is answered by its sound
and picture, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from affekt.core.errors import MediaError, UsageError
from affekt.core.sample import Sample, Skipped
from affekt.deploy.runtime.clip_words import NO_WORDS, WordSources, heard_in
from affekt.deploy.runtime.conversations import file_samples, linked, subtitles_of
from affekt.media import sound, text, video
from affekt.media.files import has_suffix


class _Clip(NamedTuple):
    """One clip before its words are known.

    Attributes:
        scene: With its sound and picture, as far as the network reads them.
        sound: A file or a decoded sound in which words may be heard; None if there is none.
        beside: The file beside which subtitles may lie; None for a clip in memory.
    """

    scene: Sample
    sound: Any
    beside: Path | None


def scene_samples(
    path: Path, modality: str, *, keep: int, encoding: str | None = None, words: WordSources = NO_WORDS
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
        clip = _clip_of(path, kinds)
    except MediaError as error:
        yield Skipped(str(path), str(error))
        return
    yield from _worded(clip, kinds, keep=keep, encoding=encoding, words=words)


def decoded_samples(
    name: str, kind: str, medium: Any, modality: str, *, keep: int, encoding: str | None, words: WordSources
) -> Iterator[Sample | Skipped]:
    """The samples of one decoded sound or video.

    Args:
        kind: Its modality, `audio` or `video`.
        modality, keep, words: As in `scene_samples`.
    """
    clip = _Clip(Sample(name, {kind: medium}), medium if kind == "audio" else None, None)
    return _worded(clip, modality.split("+"), keep=keep, encoding=encoding, words=words)


def check_apart(files: Mapping[str, Path], modality: str) -> None:
    """Refuse sound and picture in files of their own that the network does not read.

    Raises:
        UsageError: It does not read one of them, or a file does not exist.
    """
    kinds = modality.split("+")
    for kind, file in files.items():
        if kind not in kinds:
            raise UsageError(f"--{kind} {file}: this bundle reads {' and '.join(kinds)}, not {kind}")
        if not file.is_file():
            raise UsageError(f"--{kind} {file} does not exist, or is no file")


def apart_samples(
    files: Mapping[str, Path], modality: str, *, keep: int, encoding: str | None, words: WordSources
) -> Iterator[Sample | Skipped]:
    """The samples of sound and picture that lie in files of their own, which `check_apart` accepts.

    Args:
        files: By modality, `audio` and `video`.
        modality: Of the network.
        keep, words: As in `scene_samples`.
    """
    scene = Sample("+".join(map(str, files.values())), dict(files))
    first = files["video"] if "video" in files else files["audio"]
    clip = _Clip(scene, files.get("audio"), first)
    return _worded(clip, modality.split("+"), keep=keep, encoding=encoding, words=words)


def _worded(
    clip: _Clip, kinds: Sequence[str], *, keep: int, encoding: str | None, words: WordSources
) -> Iterator[Sample | Skipped]:
    """A clip with its words, or its lines."""
    scene, said = clip.scene, words.text
    facts: dict[str, Any] = {**scene.facts, **({"path": scene.id} if clip.beside else {})}
    if "text" in kinds and not said:
        file = words.transcript or (subtitles_of(clip.beside) if clip.beside else None)
        try:
            read = list(text.read_lines(file, encoding=encoding)) if file else []
        except MediaError as error:
            yield Skipped(str(file), str(error))
            return
        if any(isinstance(one, text.Line) and one.span_s is not None for one in read):
            yield from linked(read, str(file), keep=keep, media=scene.media)
            return
        said = " ".join(one.text for one in read if isinstance(one, text.Line))
    if "text" in kinds and not said.strip():
        heard = heard_in(clip.sound, words)
        if heard.lines and not heard.is_one_utterance(words):
            yield from linked(heard.noted_lines, scene.id, keep=keep, media=scene.media)
            return
        said, facts["notes"] = heard.words, (*facts.get("notes", ()), *heard.notes)
    media = {"text": said, **scene.media} if said.strip() else scene.media
    yield Sample(scene.id, media, facts=facts)


def _clip_of(path: Path, kinds: Sequence[str]) -> _Clip:
    """Picture and sound of a file.

    Raises:
        MediaError: It cannot be read, or holds none of what the network reads.
    """
    if has_suffix(path, sound.SUFFIXES) and not has_suffix(path, video.SUFFIXES):
        if "audio" not in kinds:
            raise MediaError(f"{path} is sound, and the network reads {' and '.join(kinds)}")
        return _Clip(Sample(str(path), {"audio": path}), path, path)
    clip = video.open_video(path)
    heard = path if clip.sound_tracks else None
    media: dict[str, Any] = {"video": clip} if "video" in kinds else {}
    if "audio" in kinds and heard:
        media["audio"] = heard
    if not media:
        raise MediaError(f"{path} has no sound track, and the network reads no picture")
    facts = {"notes": (video.UNSTATED_RATE,)} if path.is_dir() else {}
    return _Clip(Sample(str(path), media, facts=facts), heard, path)
