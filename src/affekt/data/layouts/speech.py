"""Readers that sets of acted speech share: a table of recordings, or annotations in file names.

    DIR/labels.csv                  file,split,class,SPEAKER and further columns, which become facts
        audio/03a01Fa.flac          audio/03a01Fa.flac,train,happiness,03,...

    DIR/wav/03a01Fa.wav             without a table: the name states speaker, class and facts

`split` may be empty; `label`, an optional column, is the number of the class. The id of a sample is its file
name without suffix. The corpus reports file names that contradict the table or the folder of a speaker.
Sounds are not decoded here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from affekt.core.labels import LabelSet
from affekt.core.sample import Sample, Skipped
from affekt.core.settings import suggest
from affekt.core.wording import counted
from affekt.data.layouts.clip_trees import media_of
from affekt.data.layouts.pictures import emotion_names, note_names
from affekt.data.layouts.split_names import split_of
from affekt.data.layouts.tables import csv_rows, leaves_folder, raise_problems, stated_text, text_of
from affekt.media import sound, video
from affekt.media.files import has_suffix, other_kinds, walk

TABLE = "labels.csv"
SUFFIXES = tuple(dict.fromkeys((*sound.SUFFIXES, *video.SUFFIXES)))

_OF_SPEAKER = re.compile(r"(?:actor|speaker)[_ -]?(\d{1,2})", re.IGNORECASE)


@dataclass(frozen=True)
class Recording:
    """The annotation in the name of a file; `modalities` are those of its container."""

    label: str
    subject: str
    facts: Mapping[str, str] = field(default_factory=dict)
    modalities: tuple[str, ...] = ("audio",)


class SpeechCorpus(NamedTuple):
    """Samples, files that cannot be used, and warnings for the user."""

    samples: list[Sample]
    skipped: list[Skipped]
    problems: tuple[str, ...]


def read_table(
    table: Path, labels: LabelSet, *, speaker: str, recording_of: Callable[[str], Recording | str]
) -> SpeechCorpus:
    """Samples of a table; a recording that does not exist is skipped.

    Args:
        speaker: The column with the number of the speaker.
        recording_of: The annotation in a name without suffix, or why there is none.

    Raises:
        DataError: The table cannot be read or lacks a column, or rows are wrong (all are listed).
    """
    samples: list[Sample] = []
    skipped: list[Skipped] = []
    problems: list[str] = []
    contradicting: list[str] = []
    rows: dict[str, int] = {}
    mapped: dict[str, str] = {}
    for number, row in csv_rows(table, ("file", "split", "class", speaker)):
        cells = {key: text_of(row, key) for key in row if key is not None}
        cells["split"] = stated_text(row, "split")
        file, name = cells["file"] or "", PurePosixPath(cells["file"] or "").stem
        found = _problems_of(cells, labels, speaker)
        if None in row:
            found.append("more cells than columns")
        if name in rows:
            found.append(f"{name} is already in line {rows[name]}")
        rows.setdefault(name, number)
        if found:
            problems.append(f"line {number}: {'; '.join(found)}")
            continue
        media = media_of(table.parent / file)
        if isinstance(media, str):
            skipped.append(Skipped(name, media))
            continue
        standard = ("file", "split", "class", "label", speaker)
        label = emotion_names([cells["class"] or ""], labels)[cells["class"] or ""]
        mapped[cells["class"] or ""] = label
        subject = (cells[speaker] or "").zfill(2)  # spreadsheets remove the leading zero
        named = recording_of(name)
        if isinstance(named, Recording) and (named.label, named.subject) != (label, subject):
            contradicting.append(f"{name} (table: {label}, {subject}; name: {named.label}, {named.subject})")
        samples.append(
            Sample(
                name,
                media,
                label,
                subject=subject,
                split=split_of(cells["split"] or ""),
                facts={key: text for key, text in cells.items() if key not in standard and text},
            )
        )
    raise_problems(table, problems)
    note_names(mapped)
    reports = _report(contradicting, "whose table and name contradict each other", "the table is used")
    return SpeechCorpus(samples, skipped, reports)


def _problems_of(cells: Mapping[str, str | None], labels: LabelSet, speaker: str) -> list[str]:
    """Problems of the cells of a row."""
    file, split, name, who = (cells[key] for key in ("file", "split", "class", speaker))
    problems: list[str] = []
    if file is None:
        problems.append("the file is empty")
    elif "\\" in file:
        problems.append(f"{file!r} must use / between folders, on every system")
    elif leaves_folder(file):
        problems.append(f"{file!r} points outside the folder")
    if split is not None and split_of(split) is None:
        problems.append(f"unknown split {split!r}; {suggest(split, ['train', 'validation', 'test'])}")
    label = emotion_names([name or ""], labels).get(name or "")
    number = cells.get("label")
    if label is None:
        problems.append(f"unknown class {name!r}; known: {', '.join(labels.names)}")
    elif number is not None and number != str(labels.index(label)):
        problems.append(f"label {number} is not the number of {label}, {labels.index(label)}")
    if who is None or not who.isdecimal():
        problems.append(f"{speaker} {who!r} is not a number")
    return problems


def read_names(
    root: Path, files: Iterable[Path], recording_of: Callable[[str], Recording | str]
) -> SpeechCorpus:
    """Samples of files whose names state their annotation; of several files with one name the first is read.

    Args:
        recording_of: The annotation in a name without suffix, or why it cannot be used.
    """
    samples: dict[str, Sample] = {}
    skipped: list[Skipped] = []
    elsewhere: list[str] = []
    for path in files:
        name, shown = path.stem, path.relative_to(root).as_posix()
        recording = recording_of(name)
        if isinstance(recording, str):
            skipped.append(Skipped(shown, recording))
        elif name in samples:
            first = next(iter(samples[name].media.values()))
            same = path.stat().st_size == first.stat().st_size
            what = "has the same name as" if same else "has another size, but the same name as"
            kind = "second copies" if same else "other files with the name of a file that was read"
            skipped.append(Skipped(shown, f"{path} {what} {first}, which is read instead", kind))
        else:
            folders = {
                match[1].zfill(2) for part in path.parts[:-1] if (match := _OF_SPEAKER.fullmatch(part))
            }
            if folders and recording.subject not in folders:
                elsewhere.append(f"{shown} ({recording.subject})")
            samples[name] = Sample(
                name,
                {modality: path for modality in recording.modalities},
                recording.label,
                subject=recording.subject,
                facts=recording.facts,
            )
    reports = _report(elsewhere, "in a folder of another speaker than their name states", "the name is used")
    return SpeechCorpus(list(samples.values()), skipped, reports)


def recordings_below(root: Path, folder: str = "") -> tuple[list[Path], list[Skipped]]:
    """Sound and video files below a folder of `root`, sorted, and the other items there."""
    found = walk(root / folder)
    left_out = [replace(item, id=(Path(folder) / item.id).as_posix()) for item in found.left_out]
    others = other_kinds(root, found.files, SUFFIXES, "recording")
    return [path for path in found.files if has_suffix(path, SUFFIXES)], [*left_out, *others]


def _report(items: Sequence[str], what: str, then: str) -> tuple[str, ...]:
    count = counted(len(items), "recording")
    return (f"{count} {what}, such as {items[0]}: {then}",) if items else ()
