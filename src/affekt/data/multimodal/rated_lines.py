"""What data sets of rated lines share: the answer that is asked for, and subjects that a split cuts apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from affekt.core.labels import LabelSet, label_set
from affekt.core.sample import Sample
from affekt.core.task import Task, find_task
from affekt.core.wording import count
from affekt.metrics.rating_classes import UNIT, ways_of
from affekt.report.wording import some

RATING = "sentiment"
# Names of the classes into which the scale of CH-SIMS is cut, from the lowest to the highest.
CLASSES = {
    2: LabelSet.of("not positive", "positive", polarity={"not positive": "negative"}),
    3: label_set("sentiment-3"),
    5: LabelSet.of(
        "negative",
        "weakly negative",
        "neutral",
        "weakly positive",
        "positive",
        polarity={"weakly negative": "negative", "weakly positive": "positive"},
    ),
}
_WAYS = {2: "acc2_positive", 3: "acc3", 5: "acc5"}


def class_of(rating: float, classes: int) -> str:
    """The class of a rating from -1 to 1, by the edges of `affekt.metrics.rating_classes`.

    Example:
        >>> [class_of(rating, 3) for rating in (-0.2, 0.0, 0.2)]
        ['negative', 'neutral', 'positive']
    """
    way = next(way for way in ways_of(UNIT) if way.accuracy == _WAYS[classes])
    return CLASSES[classes].names[int(way.of(np.array([rating]))[0])]


def answer_of(classes: int | None, scale: tuple[float, float]) -> tuple[LabelSet, Task]:
    """Labels and task: the rating itself, or a number of classes."""
    if classes is None:
        return LabelSet.of(RATING, scale=scale), find_task("regression")
    return CLASSES[classes], find_task("single_label")


def annotation_of(rating: float | None, classes: int | None) -> dict[str, Any]:
    """Fields of a `Sample` or `Annotation` that hold a rating; none where there is none."""
    if rating is None:
        return {}
    return {"values": {RATING: rating}} if classes is None else {"label": class_of(rating, classes)}


def kept_apart(samples: Sequence[Sample]) -> tuple[list[Sample], list[str]]:
    """The samples, and a sentence if the published split has lines of one video in several parts.

    Subjects are then left out, because a subject is in one part only.
    """
    parts: dict[str, set[str]] = defaultdict(set)
    for sample in samples:
        if sample.subject and sample.split:
            parts[sample.subject].add(sample.split)
    shared = sorted(name for name, found in parts.items() if len(found) > 1)
    if not shared:
        return list(samples), []
    return [replace(sample, subject=None) for sample in samples], [
        f"{count(shared, 'video')} with lines in several parts of the published split, such as "
        f"{some(shared)}: "
        'videos are not taken as subjects, so scores do not hold for new videos; the option split = "videos" '
        "keeps them apart"
    ]
