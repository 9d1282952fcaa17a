"""How many items were left out, by kind: one line that `predict`, `data check` and training share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from affekt.core.sample import Skipped

# Media that people have and that no decoder here reads: a hint that converting them would help.
_NO_DECODER = frozenset({
    ".heic", ".heif", ".jxl", ".jp2", ".psd", ".svg", ".raw", ".cr2", ".cr3", ".nef", ".arw", ".dng", ".eps",
    ".pdf", ".swf", ".bvh", ".fbx", ".c3d", ".mat", ".pkl", ".npy",
})  # fmt: skip
_UNUSABLE = "damaged or unusable"


def count_by_kind(items: Iterable[Skipped]) -> dict[str, int]:
    """Number of items of each kind, the most frequent first."""
    counts = Counter(item.kind or _UNUSABLE for item in items)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def kinds_of(items: Iterable[Skipped]) -> str:
    """Kinds with their numbers.

    Example:
        >>> kinds_of([Skipped("a.txt", "no picture", ".txt"), Skipped("b.HEIC", "no picture", ".heic")])
        '.heic 1 (cannot be read), .txt 1'
    """
    return ", ".join(
        f"{kind} {count}{' (cannot be read)' if kind in _NO_DECODER else ''}"
        for kind, count in count_by_kind(items).items()
    )


def summary_of(items: Sequence[Skipped], *, example: bool = False) -> str:
    """One line for what was left out; empty where nothing was.

    Args:
        example: Name one item that is no file of another kind, with its reason.
    """
    if not items:
        return ""
    broken = [item for item in items if not item.kind.startswith(".")]
    such = f"; such as {broken[0]}" if example and broken else ""
    return f"left out: {len(items)} item{'s' if len(items) > 1 else ''}: {kinds_of(items)}{such}"
