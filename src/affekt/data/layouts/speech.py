"""What adapters of acted speech share: a table of recordings, and recordings whose names say everything.

    DIR/labels.csv                  file,split,class,SPEAKER and further columns, which become facts
        audio/03a01Fa.flac          audio/03a01Fa.flac,train,happiness,03,...

    DIR/wav/03a01Fa.wav             without a table: speaker, class and facts stand in the name

`split` may be empty; `label`, if there, is the number of the class. Recordings are called by their
file's name without suffix. Where a name says another class or speaker than the table, or lies in the folder
of another speaker, the corpus reports it. Sounds are not decoded here.
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
from affekt.data.layouts.clip_trees import media_of
from affekt.data.layouts.manifest import csv_rows, leads_out, refuse, stated_text, text_of
from affekt.data.layouts.pictures import emotion_names
from affekt.data.split_names import split_of
from affekt.media import sound, video
from affekt.media.files import has_suffix, other_kinds, walk

TABLE = "labels.csv"
SUFFIXES = tuple(dict.fromkeys((*sound.SUFFIXES, *video.SUFFIXES)))

_OF_SPEAKER = re.compile(r"(?:actor|speaker)[_ -]?(\d{1,2})", re.IGNORECASE)


@dataclass(frozen=True)
class Recording:
    """What the name of a file says; `modalities` are those that its container holds."""

    label: str
    subject: str
    facts: Mapping[str, str] = field(default_factory=dict)
    modalities: tuple[str, ...] = ("audio",)


class Speech(NamedTuple):
    """Samples that were found, what could not be used, and what a person should know."""

    samples: list[Sample]
    skipped: list[Skipped]
    problems: tuple[str, ...]


def read_table(
    table: Path, labels: LabelSet, *, speaker: str, recording_of: Callable[[str], Recording | str]
) -> Speech:
    """Samples of a table; a recording that does not exist is skipped.

    Args:
        speaker: The column that says who is heard, in two digits.
        recording_of: What a name without suffix says, or why it says nothing.

    Raises:
        DataError: The table cannot be read or lacks a column, or naming every wrong row.
    """
    samples: list[Sample] = []
    skipped: list[Skipped] = []
    problems: list[str] = []
    contradicting: list[str] = []
    rows: dict[str, int] = {}
    for number, row in enumerate(csv_rows(table, ("file", "split", "class", speaker)), start=2):
        cells = {key: text_of(row, key) for key in row if key is not None}
        cells["split"] = stated_text(row, "split")
        file, name = cells["file"] or "", PurePosixPath(cells["file"] or "").stem
        found = _problems_of(cells, labels, speaker)
        if None in row:
            found.append("more cells than columns")
        if name in rows:
            found.append(f"{name} stands in line {rows[name]} already")
        rows.setdefault(name, number)
        if found:
            problems.append(f"line {number}: {'; '.join(found)}")
            continue
        media = media_of(table.parent / file)
        if isinstance(media, str):
            skipped.append(Skipped(name, media))
            continue
        said = ("file", "split", "class", "label", speaker)
        label = emotion_names([cells["class"] or ""], labels)[cells["class"] or ""]
        subject = (cells[speaker] or "").zfill(2)  # spreadsheets drop the leading zero
        named = recording_of(name)
        if isinstance(named, Recording) and (named.label, named.subject) != (label, subject):
            contradicting.append(
                f"{name} ({label}, {subject} by the table; {named.label}, {named.subject} by its name)"
            )
        samples.append(
            Sample(
                name,
                media,
                label,
                subject=subject,
                split=split_of(cells["split"] or ""),
                facts={key: text for key, text in cells.items() if key not in said and text},
            )
        )
    refuse(table, problems)
    reports = _report(contradicting, "whose table and name contradict each other", "the table is used")
    return Speech(samples, skipped, reports)


def _problems_of(cells: Mapping[str, str | None], labels: LabelSet, speaker: str) -> list[str]:
    """What is wrong with the cells of a row."""
    file, split, name, who = (cells[key] for key in ("file", "split", "class", speaker))
    problems: list[str] = []
    if file is None:
        problems.append("the file is empty")
    elif "\\" in file:
        problems.append(f"{file!r} needs / between folders, on every system")
    elif leads_out(file):
        problems.append(f"{file!r} leads out of the folder")
    if split is not None and split_of(split) is None:
        problems.append(f"no part is called {split!r}; {suggest(split, ['train', 'validation', 'test'])}")
    label = emotion_names([name or ""], labels).get(name or "")
    number = cells.get("label")
    if label is None:
        problems.append(f"class {name!r} is none; known: {', '.join(labels.names)}")
    elif number is not None and number != str(labels.index(label)):
        problems.append(f"label {number} is not the number of {label}, {labels.index(label)}")
    if who is None or not who.isdecimal():
        problems.append(f"{speaker} {who!r} is no number")
    return problems


def read_names(root: Path, files: Iterable[Path], recording_of: Callable[[str], Recording | str]) -> Speech:
    """Samples of files whose names say what they are; of copies under one name the first is read.

    Args:
        recording_of: What a name without suffix says, or why it cannot be used.
    """
    samples: dict[str, Sample] = {}
    skipped: list[Skipped] = []
    elsewhere: list[str] = []
    for path in files:
        name, shown = path.stem, path.relative_to(root).as_posix()
        said = recording_of(name)
        if isinstance(said, str):
            skipped.append(Skipped(shown, said))
        elif name in samples:
            first = next(iter(samples[name].media.values()))
            same = path.stat().st_size == first.stat().st_size
            what = "has the name" if same else "has another size, but the name"
            kind = "second copies" if same else "other files under a name that is taken"
            skipped.append(Skipped(shown, f"{path} {what} of {first}, which is read", kind))
        else:
            homes = {home[1].zfill(2) for part in path.parts[:-1] if (home := _OF_SPEAKER.fullmatch(part))}
            if homes and said.subject not in homes:
                elsewhere.append(f"{shown} ({said.subject})")
            media = {modality: path for modality in said.modalities}
            samples[name] = Sample(name, media, said.label, subject=said.subject, facts=said.facts)
    reports = _report(elsewhere, "in a folder of another speaker than their name says", "the name is used")
    return Speech(list(samples.values()), skipped, reports)


def recordings_below(root: Path, folder: str = "") -> tuple[list[Path], list[Skipped]]:
    """Sound and video files below a folder of `root`, sorted, and what else lies there."""
    found = walk(root / folder)
    left_out = [replace(item, id=(Path(folder) / item.id).as_posix()) for item in found.left_out]
    others = other_kinds(root, found.files, SUFFIXES, "recording")
    return [path for path in found.files if has_suffix(path, SUFFIXES)], [*left_out, *others]


def _report(items: Sequence[str], what: str, then: str) -> tuple[str, ...]:
    count = f"{len(items)} recording{'s' if len(items) > 1 else ''}"
    return (f"{count} {what}, such as {items[0]}: {then}",) if items else ()
