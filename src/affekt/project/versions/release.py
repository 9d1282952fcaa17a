"""Releases: a version of the data set as a folder that any recipe reads (`affekt.data.release`)."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from affekt import __version__
from affekt.core.errors import DataError, UsageError
from affekt.core.files.whole import SUFFIX, link_or_copy, remove_partials
from affekt.core.sample import Skipped
from affekt.data.release.manifest import (
    DOCUMENT,
    ReleasedFile,
    ReleasedItem,
    ReleasedWords,
    read_release,
    write_release,
)
from affekt.project.database.connect import transaction
from affekt.project.database.hashing import file_sha256
from affekt.project.database.times import now
from affekt.project.encoding.encoders import make_encoders
from affekt.project.encoding.stored import Encoded, encoded_items, encoding_document
from affekt.project.folder import Project
from affekt.project.groups import groups_of
from affekt.project.ratings.agreement.thresholds import check_blocking, check_thresholds, record_overrides
from affekt.project.ratings.labels import FinalLabel, final_labels
from affekt.project.versions.split import FrozenSplit, list_splits, read_split
from affekt.project.words.cues import stored_cues

RELEASES = "releases"
_ABANDONED_S = 3600.0  # a younger work folder may be that of another process


@dataclass(frozen=True)
class Released:
    """A release that was made, or that was there.

    Attributes:
        is_new: False if the same content had been released under this version before.
        left_out: Items that are not part of it, with reasons.
        warnings: Thresholds that were not met but do not block.
    """

    version: str
    folder: Path
    sha256: str
    items: int
    is_new: bool
    left_out: list[Skipped] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def release(project: Project, version: str, *, split: str = "", force: bool = False) -> Released:
    """Release the items of a split that have a label and no errors.

    Args:
        version: A name for the version, such as `1.0`. What it holds is never changed.
        split: Of which split; the only one if not given.
        force: Release though thresholds of `project.toml` are not met; this is recorded.

    Raises:
        UsageError: There is no such split, or the version exists with other content.
        DataError: No item is left.
        AffektError: Thresholds block the release.
    """
    if not version or not all(it.isalnum() or it in "._-" for it in version) or version.startswith("."):
        raise UsageError(
            f"{version!r} cannot be the name of a version: use letters, digits, '.', '_' and '-'"
        )
    folder = project.path / RELEASES / version
    with project.database() as connection:
        frozen = _split(connection, split)
        crossed = check_thresholds(project)
        overridden = check_blocking("release", crossed, force=force)
        warnings = [one.text for one in crossed if one.level == "warning"]
        left_out: list[Skipped] = []
        chosen = _choose(project, connection, frozen, left_out)
        if not chosen:
            raise DataError(f"no item is left to release; the first reasons: {_first(left_out)}")
        document = {
            "title": project.settings.title,
            "version": version,
            "labels": project.settings.label_set.names,
            "split": frozen.name,
            "split_sha256": frozen.sha256,
            "stem": project.settings.sound.stem or "mix",
            "encoding": encoding_document(make_encoders(project.settings.encoding)),
            "left_out": dict(sorted(Counter(it.kind for it in left_out).items())),
            "overridden": overridden,
            "licence": project.settings.release.licence,
            "cite": project.settings.release.cite,
            "made_with": f"affekt {__version__}",
        }
        with _work_folder(folder) as work:
            items = [_place(project, connection, item, work) for item in chosen]
            sha256 = write_release(work, document, items)
            made = Released(version, folder, sha256, len(items), True, left_out, warnings)
            return _record(connection, made, work, overridden)


@contextmanager
def _work_folder(folder: Path) -> Iterator[Path]:
    """A folder beside the release, which is removed if it did not become the release."""
    folder.parent.mkdir(exist_ok=True)
    remove_partials(folder.parent, age_s=_ABANDONED_S)
    work = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}{SUFFIX}")
    work.mkdir()  # not by `tempfile`, whose folders only their owner can read: the umask decides
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _record(connection: sqlite3.Connection, made: Released, work: Path, overridden: list[str]) -> Released:
    """Give the folder its name, unless the version exists."""
    with transaction(connection):
        before = connection.execute(
            "SELECT sha256 FROM release WHERE version = ?", (made.version,)
        ).fetchone()
        if (made.folder / DOCUMENT).is_file():
            _, _, found = read_release(made.folder)
            if found != made.sha256:
                raise UsageError(
                    f"version {made.version} exists with other content ({found[:12]}): a version is never "
                    "changed; choose another name"
                )
        elif before is not None and before["sha256"] != made.sha256:
            raise UsageError(
                f"version {made.version} was released with other content ({before['sha256'][:12]}), and its "
                "folder is gone: choose another name"
            )
        else:
            work.rename(made.folder)
        connection.execute(
            "INSERT INTO release (version, sha256, items, released_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            (made.version, made.sha256, made.items, now()),
        )
        if before is None:
            record_overrides(connection, "release", overridden)
    return replace(made, is_new=before is None)


def _split(connection: sqlite3.Connection, name: str) -> FrozenSplit:
    names = list_splits(connection)
    if not name and len(names) == 1:
        name = names[0]
    found = read_split(connection, name) if name else None
    if found is None:
        known = (
            f"there are {', '.join(names)}: name one, --split" if names else "make one: affekt project split"
        )
        raise UsageError(f"there is no split {name!r}; {known}" if name else known)
    return found


@dataclass(frozen=True)
class _Chosen:
    row: sqlite3.Row
    final: FinalLabel
    group: str
    part: str
    encoded: Encoded | None


def _choose(
    project: Project, connection: sqlite3.Connection, frozen: FrozenSplit, left_out: list[Skipped]
) -> list[_Chosen]:
    final = final_labels(project, connection)
    groups = groups_of(connection, project.settings.split.group_by)
    encoded = encoded_items(project, connection)
    faulty = {
        str(row["item_id"]): str(row["text"])
        for row in connection.execute("SELECT item_id, text FROM finding WHERE level = 'error' ORDER BY text")
    }
    copies = {
        str(row["item_id"]): str(row["cluster"])
        for row in connection.execute("SELECT item_id, cluster FROM duplicate WHERE item_id <> cluster")
    }
    chosen: list[_Chosen] = []
    for row in connection.execute("SELECT * FROM item ORDER BY id"):
        item = str(row["id"])
        if item not in frozen.parts:
            left_out.append(Skipped(item, f"{item} is not in the split {frozen.name}", "not in the split"))
        elif item not in final or final[item].label is None:
            left_out.append(Skipped(item, f"{item} has no label", "without a label"))
        elif item in faulty:
            left_out.append(Skipped(item, f"{item}: {faulty[item]}", "with errors"))
        elif project.settings.release.leave_out_duplicates and item in copies:
            left_out.append(Skipped(item, f"{item} is a copy of {copies[item]}", "copies of others"))
        else:
            chosen.append(_Chosen(row, final[item], groups[item], frozen.parts[item], encoded.get(item)))
    _check_groups(chosen)
    return chosen


def _check_groups(chosen: list[_Chosen]) -> None:
    """What was found after the split may join groups that it had separated."""
    parts: dict[str, set[str]] = {}
    for one in chosen:
        parts.setdefault(one.group, set()).add(one.part)
    torn = sorted(group for group, found in parts.items() if len(found) > 1)
    if torn:
        raise DataError(
            f"{len(torn)} groups are in several parts, such as the one of {torn[0]}: copies, accounts or "
            "events were found or changed after the split; make a new one, affekt project split --name"
        )


def _place(project: Project, connection: sqlite3.Connection, one: _Chosen, work: Path) -> ReleasedItem:
    """The row of an item; its files are put into the folder."""
    item, settings = str(one.row["id"]), project.settings.release
    media: list[ReleasedFile] = []
    if settings.media != "leave out":
        for row in connection.execute("SELECT * FROM medium WHERE item_id = ? ORDER BY kind, name", (item,)):
            media.append(_place_medium(project, row, work, copied=settings.media == "copy"))
    features = None
    if one.encoded is not None:
        path = f"features/{item}.safetensors"
        (work / path).parent.mkdir(exist_ok=True)
        link_or_copy(one.encoded.path, work / path)
        features = ReleasedFile(
            kind="features", path=path, bytes=one.encoded.path.stat().st_size, sha256=one.encoded.sha256
        )
    cues = stored_cues(connection, item, project.settings.words.tracks)
    return ReleasedItem(
        id=item,
        label=one.final.label or "",
        label_weights=dict(one.final.soft or {}),
        group=one.group,
        part=one.part,  # pyright: ignore[reportArgumentType]
        title=one.row["title"] or "",
        account=one.row["account"] or "",
        event=one.row["event"] or "",
        words=tuple(ReleasedWords(start_s=it.start_s, end_s=it.end_s, text=it.text) for it in cues),
        media=tuple(media),
        features=features,
        encoded=one.encoded.names if one.encoded else (),
    )


def _place_medium(project: Project, row: sqlite3.Row, work: Path, *, copied: bool) -> ReleasedFile:
    source = project.locate(row["path"])
    if not source.is_file():
        raise DataError(f"{row['path']} of {row['item_id']} is gone: import it again, affekt project import")
    name = f".{row['name']}" if row["name"] else ""
    path = f"media/{row['kind']}/{row['item_id']}{name}{PurePosixPath(row['path']).suffix}"
    (work / path).parent.mkdir(parents=True, exist_ok=True)
    if copied:
        shutil.copyfile(source, work / path)
    else:
        (work / path).symlink_to(source.resolve())
    if file_sha256(work / path) != row["sha256"]:
        raise DataError(f"{source} was changed after its import: import it again, affekt project import")
    return ReleasedFile(
        kind=row["kind"], name=row["name"], path=path, bytes=row["bytes"], sha256=row["sha256"]
    )


def _first(left_out: list[Skipped]) -> str:
    return "; ".join(str(one) for one in left_out[:3])
