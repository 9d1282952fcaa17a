"""Counts of skipped items by kind: one summary line for `predict`, `data check` and training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from affekt.core.sample import Skipped
from affekt.core.wording import counted

# Media without a decoder here: the summary shows that converting them would help.
_NO_DECODER = frozenset({
    ".heic", ".heif", ".jxl", ".jp2", ".psd", ".svg", ".raw", ".cr2", ".cr3", ".nef", ".arw", ".dng", ".eps",
    ".pdf", ".swf", ".bvh", ".fbx", ".c3d", ".mat", ".pkl", ".npy",
})  # fmt: skip
_UNUSABLE = "damaged or unusable"


def count_by_kind(items: Iterable[Skipped]) -> dict[str, int]:
    """Number of skipped items of each kind, most frequent first."""
    counts = Counter(item.kind or _UNUSABLE for item in items)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def as_values(items: Sequence[Skipped], hidden: int) -> dict[str, Any]:
    """Skipped items as plain values, for JSON.

    Args:
        hidden: Number of hidden files, which are not read.
    """
    return {
        "items": [{"id": item.id, "reason": item.reason} for item in items],
        "kinds": count_by_kind(items),
        "hidden": hidden,
    }


def kinds_of(items: Iterable[Skipped]) -> str:
    """Kinds of skipped items with their counts, as text.

    Example:
        >>> kinds_of([Skipped("a.txt", "no picture", ".txt"), Skipped("b.HEIC", "no picture", ".heic")])
        '.heic 1 (cannot be read), .txt 1'
    """
    return ", ".join(
        f"{kind} {count}{' (cannot be read)' if kind in _NO_DECODER else ''}"
        for kind, count in count_by_kind(items).items()
    )


def summary_of(items: Sequence[Skipped], *, example: bool = False) -> str:
    """One line about skipped items; empty if there are none.

    Args:
        example: Add one item with its reason, but not a file that was skipped for its suffix.
    """
    if not items:
        return ""
    broken = [item for item in items if not item.kind.startswith(".")]
    such = f"; such as {broken[0]}" if example and broken else ""
    return f"left out: {counted(len(items), 'item')}: {kinds_of(items)}{such}"
