"""Items that are copies of each other, over the whole project: from stored prints, without decoding."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from affekt.core.files.content import digest
from affekt.core.sample import Sample
from affekt.project.checking.prints import from_row
from affekt.project.database.connect import transaction
from affekt.project.folder import Project
from affekt.project.media import MIX
from affekt.quality.clips import pairs_of_clips
from affekt.quality.duplicate_clips import ClipPrint
from affekt.quality.duplicate_sounds import SoundPrint
from affekt.quality.duplicates import near_duplicates

# The sound that an item is compared by: a video's own one only where no file has the whole sound.
_ORDER = {("audio", MIX): 0, ("video", ""): 1, ("audio", "voice"): 2, ("audio", "accompaniment"): 3}


class Cluster(NamedTuple):
    """Items that are copies of each other.

    Attributes:
        ids: In order; the first names the cluster.
        alike: What is the same in the cluster: `file`, `sound`, `video`.
    """

    ids: tuple[str, ...]
    alike: tuple[str, ...]


def find_duplicates(project: Project) -> list[Cluster]:
    """Find clusters anew and store them in the place of earlier ones.

    Other processes may write meanwhile; if one has checked items, the search begins again.
    """
    with project.database() as connection:
        while True:
            state = _state(connection)
            clusters = _find(connection)
            with transaction(connection):
                if _state(connection) == state:
                    _write(connection, clusters)
                    return clusters


def stored_duplicates(connection: sqlite3.Connection) -> list[Cluster]:
    """The clusters that were found last."""
    members: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in connection.execute("SELECT item_id, cluster, alike FROM duplicate ORDER BY cluster, item_id"):
        members[row["cluster"], row["alike"]].append(row["item_id"])
    return [Cluster(tuple(ids), tuple(alike.split("+"))) for (_, alike), ids in members.items()]


def _state(connection: sqlite3.Connection) -> str:
    """A hash of what the prints of all items were made from."""
    rows = connection.execute("SELECT item_id, made_from FROM done WHERE step = 'check' ORDER BY item_id")
    return digest((row["item_id"], row["made_from"]) for row in rows)


def _write(connection: sqlite3.Connection, clusters: Sequence[Cluster]) -> None:
    connection.execute("DELETE FROM duplicate")
    connection.executemany(
        "INSERT INTO duplicate (item_id, cluster, alike) VALUES (?, ?, ?)",
        [(item, it.ids[0], "+".join(it.alike)) for it in clusters for item in it.ids],
    )


def _find(connection: sqlite3.Connection) -> list[Cluster]:
    films, sounds = _prints(connection)
    contents = _contents(connection)
    items = sorted({*films, *sounds, *contents})
    pairs = pairs_of_clips([(films.get(item), sounds.get(item)) for item in items])
    firsts: dict[str, int] = {}
    for place, item in enumerate(items):
        if item in contents and (first := firsts.setdefault(contents[item], place)) != place:
            pairs.setdefault((first, place), set()).add("file")
    groups = near_duplicates([Sample(item, {}) for item in items], pairs, ())
    return [Cluster(tuple(group["ids"]), tuple(sorted(alike))) for group, alike in groups]


def _prints(connection: sqlite3.Connection) -> tuple[dict[str, ClipPrint], dict[str, SoundPrint]]:
    """The prints of each item's picture and sound."""
    films: dict[str, ClipPrint] = {}
    ranked: dict[str, tuple[int, SoundPrint]] = {}
    for row in connection.execute(
        "SELECT item_id, kind, name, film, film_s, words, audible FROM medium_check "
        "WHERE film IS NOT NULL OR words IS NOT NULL ORDER BY item_id"
    ):
        item, (film, sound) = str(row["item_id"]), from_row(row)
        if film is not None:
            films[item] = film
        rank = _ORDER.get((row["kind"], row["name"]), len(_ORDER))
        if sound is not None and (item not in ranked or rank < ranked[item][0]):
            ranked[item] = (rank, sound)
    return films, {item: sound for item, (_, sound) in ranked.items()}


def _contents(connection: sqlite3.Connection) -> dict[str, str]:
    """SHA-256 of each item's video, or of its whole sound if it has no video; not of empty files."""
    found: dict[str, str] = {}
    for row in connection.execute(
        "SELECT item_id, sha256 FROM medium WHERE bytes > 0 "
        "AND (kind = 'video' OR (kind = 'audio' AND name = ?)) ORDER BY item_id, kind DESC",
        (MIX,),
    ):
        found.setdefault(str(row["item_id"]), row["sha256"])
    return found
