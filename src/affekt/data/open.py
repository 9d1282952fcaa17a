"""Open a data set from its folder, or from the store that `affekt data prepare` has made of it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from affekt.core import catalog
from affekt.core.dataset import Corpus, Dataset
from affekt.core.dialogues import link_dialogues
from affekt.core.errors import ConfigError, DataError, UsageError
from affekt.core.notes import collect_notes
from affekt.core.settings import Settings, validate
from affekt.core.task import read_task
from affekt.core.wording import counted
from affekt.data.own_files import has_files, methods_for
from affekt.data.store.index import check_header, is_prepared, read_index, samples_of


def open_dataset(
    dataset: Dataset | str,
    root: Path | None = None,
    options: dict[str, Any] | None = None,
    *,
    strict: bool = True,
) -> Corpus:
    """Read a data set from its folder or from a prepared store; turns of dialogues are linked.

    Args:
        dataset: Its name, or a `Dataset` as returned by `affekt.core.catalog.dataset`.
        root: Folder of the data set or of its store; not needed for generated data.
        strict: Raise if the corpus has errors; False returns the corpus anyway, to report them.

    Raises:
        UsageError: There is no data set of that name, or its folder is not given or does not exist.
        ConfigError: Options are wrong, or differ from those of the store.
        DataError: The folder has another layout, or the corpus has errors.
    """
    dataset = catalog.dataset(dataset) if isinstance(dataset, str) else dataset
    chosen, problems = validate(dataset.options, options or {}, prefix="data.options.")
    if chosen is None:
        raise ConfigError(f"data set {dataset.name}", problems)
    check_root(dataset, root)
    if root is not None and is_prepared(root):
        return _linked(_open_store(dataset, root, chosen))
    with collect_notes() as notes:
        try:
            corpus = dataset.read(root or Path(), chosen)
        except DataError as error:
            # Files of its kind are there: the layout is wrong, not the method.
            others = "" if dataset.own is None or has_files(root, dataset.own) else methods_for(root)
            raise DataError(f"{error}{others}") from None
    if notes:
        corpus = replace(corpus, notes=(*corpus.notes, *notes))
    if strict and corpus.errors:
        count = counted(len(corpus.errors), "problem")
        where = f"{root} ({dataset.name})" if root is not None else dataset.name
        raise DataError("\n  ".join([f"{where} has {count} that must be fixed first", *corpus.errors]))
    return _linked(corpus)


def data_path(data_root: Path | str | None) -> Path | None:
    """Folder of the data: given by the caller, or AFFEKT_DATA."""
    root = data_root or os.environ.get("AFFEKT_DATA")
    return Path(root) if root else None


def check_root(dataset: Dataset, root: Path | None) -> None:
    """Refuse a data set whose folder is missing.

    Raises:
        UsageError: The data set needs a folder, which is not given or does not exist.
    """
    if dataset.needs_root and root is None:
        what = f". {_reads(dataset)}" if dataset.own else ""
        raise UsageError(
            f"the folder of {dataset.name} is not set: give --data-root DIR or set AFFEKT_DATA{what}"
        )
    if dataset.needs_root and root is not None and not root.exists():
        what = _reads(dataset) if dataset.own else f"{dataset.name} was expected there"
        raise UsageError(f"{root} does not exist; {what}")


def _reads(dataset: Dataset) -> str:
    return f"{dataset.name} reads {dataset.own.layout}" if dataset.own else ""


def _linked(corpus: Corpus) -> Corpus:
    """The corpus with the turns of each dialogue linked to each other."""
    if all(sample.dialogue is None for sample in corpus.samples):
        return corpus
    return replace(corpus, samples=link_dialogues(corpus.samples))


def _open_store(dataset: Dataset, root: Path, chosen: Settings) -> Corpus:
    index = read_index(root)
    check_header(root, index.header, dataset.name, chosen.model_dump(mode="json"))
    samples, skipped = samples_of(root, index)
    return Corpus(samples, index.labels, skipped, read_task(index.task))
