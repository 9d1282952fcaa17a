"""Splits of samples into training, validation and test part, disjoint by subject."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from affekt.core.errors import ConfigError, DataError
from affekt.core.recipe import SplitSettings
from affekt.core.sample import Sample, Split
from affekt.core.wording import counted
from affekt.data.layouts.split_names import split_of

PARTS = ("train", "validation", "test")


class PartError(DataError):
    """Data have no part of that name."""


@dataclass(frozen=True)
class Parts:
    """Samples of the three parts."""

    train: list[Sample]
    validation: list[Sample]
    test: list[Sample]

    def part(self, split: Split) -> list[Sample]:
        """Samples of a part by its name."""
        return getattr(self, split)


def part(samples: Sequence[Sample], settings: SplitSettings) -> Parts:
    """Split usable samples (`Corpus.usable`) as a recipe states; equal samples and settings give equal parts.

    A part may be empty, for instance if all samples are test samples; `check_splits` refuses such parts.

    Raises:
        ConfigError: There are fewer subjects than folds, or a test part is to be held out of data that state
            one.
    """
    labelled = list(samples)
    held_out = settings.test_share and not _keeps_stated_test(labelled, settings)
    if settings.scheme == "k_fold":
        fold = _folds(labelled, settings.folds, settings.seed)
        test = [sample for sample, where in zip(labelled, fold, strict=True) if where == settings.fold]
        rest = [sample for sample, where in zip(labelled, fold, strict=True) if where != settings.fold]
        validation: list[Sample] = []
    else:
        test = [sample for sample in labelled if sample.split == "test"]
        validation = [sample for sample in labelled if sample.split == "validation"]
        rest = [sample for sample in labelled if sample.split not in ("test", "validation")]
    if held_out:
        test, rest = _hold_out(test, rest, settings)
    if settings.validate_on_test:
        return Parts([*rest, *validation], test, test)
    if rest and not validation:
        # One fold of about the requested share; with few subjects, one subject.
        folds = max(2, min(round(1 / settings.validation_share), len(set(_subjects(rest)))))
        fold = _folds(rest, folds, settings.seed)
        validation = [sample for sample, where in zip(rest, fold, strict=True) if where == 0]
        rest = [sample for sample, where in zip(rest, fold, strict=True) if where != 0]
    return Parts(rest, validation, test)


def select(samples: Sequence[Sample], settings: SplitSettings, split: str) -> list[Sample]:
    """One part alone. The test part that a data set states is read without the others, which may be absent.

    Args:
        split: A part, `all`, or a name that the data state for some samples.

    Raises:
        PartError: There is no such part; the message lists the parts of the data.
    """
    labelled = list(samples)
    name = split_name(split, labelled)
    if name == "all":
        return labelled
    is_stated = not settings.test_share or _keeps_stated_test(labelled, settings)
    if name not in PARTS or (settings.scheme == "native" and name == "test" and is_stated):
        found = [sample for sample in labelled if sample.split == name]
    else:
        found = getattr(part(samples, settings), name)
    if not found:
        raise PartError(f"there is no {name} part; the data have: {describe_splits(labelled) or 'no label'}")
    return found


def split_name(split: str, samples: Sequence[Sample]) -> str:
    """A part by any usual spelling; a name that the data state has priority.

    Example:
        >>> split_name("Val", []), split_name("fold-3", [])
        ('validation', 'fold-3')
    """
    if split in {sample.split for sample in samples}:
        return split
    return "all" if split.strip().lower() == "all" else split_of(split) or split


def describe_splits(samples: Sequence[Sample]) -> str:
    """The parts that the data state, with counts.

    Example:
        >>> describe_splits([Sample("a", {}, "sad", split="test"), Sample("b", {}, "sad")])
        'test (1 sample), no part stated (1 sample)'
    """
    counts = Counter(sample.split for sample in samples)
    order = sorted(counts, key=lambda name: ((*PARTS, name).index(name), name or "\uffff"))
    return ", ".join(f"{name or 'no part stated'} ({counted(counts[name], 'sample')})" for name in order)


def check_splits(parts: Parts) -> None:
    """Refuse parts whose scores would be wrong.

    Raises:
        DataError: The training or validation part is empty, or a subject is in two parts.
    """
    for name in ("train", "validation"):
        if not parts.part(name):
            raise DataError(f"the {name} part is empty")
    subjects = {
        name: {s.subject for s in parts.part(name) if s.subject} for name in ("train", "validation", "test")
    }
    pairs = [("train", "validation"), ("train", "test")]
    if parts.validation is not parts.test:  # with `validate_on_test` both are the same
        pairs.append(("validation", "test"))
    for one, other in pairs:
        shared = subjects[one] & subjects[other]
        if shared:
            raise DataError(
                f"{len(shared)} subject{'s are' if len(shared) > 1 else ' is'} in both {one} and {other}, "
                f"such as {sorted(shared)[0]}"
            )


def _keeps_stated_test(samples: Sequence[Sample], settings: SplitSettings) -> bool:
    return settings.keep_stated_test and any(sample.split == "test" for sample in samples)


def _hold_out(
    test: list[Sample], rest: list[Sample], settings: SplitSettings
) -> tuple[list[Sample], list[Sample]]:
    """Test and remaining samples if a share is held out: stratified by label, subjects kept whole.

    Raises:
        ConfigError: The data state a test part, or have too few subjects.
    """
    if test:
        raise ConfigError(
            "split",
            [
                f"test_share = {settings.test_share:g}, but the data state a test part of "
                f"{counted(len(test), 'sample')}"
            ],
        )
    subjects = len(set(_subjects(rest)))
    # The fraction of folds that is closest to the share, with the fewest folds: 0.3 is 3 of 10.
    choices = [
        (abs(k / n - settings.test_share), n, k) for n in range(2, min(10, subjects) + 1) for k in range(1, n)
    ]
    if subjects < 3 or not choices:
        if subjects == 1 and rest[0].subject is not None:
            raise ConfigError("split", [_one_subject(f"test_share = {settings.test_share:g}", rest)])
        few = "samples" if any(sample.subject is None for sample in rest) else "subjects"
        raise ConfigError(
            "split",
            [
                f"test_share = {settings.test_share:g} needs 3 {few} or more, the data have {subjects}, and "
                f"none may be in two parts: add {few}, or --hold-out 0 trains without a test part"
            ],
        )
    _, folds, held = min(choices)
    fold = _folds(rest, folds, settings.seed)
    return (
        [sample for sample, where in zip(rest, fold, strict=True) if where < held],
        [sample for sample, where in zip(rest, fold, strict=True) if where >= held],
    )


def _one_subject(what: str, samples: Sequence[Sample]) -> str:
    return (
        f"{what} is not possible: all samples are of the subject {samples[0].subject}, who cannot be in two "
        "parts. Add other people; or leave out subjects, for scores that hold for this person only"
    )


def _subjects(samples: Sequence[Sample]) -> list[str]:
    """Subject of each sample; a sample without a known subject counts as a subject of its own."""
    return [sample.subject or f"sample {sample.id}" for sample in samples]


def _folds(samples: Sequence[Sample], folds: int, seed: int) -> np.ndarray:
    """Fold of each sample; stratified by label, subjects kept whole."""
    # Of the extra `train`: runs are listed without it.
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    subjects = _subjects(samples)
    if (found := len(set(subjects))) < folds:
        if found == 1 and samples[0].subject is not None:
            raise ConfigError("split", [_one_subject(f"a split in {folds}", samples)])
        raise ConfigError("split", [f"{folds} folds need {folds} subjects or more, the data have {found}"])
    labels = [strongest_label(sample) or "" for sample in samples]
    if max(Counter(labels).values()) < folds:  # no class is in every fold: split by subject only
        labels = [""] * len(samples)
    where = np.zeros(len(samples), int)
    # If no two samples share a subject, the splitter with groups gives an equal split, but takes minutes.
    groups = None if len(set(subjects)) == len(samples) else subjects
    splitter = (StratifiedGroupKFold if groups else StratifiedKFold)(folds, shuffle=True, random_state=seed)
    # A class with fewer samples than folds is in some folds only, of which scikit-learn would warn.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        for fold, (_, members) in enumerate(splitter.split(np.zeros(len(samples)), labels, groups)):
            where[members] = fold
    return where


def strongest_label(sample: Sample) -> str | None:
    """The label of a sample, or the one with the largest weight; None if it has no label."""
    weights: Mapping[str, float] = sample.label_weights or {}
    return sample.label or (max(weights, key=lambda name: weights[name]) if weights else None)
