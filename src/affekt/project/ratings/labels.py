"""The label of each item from its ratings, by the rule that `project.toml` states."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Literal

import numpy as np

from affekt.metrics.agreement.raters import dawid_skene
from affekt.metrics.agreement.ratings import vote_counts, vote_shares
from affekt.project.folder import Project
from affekt.project.ratings.table import RatingTable, rating_table, read_ratings
from affekt.project.settings.project import ProjectSettings

_ROUNDING = 1e-9  # of probabilities that are equal


@dataclass(frozen=True)
class FinalLabel:
    """What an item is labelled, and what that rests on.

    Attributes:
        label: Of the label set; None if there is none.
        soft: Share or probability of each label by name; None without ratings, or where `project.toml` does
            not ask for soft labels.
        agreement: Share of the ratings that name the label; None without ratings or label.
        ratings: Their number.
        origin: `ratings`; `record`: the records state it; `none`.
        reason: Why there is no label, or none of ratings.
    """

    label: str | None
    soft: dict[str, float] | None
    agreement: float | None
    ratings: int
    origin: Literal["ratings", "record", "none"]
    reason: str = ""


def final_labels(project: Project, connection: sqlite3.Connection) -> dict[str, FinalLabel]:
    """The label of every item of a project, by id and in order of ids.

    Raises:
        DataError: Labels of ratings are not in the label set, which has changed since.
    """
    settings = project.settings
    table = rating_table(read_ratings(connection, settings), settings)
    rule = _Rule(settings, table)
    rows = {item: row for row, item in enumerate(table.items)}
    found: dict[str, FinalLabel] = {}
    for row in connection.execute("SELECT id, label FROM item ORDER BY id"):
        stated = settings.label_of(row["label"]) if row["label"] is not None else None
        found[str(row["id"])] = rule.label_of(rows.get(str(row["id"])), stated)
    return found


class _Rule:
    """`[ratings]` of `project.toml`, applied to one table of ratings."""

    def __init__(self, settings: ProjectSettings, table: RatingTable) -> None:
        self.settings = settings.ratings
        self.names = settings.label_set.names
        self.counts = vote_counts(table.ratings, len(self.names))
        self.soft: np.ndarray = vote_shares(self.counts)
        self.posterior = self.soft
        if len(table.items) and "dawid-skene" in (self.settings.rule, self.settings.ties):
            self.posterior = dawid_skene(table.ratings, len(self.names)).posterior
        if self.settings.rule == "dawid-skene":
            self.soft = self.posterior

    def label_of(self, row: int | None, stated: str | None) -> FinalLabel:
        """The label of an item.

        Args:
            row: Of the table; None without ratings.
            stated: The label of its record.
        """
        number = 0 if row is None else int(self.counts[row].sum())
        if row is None or number < self.settings.least_raters:
            reason = f"{number} of at least {self.settings.least_raters} ratings" if number else "no rating"
            if stated is not None and self.settings.fallback == "record":
                return FinalLabel(stated, None, None, number, "record", reason)
            return FinalLabel(None, None, None, number, "none", reason)
        label, reason = self._choose(row, stated)
        soft = None
        if self.settings.soft_labels:
            soft = dict(zip(self.names, map(float, self.soft[row]), strict=True))
        if label is None:
            return FinalLabel(None, soft, None, number, "none", reason)
        share = float(self.counts[row, label] / number)
        if share < self.settings.least_share:
            needed = f"at least {self.settings.least_share:.0%} are needed"
            reason = f"{self.names[label]} has {share:.0%} of the ratings, {needed}"
            return FinalLabel(None, soft, None, number, "none", reason)
        return FinalLabel(self.names[label], soft, share, number, "ratings")

    def _choose(self, row: int, stated: str | None) -> tuple[int | None, str]:
        """The class of a row of the table, or why there is none."""
        scores = self.soft[row] if self.settings.rule == "dawid-skene" else self.counts[row]
        tied = np.flatnonzero(scores >= scores.max() - _ROUNDING)
        if len(tied) == 1:
            return int(tied[0]), ""
        names = [self.names[place] for place in tied]
        if self.settings.ties == "record" and stated in names:
            return self.names.index(stated), ""
        if self.settings.ties == "dawid-skene":
            tied = tied[self.posterior[row, tied] >= self.posterior[row, tied].max() - _ROUNDING]
            if len(tied) == 1:
                return int(tied[0]), ""
        return None, f"{' and '.join(names)} are equal"
