"""A data set: what its module in `affekt.data` declares, and the corpus that is read from it."""

from __future__ import annotations

import inspect
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from affekt.core.errors import DataError
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample, Skipped
from affekt.core.settings import Settings
from affekt.core.task import Task, find_task


class NoOptions(Settings):
    """Options of data sets that have none."""


@dataclass(frozen=True)
class Corpus:
    """A data set that was read: samples, their label set, and the items that were skipped.

    Attributes:
        problems: Warnings, one sentence each, as `affekt data check` reports them.
        errors: Problems that would lead to wrong classes, one sentence each. Training refuses the corpus.
        version: Which version of the data this is, where they state one; runs record it.
        notes: How the data were read, where that is no problem, such as names of labels that were mapped.
    """

    samples: list[Sample]
    labels: LabelSet
    skipped: list[Skipped] = field(default_factory=list)
    task: Task = field(default_factory=lambda: find_task("single_label"))
    problems: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    version: str = ""
    notes: tuple[str, ...] = ()

    @property
    def usable(self) -> list[Sample]:
        """Samples that can be trained on and scored, as the task states."""
        return self.task.usable(self.samples)

    def __post_init__(self) -> None:
        if not self.samples:
            reasons = "; ".join(str(item) for item in self.skipped[:3])
            raise DataError(f"not one usable sample was found{f' ({reasons})' if reasons else ''}")
        repeated = [
            name for name, count in Counter(sample.id for sample in self.samples).items() if count > 1
        ]
        if repeated:
            raise DataError(f"sample ids are repeated: {', '.join(repeated[:5])}")
        self.task.check_labels(self.labels)
        unknown = {s.label for s in self.samples if s.label is not None} - set(self.labels.names)
        if unknown:
            raise DataError(f"labels {sorted(unknown)} are not in the label set {list(self.labels.names)}")
        for sample in self.samples:
            self.task.check(sample, self.labels)


@dataclass(frozen=True)
class FeatureLayout:
    """The layout in which a data set of untrimmed videos stores features in place of its videos.

    Attributes:
        picture, sound: Names in `Sample.media` of the features of each cell of frames, and of log-mel rows in
            dB.
        files: `.npy` files by these names, as paths below the root with `{split}` and `{id}`.
        annotations: `annotations(root)` gives the other files of the data set, by paths below the root.
    """

    picture: str
    sound: str
    files: Mapping[str, str]
    annotations: Callable[[Path], Mapping[str, Path]]


@dataclass(frozen=True)
class OwnFiles:
    """What a data set for people's own files reads.

    Attributes:
        kinds: Words for the files, in the plural, with the modalities that each holds.
        suffixes: Of the files, with a dot, in small letters.
        layout: How they are laid out, as the rest of a sentence that begins with the folder.
    """

    kinds: Mapping[str, tuple[str, ...]]
    suffixes: tuple[str, ...]
    layout: str

    def for_modalities(self, modalities: Sequence[str]) -> list[str]:
        """The kinds of files that hold all modalities that a method reads.

        Example:
            >>> own = OwnFiles({"clips": ("video", "audio"), "sounds": ("audio",)}, (), "")
            >>> own.for_modalities(("video", "audio")), own.for_modalities(("audio",))
            (['clips'], ['clips', 'sounds'])
        """
        return [kind for kind, held in self.kinds.items() if {*modalities} <= {*held}]


@dataclass(frozen=True)
class Dataset:
    """What is known about a data set before it is read.

    Attributes:
        read: `read(root, options)` gives the `Corpus`; its module's docstring shows the folder tree.
        labels: None if they are only known from the files (one folder per class).
        needs_root: False for invented data.
        invented: Whether its media are generated: networks that were trained on them say so.
        own: What it reads, if it is for people's own files in any folder; None for a certain corpus.
        features: Where features of its videos lie; None if it cannot be read from features.
        convert: `convert(file, folder)` makes the folder that `read` reads from a file as it is distributed,
            and returns a summary as plain values; None if the data are read as they are.
        write: `write(folder, options)` writes invented data as files in the layout of another data set, and
            returns the number of `lines` of each part; None if they exist in memory only.
        joins: `joins(options)` gives the names of the data sets that it joins, whose licences and limits
            hold; None if it is a data set of its own.
    """

    title: str
    modalities: tuple[str, ...]
    licence: str
    cite: str
    read: Callable[[Path, Any], Corpus]
    labels: LabelSet | None = None
    options: type[Settings] = NoOptions
    needs_root: bool = True
    invented: bool = False
    own: OwnFiles | None = None
    features: FeatureLayout | None = None
    convert: Callable[[Path, Path], Mapping[str, Any]] | None = None
    write: Callable[[Path, Any], Mapping[str, Any]] | None = None
    joins: Callable[[Mapping[str, Any]], tuple[str, ...]] | None = None
    name: str = ""

    @property
    def layout(self) -> str:
        """The docstring of the module that reads it: its title, the folder tree, and what is to be known."""
        return inspect.cleandoc(sys.modules[self.read.__module__].__doc__ or "")

    @property
    def check_command(self) -> str:
        """The command that reads it and reports problems."""
        return f"affekt data check {self.name}" + (" --data-root DIR" if self.needs_root else "")

    def at(self, name: str) -> Dataset:
        """The same data set under the name of its module."""
        return replace(self, name=name)
