"""Folders of one's own data: classes, splits above or below them, and what lies beside.

    DIR/happy/1.x                   a folder for each class; files may lie deeper, as in happy/monday/2.x
        sad/sub-anna_3.x            a file name that starts with sub-NAME_ states the subject

    DIR/train/happy/1.x             splits first, then classes; splits in any spelling of
        Validation/sad/2.x          `affekt.data.split_names`: Training, train_set; valid, dev; testing
        test/sad/3.x

    DIR/happy/train/1.x             classes first, then splits: where every file lies in a folder of a split
        sad/test/2.x

DIR may also be a folder around such a layout of splits. Files of other kinds, hidden files, and folders
without a file of the modality mean nothing. A folder with such files beside folders of splits is refused: its
split is unknown. What a file holds is not looked at here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from affekt.core.errors import DataError
from affekt.core.sample import Skipped
from affekt.data.layouts.manifest import Line
from affekt.data.split_names import NamedSplit, option_for, splits_of
from affekt.media.files import FolderListing, has_suffix, other_kinds, walk

_SUBJECT = re.compile(r"sub-(?P<name>[^_]+)_")
_NESTED = 3  # folders around a layout of splits that are looked through
_SHOWN = 5  # of many folders
_OUTSIDE = "outside of class folders"


class Layout(NamedTuple):
    """What the folders of a data set say.

    Attributes:
        lines: Files of the modality, with label, subject and split.
        skipped: What was left out, with the reason.
        problems: What a person should know, a sentence each.
        has_splits: Whether folders of splits were recognised.
    """

    lines: list[Line]
    skipped: list[Skipped]
    problems: list[str]
    has_splits: bool


class _Placed(NamedTuple):
    """A file, and the folders it lies in, from the outermost."""

    path: Path
    folders: tuple[str, ...]


class _Files(NamedTuple):
    """Files by what their folders say; `strays` lie beside folders of splits."""

    lines: list[tuple[_Placed, str, NamedSplit | None]]
    outside: list[_Placed]
    strays: list[_Placed]
    strays_at: int = 0  # the place, among the folders of a stray, of the one that names no split


def read_layout(
    root: Path,
    suffixes: Sequence[str],
    kind: str,
    *,
    stated: Mapping[str, NamedSplit] | None = None,
    classes: Sequence[str] = (),
    is_published: bool = False,
) -> Layout:
    """Lines for the files of a modality below a folder; ids are paths as seen from `root`.

    Args:
        kind: What such a file is called, as in `picture`.
        stated: Splits of folders, by an option.
        classes: Names that are classes even if they look like splits.
        is_published: Of a set whose layout is known: folders beside its splits are left out, not refused.

    Raises:
        DataError: `root` is no folder, or files lie beside folders of splits.
    """
    if not root.is_dir():
        raise DataError(f"{root} is no folder")
    found = walk(root)
    placed = [_Placed(path, path.relative_to(root).parts[:-1]) for path in found.files]
    ours = [file for file in placed if has_suffix(file.path, suffixes)]
    files = _with_splits(ours, stated or {}, classes, depth=0)
    has_splits = files is not None
    files = files or _classes(ours, 0)
    if files.strays and not is_published:
        _refuse_strays(root, files)
    lines: list[Line] = []
    skipped = [*found.left_out, *other_kinds(root, found.files, suffixes, kind)]
    for file, label, split in files.lines:
        name = file.path.relative_to(root).as_posix()
        if split == "ignore":
            skipped.append(
                Skipped(name, f"{name} is of a split that options.splits leaves out", "ignored splits")
            )
            continue
        subject = _SUBJECT.match(file.path.name)
        lines.append(Line(name, file.path, label, subject["name"] if subject else None, split))
    for group, reason in ((files.outside, _OUTSIDE), (files.strays, "beside folders of splits")):
        for file in group:
            name = file.path.relative_to(root).as_posix()
            skipped.append(Skipped(name, f"{name} lies {reason}", reason))
    return Layout(lines, skipped, _empty_folders(root, found, ours, kind), has_splits)


def published_layout(
    root: Path,
    suffixes: Sequence[str],
    kind: str,
    *,
    stated: Mapping[str, NamedSplit] | None = None,
    validation_is_test: bool = False,
) -> Layout:
    """Lines of a set that comes in splits, where its folders are recognised; none where they are not.

    Args:
        stated: Splits of names that the set has of its own.
        validation_is_test: Some tools want the second split called `valid`; where no folder is called test,
            that is the test split.
    """
    layout = read_layout(root, suffixes, kind, stated=stated, is_published=True)
    if not layout.has_splits:
        return layout._replace(lines=[])
    lines = layout.lines
    if validation_is_test and not any(line.split == "test" for line in lines):
        lines = [line._replace(split="test") if line.split == "validation" else line for line in lines]
    return layout._replace(lines=lines)


def point_at(root: Path, lines: Sequence[Line]) -> str:
    """Where the class folders may lie, if all files lie in one folder; else empty."""
    depths = [line.path.relative_to(root).parts[:-1] for line in lines]
    shared = 0
    while depths and len({parts[: shared + 1] for parts in depths}) == 1 and len(depths[0]) > shared:
        shared += 1
    inner = {parts[shared] for parts in depths if len(parts) > shared}
    if not shared or len(inner) < 2:
        return ""
    home = root.joinpath(*depths[0][:shared])
    return (
        f"; all files lie in {home}: give that folder if {', '.join(sorted(inner)[:3])} in it are the classes"
    )


def _with_splits(
    files: Sequence[_Placed], stated: Mapping[str, NamedSplit], classes: Sequence[str], depth: int
) -> _Files | None:
    """Files in a layout of splits, at some depth; None where there is none."""
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


def _splits_first(files: Sequence[_Placed], splits: Mapping[str, NamedSplit], depth: int) -> _Files:
    found = _Files([], [], [], depth)
    homes = {
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
            found.lines.append((file, "", "ignore"))
        elif len(file.folders) <= homes[top]:
            found.outside.append(file)
        else:
            found.lines.append((file, file.folders[homes[top]], splits[top]))
    return found


def _class_level(files: Sequence[_Placed], split: NamedSplit, depth: int) -> int:
    """Where class folders lie below the folder of a split; archives hold train/train/happy."""
    level = depth + 1
    while True:
        inner = {file.folders[level] if len(file.folders) > level else None for file in files}
        if len(inner) != 1 or None in inner or splits_of([*inner]) != {next(iter(inner)): split}:  # type: ignore[list-item]
            return level
        level += 1


def _classes_first(
    files: Sequence[_Placed], stated: Mapping[str, NamedSplit], classes: Sequence[str], depth: int
) -> _Files | None:
    """Files in folders of splits that lie in each class folder; None where there are none.

    A split that only some files lie in is refused as strays: the other files could be of any split.
    """
    inside = {file.folders[depth + 1] for file in files if len(file.folders) > depth + 1}
    splits = {} if inside & {*classes} else splits_of(inside, stated)
    if not splits:
        return None
    found = _Files([], [], [], depth + 1)
    for file in files:
        if len(file.folders) <= depth:
            found.outside.append(file)
        elif len(file.folders) == depth + 1 or file.folders[depth + 1] not in splits:
            found.strays.append(file)
        else:
            found.lines.append((file, file.folders[depth], splits[file.folders[depth + 1]]))
    return found


def _classes(files: Sequence[_Placed], depth: int) -> _Files:
    return _Files(
        [(file, file.folders[depth], None) for file in files if len(file.folders) > depth],
        [file for file in files if len(file.folders) <= depth],
        [],
    )


def _refuse_strays(root: Path, files: _Files) -> None:
    """Raise for files beside folders of splits, naming the folders and the option that settles them."""
    homes = sorted({file.path.parent.relative_to(root).as_posix() for file in files.strays})
    shown = ", ".join(homes[:_SHOWN]) + (f" and {len(homes) - _SHOWN} more" if len(homes) > _SHOWN else "")
    splits = sorted({part for file, _, _ in files.lines for part in file.folders if splits_of([part])})
    beside = f"splits ({', '.join(splits[:_SHOWN])})" if splits else "splits that options.splits names"
    count = len(files.strays)
    names = [file.folders[files.strays_at] for file in files.strays if len(file.folders) > files.strays_at]
    if names:
        advice = f"state it, as in options.splits = {option_for(names[0])}, "
        advice += 'leave the folder out with "ignore", or move it away'
    else:  # files of a class that lie beside its folders of splits: no folder could be named
        advice = "move each into a folder of a split, or away"
    homes_of_splits = {file.folders[: files.strays_at] for file, _, _ in files.lines}
    if files.strays_at and len(homes_of_splits) == 1:
        advice += f"; if {root.joinpath(*homes_of_splits.pop())} alone is the data set, give that folder"
    raise DataError(
        f"{root}: {count} file{'s' if count > 1 else ''} in {shown} lie{'' if count > 1 else 's'} beside "
        f"folders of {beside}, so that their split is unknown: {advice}"
    )


def _empty_folders(root: Path, found: FolderListing, ours: Sequence[_Placed], kind: str) -> list[str]:
    """Visible folders of the first level that hold no file of the modality."""
    used = {file.folders[0] for file in ours if file.folders}
    empty = [path.name for path in found.folders if path.parent == root and path.name not in used]
    if not empty:
        return []
    shown = ", ".join(empty[:_SHOWN]) + (f" and {len(empty) - _SHOWN} more" if len(empty) > _SHOWN else "")
    return [
        f"{len(empty)} folders hold no {kind} and are no class: {shown}"
        if len(empty) > 1
        else f"folder {shown} holds no {kind} and is no class"
    ]
