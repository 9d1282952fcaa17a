"""Clip sets with published splits: lists, or a JSON file, next to folders of clips by class.

    DIR/classInd.txt        1 Anger
        trainlist01.txt     Anger/clip_a 1
        testlist01.txt      Anger/clip_b
        ve8_01.json         {"labels": ["Anger", ...], "database": {"clip_a": ...}}; each entry is
                            {"subset": "training", "annotations": {"label": "Anger"}}

The keys of the JSON file are names of clips without their class: if two classes have a clip of the same name,
the file contains only one of the two. Lists name both, so they take precedence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field, field_validator

from affekt.core.dataset import Corpus
from affekt.core.errors import DataError
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample, Skipped, Split
from affekt.core.settings import Settings
from affekt.data.layouts.clip_trees import ClipTree, find_tree, plain
from affekt.data.layouts.pictures import emotion_names, note_names
from affekt.data.layouts.tables import leaves_folder, raise_problems
from affekt.data.layouts.text_tables import read_text, split_lines

ALL_CLIPS = "none"  # as option `split`

_LISTED = re.compile(r"(?P<folder>[^/]+)/(?P<clip>.+?)")
_LISTED_WITH_NUMBER = re.compile(_LISTED.pattern + r"\s+(?P<number>\d{1,4})")
_CLASS_LINE = re.compile(r"(?P<number>\d{1,4})\s+(?P<name>\S.*)")
_LISTS: Mapping[str, Split] = {"train": "train", "test": "test"}
# Papers report what the file calls validation.
_SUBSETS: Mapping[str, Split] = {"training": "train", "validation": "test", "testing": "test"}


class PublishedSplit(Settings):
    """Which published split is read.

    Attributes:
        split: Its number, as in `trainlist01.txt` or `ve8_01.json`. "none" reads all clips without splits
            and ignores the lists.
        rate_hz: Frames per second of extracted frames, if known; needed to give times within a clip.
    """

    split: str = Field("01", pattern=rf"^(\d\d|{ALL_CLIPS})$")
    rate_hz: float | None = Field(None, gt=0, allow_inf_nan=False)

    @field_validator("split", mode="before")
    @classmethod
    def _spell_out(cls, value: Any) -> Any:
        return f"{value:02d}" if type(value) is int else value


class Row(NamedTuple):
    """One annotated clip; `bare` if its annotation names the clip without its class."""

    label: str
    clip: str
    split: Split | None
    bare: bool = False

    @property
    def id(self) -> str:
        """Class and clip: names of clips are not unique."""
        return f"{self.label}/{self.clip}"


def read_published(
    root: Path, labels: LabelSet, options: PublishedSplit, *, names: Sequence[str], example: str
) -> Corpus:
    """Read a set whose splits are published as lists or as JSON.

    Args:
        names: Names of the set, as in `find_tree`.
        example: Name of the JSON file of split 01, for messages.

    Raises:
        DataError: There are no clips, the split does not exist, or an annotation is wrong.
    """
    tree = find_tree(root, labels, names=names)
    lost: list[Skipped] = []
    if options.split == ALL_CLIPS:
        rows = [Row(label, clip, None) for label, clips in tree.video.items() for clip in clips]
    else:
        rows, lost = _read_split(tree, root, labels, options.split, names=names, example=example)
    samples: list[Sample] = []
    skipped = [*tree.skipped, *lost]
    for row in rows:
        media = tree.media(row.label, row.clip)
        if isinstance(media, str):
            skipped.append(Skipped(row.id, media))
            continue
        timed = options.rate_hz is not None and media["video"].is_dir()
        facts = {"rate_hz": options.rate_hz} if timed else {}
        samples.append(Sample(row.id, media, row.label, split=row.split, facts=facts))
    return Corpus(samples, labels, skipped)


def _read_split(
    tree: ClipTree, root: Path, labels: LabelSet, split: str, *, names: Sequence[str], example: str
) -> tuple[list[Row], list[Skipped]]:
    """Rows of a published split, and clips whose row its JSON file lost."""
    homes = list(dict.fromkeys((tree.home, root)))
    lists = [f"{part}list{split}.txt" for part in _LISTS]
    for home in homes:
        there = [name for name in lists if (home / name).is_file()]
        if len(there) == len(lists):
            return _read_lists(home, split, labels), []
        if there:
            raise DataError(f"{home} contains only {there[0]}; {' and '.join(lists)} are required")
    files = [path for home in homes for path in sorted(home.glob(f"*_{split}.json"))]
    ours = [path for path in files if plain(path.stem.rpartition("_")[0]) in names]
    if len(files) > 1 and len(ours) != 1:
        raise DataError(
            f"{', '.join(map(str, files))}: several annotation files; remove the others, or rename the right "
            f"one to {example}"
        )
    if not files:
        raise DataError(
            f"{tree.home} contains neither {' and '.join(lists)} nor {example.replace('01', split)}; "
            f"option split chooses another number, split = {ALL_CLIPS!r} reads all clips without splits"
        )
    return _correct_by_folders(tree, (ours or files)[0], _read_json((ours or files)[0], labels))


def _read_lists(home: Path, split: str, labels: LabelSet) -> list[Row]:
    """Rows of both lists.

    Lines of the test list usually have no class number. It is read as one only if every line ends with the
    right number, because the name of a clip may end with a number, too.

    Raises:
        DataError: Lines are wrong (all are listed).
    """
    problems: list[str] = []
    numbers = _class_numbers(home / "classInd.txt", labels, problems)
    rows: dict[tuple[str, str], Row] = {}
    for part, stated in _LISTS.items():
        source = f"{part}list{split}.txt"
        lines = [
            (count, line.strip()) for count, line in enumerate(_lines(home / source), start=1) if line.strip()
        ]
        numbered = part == "train" or all(_has_its_number(line, numbers, labels) for _, line in lines)
        form = _LISTED_WITH_NUMBER if numbered else _LISTED
        for count, line in lines:
            where = f"{source} line {count}: {line[:60]!r}"
            parts = form.fullmatch(line)
            label = _class_of(parts["folder"], labels) if parts else None
            if parts is None:
                problems.append(f"{where} is not like '{labels.names[0]}/clip_a{' 1' if numbered else ''}'")
            elif label is None:
                problems.append(
                    f"{where}: {parts['folder']} is not a class; known: {', '.join(labels.names)}"
                )
            elif numbered and numbers.get(int(parts["number"])) != label:
                problems.append(f"{where}: number {parts['number']} is not that of {label}")
            elif not _is_clip_name(parts["clip"]):
                problems.append(f"{where}: {parts['clip']!r} cannot be the name of a clip")
            elif (label, parts["clip"]) in rows:
                problems.append(f"{where} is listed twice")
            else:
                rows[label, parts["clip"]] = Row(label, parts["clip"], stated)
    raise_problems(home, problems)
    return list(rows.values())


def _class_numbers(path: Path, labels: LabelSet, problems: list[str]) -> dict[int, str]:
    """Class of each number, as the file states or, without the file, in the order of the labels."""
    if not path.is_file():
        return dict(enumerate(labels.names, start=1))
    found: dict[int, str] = {}
    for count, line in enumerate(_lines(path), start=1):
        stated = _CLASS_LINE.fullmatch(line.strip())
        label = _class_of(stated["name"], labels) if stated else None
        if stated and label:
            found[int(stated["number"])] = label
        elif line.strip():
            problems.append(
                f"{path.name} line {count}: {line.strip()[:60]!r} is not like '1 {labels.names[0]}'; "
                f"classes are {', '.join(labels.names)}"
            )
    return found


def _has_its_number(line: str, numbers: Mapping[int, str], labels: LabelSet) -> bool:
    parts = _LISTED_WITH_NUMBER.fullmatch(line)
    label = _class_of(parts["folder"], labels) if parts else None
    return bool(parts and label and numbers.get(int(parts["number"])) == label)


def _lines(path: Path) -> list[str]:
    return split_lines(read_text(path)[0])


def _class_of(word: str, labels: LabelSet) -> str | None:
    found = emotion_names([word], labels)
    note_names(found)
    return found.get(word)


def _is_clip_name(clip: str) -> bool:
    return not (leaves_folder(clip) or clip in ("", ".") or "/" in clip or "\\" in clip)


class _Object(dict[str, Any]):
    """A JSON object that keeps all values of a repeated key."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def _read_json(path: Path, labels: LabelSet) -> list[Row]:
    """Rows of an annotation file.

    Raises:
        DataError: The file cannot be read or has another structure, or entries are wrong (all are listed).
    """
    text, _ = read_text(path)
    try:
        content = json.loads(text, object_pairs_hook=_Object)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    database = content.get("database") if isinstance(content, _Object) else None
    if not isinstance(database, _Object):
        raise DataError(f"{path} contains no object database with an entry for each clip")
    problems: list[str] = []
    rows: dict[tuple[str, str], Row] = {}
    for key, entry in database.pairs:
        row = _read_entry(key, entry, labels)
        if isinstance(row, str):
            problems.append(f"{key[:60]!r}: {row}")
        elif (row.label, row.clip) in rows:
            problems.append(f"{key[:60]!r} is listed twice for {row.label}")
        else:
            rows[row.label, row.clip] = row
    raise_problems(path, problems)
    return list(rows.values())


def _read_entry(key: str, entry: Any, labels: LabelSet) -> Row | str:
    """The row of an entry, or what is wrong with it. A key may be CLIP or CLASS/CLIP."""
    stated = entry.get("annotations") if isinstance(entry, dict) else None
    word = stated.get("label") if isinstance(stated, dict) else None
    if not isinstance(word, str):
        return 'not like {"subset": "training", "annotations": {"label": ...}}'
    label = _class_of(word, labels)
    if label is None:
        return f"{word!r} is not a class; known: {', '.join(labels.names)}"
    subset = entry.get("subset")
    split = _SUBSETS.get(subset) if isinstance(subset, str) else None
    if split is None:
        return f"subset {subset!r} is not one of {', '.join(_SUBSETS)}"
    folder, slash, clip = key.rpartition("/")
    if slash and _class_of(folder, labels) != label:
        return f"the folder is not that of {label}"
    if not _is_clip_name(clip):
        return f"{clip!r} cannot be the name of a clip"
    return Row(label, clip, split, bare=not slash)


def _correct_by_folders(tree: ClipTree, source: Path, rows: list[Row]) -> tuple[list[Row], list[Skipped]]:
    """Correct, by the class folders, the labels of a file whose keys are clip names without class.

    A clip that exists only in one other class gets that class: the folder contains the clip itself, the file
    the label of the last row of that name. Of two clips with the same name, the one of the other class has
    no split: it is skipped.
    """
    stated = {(row.label, row.clip) for row in rows}
    kept: list[Row] = []
    lost: list[Skipped] = []
    for row in rows:
        others = [
            name
            for name, clips in tree.video.items()
            if row.bare and row.clip in clips and (name, row.clip) not in stated
        ]
        if row.clip in tree.video.get(row.label, {}):
            kept.append(row)
            lost += [
                Skipped(
                    f"{name}/{row.clip}",
                    f"{source} names clips without their class and states {row.label} for this name; it has "
                    f"no row for {name}, lists such as trainlist01.txt have both",
                )
                for name in others
            ]
        elif len(others) == 1:
            stated.add((others[0], row.clip))
            kept.append(row._replace(label=others[0]))
            lost.append(
                Skipped(
                    row.id,
                    f"{source} states {row.label}, but the clip is in {others[0]}: it is read as {others[0]}",
                )
            )
        else:
            kept.append(row)
    return kept, lost
