"""A data set: what its module in `affekt.data` declares, and what reading it gives."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from affekt.core.errors import DataError
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample, Skipped
from affekt.core.settings import Settings

Task = Literal["single_label", "multi_label", "localization"]


class NoOptions(Settings):
    """For data sets that have nothing to choose."""


@dataclass(frozen=True)
class Corpus:
    """A data set that was read: samples, their label set, and what was left out.

    Attributes:
        problems: What a person should know, a sentence each, as `affekt data check` reports it.
        errors: What would make wrong classes, a sentence each: reported as well, and training stops.
    """

    samples: list[Sample]
    labels: LabelSet
    skipped: list[Skipped] = field(default_factory=list)
    task: Task = "single_label"
    problems: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.samples:
            reasons = "; ".join(str(item) for item in self.skipped[:3])
            raise DataError(f"not one usable sample was found{f' ({reasons})' if reasons else ''}")
        repeated = [
            name for name, count in Counter(sample.id for sample in self.samples).items() if count > 1
        ]
        if repeated:
            raise DataError(f"sample ids are repeated: {', '.join(repeated[:5])}")
        unknown = {s.label for s in self.samples if s.label is not None} - set(self.labels.names)
        if unknown:
            raise DataError(f"labels {sorted(unknown)} are not in the label set {list(self.labels.names)}")
        for sample in self.samples:
            check_label_weights(sample, self.labels, self.task)


def check_label_weights(sample: Sample, labels: LabelSet, task: Task) -> None:
    """Refuse weights of labels that no target can be made of; a sample without any is left alone.

    Where one label is asked for, weights are votes: at least 0, and not all 0. Where several labels may hold
    at once, each weight is how much its label holds, in [0, 1], and all may be 0.

    Raises:
        DataError: A label is unknown, or a weight is out of range; the sample is named.
    """
    weights = sample.label_weights
    if not weights:
        return
    where = f"sample {sample.id}: label weights"
    unknown = sorted(set(weights) - set(labels.names))
    if unknown:
        raise DataError(f"{where} name {unknown}, which are not in the label set {list(labels.names)}")
    most = 1.0 if task == "multi_label" else math.inf
    wrong = {name: value for name, value in weights.items() if not (0 <= value <= most and value < math.inf)}
    if wrong:
        name, value = next(iter(wrong.items()))
        allowed = "0 to 1" if task == "multi_label" else "finite and at least 0"
        raise DataError(f"{where} have to be {allowed}, found {name} = {value}")
    if task == "single_label" and not sum(weights.values()) > 0:
        raise DataError(f"{where} sum to 0, so that it has no label: leave it out, or give it label None")


@dataclass(frozen=True)
class FeatureLayout:
    """Where a data set of untrimmed videos has features in the place of its videos, for who makes them.

    Attributes:
        files: `.npy` files by their name in `Sample.media`, as paths below the root with `{split}` and
            `{id}`: `rgb`, a row of features for each cell of 16 frames, and `logmel`, rows in dB.
        annotations: `annotations(root)` gives the files that tell all the rest, by paths below the root.
    """

    files: Mapping[str, str]
    annotations: Callable[[Path], Mapping[str, Path]]


@dataclass(frozen=True)
class Dataset:
    """What is known of a data set before it is read.

    Attributes:
        read: `read(root, options)` gives the `Corpus`; its module's docstring shows the folder tree.
        labels: None where only the files tell (a folder per class).
        needs_root: False for invented data.
        features: Where features of its videos lie; None where it is not read from features.
    """

    title: str
    modalities: tuple[str, ...]
    licence: str
    cite: str
    read: Callable[[Path, Any], Corpus]
    labels: LabelSet | None = None
    options: type[Settings] = NoOptions
    needs_root: bool = True
    features: FeatureLayout | None = None
    name: str = ""

    def at(self, name: str) -> Dataset:
        """The same data set under the name of its module."""
        return replace(self, name=name)
