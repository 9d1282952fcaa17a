"""Several data sets as one, with one label set; each keeps its own training, validation and test part.

    DIR/ravdess/...          a folder for each data set, in its own layout, as the option `parts` names them
    DIR/emodb/...

Ids and subjects begin with the name of their data set, so that no two people are taken for one. Classes are
mapped by emotion (`joy` is `happiness`, see `affekt.core.labels`) and by the option `merge`; samples of other
classes are left out, with a note of how many.

    [data]                                          in a recipe
    name = "joined"
    options.labels = "fer-7"
    options.parts = {ravdess = {}, emodb = {folder = "berlin"}}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field

from affekt.core import catalog
from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError
from affekt.core.labels import LabelSet, label_set
from affekt.core.sample import Sample, Skipped
from affekt.core.settings import Settings, suggest
from affekt.core.wording import are, counted
from affekt.data.open import open_dataset


class JoinedPart(Settings):
    """One of the data sets.

    Attributes:
        folder: Below the folder of the data; the name of the data set if not given.
        leave_out: Whether it is left out, for a comparison with networks that are trained without it.
        options: Of the data set.
    """

    folder: str = ""
    leave_out: bool = False
    options: dict[str, Any] = Field(default_factory=dict)


class JoinedOptions(Settings):
    """Which data sets are joined, and their common classes.

    Attributes:
        parts: The data sets by their names, which `affekt datasets` lists.
        labels: Name of a published label set, such as `fer-7`, or the names of the classes.
        merge: Classes of a data set that the common ones have under no name of the same emotion, each with
            the class that it becomes, as in {calm = "neutral"}.
    """

    parts: dict[str, JoinedPart] = Field(default_factory=dict)
    labels: str | tuple[str, ...] = ()
    merge: dict[str, str] = Field(default_factory=dict)


def read(root: Path, options: JoinedOptions) -> Corpus:
    """Read all of them.

    Raises:
        DataError: No data sets or classes are stated, or one has another task than single labels.
        UsageError: There is no data set or label set of that name, or a folder is missing.
    """
    parts = {name: part for name, part in options.parts.items() if not part.leave_out}
    if not parts or not options.labels:
        raise DataError(
            "joined needs the data sets and their common classes: data.options.parts and data.options.labels"
        )
    labels = label_set(options.labels) if isinstance(options.labels, str) else LabelSet.of(*options.labels)
    if unknown := sorted({*options.merge.values()} - {*labels.names}):
        raise DataError(
            f"data.options.merge names {', '.join(unknown)}; {suggest(unknown[0], list(labels.names))}"
        )
    samples: list[Sample] = []
    skipped: list[Skipped] = []
    problems: list[str] = []
    notes: list[str] = []
    for name, part in parts.items():
        corpus = _open(name, root / (part.folder or name), part.options)
        names = {**corpus.labels.map_to(labels), **_merged(corpus.labels, options.merge)}
        kept = [
            _renamed(name, sample, names.get(sample.label or ""))
            for sample in corpus.samples
            if sample.label is None or names.get(sample.label or "") is not None
        ]
        samples += kept
        skipped += [replace(item, id=f"{name}/{item.id}") for item in corpus.skipped]
        problems += [f"{name}: {problem}" for problem in corpus.problems]
        notes += [f"{name}: {note}" for note in (*corpus.notes, *_mapping_notes(corpus, names))]
    return Corpus(samples, labels, skipped, problems=tuple(problems), notes=tuple(notes))


def _open(name: str, root: Path, options: dict[str, Any]) -> Corpus:
    dataset = catalog.dataset(name)
    corpus = open_dataset(dataset, root if dataset.needs_root else None, options)
    if corpus.task.name != "single_label":
        raise DataError(
            f"{name} has the task {corpus.task.name}; data sets with one label for each sample are joined"
        )
    return corpus


def _merged(labels: LabelSet, merge: Mapping[str, str]) -> dict[str, str]:
    return {name: merge[name] for name in labels.names if name in merge}


def _renamed(data: str, sample: Sample, label: str | None) -> Sample:
    def within(name: str | None) -> str | None:
        return None if name is None else f"{data}/{name}"

    return replace(
        sample,
        id=f"{data}/{sample.id}",
        label=label,
        label_weights=None,  # votes for classes that the common set may lack
        subject=within(sample.subject),
        dialogue=within(sample.dialogue),
        around=None,  # linked again under the new name
        facts={**sample.facts, "data": data},
    )


def _mapping_notes(corpus: Corpus, names: Mapping[str, str | None]) -> list[str]:
    """What the mapping changes, beside spellings: merged classes, and classes that are left out."""
    counts = Counter(sample.label for sample in corpus.samples)
    targets = Counter(target for target in names.values() if target is not None)
    notes = [
        f"{own} counts as {target}"
        for own, target in names.items()
        if target and targets[target] > 1 and own != target
    ]
    for own, target in names.items():
        if target is None and counts[own]:
            count = counts[own]
            notes.append(f"{counted(count, 'sample')} of {own} {are(count)} left out")
    return notes


def _joins(options: Mapping[str, Any]) -> tuple[str, ...]:
    parts = options.get("parts", {})
    return tuple(name for name in parts if not parts[name].get("leave_out"))


DATASET = Dataset(
    title="Several data sets as one, with common classes",
    modalities=("audio", "image", "skeleton", "text", "video"),
    licence="those of the data sets that are joined; all of them hold",
    cite="the data sets that are joined",
    options=JoinedOptions,
    read=read,
    joins=_joins,
)
