"""The pages of the documentation as blocks of code and text."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=fence)\s*$", re.M | re.S)

COMMENT = re.compile(r"(^|\s)#.*")


class Block(NamedTuple):
    """A block of code; `info` is what follows the fence, as in `bash run`."""

    info: str
    body: str

    @property
    def lines(self):
        """Lines without comments and blanks at their ends."""
        found = [COMMENT.sub("", line).rstrip() for line in self.body.splitlines()]
        return [line for line in found if line]


class Page:
    """A page of Markdown."""

    def __init__(self, path):
        self.path, self.source = path, path.read_text(encoding="utf-8")
        self.blocks = [Block(found["info"].strip(), found["body"]) for found in FENCE.finditer(self.source)]
        self.text = FENCE.sub("", self.source)

    @property
    def name(self):
        return self.path.relative_to(ROOT).as_posix()


@pytest.fixture(scope="session")
def page():
    """A function that reads a page by its path below the repository."""
    return lambda name: Page(ROOT / name)


@pytest.fixture(scope="session")
def pages():
    """All pages that people read: of the repository and of its documentation, without generated ones."""
    names = ["README.md", "CONTRIBUTING.md", "src/affekt/starters/README.md"]
    found = [ROOT / name for name in names] + sorted(ROOT.glob("README.*.md"))
    found += sorted(
        path for path in (ROOT / "docs").rglob("*.md") if not {"_build", "generated"} & set(path.parts)
    )
    return [Page(path) for path in found]
