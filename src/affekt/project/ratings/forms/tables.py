"""Ratings in tables: CSV, TSV and spreadsheets.

item,rater,label,rated_at,seconds,round       a row is a rating; item, rater and label are required
7301,anna,joy,2026-03-09T22:16:08Z,4.2,1

item,anna,ben,carla                           a row is an item, a column is a rater
7301,joy,trust,
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from affekt.core.errors import DataError
from affekt.core.files.cells import plain_cell
from affekt.core.sample import Skipped
from affekt.core.settings import suggest
from affekt.data.layouts.tables import normalize_columns
from affekt.data.layouts.text_tables import read_text_table
from affekt.project.ratings.forms.sheets import SUFFIXES, read_sheet
from affekt.project.ratings.forms.stated import RatingFile, StatedRating, round_of, seconds_of, time_of
from affekt.project.records.read import cell_text
from affekt.project.settings.project import ProjectSettings
from affekt.project.settings.ratings import RatingColumns

TEXT = (".csv", ".tsv", ".jsonl")


class _Table(NamedTuple):
    rows: list[tuple[int, Mapping[str, Any]]]
    columns: Sequence[str]


def read_table(path: Path, settings: ProjectSettings, *, rater: str = "") -> RatingFile:
    """The ratings of a table, in whichever of the two forms it has.

    Args:
        rater: Who rated, for a table without a column of raters.

    Raises:
        DataError: It cannot be read, or has neither form.
        UsageError: It needs a package that is not installed.
    """
    found = RatingFile()
    table = _read(path, settings, found)
    names = settings.ratings.columns
    if names.label in table.columns and (names.rater in table.columns or rater):
        _read_ratings(path, table, names, rater, found)
        return found
    raters = _rater_columns(path, table, settings, found)
    for number, row in table.rows:
        place = f"{path.name} row {number}"
        try:
            item = cell_text(names.item, row.get(names.item))
            cells = {name: cell_text(name, row.get(name)) for name in raters}
        except ValueError as error:
            found.skipped.append(Skipped(place, str(error), "rows that cannot be used"))
            continue
        if item is None:
            if any(cells.values()):
                found.skipped.append(Skipped(place, "it names no item", "rows that cannot be used"))
            continue
        found.ratings += [
            StatedRating(f"{place}, {name}", (item,), name, label)
            for name, label in cells.items()
            if label is not None
        ]
    return found


def _read(path: Path, settings: ProjectSettings, found: RatingFile) -> _Table:
    names = settings.ratings.columns
    optional = [name for _, name in names]
    hint = "name the column of items in project.toml: [ratings.columns] item = ..."
    if path.suffix.lower() in SUFFIXES:
        header, rows = read_sheet(path)
        columns = normalize_columns(header, optional)
        if names.item not in columns:
            close = suggest(names.item, [name for name in columns if name])
            raise DataError(f"{path} has no column {names.item!r}, {close}; {hint}")
        return _Table([(number, dict(zip(columns, cells, strict=True))) for number, cells in rows], columns)
    table = read_text_table(
        path, (names.item,), optional=optional, encoding=settings.ratings.encoding or None, hint=hint
    )
    found.skipped += table.skipped
    found.notes += table.notes
    return _Table(
        [
            (row.line, {plain_cell(name): cell and plain_cell(cell) for name, cell in row.cells.items()})
            for row in table.rows
        ],
        [plain_cell(name) for name in table.columns],
    )


def _read_ratings(path: Path, table: _Table, names: RatingColumns, rater: str, found: RatingFile) -> None:
    for number, row in table.rows:
        place = f"{path.name} row {number}"
        try:
            cells = {name: cell_text(name, row.get(name)) for _, name in names}
        except ValueError as error:
            found.skipped.append(Skipped(place, str(error), "rows that cannot be used"))
            continue
        item, label = cells[names.item], cells[names.label]
        who = cells[names.rater] or rater
        missing = [name for name, value in (("item", item), ("rater", who), ("label", label)) if not value]
        if item is None or label is None or not who:
            found.skipped.append(
                Skipped(place, f"it states no {' and no '.join(missing)}", "rows that cannot be used")
            )
            continue
        try:
            round_number = round_of(cells[names.round])
        except ValueError as error:
            found.skipped.append(Skipped(place, str(error), "rows that cannot be used"))
            continue
        seconds = _noted(place, lambda: seconds_of(cells[names.seconds]), found)  # noqa: B023
        rated_at = time_of(cells[names.rated_at])
        found.ratings.append(StatedRating(place, (item,), who, label, rated_at, seconds, round_number))


def _noted(place: str, read: Callable[[], float | None], found: RatingFile) -> float | None:
    """A value that a rating can do without."""
    try:
        return read()
    except ValueError as error:
        found.notes.append(f"{place}: {error}: the rating is kept without it")
        return None


def _rater_columns(path: Path, table: _Table, settings: ProjectSettings, found: RatingFile) -> list[str]:
    """The columns that are raters: those that are named, or else those most of whose cells are labels.

    Raises:
        DataError: There are none, or one that is named is missing.
    """
    wanted = settings.ratings.rater_columns
    missing = [name for name in wanted if name not in table.columns]
    if missing:
        raise DataError(
            f"{path} lacks the column {' and '.join(missing)} of [ratings] rater_columns; found "
            f"{', '.join(table.columns)}"
        )
    if wanted:
        return list(wanted)
    columns = settings.ratings.columns
    others = [name for name in table.columns if name and name != columns.item]
    raters = []
    # A column `label` beside raters holds the label of the records, not the ratings of a rater of this name.
    for name in (it for it in others if it not in [stated for _, stated in columns]):
        cells = [str(row[name]).strip() for _, row in table.rows if row.get(name) not in (None, "")]
        are_labels = sum(settings.label_of(cell) is not None for cell in cells)
        if cells and 2 * are_labels > len(cells):
            raters.append(name)
    if not raters:
        raise DataError(
            f"{path} is neither a table of ratings ({columns.item}, {columns.rater}, {columns.label}), nor "
            f"one of items with a column for each rater; found {', '.join(table.columns)}. Name the "
            "columns in project.toml: [ratings.columns], or [ratings] rater_columns = [...]; --rater NAME "
            "states who rated a file without raters"
        )
    left = [name for name in others if name not in raters]
    found.notes.append(
        f"{path.name}: the raters are the columns {', '.join(raters)}"
        + (f"; {', '.join(left)} are left out" if left else "")
    )
    return raters
