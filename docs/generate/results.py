"""The measured tables of `benchmarks/results/` as pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

# Pages of their own, which the list leads to: they would be half of the navigation.
_BEFORE = "---\norphan: true\n---\n\n"


def result_pages(folder: Path) -> Iterator[tuple[str, str]]:
    """The list of tables, and a page for each; its title is its own, or its file's name."""
    listed: list[str] = []
    for path in sorted(folder.glob("*.md")):
        content = path.read_text(encoding="utf-8").replace("](", "](../../../benchmarks/results/")
        if not content.startswith("# "):
            content = f"# {path.stem.replace('_', ' ').capitalize()}\n\n{content}"
        title = content.partition("\n")[0].removeprefix("# ")
        listed.append(f"- [{title}](/generated/results/{path.name})\n")
        yield f"results/{path.name}", _BEFORE + content
    yield "fragments/results.md", "".join(listed)
