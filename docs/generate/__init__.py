"""The generated part of the documentation: written to `docs/generated/` when a build starts.

Its sources are those of the program: models of settings, cards, data sets, commands. Nothing is committed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generate.bundles import bundle_pages
from generate.commands import command_pages
from generate.datasets import dataset_pages
from generate.methods import method_pages
from generate.recipes import recipe_pages
from generate.results import result_pages
from generate.timelines import timeline_pages

ROOT = Path(__file__).parents[2]
FOLDER = "generated"
# Links of pages to files beside docs/ lead to the pages that show these files.
_PAGES = (
    (re.compile(r"\]\(\.\./benchmarks/results/(\w+)\.md"), "](/generated/results/\\1.md"),
    (re.compile(r"\]\((?:\.\./)+CONTRIBUTING\.md"), "](/adding.md"),
)


def all_pages() -> Iterator[tuple[str, str]]:
    """Paths below `docs/generated/`, and texts."""
    for pages in (
        recipe_pages,
        method_pages,
        dataset_pages,
        command_pages,
        bundle_pages,
        timeline_pages,
    ):
        yield from pages()
    yield from result_pages(ROOT / "benchmarks" / "results")


def write_pages(app: Any) -> None:
    """Write what has changed, and remove pages that exist no more."""
    folder = Path(app.srcdir) / FOLDER
    written: set[Path] = set()
    for name, text in all_pages():
        path = folder / name
        written.add(path)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for path in folder.rglob("*.md"):
        if path not in written:
            path.unlink()


def lead_to_pages(app: Any, docname: str, source: list[str]) -> None:
    """Replace links to files that are pages as well."""
    for pattern, page in _PAGES:
        source[0] = pattern.sub(page, source[0])


def setup(app: Any) -> dict[str, bool]:
    """Register the extension."""
    app.connect("builder-inited", write_pages)
    app.connect("source-read", lead_to_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
