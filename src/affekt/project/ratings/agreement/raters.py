"""What is known of each rater: agreement with the others, confusions, speed, and change between rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from affekt.core.labels import LabelSet
from affekt.metrics.agreement.kappa import cohen_kappa, cohen_kappas
from affekt.metrics.agreement.raters import dawid_skene
from affekt.metrics.agreement.ratings import MISSING, vote_counts
from affekt.project.ratings.agreement.votes import defined
from affekt.project.ratings.table import OneRating, RatingTable


@dataclass(frozen=True)
class Rater:
    """One rater.

    Attributes:
        ratings: Number of items that they rated.
        shared: Number of these that another rater rated as well.
        kappa: Mean of Cohen's kappa with each other rater, weighted by the items that both rated; None if it
            is not defined for any.
        agrees: Share of the items where the others have a single strongest label that this rater names
            too; None without such items.
        accuracy: Probability of the right label, by the model of Dawid and Skene.
        median_s: Median of the seconds from the item being shown to the answer; None if none are stated.
        timed: Number of ratings with seconds.
        labels: (k,), how often they named each label.
        against_others: (k, k), number of items by the strongest label of the others and by this rater's.
        confusions: (k, k), probability of each rating given the right label, by Dawid and Skene; rows of
            labels that the model never sees are close to equal shares.
    """

    name: str
    ratings: int
    shared: int
    kappa: float | None
    agrees: float | None
    accuracy: float
    median_s: float | None
    timed: int
    labels: np.ndarray
    against_others: np.ndarray
    confusions: np.ndarray


@dataclass(frozen=True)
class Drift:
    """How one rater changed from a round to the next.

    Attributes:
        items: Number of items that they rated in both.
        same: Share of these with the same label; None without any.
        kappa: Cohen's kappa of the two rounds; None if it is not defined.
        moved: Half the sum of the absolute differences of the shares of labels, over all items of each round:
            0 for the same use of labels, 1 for no label in common.
        seconds: Median seconds in the first and in the second of the rounds; None where none are stated.
    """

    rater: str
    rounds: tuple[int, int]
    items: int
    same: float | None
    kappa: float | None
    moved: float
    seconds: tuple[float | None, float | None]


def judge_raters(table: RatingTable, ratings: Sequence[OneRating], labels: LabelSet) -> list[Rater]:
    """All raters of a table, in its order.

    Args:
        table: With the last rounds: a column for each rater.
        ratings: All ratings, for the seconds.
    """
    k = len(labels)
    model = dawid_skene(table.ratings, k)
    kappas = cohen_kappas(table.ratings, k)
    counts = vote_counts(table.ratings, k)
    was_rated = table.ratings != MISSING
    together = was_rated.T.astype(int) @ was_rated.astype(int)
    found = []
    for place, name in enumerate(table.raters):
        own, rated = table.ratings[:, place], was_rated[:, place]
        others = counts - (own[:, None] == np.arange(k))
        best = others.max(axis=1)
        has_one = rated & (best > 0) & ((others == best[:, None]).sum(axis=1) == 1)
        against = np.zeros((k, k), int)
        np.add.at(against, (others.argmax(axis=1)[has_one], own[has_one]), 1)
        pairs = [
            (float(kappas[place, other]), int(together[place, other]))
            for other in range(len(table.raters))
            if other != place and np.isfinite(kappas[place, other])
        ]
        weight = sum(number for _, number in pairs)
        seconds = [one.seconds for one in ratings if one.rater == name and one.seconds is not None]
        found.append(
            Rater(
                name=name,
                ratings=int(rated.sum()),
                shared=int((rated & (others.sum(axis=1) > 0)).sum()),
                kappa=sum(value * number for value, number in pairs) / weight if weight else None,
                agrees=float(np.trace(against) / against.sum()) if against.sum() else None,
                accuracy=float(model.prior @ np.diag(model.confusions[place])),
                median_s=float(np.median(seconds)) if seconds else None,
                timed=len(seconds),
                labels=np.bincount(own[rated], minlength=k),
                against_others=against,
                confusions=model.confusions[place],
            )
        )
    return found


def drifts(ratings: Sequence[OneRating], labels: LabelSet) -> list[Drift]:
    """The change of each rater between consecutive rounds of theirs."""
    by_rater: dict[str, dict[int, dict[str, OneRating]]] = {}
    for one in ratings:
        by_rater.setdefault(one.rater, {}).setdefault(one.round, {})[one.item] = one
    k, found = len(labels), []
    for rater, rounds in sorted(by_rater.items()):
        for first, second in pairwise(sorted(rounds)):
            before, after = rounds[first], rounds[second]
            both = sorted(set(before) & set(after))
            one, other = (
                np.array([labels.index(part[item].label) for item in both], int) for part in (before, after)
            )
            use = [
                np.bincount([labels.index(it.label) for it in part.values()], minlength=k) / len(part)
                for part in (before, after)
            ]
            found.append(
                Drift(
                    rater=rater,
                    rounds=(first, second),
                    items=len(both),
                    same=float((one == other).mean()) if both else None,
                    kappa=defined(cohen_kappa(one, other, k)) if both else None,
                    moved=float(np.abs(use[0] - use[1]).sum() / 2),
                    seconds=(_median_s(before), _median_s(after)),
                )
            )
    return found


def _median_s(part: dict[str, OneRating]) -> float | None:
    seconds = [one.seconds for one in part.values() if one.seconds is not None]
    return float(np.median(seconds)) if seconds else None
