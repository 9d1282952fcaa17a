"""Classes of ratings: shares of items that fall into the right class when a scale is cut into a few.

Sentiment is rated from -3 to 3 (CMU-MOSI, CMU-MOSEI) or from -1 to 1 (CH-SIMS), 0 being neutral. Published
scores cut these scales in the ways below, by the same rule for truth and prediction. `docs/ratings.md` lists
them all.

Source: definitions as in MMSA (Mao et al., ACL 2022 demonstrations).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from affekt.metrics.checks import check_items
from affekt.metrics.classification import confusion_matrix, scores_of
from affekt.metrics.intervals import score_intervals

Scale = tuple[float, float]
SEVEN, UNIT = (-3.0, 3.0), (-1.0, 1.0)  # scales of CMU-MOSI and of CH-SIMS
_THREE, _FIVE = (-0.1, 0.1), (-0.7, -0.1, 0.1, 0.7)  # upper edges of classes of CH-SIMS, which they include


class RatingClasses(NamedTuple):
    """One way to cut a scale.

    Attributes:
        accuracy: Name of the share of items in the right class.
        f1: Name of the weighted F1 of these classes; empty if it is not computed.
        meaning: In words.
        classes: Their number.
        of: Class numbers (n,) of ratings (n,).
        without_zero: Whether items whose true rating is 0 are left out.
    """

    accuracy: str
    f1: str
    meaning: str
    classes: int
    of: Callable[[np.ndarray], np.ndarray]
    without_zero: bool = False


_OF_ANY_SCALE = (
    RatingClasses(
        "acc2",
        "f1",
        "negative (below 0) or not negative (0 and above), all items",
        2,
        lambda ratings: (ratings >= 0).astype(int),
    ),
    RatingClasses(
        "acc2_nonzero",
        "f1_nonzero",
        "positive (above 0) or not, items whose true rating is not 0",
        2,
        lambda ratings: (ratings > 0).astype(int),
        without_zero=True,
    ),
)
_OF_SCALE: dict[Scale, tuple[RatingClasses, ...]] = {
    SEVEN: (
        RatingClasses(
            "acc7",
            "",
            "the whole numbers from -3 to 3: ratings are limited to this range and rounded, halves to even",
            7,
            lambda ratings: np.round(np.clip(ratings, -3, 3)).astype(int) + 3,
        ),
        RatingClasses(
            "acc5",
            "",
            "the whole numbers from -2 to 2: ratings are limited to this range and rounded, halves to even",
            5,
            lambda ratings: np.round(np.clip(ratings, -2, 2)).astype(int) + 2,
        ),
    ),
    UNIT: (
        RatingClasses(
            "acc2_positive",
            "f1_positive",
            "positive (above 0) or not positive (0 and below), all items: the usual two classes of CH-SIMS",
            2,
            lambda ratings: (ratings > 0).astype(int),
        ),
        RatingClasses(
            "acc3",
            "",
            "up to -0.1, up to 0.1, above 0.1",
            3,
            lambda ratings: classes_between(ratings, _THREE),
        ),
        RatingClasses(
            "acc5",
            "",
            "up to -0.7, up to -0.1, up to 0.1, up to 0.7, above 0.7",
            5,
            lambda ratings: classes_between(ratings, _FIVE),
        ),
    ),
}


def classes_between(ratings: np.ndarray, edges: Sequence[float]) -> np.ndarray:
    """Class numbers (n,) of ratings (n,): class i is above edge i - 1 and up to edge i, which it includes.

    Example:
        >>> classes_between(np.array([-1.0, -0.1, 0.0, 0.1, 0.2]), (-0.1, 0.1)).tolist()
        [0, 0, 1, 1, 2]
    """
    # Ratings may be float32, in which 0.1 is above the edge: they are compared to six decimals.
    return np.searchsorted(np.asarray(edges), np.round(np.asarray(ratings, float), 6), side="left")


def ways_of(scale: Scale | None) -> tuple[RatingClasses, ...]:
    """The ways to cut a scale; none if it is not known, because 0 may then have no meaning.

    Example:
        >>> [way.accuracy for way in ways_of((-3.0, 3.0))]
        ['acc2', 'acc2_nonzero', 'acc7', 'acc5']
    """
    return () if scale is None else (*_OF_ANY_SCALE, *_OF_SCALE.get((scale[0], scale[1]), ()))


class ClassScores(NamedTuple):
    """Scores and their 95 % intervals by name, and sentences on scores that are not defined."""

    scores: dict[str, float]
    ranges: dict[str, tuple[float, float]]
    notes: tuple[str, ...]


def rating_class_scores(
    truth: np.ndarray,
    predicted: np.ndarray,
    scale: Scale | None,
    subjects: Sequence[str | None] | None = None,
) -> ClassScores:
    """Accuracies and weighted F1 of ratings (n,) in the classes of their scale.

    Args:
        subjects: Subject of each item, the units of the intervals (`affekt.metrics.intervals`).

    Raises:
        ValueError: There is no item, arrays differ in length, or numbers are not finite.

    Example:
        >>> found = rating_class_scores(np.array([-1.0, 0.0, 2.0]), np.array([-0.4, -0.2, 1.6]), (-3.0, 3.0))
        >>> {name: round(value, 2) for name, value in found.scores.items()}
        {'acc2': 0.67, 'f1': 0.67, 'acc2_nonzero': 1.0, 'f1_nonzero': 1.0, 'acc7': 0.67, 'acc5': 0.67}
    """
    truth, predicted = check_items(truth=truth, predicted=predicted)
    scores: dict[str, float] = {}
    ranges: dict[str, tuple[float, float]] = {}
    notes: list[str] = []
    for way in ways_of(scale):
        kept = truth != 0 if way.without_zero else np.ones(len(truth), bool)
        if not kept.any():
            notes.append(f"{way.accuracy} is not defined: every true rating is 0")
            continue
        one, other = way.of(truth[kept]), way.of(predicted[kept])
        found = scores_of(confusion_matrix(one, other, way.classes))
        names = None if subjects is None else [subjects[row] for row in np.flatnonzero(kept).tolist()]
        around = score_intervals(one, other, way.classes, names).ranges
        for name, kind in ((way.accuracy, "accuracy"), (way.f1, "weighted_f1")):
            if name:
                scores[name], ranges[name] = float(found[kind]), around[kind]
    return ClassScores(scores, ranges, tuple(notes))
