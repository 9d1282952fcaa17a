"""Skeleton files of your own, in one of two layouts. Formats are those of `affekt.media.skeleton`.

    DIR/happy/walk1.npz                a folder a class; files may lie deeper, as in happy/monday/walk2.csv
        happy/sub-anna_walk3.json      a file name that starts with sub-NAME_ states the subject
        sad/walk4.npz

    DIR/manifest.csv (or manifest.parquet)      where it exists, folder names mean nothing
        path,label,subject,split,id             the last three may be left out, as columns or row by row
        walks/0001.npz,happy,anna,train,a-17

A file that holds several walks gives samples id#0, id#1, ... Subjects matter: without them, walks of one
person may stand on both sides of a split.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, get_args

from pydantic import field_validator

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError, MediaError, UsageError, require
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample, Skipped, Split
from affekt.core.settings import Settings, suggest
from affekt.media.skeleton import joint_order, read_each_skeleton

_SUBJECT = re.compile(r"sub-(?P<name>[^_]+)_")
_SPLITS = get_args(Split)
_SHOWN = 10  # of many problems of one kind


class SkeletonsOptions(Settings):
    """How files and labels are read.

    Attributes:
        joints: Joint order of files that state none: its name, or the joints with commas.
        labels: Class names in the order of the network's outputs; the names found, sorted, if left out.
    """

    joints: str | None = None
    labels: tuple[str, ...] = ()

    @field_validator("joints")
    @classmethod
    def _is_an_order(cls, text: str | None) -> str | None:
        try:
            joint_order(text or "emotion_gait")
        except UsageError as error:
            raise ValueError(str(error)) from None
        return text

    @field_validator("labels")
    @classmethod
    def _make_a_set(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if names and (len(names) < 2 or len(set(names)) < len(names)):
            raise ValueError("at least two names are needed, each once")
        return names


class _Line(NamedTuple):
    """One file, and what is said of it."""

    id: str
    path: Path
    label: str | None
    subject: str | None
    split: Split | None


def read(root: Path, options: SkeletonsOptions) -> Corpus:
    """Read and decode every file; a walk that is broken is skipped, with the reason.

    Raises:
        DataError: The folder is empty, the manifest is wrong, or fewer than two classes are found.
    """
    manifest = next(
        (root / name for name in ("manifest.csv", "manifest.parquet") if (root / name).is_file()), None
    )
    lines = list(_check_rows(root, manifest, _read_rows(manifest)) if manifest else _walk_folders(root))
    if not lines and manifest:
        raise DataError(f"{manifest} lists no file")
    if not lines:
        raise DataError(
            f"{root} holds neither manifest.csv nor a folder of files for each class, as in happy/walk1.npz"
        )
    labels = _label_set(root, lines, options.labels)
    order = joint_order(options.joints) if options.joints else None
    samples: list[Sample] = []
    skipped: list[Skipped] = []
    for line in lines:
        try:
            walks = read_each_skeleton(line.path, joints=order)
        except MediaError as error:
            skipped.append(Skipped(line.id, str(error)))
            continue
        for count, walk in enumerate(walks):
            name = f"{line.id}#{count}" if len(walks) > 1 else line.id
            if isinstance(walk, MediaError):
                skipped.append(Skipped(name, str(walk)))
            else:
                samples.append(
                    Sample(name, {"skeleton": walk}, label=line.label, subject=line.subject, split=line.split)
                )
    return Corpus(samples, labels, skipped)


def _label_set(root: Path, lines: list[_Line], chosen: tuple[str, ...]) -> LabelSet:
    found = sorted({line.label for line in lines if line.label is not None})
    unknown = [name for name in found if chosen and name not in chosen]
    if unknown:
        raise DataError(
            f"{root}: labels {', '.join(unknown)} are not among options.labels ({', '.join(chosen)})"
        )
    if len(chosen or found) < 2:
        raise DataError(f"{root}: at least two classes are needed, found {', '.join(found) or 'no label'}")
    return LabelSet.of(*(chosen or found))


def _walk_folders(root: Path) -> Iterator[_Line]:
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(root)
            if path.is_file() and not any(part.startswith(".") for part in name.parts):  # .git, .DS_Store
                stated = _SUBJECT.match(path.name)
                yield _Line(name.as_posix(), path, folder.name, stated["name"] if stated else None, None)


def _read_rows(manifest: Path) -> list[dict[str, Any]]:
    """Rows of a manifest as the file has them."""
    try:
        if manifest.suffix == ".csv":
            with manifest.open(
                newline="", encoding="utf-8-sig"
            ) as stream:  # spreadsheets put a mark in front
                reader = csv.DictReader(stream, strict=True)
                rows, columns = list(reader), list(reader.fieldnames or ())
        else:
            parquet = require("pyarrow.parquet", extra="parquet", needed_by=str(manifest))
            table = parquet.read_table(manifest)
            rows, columns = table.to_pylist(), table.column_names
    except (csv.Error, OSError, ValueError) as error:  # pyarrow's own errors are ValueErrors and OSErrors
        raise DataError(f"{manifest} cannot be read: {error}") from None
    missing = [name for name in ("path", "label") if name not in columns]
    if missing:
        raise DataError(
            f"{manifest} lacks the column {' and '.join(missing)}; "
            f"found {', '.join(map(str, columns)) or 'no columns'}"
        )
    return rows


def _check_rows(root: Path, manifest: Path, rows: list[dict[str, Any]]) -> list[_Line]:
    """Rows as lines; all mistakes are reported at once.

    Raises:
        DataError: A path is empty or leads out of the folder, or a split is none.
    """
    lines: list[_Line] = []
    problems: list[str] = []
    for number, row in enumerate(rows, start=2):
        name, split = _text(row, "path"), _text(row, "split")
        if name is None:
            problems.append(f"line {number}: the path is empty")
        elif "\\" in name:
            problems.append(f"line {number}: {name!r} needs / between folders, on every system")
        elif PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\0" in name:
            problems.append(f"line {number}: {name!r} leads out of {root}")
        elif split is not None and split not in _SPLITS:
            problems.append(f"line {number}: no part is called {split!r}; {suggest(split, list(_SPLITS))}")
        else:
            stated: Split | None = split  # type: ignore[assignment]
            lines.append(
                _Line(
                    _text(row, "id") or name, root / name, _text(row, "label"), _text(row, "subject"), stated
                )
            )
    if problems:
        more = [f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise DataError("\n  ".join([f"{manifest} has {count}", *problems[:_SHOWN], *more]))
    return lines


def _text(row: Mapping[str, Any], column: str) -> str | None:
    """A cell without surrounding space; None where it is empty."""
    value = row.get(column)
    return (str(value).strip() or None) if value is not None else None


DATASET = Dataset(
    title="Skeleton files of your own: a folder a class, or a manifest",
    modalities=("skeleton",),
    licence="yours",
    cite="whoever recorded your walks",
    options=SkeletonsOptions,
    read=read,
)
