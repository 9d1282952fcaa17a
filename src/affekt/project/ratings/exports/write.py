"""Files of items to rate, and of all ratings."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import quote
from xml.etree import ElementTree as Xml

from affekt.core.errors import UsageError
from affekt.core.files.whole import write_text
from affekt.project.folder import Project
from affekt.project.ratings.exports.items import ShownItem, shown_items
from affekt.project.settings.project import ProjectSettings
from affekt.report.study.tables import as_csv

Form = Literal["label-studio", "cvat", "csv", "ratings"]
LOCAL_FILES = "/data/local-files/?d="  # of Label Studio, below its document root
_TAGS = {"video": "Video", "audio": "Audio", "image": "Image"}


@dataclass
class Exported:
    """What was written.

    Attributes:
        items: Number of items, or of ratings.
        without_media: Items that the form cannot hold because they have no medium.
    """

    files: list[Path] = field(default_factory=list)
    items: int = 0
    without_media: list[str] = field(default_factory=list)


def export_ratings(
    project: Project,
    form: Form,
    folder: Path,
    *,
    raters: Sequence[str] = (),
    fewer_than: int | None = None,
    prefix: str = LOCAL_FILES,
) -> Exported:
    """Write items to rate, or all ratings, into a folder.

    Args:
        form: `label-studio`: tasks and a labelling interface for each kind of medium. `cvat`: the labels as
            CVAT's constructor takes them, and the list of files to upload for each kind of medium. `csv`: a
            sheet with a row for each item and a column for each rater, with the labels of the first round
            that there are. `ratings`: every single rating, a row each.
        raters: Columns of the sheet; those that have rated if empty.
        fewer_than: Only items with fewer raters than this; not for `ratings`.
        prefix: What tasks of Label Studio put before the path of a medium below the project.

    Raises:
        AffektError: The folder cannot be written.
    """
    if form == "ratings" and fewer_than is not None:
        raise UsageError("ratings are exported all: leave out the number of raters")
    with project.database() as connection:
        items = shown_items(connection, fewer_than=fewer_than)
        ratings = connection.execute(
            "SELECT item_id, rater, label, rated_at, seconds, round FROM rating "
            "ORDER BY item_id, rater, round"
        ).fetchall()
    settings, report = project.settings, Exported()
    if form == "ratings":
        _write_ratings(report, folder, settings, ratings)
    elif form == "csv":
        _write_sheet(report, folder, settings, items, ratings, raters)
    elif form == "cvat":
        _write_for_cvat(report, folder, settings, items)
    else:
        _write_tasks(report, folder, settings, items, prefix)
    return report


def _write_ratings(
    report: Exported, folder: Path, settings: ProjectSettings, ratings: Sequence[sqlite3.Row]
) -> None:
    columns = settings.ratings.columns
    header = [columns.item, columns.rater, columns.label, columns.rated_at, columns.seconds, columns.round]
    _write(report, folder / "ratings.csv", as_csv(header, [list(row) for row in ratings]))
    report.items = len(ratings)


def _write_sheet(
    report: Exported,
    folder: Path,
    settings: ProjectSettings,
    items: Sequence[ShownItem],
    ratings: Sequence[sqlite3.Row],
    raters: Sequence[str],
) -> None:
    labels = {(row["item_id"], row["rater"]): row["label"] for row in ratings if row["round"] == 1}
    names = list(raters) or sorted({str(row["rater"]) for row in ratings})
    if not names:
        raise UsageError("there are no ratings yet: name the raters, each gets a column")
    cells = [[one.id, one.title, one.path, *(labels.get((one.id, name)) for name in names)] for one in items]
    header = [settings.ratings.columns.item, "title", "file", *names]
    _write(report, folder / "items.csv", as_csv(header, cells))
    report.items = len(items)


def _write_for_cvat(
    report: Exported, folder: Path, settings: ProjectSettings, items: Sequence[ShownItem]
) -> None:
    labels = [{"name": name, "type": "tag", "attributes": []} for name in settings.label_set.names]
    _write(report, folder / "labels.json", json.dumps(labels, indent=1, ensure_ascii=False) + "\n")
    for kind in ("video", "image"):
        paths = [one.path for one in items if one.kind == kind]
        if paths:
            _write(report, folder / f"{kind}-files.txt", "".join(f"{path}\n" for path in paths))
            report.items += len(paths)
    report.without_media = [one.id for one in items if one.kind not in ("video", "image")]


def _write_tasks(
    report: Exported, folder: Path, settings: ProjectSettings, items: Sequence[ShownItem], prefix: str
) -> None:
    for kind in _TAGS:
        tasks = [_task(one, settings, prefix) for one in items if one.kind == kind]
        if tasks:
            text = json.dumps(tasks, indent=1, ensure_ascii=False)
            _write(report, folder / f"{kind}-tasks.json", f"{text}\n")
            _write(report, folder / f"{kind}-interface.xml", _interface(kind, settings))
            report.items += len(tasks)
    report.without_media = [one.id for one in items if one.kind is None]


def _task(one: ShownItem, settings: ProjectSettings, prefix: str) -> dict[str, dict[str, str]]:
    data = {settings.ratings.columns.item: one.id, "title": one.title or ""}
    return {"data": {**data, str(one.kind): prefix + quote(str(one.path))}}


def _interface(kind: str, settings: ProjectSettings) -> str:
    """The labelling interface of Label Studio: the medium, and a choice of one label by number keys."""
    view = Xml.Element("View")
    Xml.SubElement(view, "Header", value="$title")
    Xml.SubElement(view, _TAGS[kind], name="medium", value=f"${kind}")
    choices = Xml.SubElement(
        view, "Choices", name=settings.ratings.control or "label", toName="medium", choice="single"
    )
    for number, name in enumerate(settings.label_set.names, 1):
        key = {"hotkey": str(number)} if number <= 9 else {}
        Xml.SubElement(choices, "Choice", {"value": name, **key})
    Xml.indent(view)
    return Xml.tostring(view, encoding="unicode") + "\n"


def _write(report: Exported, path: Path, text: str) -> None:
    write_text(path, text)
    report.files.append(path)
