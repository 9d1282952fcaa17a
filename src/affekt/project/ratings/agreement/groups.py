"""Groups of items that may resemble each other: of one account, of one event, or copies."""

from __future__ import annotations

import sqlite3

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components


def groups_of(connection: sqlite3.Connection) -> dict[str, int]:
    """The number of each item's group, by id: items that share an account, event or cluster are of one group.

    What shares with two items joins them as well.
    """
    rows = connection.execute(
        "SELECT id, account, event, cluster FROM item LEFT JOIN duplicate ON item_id = id ORDER BY id"
    ).fetchall()
    nodes: dict[tuple[str, str], int] = {}
    edges: list[tuple[int, int]] = []
    for number, row in enumerate(rows):
        for kind in ("account", "event", "cluster"):
            if row[kind] is not None:
                edges.append((number, len(rows) + nodes.setdefault((kind, str(row[kind])), len(nodes))))
    size = len(rows) + len(nodes)
    ends = np.array(edges, int).reshape(-1, 2)
    graph = coo_matrix((np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), shape=(size, size))
    _, found = connected_components(graph, directed=False)
    return {str(row["id"]): int(group) for row, group in zip(rows, found, strict=False)}
