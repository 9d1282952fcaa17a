"""Items that belong together: of one account, of one event, or copies of each other."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

# What `affekt.project.settings.versions.PartitionSettings.group_by` names, as columns of the query below.
_COLUMNS = {"account": "account", "event": "event", "duplicates": "cluster"}


def groups_of(connection: sqlite3.Connection, group_by: Sequence[str] = tuple(_COLUMNS)) -> dict[str, str]:
    """The group of each item by id, named after the first of its items.

    Two items are in one group if they share one of `group_by`, or if a chain of such items leads from one to
    the other.
    """
    rows = connection.execute(
        "SELECT id, account, event, cluster FROM item LEFT JOIN duplicate ON item_id = id ORDER BY id"
    ).fetchall()
    shared: dict[tuple[str, str], int] = {}
    edges: list[tuple[int, int]] = []
    for number, row in enumerate(rows):
        for kind in group_by:
            value = row[_COLUMNS[kind]]
            if value is not None:
                edges.append((number, len(rows) + shared.setdefault((kind, str(value)), len(shared))))
    size = len(rows) + len(shared)
    ends = np.array(edges, int).reshape(-1, 2)
    graph = coo_matrix((np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), shape=(size, size))
    _, found = connected_components(graph, directed=False)
    first: dict[int, str] = {}
    return {
        str(row["id"]): first.setdefault(int(group), str(row["id"]))
        for row, group in zip(rows, found, strict=False)
    }
