"""Parting samples so that no subject stands on two sides."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from affekt.core.errors import ConfigError, DataError
from affekt.core.recipe import SplitSettings
from affekt.core.sample import Sample, Split


@dataclass(frozen=True)
class Parts:
    """Samples of the three parts."""

    train: list[Sample]
    validation: list[Sample]
    test: list[Sample]

    def part(self, split: Split) -> list[Sample]:
        """Samples of one part by its name."""
        return getattr(self, split)


def part(samples: Sequence[Sample], settings: SplitSettings) -> Parts:
    """Part labelled samples as a recipe says; the same samples and settings always give the same parts.

    A part may come out empty, as where only test samples were handed over; `check_parts` refuses to train so.

    Raises:
        ConfigError: More folds were asked for than there are subjects.
    """
    labelled = _labelled(samples)
    if settings.scheme == "k_fold":
        fold = _folds(labelled, settings.folds, settings.seed)
        test = [sample for sample, where in zip(labelled, fold, strict=True) if where == settings.fold]
        rest = [sample for sample, where in zip(labelled, fold, strict=True) if where != settings.fold]
        validation: list[Sample] = []
    else:
        test = [sample for sample in labelled if sample.split == "test"]
        validation = [sample for sample in labelled if sample.split == "validation"]
        rest = [sample for sample in labelled if sample.split not in ("test", "validation")]
    if settings.validate_on_test:
        return Parts([*rest, *validation], test, test)
    if rest and not validation:
        # One fold of about the wanted share; with few subjects, one subject.
        folds = max(2, min(round(1 / settings.validation_share), len(set(_subjects(rest)))))
        fold = _folds(rest, folds, settings.seed)
        validation = [sample for sample, where in zip(rest, fold, strict=True) if where == 0]
        rest = [sample for sample, where in zip(rest, fold, strict=True) if where != 0]
    return Parts(rest, validation, test)


def select(samples: Sequence[Sample], settings: SplitSettings, split: Split | Literal["all"]) -> list[Sample]:
    """One part alone. A data set's own test part needs no others beside it, so it may come by itself."""
    if split == "all":
        return _labelled(samples)
    if settings.scheme == "native" and split == "test":
        return [sample for sample in _labelled(samples) if sample.split == "test"]
    return part(samples, settings).part(split)


def check_parts(parts: Parts) -> None:
    """Refuse to train on a parting that would make every number a lie.

    Raises:
        DataError: A part is empty, or a subject stands on two sides.
    """
    for name in ("train", "validation"):
        if not parts.part(name):
            raise DataError(f"the {name} part is empty")
    sides = {
        name: {s.subject for s in parts.part(name) if s.subject} for name in ("train", "validation", "test")
    }
    pairs = [("train", "validation"), ("train", "test")]
    if parts.validation is not parts.test:  # a recipe may validate on test, and says so
        pairs.append(("validation", "test"))
    for one, other in pairs:
        shared = sides[one] & sides[other]
        if shared:
            raise DataError(
                f"{len(shared)} subjects stand in both {one} and {other}, such as {sorted(shared)[0]}"
            )


def _labelled(samples: Sequence[Sample]) -> list[Sample]:
    """Samples of which somebody said something; that nothing happens in a video is said, too."""
    return [
        sample
        for sample in samples
        if sample.label is not None or sample.label_weights or sample.points or sample.segments is not None
    ]


def _subjects(samples: Sequence[Sample]) -> list[str]:
    """Subject of each sample; one whose subject nobody knows is a subject of its own."""
    return [sample.subject or f"sample {sample.id}" for sample in samples]


def _folds(samples: Sequence[Sample], folds: int, seed: int) -> np.ndarray:
    """Fold of each sample; labels are spread evenly, subjects kept whole."""
    subjects = _subjects(samples)
    if len(set(subjects)) < folds:
        raise ConfigError(
            "split", [f"{folds} folds need as many subjects, the data has {len(set(subjects))}"]
        )
    labels = [sample.label or _strongest(sample.label_weights or {"": 0.0}) for sample in samples]
    if max(Counter(labels).values()) < folds:  # no class reaches every fold: spread subjects alone
        labels = [""] * len(samples)
    where = np.zeros(len(samples), int)
    # Where nobody shares a subject, the splitter that minds subjects takes minutes for the same.
    groups = None if len(set(subjects)) == len(samples) else subjects
    splitter = (StratifiedGroupKFold if groups else StratifiedKFold)(folds, shuffle=True, random_state=seed)
    # A class with fewer samples than folds is spread as far as it goes; scikit-learn would warn.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        for fold, (_, members) in enumerate(splitter.split(np.zeros(len(samples)), labels, groups)):
            where[members] = fold
    return where


def _strongest(weights: Mapping[str, float]) -> str:
    return max(weights, key=lambda name: weights[name])
