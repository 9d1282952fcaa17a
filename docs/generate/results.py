"""The measured tables of `benchmarks/results/` as pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def result_pages(folder: Path) -> Iterator[tuple[str, str]]:
    """A page for each table, with its file's name as the title."""
    for path in sorted(folder.glob("*.md")):
        content = path.read_text(encoding="utf-8")
        title = "" if content.startswith("# ") else f"# {path.stem.replace('_', ' ').capitalize()}\n\n"
        yield f"results/{path.name}", title + content.replace("](", "](../../../benchmarks/results/")
