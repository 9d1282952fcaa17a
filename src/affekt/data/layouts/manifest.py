"""Manifests: a table of the files of a data set and their annotations.

    DIR/manifest.csv (or manifest.parquet)  where it exists, folder names are ignored
        path,label,subject,split,id         the last three are optional, as columns and in each row
        walks/0001.npz,happy,anna,train,a-17

Words such as `nan` are read as empty. Splits may be spelled in any way that
`affekt.data.layouts.split_names` recognises. The listed files are not opened here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

from affekt.core.errors import DataError, require
from affekt.core.sample import Skipped, Split
from affekt.core.settings import suggest
from affekt.core.wording import counted
from affekt.data.layouts.annotated_file import AnnotatedFile
from affekt.data.layouts.split_names import NamedSplit, option_for, split_of, splits_of
from affekt.data.layouts.tables import (
    check_columns,
    csv_rows,
    is_absent,
    leaves_folder,
    normalize_columns,
    raise_problems,
    stated_text,
    text_of,
)

MANIFESTS = ("manifest.csv", "manifest.parquet")


def find_manifest(root: Path) -> Path | None:
    """The manifest of a folder, if it has one; its name may have capital letters.

    Raises:
        DataError: Several manifests whose names differ only by case.
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


class Manifest(NamedTuple):
    """Content of a manifest.

    Attributes:
        skipped: Rows of a split that an option ignores.
        problems: Warnings for the user.
    """

    files: list[AnnotatedFile]
    skipped: list[Skipped]
    problems: list[str]


def read_manifest(manifest: Path, *, stated: Mapping[str, NamedSplit] | None = None) -> Manifest:
    """Every row of a manifest; paths are relative to its folder.

    Args:
        stated: Option `splits`: the split of each word in the column `split`.

    Raises:
        DataError: The manifest cannot be read, lacks a column or lists no file, a path is empty or points
            outside the folder, or a split is unknown.
    """
    rows: Iterable[tuple[int, Mapping[Any, Any]]]
    notes: list[str] = []
    if manifest.suffix.lower() == ".parquet":
        rows = enumerate(_parquet_rows(manifest), start=2)
    else:
        rows = csv_rows(manifest, ("path", "label"), notes=notes)
    content = _check_rows(manifest, list(rows), stated or {})
    content.problems.extend(notes)
    if not content.files:
        raise DataError(f"{manifest} lists no file{' of a split that is read' if content.skipped else ''}")
    return content


def _parquet_rows(path: Path) -> list[dict[str, Any]]:
    parquet = require("pyarrow.parquet", extra="parquet", needed_by=str(path))
    try:
        table = parquet.read_table(path)
        found = [str(name) for name in table.column_names]
    except (OSError, ValueError) as error:  # pyarrow's own errors are of these kinds
        raise DataError(f"{path} cannot be read: {error}") from None
    names = normalize_columns(found, ("path", "label"))
    check_columns(path, names, ("path", "label"))
    try:
        return table.rename_columns(names).to_pylist()
    except (
        OSError,
        ValueError,
        OverflowError,
    ) as error:  # texts that are no UTF-8, times beyond the calendar
        raise DataError(f"{path} cannot be read: {error}") from None


def _check_rows(
    manifest: Path, rows: Sequence[tuple[int, Mapping[Any, Any]]], stated: Mapping[str, NamedSplit]
) -> Manifest:
    root = manifest.parent
    content = Manifest([], [], [])
    problems: list[str] = []
    splits = splits_of({text for _, row in rows if (text := stated_text(row, "split"))}, stated)
    unknown: defaultdict[str, list[int]] = defaultdict(list)  # line numbers by unknown word
    listed: dict[str, tuple[int, str | None]] = {}  # line and label by item
    for number, row in rows:
        name, split = text_of(row, "path"), stated_text(row, "split")
        if None in row:
            problems.append(f"line {number}: more cells than columns: quote cells that hold the separator")
        elif name is None:
            problems.append(f"line {number}: the path is empty")
        elif "\\" in name:
            problems.append(f"line {number}: {name!r} must use / between folders, on every system")
        elif leaves_folder(name):
            problems.append(f"line {number}: {name!r} points outside {root}")
        elif split is not None and split not in splits:
            unknown[split].append(number)
        else:
            meant = splits[split] if split is not None else None
            item = stated_text(row, "id") or name
            if meant == "ignore":
                reason = f"{item} is in split {split}, which options.splits ignores"
                content.skipped.append(Skipped(item, reason, "ignored splits"))
                continue
            label = text_of(row, "label")
            if item in listed:
                first, other = listed[item]
                as_what = f"as {other} and {label}" if other != label else f"as {label} twice"
                problems.append(
                    f"line {number}: {item} is listed in line {first} already, {as_what}: keep one"
                )
                continue
            listed[item] = number, label
            subject = stated_text(row, "subject")
            content.files.append(AnnotatedFile(item, root / name, label, subject, meant))
    for split, numbers in unknown.items():
        more = f" (and {counted(len(numbers) - 1, 'more line')})" if len(numbers) > 1 else ""
        problems.append(
            f"line {numbers[0]}{more}: unknown split {split!r}; {suggest(split, list(get_args(Split)))}; "
            f"options.splits assigns other names, as in {option_for(split)}"
        )
    raise_problems(manifest, problems)
    content.problems.extend(_contradictions(root, content.files))
    return content


def _contradictions(root: Path, files: Sequence[AnnotatedFile]) -> list[str]:
    """Warnings for rows whose folder is named after another label or split than the row states."""
    labels = {file.label.casefold() for file in files if file.label and not is_absent(file.label)}
    of_label: list[str] = []
    of_split: list[str] = []
    for file in files:
        folders = file.path.relative_to(root).parts[:-1]
        named = {part.casefold() for part in folders} & labels
        if file.label and named and file.label.casefold() not in named:
            of_label.append(f"{file.id} ({file.label})")
        meant = {split for part in folders if (split := split_of(part))}
        if file.split and meant and file.split not in meant:
            of_split.append(f"{file.id} ({file.split})")
    return [
        f"{len(found)} row{'s have' if len(found) > 1 else ' has'} a file in a folder named after another "
        f"{what} than the manifest states, such as {found[0]}: the manifest is used"
        for found, what in ((of_label, "label"), (of_split, "split"))
        if found
    ]
