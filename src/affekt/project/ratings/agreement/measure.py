"""All that is known of the agreement of a project's raters."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from affekt.core.labels import LabelSet
from affekt.metrics.agreement.kappa import cohen_kappas
from affekt.metrics.agreement.ratings import vote_counts
from affekt.project.folder import Project
from affekt.project.ratings.agreement.raters import Drift, Rater, drifts, judge_raters
from affekt.project.ratings.agreement.suspects import Suspects, find_suspects
from affekt.project.ratings.agreement.votes import VoteAgreement, vote_agreement
from affekt.project.ratings.labels import FinalLabel, final_labels
from affekt.project.ratings.table import RatingTable, rating_table, read_ratings
from affekt.project.ratings.upsert import left_out_counts


@dataclass(frozen=True)
class RatingAgreement:
    """The agreement of a project's raters.

    Attributes:
        labels: The label set.
        table: The last rating of each rater for each item.
        votes: Agreement from these.
        kappas: (raters, raters), Cohen; NaN where it is not defined.
        raters: Each rater, in the order of the table.
        drifts: Changes between rounds.
        rounds: Agreement of the ratings of each round, by its number.
        final: The label of every item.
        left_out: Number of ratings that were stated but not taken, by kind.
        suspects: Labels that vectors contradict; None without vectors.
    """

    labels: LabelSet
    table: RatingTable
    votes: VoteAgreement
    kappas: np.ndarray
    raters: list[Rater]
    drifts: list[Drift]
    rounds: Mapping[int, VoteAgreement]
    final: Mapping[str, FinalLabel]
    left_out: Mapping[str, int]
    suspects: Suspects | None = None

    @property
    def unlabelled(self) -> dict[str, FinalLabel]:
        """Items with ratings that give no label, by id."""
        return {item: one for item, one in self.final.items() if one.label is None and one.ratings}

    @property
    def disputed(self) -> list[tuple[str, float]]:
        """Items by the entropy of their votes, in nats, largest first; without those where all agree."""
        pairs = zip(self.table.items, self.votes.entropy.tolist(), strict=True)
        return sorted((it for it in pairs if it[1] > 0), key=lambda it: (-it[1], it[0]))


def measure_agreement(
    project: Project, connection: sqlite3.Connection, vectors: Mapping[str, np.ndarray] | None = None
) -> RatingAgreement:
    """Measure the agreement of a project's raters.

    Args:
        vectors: Features (d,) of items by id, to find labels that they contradict.

    Raises:
        DataError: Labels of ratings are not in the label set, or no labelled item has a vector.
    """
    settings = project.settings
    labels, k = settings.label_set, len(settings.label_set)
    ratings = read_ratings(connection, settings)
    table = rating_table(ratings, settings, rounds="last")
    by_round = {
        number: [one for one in ratings if one.round == number] for number in {it.round for it in ratings}
    }
    final = final_labels(project, connection)
    return RatingAgreement(
        labels=labels,
        table=table,
        votes=vote_agreement(vote_counts(table.ratings, k), labels),
        kappas=cohen_kappas(table.ratings, k),
        raters=judge_raters(table, ratings, labels) if table.items else [],
        drifts=drifts(ratings, labels),
        rounds={
            number: vote_agreement(
                vote_counts(rating_table(part, settings, rounds="last").ratings, k), labels
            )
            for number, part in sorted(by_round.items())
        },
        final=final,
        left_out=left_out_counts(connection),
        suspects=None if vectors is None else find_suspects(vectors, final, labels, connection),
    )


def as_values(found: RatingAgreement) -> dict[str, Any]:
    """The same as JSON values; what is not defined is null."""
    values = {
        "labels": found.labels.names,
        "items": found.votes.items,
        "ratings": found.votes.votes,
        "votes": {
            name: value for name, value in asdict(found.votes).items() if name not in ("entropy", "shares")
        },
        "kappas": {"raters": found.table.raters, "values": found.kappas},
        "raters": [asdict(one) for one in found.raters],
        "rounds": {
            str(number): {"alpha": one.alpha, "items": one.items} for number, one in found.rounds.items()
        },
        "drifts": [asdict(one) for one in found.drifts],
        "disputed": [{"item": item, "entropy": entropy} for item, entropy in found.disputed],
        "unlabelled": {item: one.reason for item, one in found.unlabelled.items()},
        "left_out": dict(found.left_out),
        "suspects": None if found.suspects is None else asdict(found.suspects),
    }
    return _plain(values)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and np.isnan(value) else value
