"""Items that belong together and are never separated by a split."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

_QUERIES = {
    "account": "SELECT id, account FROM item WHERE account IS NOT NULL",
    "event": "SELECT id, event FROM item WHERE event IS NOT NULL",
    "duplicates": "SELECT item_id, cluster FROM duplicate",
}


def groups_of(connection: sqlite3.Connection, group_by: Sequence[str]) -> dict[str, str]:
    """The group of each item, named after its first item.

    Two items are in one group if they share an account, an event or a cluster of duplicates, or if a chain of
    such items leads from one to the other.
    """
    items = [str(row[0]) for row in connection.execute("SELECT id FROM item ORDER BY id")]
    shared = (
        (f"{kind} {row[1]}", str(row[0])) for kind in group_by for row in connection.execute(_QUERIES[kind])
    )
    return joined(items, shared)


def joined(items: Sequence[str], shared: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Groups of items that share something.

    Args:
        shared: Pairs of something and an item that has it.

    Returns:
        The first item, in alphabetical order, of each item's group.

    Example:
        >>> joined(["a", "b", "c", "d"], [("x", "a"), ("x", "b"), ("y", "b"), ("y", "c")])
        {'a': 'a', 'b': 'a', 'c': 'a', 'd': 'd'}
    """
    above: dict[str, str] = {}

    def root(node: str) -> str:
        while (up := above.get(node, node)) != node:
            above[node] = node = above.get(up, up)
        return node

    for thing, item in shared:
        one, other = root(f"shared {thing}"), root(f"item {item}")
        if one != other:
            above[one] = other
    first: dict[str, str] = {}
    for item in sorted(items):
        first.setdefault(root(f"item {item}"), item)
    return {item: first[root(f"item {item}")] for item in items}


def sizes(groups: Mapping[str, str]) -> dict[str, int]:
    """Number of items of each group."""
    found: dict[str, int] = {}
    for group in groups.values():
        found[group] = found.get(group, 0) + 1
    return found
