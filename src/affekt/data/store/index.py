"""Prepared stores: clips of a data set in the form that training reads fastest, and their index.

    STORE/prepared.json                 the index: data set, options, labels, settings, an entry per sample
        clips/happy_1-0f6cf0c3d2.mp4    frames of one clip, cut to its span
        clips/happy_1-0f6cf0c3d2.flac   its sound
        journal.jsonl                   only until it is finished: see `affekt.core.files.journal`

A store takes the place of the data set's own folder: `open_dataset` reads the index where there is one.
No code, no pickle, and no path that leads out of the store.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pydantic import Field, PositiveFloat

from affekt.core.errors import ConfigError, DataError
from affekt.core.files.fingerprint import fingerprint
from affekt.core.files.journal import SCHEMA, JournalEntry, JournalHeader, StoredFile
from affekt.core.files.whole import write_text
from affekt.core.labels import LabelSet
from affekt.core.sample import Annotation, Sample, Skipped, Split
from affekt.core.segment import Point, Segment
from affekt.core.settings import Settings, validate
from affekt.core.task import TaskDocument

INDEX, JOURNAL, CLIPS = "prepared.json", "journal.jsonl", "clips"


class PrepareSettings(Settings):
    """What is stored of a clip.

    Attributes:
        height: Rows of the stored frames; smaller ones stay as they are.
        frame_rate_hz: Frames per second; None keeps every frame at its own time.
        sound_rate_hz: Of the stored sound, which is mono.
        form: `video` stores H.264 with a key frame at short intervals, `jpeg` stores each frame by itself.
    """

    height: int = Field(default=240, ge=16, le=4320)
    frame_rate_hz: PositiveFloat | None = Field(default=None, le=1000)
    sound_rate_hz: int = Field(default=44100, ge=1000, le=655350)  # the range of FLAC
    form: Literal["video", "jpeg"] = "video"


class ClipEntry(JournalEntry[StoredFile]):
    """One sample of the store, or why it is not there.

    Attributes:
        texts: Words in the sample itself, by modality.
        segments, points: Annotated times in seconds from the start of what is stored, with labels.
    """

    label: str | None = None
    label_weights: dict[str, float] | None = None
    subject: str | None = None
    split: Split | None = None
    dialogue: str | None = None
    turn: int | None = None
    speaker: str | None = None
    facts: dict[str, Any] = Field(default_factory=dict)
    segments: tuple[tuple[float, float, str], ...] | None = None
    points: tuple[tuple[float, str], ...] = ()
    texts: dict[str, str] = Field(default_factory=dict)
    values: dict[str, float] | None = None
    annotations: dict[str, Annotation] = Field(default_factory=dict)


class ClipHeader(JournalHeader):
    """What all entries of a store share."""

    options: dict[str, Any]
    settings: PrepareSettings


class Index(Settings):
    """The content of `prepared.json`."""

    header: ClipHeader
    labels: LabelSet
    task: TaskDocument
    entries: tuple[ClipEntry, ...]
    skipped: tuple[tuple[str, str], ...] = ()


def is_prepared(root: Path) -> bool:
    """Whether a folder is a store, finished or not."""
    return (root / INDEX).is_file() or ((root / JOURNAL).is_file() and (root / CLIPS).is_dir())


def read_index(root: Path) -> Index:
    """The index of a finished store.

    Raises:
        DataError: Preparing was not finished, or the index is damaged or of another version.
    """
    path = root / INDEX
    if (root / JOURNAL).is_file():
        raise DataError(f"{root} is not finished: run `affekt data prepare` again, which continues it")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    found = values.get("header", {}) if isinstance(values, dict) else {}
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema != SCHEMA:
        raise DataError(f"{path} has schema {schema}, this affekt reads schema {SCHEMA}: prepare it again")
    index, problems = validate(Index, values)
    if index is None:
        raise DataError(f"{path} is damaged: {'; '.join(problems[:3])}")
    return index


def write_index(root: Path, index: Index) -> None:
    """Write the index, whole."""
    text = json.dumps(index.model_dump(mode="json", by_alias=True), indent=1, ensure_ascii=False)
    write_text(root / INDEX, text + "\n")


def samples_of(root: Path, index: Index) -> tuple[list[Sample], list[Skipped]]:
    """Samples that refer to the files of the store, and those that were skipped.

    Raises:
        DataError: A file is missing, has another size, or its path leads out of the store.
    """
    inside = root.resolve()
    samples: list[Sample] = []
    skipped = [Skipped(*item) for item in index.skipped]
    problems: list[str] = []
    for entry in index.entries:
        if entry.reason is not None:
            skipped.append(Skipped(entry.id, entry.reason))
            continue
        for file in entry.files.values():
            if problem := _problem_of(root, inside, file):
                problems.append(f"{entry.id}: {problem}")
        media: dict[str, Any] = {name: root / file.path for name, file in entry.files.items()}
        samples.append(
            Sample(
                entry.id,
                media | entry.texts,
                entry.label,
                entry.label_weights,
                entry.subject,
                entry.split,
                dialogue=entry.dialogue,
                turn=entry.turn,
                speaker=entry.speaker,
                facts=entry.facts,
                segments=None if entry.segments is None else tuple(Segment(*it) for it in entry.segments),
                points=tuple(Point(*it) for it in entry.points),
                values=entry.values,
                annotations=entry.annotations,
            )
        )
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise DataError(
            f"{root / INDEX} names files that cannot be used: {'; '.join(problems[:3])}{more}; "
            "`affekt data prepare` makes them again"
        )
    return samples, skipped


def check_header(root: Path, header: ClipHeader, dataset: str, options: Mapping[str, Any]) -> None:
    """Refuse a store of another data set, or of the same one with other options.

    Raises:
        DataError: It was prepared from another data set.
        ConfigError: It was prepared with other options.
    """
    if header.dataset != dataset:
        raise DataError(f"{root} was prepared from {header.dataset}, not from {dataset}")
    stored = header.options
    problems = [
        f"data.options.{key} = {options.get(key)!r}: the store was prepared with {stored.get(key)!r}"
        for key in sorted({*stored, *options})
        # An option that is newer than the store was off when it was prepared.
        if (stored[key] != options.get(key) if key in stored else options[key])
    ]
    if problems:
        raise ConfigError(f"data set {dataset} at {root}", problems)


def is_complete(root: Path, entry: ClipEntry) -> bool:
    """Whether the files of an entry exist, with their sizes."""
    inside = root.resolve()
    return all(_problem_of(root, inside, file) is None for file in entry.files.values())


def file_stem(sample_id: str) -> str:
    """A file name that every file system accepts and no other sample has.

    Example:
        >>> file_stem("happy/Höhe 1.mp4")
        'happy_H_he_1.mp4-a5bcd24144'
    """
    readable = re.sub(r"[^A-Za-z0-9._]+", "_", sample_id).strip("._")[:80] or "clip"
    return f"{readable}-{hashlib.sha256(sample_id.encode()).hexdigest()[:10]}"


def source_digest(sample: Sample) -> str:
    """SHA-256 of what preparing a sample depends on: its media as they are now, its span and frame rate.

    Of files it takes sizes and times, of decoded media their arrays.
    """
    media = {name: sample.media[name] for name in sample.media}
    return fingerprint(media, list(sample.span_s or ()), sample.facts.get("rate_hz"))


def _problem_of(root: Path, inside: Path, file: StoredFile) -> str | None:
    """Why a stored file cannot be used; None where it can."""
    pure = PurePosixPath(file.path)
    leads_out = pure.is_absolute() or ".." in pure.parts or "\\" in file.path or "\0" in file.path
    if leads_out or not (root / pure).resolve().is_relative_to(inside):
        return f"{file.path!r} leads out of the store"
    try:
        status = (root / pure).stat()
    except OSError as error:
        return f"{file.path} cannot be read ({error.strerror})"
    return None if status.st_size == file.bytes else f"{file.path} no longer has its {file.bytes} bytes"
