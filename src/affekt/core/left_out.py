"""How many items were left out, by kind: one line that `predict`, `data check` and training share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from affekt.core.sample import Skipped

# Media that people have and that no decoder here reads: a hint that converting them would help.
_NO_DECODER = frozenset({
    ".heic", ".heif", ".jxl", ".jp2", ".psd", ".svg", ".raw", ".cr2", ".cr3", ".nef", ".arw", ".dng", ".eps",
    ".pdf", ".sph", ".ra", ".swf", ".bvh", ".fbx", ".c3d", ".mat", ".pkl", ".npy",
})  # fmt: skip
_UNUSABLE = "damaged or unusable"


def count_by_kind(items: Iterable[Skipped]) -> dict[str, int]:
    """Number of items of each kind, the most frequent first."""
    counts = Counter(item.kind or _UNUSABLE for item in items)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def summary_of(items: Iterable[Skipped]) -> str:
    """The line; empty where nothing was left out.

    Example:
        >>> summary_of([Skipped("a.txt", "is no picture", ".txt"), Skipped("b.HEIC", "is no picture", ".heic")])
        'left out: 2 items: .heic 1 (cannot be read), .txt 1'
    """
    counts = count_by_kind(items)
    if not counts:
        return ""
    total = sum(counts.values())
    kinds = ", ".join(
        f"{kind} {count}{' (cannot be read)' if kind in _NO_DECODER else ''}"
        for kind, count in counts.items()
    )
    return f"left out: {total} item{'s' if total > 1 else ''}: {kinds}"
