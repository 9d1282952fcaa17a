"""A user's own lines: files of parts, columns under other names, and the final labels.

    DIR/train.csv                       a file for each part, in any usual spelling of the parts
        val.csv
        test.csv

    DIR/anything.jsonl                  a single file; the root may be the file itself

Suffixes are .csv, .tsv and .jsonl (`affekt.data.layouts.text_tables`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from affekt.core.errors import DataError, UsageError
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample, Skipped, Split
from affekt.core.settings import suggest
from affekt.core.wording import counted
from affekt.data.layouts.annotated_file import AnnotatedFile
from affekt.data.layouts.label_names import FolderOptions, resolve_labels
from affekt.data.layouts.split_names import NamedSplit, option_for, splits_of
from affekt.data.layouts.tables import raise_problems, stated_text, text_of
from affekt.data.layouts.text_tables import SUFFIXES, Row, read_text_table
from affekt.data.text.turns import words_of
from affekt.media.files import has_suffix, suffix_list

_SIGNS = re.compile(r"[|;,/+]")  # between several labels in one cell


class LineOptions(FolderOptions):
    """How files of lines are read; further attributes are those of `FolderOptions`.

    Attributes:
        columns: The files' names of columns, by their names here, as in {text = "Utterance"}.
        encoding: Of the files, such as gb18030; found from their bytes if not given.
    """

    columns: Mapping[str, str] = {}
    encoding: str | None = None


class Line(NamedTuple):
    """A row by the names of columns here.

    Attributes:
        where: File and line.
        part: Name of the file where there are several, else empty.
        split: As the row states it, or else the name of the file.
    """

    where: str
    part: str
    split: Split | None
    cells: Mapping[str, Any]

    def text(self, column: str) -> str | None:
        """A cell without surrounding space; None where it is empty or absent."""
        return text_of(self.cells, column)

    def stated(self, column: str) -> str | None:
        """The same; None for a word such as `nan`, too."""
        return stated_text(self.cells, column)


@dataclass
class OwnLines:
    """All lines of the files of a folder, and what is reported of them."""

    root: Path
    lines: list[Line] = field(default_factory=list)
    columns: set[str] = field(default_factory=set)
    skipped: list[Skipped] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def read_own_lines(
    root: Path, options: LineOptions, *, required: Sequence[str], optional: Sequence[str]
) -> OwnLines:
    """Every row of the file or the files of a root.

    Args:
        required, optional: Columns by their names here.

    Raises:
        DataError: There is no file, files cannot be assigned to parts, one cannot be read or lacks a column,
            or states an unknown split.
        UsageError: The option `columns` has an unknown name.
    """
    known = (*required, *optional)
    strange = [name for name in options.columns if name not in known]
    if strange:
        raise UsageError(f"data.options.columns names {strange[0]!r}; {suggest(strange[0], list(known))}")
    found = OwnLines(root)
    files = _files(root, options, found)
    names = {name: options.columns.get(name, name) for name in known}
    for path, split in files:
        table = read_text_table(
            path,
            list(dict.fromkeys([*(names[name] for name in required), *options.columns.values()])),
            optional=[names[name] for name in optional],
            encoding=options.encoding,
            hint=f'options.columns states other names, as in {{{required[0]} = "Utterance"}}',
        )
        found.skipped += table.skipped
        found.problems += table.notes
        found.columns |= {name for name in known if names[name] in table.columns}
        part = path.stem if len(files) > 1 else ""
        found.lines += _lines(path, table.rows, names, options, found, part=part, split=split)
    return found


def _files(root: Path, options: LineOptions, found: OwnLines) -> list[tuple[Path, Split | None]]:
    """The files that are read, with the split that each name states.

    Raises:
        DataError: There is none, a name states no split beside others, or two state the same.
    """
    if root.is_file():
        if not has_suffix(root, SUFFIXES):
            raise DataError(f"{root} is not a file of lines ({suffix_list(SUFFIXES)})")
        paths = [root]
    else:
        visible = (path for path in sorted(root.iterdir()) if path.is_file() and path.name[0] != ".")
        paths = [path for path in visible if has_suffix(path, SUFFIXES)]
    if not paths:
        raise DataError(f"{root} contains no file of lines ({suffix_list(SUFFIXES)})")
    splits = splits_of({path.stem for path in paths}, options.splits)
    unnamed = [path.name for path in paths if path.stem not in splits]
    if unnamed and len(paths) > 1:
        raise DataError(
            f"{root} contains {counted(len(paths), 'file')}, and the name of {unnamed[0]} is not that of a "
            "part such as "
            "train, val or test: name one file as the folder of the data, rename it, or assign it with "
            f"options.splits, as in {option_for(Path(unnamed[0]).stem)}"
        )
    read: list[tuple[Path, Split | None]] = []
    for path in paths:
        split = splits.get(path.stem)
        if split == "ignore":
            found.skipped.append(Skipped(path.name, "options.splits ignores it", "ignored splits"))
            continue
        twin = next((other for other, taken in read if taken == split), None)
        if twin is not None:
            raise DataError(
                f"{twin.name} and {path.name} in {root} are both the {split} part: keep one of them"
            )
        read.append((path, split))
    return read


def _lines(
    path: Path,
    rows: Sequence[Row],
    names: Mapping[str, str],
    options: LineOptions,
    found: OwnLines,
    *,
    part: str,
    split: Split | None,
) -> Iterator[Line]:
    """Lines of a file.

    Raises:
        DataError: Splits are unknown, or differ from the name of the file.
    """
    words = {text for row in rows if (text := stated_text(row.cells, names["split"]))}
    splits: Mapping[str, NamedSplit] = splits_of(words, options.splits)
    problems: list[str] = []
    lines: list[Line] = []
    for row in rows:
        where = f"{path.name} line {row.line}"
        word = stated_text(row.cells, names["split"])
        meant = splits.get(word) if word else split
        if word and meant is None:
            known = suggest(word, ["train", "validation", "test"])
            problems.append(
                f"line {row.line}: unknown split {word!r}; {known} options.splits assigns other names, as in "
                f"{option_for(word)}"
            )
        elif meant == "ignore":
            found.skipped.append(Skipped(where, f"options.splits ignores {word}", "ignored splits"))
        elif split is not None and meant != split:
            problems.append(f"line {row.line}: it is of the {meant} part, its file of the {split} part")
        else:
            cells = {name: row.cells.get(theirs) for name, theirs in names.items()}
            lines.append(Line(where, part, meant, cells))
    raise_problems(path, problems)
    yield from lines


def words_in(line: Line) -> str | Skipped:
    """The words of a line in the form of `plain_words`, or why it has none."""
    value = line.cells.get("text")
    if value is not None and not isinstance(value, str | int | float):
        return Skipped(line.where, f"its text is {type(value).__name__}, not a string", "turns without words")
    return words_of(value) or Skipped(line.where, "it has no words", "turns without words")


def with_labels(
    own: OwnLines, samples: Sequence[Sample], options: LineOptions
) -> tuple[list[Sample], LabelSet]:
    """The same samples with their final labels, and the set of these.

    Raises:
        DataError: A label is not among those of the option, or there are fewer than two.
    """
    if not any(sample.label is not None for sample in samples) and "label" not in own.columns:
        name = options.columns.get("label", "label")
        found = ", ".join(sorted(own.columns)) or "none"
        raise DataError(
            f"{own.root}: no file has the column {name!r}; known columns are {found}: options.columns states "
            'another name, as in {label = "Emotion"}'
        )
    raise_problems(
        own.root,
        [
            f"{line.where}: its label is a {type(line.cells['label']).__name__}, not a string"
            for line in own.lines
            if isinstance(line.cells.get("label"), list | dict)
        ],
    )
    files = [AnnotatedFile(s.id, own.root, s.label, s.subject, s.split) for s in samples]
    labelled = resolve_labels(own.root, files, options)
    own.problems += labelled.problems
    own.errors += labelled.errors
    joined = [name for name in labelled.labels.names if _is_joined(name, labelled.labels.names)]
    if joined:
        own.problems.append(
            f"classes {', '.join(joined)} look like several labels in one cell, and are read as one class "
            "each: the data set texts reads several labels"
        )
    named = [replace(sample, label=file.label) for sample, file in zip(samples, labelled.files, strict=True)]
    return named, labelled.labels


def _is_joined(name: str, names: Sequence[str]) -> bool:
    """Whether a name consists of other names, as in `joy|sad`."""
    parts = [part.strip() for part in _SIGNS.split(name)]
    return len(parts) > 1 and all(part in names for part in parts)
