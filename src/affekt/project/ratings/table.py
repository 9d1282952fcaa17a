"""The ratings of a project as an array of class numbers."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Literal

import numpy as np

from affekt.core.errors import DataError
from affekt.metrics.agreement.ratings import MISSING
from affekt.project.settings.project import ProjectSettings


@dataclass(frozen=True)
class RatingTable:
    """Who rated what, and how.

    Attributes:
        items: Ids of rated items, in order.
        raters: Names; with all rounds, a name for each round of a rater, such as `anna, round 2`.
        ratings: (items, raters) class numbers; -1 where a rater did not rate an item.
    """

    items: tuple[str, ...]
    raters: tuple[str, ...]
    ratings: np.ndarray


@dataclass(frozen=True)
class OneRating:
    """A rating as the database holds it; its label is of the label set."""

    item: str
    rater: str
    round: int
    label: str
    seconds: float | None


def read_ratings(connection: sqlite3.Connection, settings: ProjectSettings) -> list[OneRating]:
    """All ratings by item, rater and round.

    Raises:
        DataError: Labels are not in the label set, which has changed since.
    """
    found: list[OneRating] = []
    outside: dict[str, int] = {}
    for row in connection.execute(
        "SELECT item_id, rater, round, label, seconds FROM rating ORDER BY item_id, rater, round"
    ):
        label = settings.label_of(row["label"])
        if label is None:
            outside[row["label"]] = outside.get(row["label"], 0) + 1
        else:
            found.append(
                OneRating(str(row["item_id"]), str(row["rater"]), int(row["round"]), label, row["seconds"])
            )
    if outside:
        listed = ", ".join(f"{label!r} ({number})" for label, number in sorted(outside.items()))
        raise DataError(
            f"ratings have labels that are not in the label set of the project: {listed}. The set has "
            "changed since: restore it, or map them in project.toml, [label_names]"
        )
    return found


def rating_table(
    ratings: list[OneRating], settings: ProjectSettings, *, rounds: Literal["last", "all"] | None = None
) -> RatingTable:
    """Ratings as an array.

    Args:
        ratings: By item, rater and round.
        rounds: As in `[ratings] rounds`, which is the default.
    """
    is_last = (rounds or settings.ratings.rounds) == "last"
    several = {one.rater for one in ratings if one.round != 1} if not is_last else set()

    def column_of(one: OneRating) -> tuple[str, int]:
        return one.rater, one.round if one.rater in several else 0

    items = sorted({one.item for one in ratings})
    columns = sorted({column_of(one) for one in ratings})
    rows = {item: row for row, item in enumerate(items)}
    places = {key: place for place, key in enumerate(columns)}
    array = np.full((len(items), len(columns)), MISSING)
    for one in ratings:  # later rounds replace earlier ones
        array[rows[one.item], places[column_of(one)]] = settings.label_set.index(one.label)
    names = tuple(f"{rater}, round {number}" if number else rater for rater, number in columns)
    return RatingTable(tuple(items), names, array)
