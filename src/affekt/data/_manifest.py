"""Files of your own and what is said of them: by a manifest, or by the folders they lie in.

    DIR/happy/1.npz                         a folder a class; files may lie deeper, as in happy/monday/2.npz
        sad/sub-anna_3.npz                  a file name that starts with sub-NAME_ states the subject

    DIR/train/happy/1.npz                   parts first, then classes: where every folder names a part,
        val/sad/2.npz                       train; val, valid or validation; test

    DIR/manifest.csv (or manifest.parquet)  where it exists, folder names mean nothing
        path,label,subject,split,id         the last three may be left out, as columns or row by row
        walks/0001.npz,happy,anna,train,a-17

What a file holds is not looked at here.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, get_args

from affekt.core.errors import DataError, require
from affekt.core.labels import LabelSet
from affekt.core.sample import Split
from affekt.core.settings import suggest

MANIFESTS = ("manifest.csv", "manifest.parquet")
# What people call the folder of a part.
PART_FOLDERS: Mapping[str, Split] = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}

_SUBJECT = re.compile(r"sub-(?P<name>[^_]+)_")
_SPLITS = get_args(Split)
_SHOWN = 10  # of many problems of one kind


class Line(NamedTuple):
    """One file, and what is said of it."""

    id: str
    path: Path
    label: str | None
    subject: str | None
    split: Split | None


def find_manifest(root: Path) -> Path | None:
    """The manifest of a folder, if it has one."""
    return next((root / name for name in MANIFESTS if (root / name).is_file()), None)


def read_manifest(manifest: Path) -> list[Line]:
    """Every row of a manifest; paths are relative to its folder.

    Raises:
        DataError: It cannot be read, lacks a column or lists nothing, a path is empty or leads out of the
            folder, or a split is none.
    """
    rows: Iterable[Mapping[str, Any]]
    rows = _parquet_rows(manifest) if manifest.suffix == ".parquet" else csv_rows(manifest, ("path", "label"))
    lines = _check_rows(manifest, rows)
    if not lines:
        raise DataError(f"{manifest} lists no file")
    return lines


def walk_parts(root: Path) -> Iterator[Line]:
    """Files in class folders, below folders of parts where every first folder names one."""
    parts = part_folders(root)
    if not parts or any(folder not in parts for folder in visible_folders(root)):
        yield from walk_classes(root, root)
        return
    for folder, split in parts.items():
        yield from walk_classes(root, folder, split)


def walk_classes(root: Path, folder: Path, split: Split | None = None) -> Iterator[Line]:
    """Files below a folder that has a folder for each class; ids are paths as seen from `root`."""
    for home in visible_folders(folder):
        for path in sorted(home.rglob("*")):
            name = path.relative_to(root)
            if path.is_file() and not any(part.startswith(".") for part in name.parts):  # .git, .DS_Store
                stated = _SUBJECT.match(path.name)
                yield Line(name.as_posix(), path, home.name, stated["name"] if stated else None, split)


def part_folders(root: Path) -> dict[Path, Split]:
    """Folders of a folder that are named for a part, whatever else lies beside them."""
    return {
        folder: PART_FOLDERS[folder.name.lower()]
        for folder in visible_folders(root)
        if folder.name.lower() in PART_FOLDERS
    }


def visible_folders(folder: Path) -> list[Path]:
    """Folders in a folder, sorted, without hidden ones."""
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder")
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def make_label_set(root: Path, lines: Iterable[Line], chosen: tuple[str, ...]) -> LabelSet:
    """The labels chosen, or those found, sorted.

    Raises:
        DataError: A label is not among those chosen, or there are fewer than two.
    """
    found = sorted({line.label for line in lines if line.label is not None})
    unknown = [name for name in found if chosen and name not in chosen]
    if unknown:
        raise DataError(
            f"{root}: labels {', '.join(unknown)} are not among options.labels ({', '.join(chosen)})"
        )
    if len(chosen or found) < 2:
        raise DataError(f"{root}: at least two classes are needed, found {', '.join(found) or 'no label'}")
    return LabelSet.of(*(chosen or found))


def check_label_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names that an option gives, if they can make a set; for validators.

    Raises:
        ValueError: There is one alone, or one is repeated.
    """
    if names and (len(names) < 2 or len(set(names)) < len(names)):
        raise ValueError("at least two names are needed, each once")
    return names


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
            reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
            _check_columns(path, reader.fieldnames, columns)
            yield from reader
    except (csv.Error, OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None


def text_of(row: Mapping[str, Any], column: str) -> str | None:
    """A cell without surrounding space; None where it is empty."""
    value = row.get(column)
    return (str(value).strip() or None) if value is not None else None


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
    _check_columns(path, table.column_names, ("path", "label"))
    return table.to_pylist()


def _check_columns(path: Path, found: Sequence[str], wanted: Sequence[str]) -> None:
    missing = [name for name in wanted if name not in found]
    if missing:
        raise DataError(
            f"{path} lacks the column {' and '.join(missing)}; "
            f"found {', '.join(map(str, found)) or 'no columns'}"
        )


def _check_rows(manifest: Path, rows: Iterable[Mapping[str, Any]]) -> list[Line]:
    root = manifest.parent
    lines: list[Line] = []
    problems: list[str] = []
    for number, row in enumerate(rows, start=2):
        name, split = text_of(row, "path"), text_of(row, "split")
        if name is None:
            problems.append(f"line {number}: the path is empty")
        elif "\\" in name:
            problems.append(f"line {number}: {name!r} needs / between folders, on every system")
        elif leads_out(name):
            problems.append(f"line {number}: {name!r} leads out of {root}")
        elif split is not None and split not in _SPLITS:
            problems.append(f"line {number}: no part is called {split!r}; {suggest(split, list(_SPLITS))}")
        else:
            stated: Split | None = split  # type: ignore[assignment]
            label, subject = text_of(row, "label"), text_of(row, "subject")
            lines.append(Line(text_of(row, "id") or name, root / name, label, subject, stated))
    refuse(manifest, problems)
    return lines
