"""Frozen splits: a part for each labelled item, written once.

    splits/default.csv      id,part,group       the same rows as in the database, for people and other tools

A split is never changed: what it holds can be relied on by its hash. Items that came later are in no part
until another split is made, under another name.
"""

from __future__ import annotations

import csv
import io
import sqlite3
from collections import Counter
from dataclasses import dataclass

from affekt.core.errors import ConfigError, DataError, UsageError
from affekt.core.files.cells import safe_cell
from affekt.core.files.content import digest
from affekt.core.files.whole import write_text
from affekt.core.recipe import SplitSettings
from affekt.core.sample import Sample
from affekt.engine.splits import check_splits, part
from affekt.project.database.connect import transaction
from affekt.project.folder import Project
from affekt.project.groups import groups_of
from affekt.project.ratings.labels import final_labels

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class FrozenSplit:
    """A split.

    Attributes:
        parts: The part of each item.
        sha256: Of ids and parts, in order of ids.
    """

    name: str
    parts: dict[str, str]
    sha256: str

    def counts(self) -> dict[str, int]:
        """Number of items of each part."""
        found = Counter(self.parts.values())
        return {name: found[name] for name in PARTS}


def make_split(project: Project, name: str) -> FrozenSplit:
    """Split all items that have a label, stratified and grouped as `project.toml` states.

    Raises:
        UsageError: There is a split of that name.
        DataError: Items have no labels, or there are too few groups for three parts.
    """
    settings = project.settings.split
    with project.database() as connection:
        if read_split(connection, name) is not None:
            raise UsageError(f"the split {name!r} is frozen: give the new one another name, --name")
        labels = {
            item: final.label for item, final in final_labels(project, connection).items() if final.label
        }
        groups = {
            item: group for item, group in groups_of(connection, settings.group_by).items() if item in labels
        }
        if not labels:
            raise DataError("no item has a label: import records with labels, or ratings")
        parts = _parts(project, labels, groups)
        with transaction(connection):
            if read_split(connection, name) is not None:
                raise UsageError(f"another process has just made the split {name!r}")
            connection.executemany(
                "INSERT INTO split (name, item_id, part) VALUES (?, ?, ?)",
                [(name, item, where) for item, where in sorted(parts.items())],
            )
    found = FrozenSplit(name, parts, split_sha256(parts))
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("id", "part", "group"))
    rows.writerows(map(safe_cell, (item, where, groups[item])) for item, where in sorted(parts.items()))
    write_text(project.path / "splits" / f"{name}.csv", text.getvalue())
    return found


def read_split(connection: sqlite3.Connection, name: str) -> FrozenSplit | None:
    """A split by its name; None if there is none."""
    rows = connection.execute("SELECT item_id, part FROM split WHERE name = ? ORDER BY item_id", (name,))
    parts = {str(row["item_id"]): str(row["part"]) for row in rows}
    return FrozenSplit(name, parts, split_sha256(parts)) if parts else None


def list_splits(connection: sqlite3.Connection) -> list[str]:
    """Names of all splits."""
    return [str(row[0]) for row in connection.execute("SELECT DISTINCT name FROM split ORDER BY name")]


def split_sha256(parts: dict[str, str]) -> str:
    """The hash of a split."""
    return digest(sorted(parts.items()))


def _parts(project: Project, labels: dict[str, str], groups: dict[str, str]) -> dict[str, str]:
    settings = project.settings.split
    samples = [Sample(item, {}, label, subject=groups[item]) for item, label in sorted(labels.items())]
    rest = 1 - settings.test_share
    recipe = SplitSettings(
        test_share=settings.test_share, validation_share=settings.validation_share / rest, seed=settings.seed
    )
    try:
        found = part(samples, recipe)
        check_splits(found)
    except (ConfigError, DataError) as error:
        raise DataError(
            f"{len(labels)} labelled items in {len(set(groups.values()))} groups cannot be split "
            f"({error}); the largest group has {Counter(groups.values()).most_common(1)[0][1]} items: state "
            "fewer reasons to keep items together, [split] group_by"
        ) from None
    return {sample.id: name for name in PARTS for sample in found.part(name)}
