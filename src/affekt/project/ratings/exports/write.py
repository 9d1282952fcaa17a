"""Files of items to rate, and of all ratings."""

from __future__ import annotations

import csv
import io
import json
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
            sheet with a row for each item and a column for each rater, with the labels that there are in
            their last round. `ratings`: every single rating, a row each.
        raters: Columns of the sheet; those that have rated if empty.
        fewer_than: Only items with fewer raters than this; not for `ratings`.
        prefix: What tasks of Label Studio put before the path of a medium below the project.

    Raises:
        AffektError: The folder cannot be written.
    """
    with project.database() as connection:
        items = shown_items(connection, fewer_than=fewer_than)
        rows = connection.execute(
            "SELECT item_id AS item, rater, label, rated_at, seconds, round FROM rating "
            "ORDER BY item_id, rater, round"
        ).fetchall()
    report = Exported(items=len(items))
    if form == "ratings":
        if fewer_than is not None:
            raise UsageError("ratings are exported all: leave out the number of raters")
        report.items = len(rows)
        columns = project.settings.ratings.columns
        header = [getattr(columns, name) for name in rows[0].keys()] if rows else [it for _, it in columns]  # noqa: SIM118
        _write(report, folder / "ratings.csv", _table(header, [list(row) for row in rows]))
        return report
    if form == "csv":
        labels = {(row["item"], row["rater"]): row["label"] for row in rows}
        names = list(raters) or sorted({str(row["rater"]) for row in rows})
        if not names:
            raise UsageError("nobody has rated yet: name the raters, each gets a column")
        header = [project.settings.ratings.columns.item, "title", "file", *names]
        cells = [
            [one.id, one.title or "", one.path or "", *(labels.get((one.id, name), "") for name in names)]
            for one in items
        ]
        _write(report, folder / "items.csv", _table(header, cells))
        return report
    report.without_media = [one.id for one in items if one.kind is None]
    report.items -= len(report.without_media)
    if form == "cvat":
        labels_of_cvat = [
            {"name": name, "type": "tag", "attributes": []} for name in project.settings.label_set.names
        ]
        _write(report, folder / "labels.json", json.dumps(labels_of_cvat, indent=1) + "\n")
    for kind in _TAGS:
        own = [one for one in items if one.kind == kind and one.path is not None]
        if own and form == "cvat" and kind != "audio":
            _write(report, folder / f"{kind}-files.txt", "".join(f"{one.path}\n" for one in own))
        elif own and form == "cvat":
            report.without_media += [one.id for one in own]
            report.items -= len(own)
        elif own:
            tasks = [_task(one, project, prefix) for one in own]
            _write(
                report, folder / f"{kind}-tasks.json", json.dumps(tasks, indent=1, ensure_ascii=False) + "\n"
            )
            _write(report, folder / f"{kind}-interface.xml", _interface(kind, project))
    return report


def _task(one: ShownItem, project: Project, prefix: str) -> dict[str, dict[str, str]]:
    data = {project.settings.ratings.columns.item: one.id, "title": one.title or ""}
    return {"data": {**data, str(one.kind): prefix + quote(str(one.path))}}


def _interface(kind: str, project: Project) -> str:
    """The labelling interface of Label Studio: the medium, and a choice of one label by number keys."""
    view = Xml.Element("View")
    Xml.SubElement(view, "Header", value="$title")
    Xml.SubElement(view, _TAGS[kind], name="medium", value=f"${kind}")
    choices = Xml.SubElement(
        view, "Choices", name=project.settings.ratings.control or "label", toName="medium", choice="single"
    )
    for number, name in enumerate(project.settings.label_set.names, 1):
        key = {"hotkey": str(number)} if number <= 9 else {}
        Xml.SubElement(choices, "Choice", {"value": name, **key})
    Xml.indent(view)
    return Xml.tostring(view, encoding="unicode") + "\n"


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(["" if value is None else value for value in row] for row in rows)
    return stream.getvalue()


def _write(report: Exported, path: Path, text: str) -> None:
    write_text(path, text)
    report.files.append(path)
