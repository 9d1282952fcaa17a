"""Manifests: a table of files and their annotations; readers of tables that other data sets share.

    DIR/manifest.csv (or manifest.parquet)  where it exists, folder names mean nothing
        path,label,subject,split,id         the last three may be left out, as columns or row by row
        walks/0001.npz,happy,anna,train,a-17

Words such as `nan` are read as empty. A split may be spelled as in `affekt.data.split_names`. What a file
holds is not looked at here.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, get_args

from affekt.core.errors import DataError, require
from affekt.core.sample import Skipped, Split
from affekt.core.settings import suggest
from affekt.data.split_names import NamedSplit, option_for, split_of, splits_of

MANIFESTS = ("manifest.csv", "manifest.parquet")
COLUMNS = ("path", "label", "subject", "split", "id")
# What tables hold where nothing was stated, small letters.
ABSENT = frozenset({"", "nan", "null", "none", "n/a", "na", "#n/a", "<na>", "nil"})

_SHOWN = 10  # of many problems of one kind


class Line(NamedTuple):
    """One file, and what is said of it."""

    id: str
    path: Path
    label: str | None
    subject: str | None
    split: Split | None


def find_manifest(root: Path) -> Path | None:
    """The manifest of a folder, if it has one; its name may have capital letters.

    Raises:
        DataError: Names that differ by case alone lie side by side.
    """
    if not root.is_dir():
        return None
    found = sorted(path for path in root.iterdir() if path.name.casefold() in MANIFESTS and path.is_file())
    for name in MANIFESTS:
        same = [path for path in found if path.name.casefold() == name]
        exact = [path for path in same if path.name == name]
        if len(same) > 1 and not exact:
            raise DataError(f"{root} holds {' and '.join(path.name for path in same)}: keep one of them")
        if same:
            return (exact or same)[0]
    return None


class Listed(NamedTuple):
    """What a manifest says.

    Attributes:
        skipped: Rows of a split that an option leaves out.
        problems: What a person should know, a sentence each.
    """

    lines: list[Line]
    skipped: list[Skipped]
    problems: list[str]


def read_manifest(manifest: Path, *, stated: Mapping[str, NamedSplit] | None = None) -> Listed:
    """Every row of a manifest; paths are relative to its folder.

    Args:
        stated: Splits of words in the column `split`, by an option.

    Raises:
        DataError: It cannot be read, lacks a column or lists nothing, a path is empty or leads out of the
            folder, or a split is unknown.
    """
    rows: Iterable[Mapping[str, Any]]
    rows = (
        _parquet_rows(manifest)
        if manifest.suffix.lower() == ".parquet"
        else csv_rows(manifest, ("path", "label"))
    )
    listed = _check_rows(manifest, list(rows), stated or {})
    if not listed.lines:
        raise DataError(f"{manifest} lists no file{' of a split that is read' if listed.skipped else ''}")
    return listed


def csv_rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Rows of a CSV file one by one, keys without surrounding space.

    Args:
        columns: Those it must have.

    Raises:
        DataError: It cannot be read, or lacks a column.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:  # spreadsheets put a mark in front
            reader = csv.DictReader(stream, strict=True)
            reader.fieldnames = _known_columns([name.strip() for name in reader.fieldnames or ()], columns)
            _check_columns(path, reader.fieldnames, columns)
            yield from reader
    except (csv.Error, OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None


def text_of(row: Mapping[str, Any], column: str) -> str | None:
    """A cell without surrounding space; None where it is empty."""
    value = row.get(column)
    return (str(value).strip() or None) if value is not None else None


def stated_text(row: Mapping[str, Any], column: str) -> str | None:
    """A cell without surrounding space; None where it is empty or holds a word such as `nan`."""
    text = text_of(row, column)
    return None if text is None or is_absent(text) else text


def is_absent(text: str) -> bool:
    """Whether a word is what tables hold where nothing was stated, such as `nan`."""
    return text.strip().casefold() in ABSENT


def leads_out(name: str) -> bool:
    """Whether a path that a list states is no path below its folder."""
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or "\0" in name


def refuse(source: Path, problems: Sequence[str]) -> None:
    """Report all mistakes of a file at once, many of them cut short; nothing where there are none.

    Raises:
        DataError: There are problems.
    """
    if problems:
        more = [f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise DataError("\n  ".join([f"{source} has {count}", *problems[:_SHOWN], *more]))


def _parquet_rows(path: Path) -> list[dict[str, Any]]:
    parquet = require("pyarrow.parquet", extra="parquet", needed_by=str(path))
    try:
        table = parquet.read_table(path)
    except (OSError, ValueError) as error:  # pyarrow's own errors are of these kinds
        raise DataError(f"{path} cannot be read: {error}") from None
    names = _known_columns([str(name) for name in table.column_names], ("path", "label"))
    _check_columns(path, names, ("path", "label"))
    return table.rename_columns(names).to_pylist()


def _known_columns(found: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Names of columns, the wanted ones as they are spelled here: `Path` is `path` if there is no `path`."""
    spelled = {name.casefold(): name for name in (*COLUMNS, *wanted)}
    changed = [spelled.get(name.casefold(), name) if name not in wanted else name for name in found]
    return changed if len(set(changed)) == len(set(found)) else list(found)


def _check_columns(path: Path, found: Sequence[str], wanted: Sequence[str]) -> None:
    missing = [name for name in wanted if name not in found]
    if missing:
        raise DataError(
            f"{path} lacks the column {' and '.join(missing)}; "
            f"found {', '.join(map(str, found)) or 'no columns'}"
        )


def _check_rows(
    manifest: Path, rows: Sequence[Mapping[str, Any]], stated: Mapping[str, NamedSplit]
) -> Listed:
    root = manifest.parent
    listed = Listed([], [], [])
    problems: list[str] = []
    splits = splits_of({text for row in rows if (text := stated_text(row, "split"))}, stated)
    unknown: defaultdict[str, list[int]] = defaultdict(list)  # lines by the word that means no split
    for number, row in enumerate(rows, start=2):
        name, split = text_of(row, "path"), stated_text(row, "split")
        if name is None:
            problems.append(f"line {number}: the path is empty")
        elif "\\" in name:
            problems.append(f"line {number}: {name!r} needs / between folders, on every system")
        elif leads_out(name):
            problems.append(f"line {number}: {name!r} leads out of {root}")
        elif split is not None and split not in splits:
            unknown[split].append(number)
        else:
            meant = splits[split] if split is not None else None
            item = stated_text(row, "id") or name
            if meant == "ignore":
                listed.skipped.append(
                    Skipped(
                        item, f"{item} is of split {split}, which options.splits leaves out", "ignored splits"
                    )
                )
                continue
            label = text_of(row, "label")
            listed.lines.append(Line(item, root / name, label, stated_text(row, "subject"), meant))
    for split, numbers in unknown.items():
        more = (
            f" (and {len(numbers) - 1} more line{'s' if len(numbers) > 2 else ''})"
            if len(numbers) > 1
            else ""
        )
        problems.append(
            f"line {numbers[0]}{more}: no part is called {split!r}; {suggest(split, list(get_args(Split)))}; "
            f"options.splits states what others are, as in {option_for(split)}"
        )
    refuse(manifest, problems)
    listed.problems.extend(_contradictions(root, listed.lines))
    return listed


def _contradictions(root: Path, lines: Sequence[Line]) -> list[str]:
    """Rows whose path lies in a folder called by another label or split than the row states."""
    labels = {line.label.casefold() for line in lines if line.label and not is_absent(line.label)}
    of_label: list[str] = []
    of_split: list[str] = []
    for line in lines:
        folders = line.path.relative_to(root).parts[:-1]
        called = {part.casefold() for part in folders} & labels
        if line.label and called and line.label.casefold() not in called:
            of_label.append(f"{line.id} ({line.label})")
        meant = {split for part in folders if (split := split_of(part))}
        if line.split and meant and line.split not in meant:
            of_split.append(f"{line.id} ({line.split})")
    return [
        f"{len(found)} row{'s lie' if len(found) > 1 else ' lies'} in a folder called by another {what} than "
        f"the manifest states, such as {found[0]}: the manifest is used"
        for found, what in ((of_label, "label"), (of_split, "split"))
        if found
    ]
