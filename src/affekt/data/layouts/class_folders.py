"""Class folders: a folder for each class, with folders of splits above or below them.

    DIR/happy/1.x                   a folder for each class; files may be deeper, as in happy/monday/2.x
        sad/sub-anna_3.x            a file name that starts with sub-NAME_ states the subject

    DIR/train/happy/1.x             splits first, then classes; any spelling of a split that
        Validation/sad/2.x          `affekt.data.layouts.split_names` recognises: Training, train_set;
        test/sad/3.x                valid, dev; testing

    DIR/happy/train/1.x             classes first, then splits, if every file is in a folder of a split
        sad/test/2.x

DIR may also contain such a layout with splits as its only folder. Files of other kinds, hidden files and
folders without a file of the modality are ignored. A folder with files of the modality next to folders of
splits is an error: its split is unknown. Files are not opened here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from affekt.core.errors import DataError
from affekt.core.sample import Skipped
from affekt.core.wording import are, counted
from affekt.data.layouts.annotated_file import AnnotatedFile
from affekt.data.layouts.split_names import NamedSplit, option_for, splits_of
from affekt.media.files import FolderListing, has_suffix, other_kinds, walk

_SUBJECT = re.compile(r"sub-(?P<name>[^_]+)_")
_NESTED = 3  # levels of folders around a layout with splits that are searched
_SHOWN = 5  # folders that a message lists
_OUTSIDE = "outside of class folders"


class Layout(NamedTuple):
    """Content of the folders of a data set.

    Attributes:
        files: Files of the modality, with label, subject and split.
        skipped: Other items, with the reason.
        problems: Warnings for the user.
        has_splits: Whether folders of splits were recognised.
    """

    files: list[AnnotatedFile]
    skipped: list[Skipped]
    problems: list[str]
    has_splits: bool


class _File(NamedTuple):
    """A file and the folders around it, outermost first."""

    path: Path
    folders: tuple[str, ...]


class _Grouped(NamedTuple):
    """Files grouped by their folders.

    Attributes:
        labelled: Files with the name of their class folder and their split.
        outside: Files that are not in a class folder.
        strays: Files next to folders of splits, whose split is unknown.
        strays_at: Index, among the folders of a stray, of the folder that does not name a split.
    """

    labelled: list[tuple[_File, str, NamedSplit | None]]
    outside: list[_File]
    strays: list[_File]
    strays_at: int = 0


def read_class_folders(
    root: Path,
    suffixes: Sequence[str],
    kind: str,
    *,
    stated: Mapping[str, NamedSplit] | None = None,
    classes: Sequence[str] = (),
    is_published: bool = False,
) -> Layout:
    """The files of a modality below a folder; ids are paths relative to `root`.

    Args:
        kind: Word for such a file in messages, as in `picture`.
        stated: Option `splits`: the split of each folder.
        classes: Names that are classes even if they look like splits.
        is_published: The layout of the set is known: files next to its splits are skipped instead of being
            an error.

    Raises:
        DataError: `root` is not a folder, or files are next to folders of splits.
    """
    if not root.is_dir():
        raise DataError(f"{root} is not a folder")
    found = walk(root)
    every = [_File(path, path.relative_to(root).parts[:-1]) for path in found.files]
    ours = [file for file in every if has_suffix(file.path, suffixes)]
    grouped = _with_splits(ours, stated or {}, classes, depth=0)
    has_splits = grouped is not None
    grouped = grouped or _classes_only(ours, 0)
    if grouped.strays and not is_published:
        _raise_strays(root, grouped)
    files: list[AnnotatedFile] = []
    skipped = [*found.left_out, *other_kinds(root, found.files, suffixes, kind)]
    for file, label, split in grouped.labelled:
        name = file.path.relative_to(root).as_posix()
        if split == "ignore":
            skipped.append(
                Skipped(name, f"{name} is in a split that options.splits ignores", "ignored splits")
            )
            continue
        subject = _SUBJECT.match(file.path.name)
        files.append(AnnotatedFile(name, file.path, label, subject["name"] if subject else None, split))
    for group, reason in ((grouped.outside, _OUTSIDE), (grouped.strays, "beside folders of splits")):
        for file in group:
            name = file.path.relative_to(root).as_posix()
            skipped.append(Skipped(name, f"{name} is {reason}", reason))
    return Layout(files, skipped, _empty_folders(root, found, ours, kind), has_splits)


def published_layout(
    root: Path,
    suffixes: Sequence[str],
    kind: str,
    *,
    stated: Mapping[str, NamedSplit] | None = None,
    validation_is_test: bool = False,
) -> Layout:
    """The files of a data set that is published in splits; no files where its splits are not recognised.

    Args:
        stated: Splits of names that only this set uses.
        validation_is_test: Treat the validation split as the test split where there is no test split: some
            tools require the name `valid` for the second split.
    """
    layout = read_class_folders(root, suffixes, kind, stated=stated, is_published=True)
    if not layout.has_splits:
        return layout._replace(files=[])
    files = layout.files
    if validation_is_test and not any(file.split == "test" for file in files):
        files = [file._replace(split="test") if file.split == "validation" else file for file in files]
    return layout._replace(files=files)


def hint_at_subfolder(root: Path, files: Sequence[AnnotatedFile]) -> str:
    """A hint at the folder that may contain the class folders, if all files are in one; else empty."""
    depths = [file.path.relative_to(root).parts[:-1] for file in files]
    shared = 0
    while depths and len({parts[: shared + 1] for parts in depths}) == 1 and len(depths[0]) > shared:
        shared += 1
    inner = {parts[shared] for parts in depths if len(parts) > shared}
    if not shared or len(inner) < 2:
        return ""
    home = root.joinpath(*depths[0][:shared])
    return (
        f"; all files are in {home}: give that folder if {', '.join(sorted(inner)[:3])} in it are the classes"
    )


def _with_splits(
    files: Sequence[_File], stated: Mapping[str, NamedSplit], classes: Sequence[str], depth: int
) -> _Grouped | None:
    """Files of a layout with splits, at this depth or below it; None if there is none."""
    tops = {file.folders[depth] for file in files if len(file.folders) > depth}
    splits = {} if tops & {*classes} else splits_of(tops, stated)
    if any(len(file.folders) > depth + 1 and file.folders[depth] in splits for file in files):
        return _splits_first(files, splits, depth)
    if len(tops) == 1 and depth < _NESTED:
        inner = [file for file in files if len(file.folders) > depth]
        found = _with_splits(inner, stated, classes, depth + 1)
        if found is not None:
            outside = [file for file in files if len(file.folders) <= depth]
            return found._replace(outside=[*found.outside, *outside])
    return _classes_first(files, stated, classes, depth)


def _splits_first(files: Sequence[_File], splits: Mapping[str, NamedSplit], depth: int) -> _Grouped:
    found = _Grouped([], [], [], depth)
    class_levels = {
        top: _class_level(
            [f for f in files if len(f.folders) > depth and f.folders[depth] == top], split, depth
        )
        for top, split in splits.items()
    }
    for file in files:
        top = file.folders[depth] if len(file.folders) > depth else None
        if top is None:
            found.outside.append(file)
        elif top not in splits:
            found.strays.append(file)
        elif splits[top] == "ignore":
            found.labelled.append((file, "", "ignore"))
        elif len(file.folders) <= class_levels[top]:
            found.outside.append(file)
        else:
            found.labelled.append((file, file.folders[class_levels[top]], splits[top]))
    return found


def _class_level(files: Sequence[_File], split: NamedSplit, depth: int) -> int:
    """Depth of the class folders below the folder of a split; archives may contain train/train/happy."""
    level = depth + 1
    while True:
        inner = {file.folders[level] if len(file.folders) > level else None for file in files}
        if len(inner) != 1 or None in inner or splits_of([*inner]) != {next(iter(inner)): split}:  # type: ignore[list-item]
            return level
        level += 1


def _classes_first(
    files: Sequence[_File], stated: Mapping[str, NamedSplit], classes: Sequence[str], depth: int
) -> _Grouped | None:
    """Files in folders of splits inside each class folder; None if there are none.

    If only some files are in a folder of a split, the others are strays: they could belong to any split.
    """
    inside = {file.folders[depth + 1] for file in files if len(file.folders) > depth + 1}
    splits = {} if inside & {*classes} else splits_of(inside, stated)
    if not splits:
        return None
    found = _Grouped([], [], [], depth + 1)
    for file in files:
        if len(file.folders) <= depth:
            found.outside.append(file)
        elif len(file.folders) == depth + 1 or file.folders[depth + 1] not in splits:
            found.strays.append(file)
        else:
            found.labelled.append((file, file.folders[depth], splits[file.folders[depth + 1]]))
    return found


def _classes_only(files: Sequence[_File], depth: int) -> _Grouped:
    return _Grouped(
        [(file, file.folders[depth], None) for file in files if len(file.folders) > depth],
        [file for file in files if len(file.folders) <= depth],
        [],
    )


def _raise_strays(root: Path, grouped: _Grouped) -> None:
    """Raise for files next to folders of splits, with their folders and the option that states a split."""
    strays, level = grouped.strays, grouped.strays_at
    folders = sorted({file.path.parent.relative_to(root).as_posix() for file in strays})
    shown = ", ".join(folders[:_SHOWN])
    shown += f" and {len(folders) - _SHOWN} more" if len(folders) > _SHOWN else ""
    splits = sorted({part for file, _, _ in grouped.labelled for part in file.folders if splits_of([part])})
    beside = f"splits ({', '.join(splits[:_SHOWN])})" if splits else "splits that options.splits names"
    count = len(strays)
    names = [file.folders[level] for file in strays if len(file.folders) > level]
    if names:
        advice = f"state it, as in options.splits = {option_for(names[0])}, "
        advice += 'exclude the folder with "ignore", or move it elsewhere'
    else:  # files of a class next to its folders of splits: an option could not name a folder
        advice = "move each into a folder of a split, or elsewhere"
    parents_of_splits = {file.folders[:level] for file, _, _ in grouped.labelled}
    if level and len(parents_of_splits) == 1:
        advice += f"; if only {root.joinpath(*parents_of_splits.pop())} is the data set, give that folder"
    raise DataError(
        f"{root}: {counted(count, 'file')} in {shown} {are(count)} beside "
        f"folders of {beside}, so that {'their' if count > 1 else 'its'} split is unknown: {advice}"
    )


def _empty_folders(root: Path, found: FolderListing, ours: Sequence[_File], kind: str) -> list[str]:
    """A warning about visible top-level folders without a file of the modality."""
    used = {file.folders[0] for file in ours if file.folders}
    empty = [path.name for path in found.folders if path.parent == root and path.name not in used]
    if not empty:
        return []
    shown = ", ".join(empty[:_SHOWN]) + (f" and {len(empty) - _SHOWN} more" if len(empty) > _SHOWN else "")
    return [
        f"{len(empty)} folders contain no {kind} and are not read as classes: {shown}"
        if len(empty) > 1
        else f"folder {shown} contains no {kind} and is not read as a class"
    ]
