"""Collected media files into the project: each linked or copied to the item whose id its name holds."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from affekt.core.errors import AffektError, UsageError
from affekt.core.files.whole import write_whole
from affekt.core.sample import Skipped
from affekt.media.files import has_suffix, walk
from affekt.project.database.connect import transaction
from affekt.project.database.hashing import file_sha256
from affekt.project.folder import MEDIA, Project, origin_of
from affekt.project.settings.records import KINDS, MediaSettings

STEM = "mix"  # of a sound whose name states none
SUBTITLES = "collected"  # track of a subtitle file


class Place(NamedTuple):
    """Where a medium belongs: its item, its kind, and its name among those of the kind."""

    item: str
    kind: str
    name: str


@dataclass
class ImportedMedia:
    """What an import of media has changed.

    Attributes:
        left_out: Files that were not imported, with reasons.
        without_media: Items that have no medium at all, over the whole project.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    left_out: list[Skipped] = field(default_factory=list)
    without_media: list[str] = field(default_factory=list)


def import_media(
    project: Project, folder: Path, on_item: Callable[[int, int], None] = lambda done, total: None
) -> ImportedMedia:
    """Import all media files below a folder; each file that is done stays done.

    Raises:
        UsageError: There is no such folder.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder")
    settings, report = project.settings.media, ImportedMedia()
    listing = walk(folder)
    report.left_out += listing.left_out
    with project.database() as connection:
        items = {str(row["id"]) for row in connection.execute("SELECT id FROM item")}
        chosen = _choose(listing.files, items, settings, report)
        for done, (place, file) in enumerate(chosen.items(), 1):
            try:
                _import_one(project, connection, place, file, report)
            except AffektError as error:
                report.left_out.append(Skipped(file.name, str(error)))
            on_item(done, len(chosen))
        report.without_media = [
            str(row["id"])
            for row in connection.execute(
                "SELECT id FROM item WHERE id NOT IN (SELECT item_id FROM medium) ORDER BY id"
            )
        ]
    return report


def place_of(file: Path, settings: MediaSettings) -> Place | None:
    """Where a file belongs, from its name; None if it is no medium.

    Example:
        >>> place_of(Path("people-7301_vocals.wav"), MediaSettings(id_after="-"))
        Place(item='7301', kind='audio', name='voice')
    """
    kind = next((kind for kind, suffixes in KINDS.items() if has_suffix(file, suffixes)), None)
    if kind is None:
        return None
    stem, name = file.stem, {"audio": STEM, "subtitle": SUBTITLES}.get(kind, "")
    for end, stated in {"audio": settings.stems, "subtitle": settings.tracks}.get(kind, {}).items():
        if stem.endswith(end):
            stem, name = stem.removesuffix(end), stated
            break
    return Place(stem.rpartition(settings.id_after)[2] if settings.id_after else stem, kind, name)


def _choose(
    files: list[Path], items: set[str], settings: MediaSettings, report: ImportedMedia
) -> dict[Place, Path]:
    """A file for each place; files without an item, and second files for a place, are left out."""
    chosen: dict[Place, Path] = {}
    for file in files:
        place = place_of(file, settings)
        if place is None:
            report.left_out.append(
                Skipped(file.name, f"{file.name} is neither media nor subtitles", "other files")
            )
        elif place.item not in items:
            report.left_out.append(
                Skipped(file.name, f"no record has the id {place.item!r}", "media without records")
            )
        elif place in chosen:
            report.left_out.append(
                Skipped(
                    file.name,
                    f"{chosen[place].name} is the {place.kind} of {place.item} already",
                    "second files of an item",
                )
            )
        else:
            chosen[place] = file
    return chosen


def _import_one(
    project: Project, connection: sqlite3.Connection, place: Place, file: Path, report: ImportedMedia
) -> None:
    before = connection.execute(
        "SELECT * FROM medium WHERE item_id = ? AND kind = ? AND name = ?", place
    ).fetchone()
    sha256, size, origin = file_sha256(file), file.stat().st_size, origin_of(file)
    if before is not None and before["sha256"] == sha256 and project.locate(before["path"]).is_file():
        report.unchanged += 1
        return
    if before is not None and before["origin"] != origin and before["sha256"] != sha256:
        raise AffektError(
            f"{place.item} has another {place.kind} already, from {before['origin']}: remove one of them"
        )
    # The name holds the hash, so that a changed file never takes the place of one that a release states.
    label = f".{place.name}" if place.name else ""
    path = f"{MEDIA}/{place.kind}/{place.item}{label}.{sha256[:12]}{file.suffix.lower()}"
    _take(project.path / path, file, project.settings.media)
    with transaction(connection):
        connection.execute(
            "INSERT INTO medium (item_id, kind, name, path, origin, bytes, sha256) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET path = excluded.path, "
            "origin = excluded.origin, bytes = excluded.bytes, sha256 = excluded.sha256",
            (*place, path, origin, size, sha256),
        )
    if before is None:
        report.added += 1
    else:
        report.updated += 1


def _take(place: Path, file: Path, settings: MediaSettings) -> None:
    with write_whole(place) as partial:
        if settings.take == "link":
            partial.symlink_to(file.resolve())
        else:
            shutil.copyfile(file, partial)
