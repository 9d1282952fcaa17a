"""One page about a study: a single HTML file that loads nothing and has no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from affekt.core.files.whole import write_text
from affekt.report.study.tables import Table
from affekt.report.templates import render_page


@dataclass(frozen=True)
class Number:
    """A number at the top of the page: its name, its value, and a note."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A figure with its title and the text that replaces it.

    Attributes:
        source, dark_source: Sources of an image, for light and for dark pages.
    """

    title: str
    source: str
    dark_source: str
    text: str


@dataclass(frozen=True)
class ShownRun:
    """A run in the list of all runs.

    Attributes:
        link: Its folder, relative to the page.
        scores: Texts, in the order of `RunGroup.columns`.
    """

    name: str
    link: str
    seed: str
    scores: Sequence[str]
    looks: int


@dataclass(frozen=True)
class RunGroup:
    """The runs of a row, to which the cells of the tables link by `anchor`."""

    anchor: str
    title: str
    columns: Sequence[str]
    runs: Sequence[ShownRun]
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class StudyPage:
    """The content of the page. Empty parts are left out.

    Attributes:
        tables: Scores, one table for each data set.
        tests: Comparisons of rows.
        failed: Members that failed, with their reasons.
        method: How the numbers were computed and what is assumed, a paragraph each.
    """

    title: str
    lead: str
    numbers: Sequence[Number] = ()
    tables: Sequence[Table] = ()
    tests: Table | None = None
    notes: Sequence[str] = ()
    pictures: Sequence[Picture] = ()
    groups: Sequence[RunGroup] = ()
    further: Sequence[Table] = ()
    failed: Mapping[str, str] | None = None
    method: Sequence[str] = ()
    plan: str = ""
    command: str = ""


def write_study_page(path: Path, page: StudyPage) -> None:
    """Write the page as one file."""
    write_text(path, render_page(Path(__file__).parent, {}, page=page))
