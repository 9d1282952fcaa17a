"""`prepare`: decode the clips of a data set once, and store what training needs in a form that it reads fast.

Each file is written whole and then entered in a journal, so that a run that was killed continues.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from affekt.core import catalog
from affekt.core.dataset import Corpus
from affekt.core.errors import UsageError
from affekt.core.files.journal import Store, check_output, check_same, open_journal, read_journal
from affekt.core.files.lock import writing_alone
from affekt.core.files.whole import is_partial, remove_partials
from affekt.core.sample import Sample
from affekt.core.settings import validate
from affekt.data.open import open_dataset
from affekt.data.prepare.clip import ClipTask, annotated, has_clip
from affekt.data.prepare.processes import run_tasks
from affekt.data.store.index import (
    CLIPS,
    INDEX,
    JOURNAL,
    ClipEntry,
    ClipHeader,
    Index,
    PrepareSettings,
    check_header,
    is_complete,
    is_prepared,
    source_digest,
    write_index,
)


def prepare(
    dataset: str,
    output: Path | str,
    *,
    data_root: Path | str | None = None,
    options: Mapping[str, Any] | None = None,
    settings: PrepareSettings | None = None,
    workers: int | None = None,
    on_item: Callable[[int, int], None] | None = None,
) -> Store[ClipEntry]:
    """Extract once what training needs of each clip; `--data-root` of any verb then takes the store.

    A clip that was prepared before and has not changed is kept. One that cannot be read is skipped, with the
    reason in the index. A second process on a store is refused.

    Args:
        output: Folder of the store: new, empty, or a store of the same data set, options and settings.
        data_root: Where the data set lies; not needed for invented ones.
        workers: Number of processes; that of the cores by default. 0 works in this one.
        on_item: Called with the number of clips that are done and of all clips.

    Raises:
        UsageError: The samples are not clips, or `output` holds something else.
        ConfigError: Options are wrong.
        DataError: The data set cannot be read.
        AffektError: The disk is full, or the store cannot be written. The next run continues it.

    Example:
        >>> prepare("clips", "store", data_root="data/clips").bytes  # doctest: +SKIP
    """
    settings = settings or PrepareSettings()
    root, source = Path(output), None if data_root is None else Path(data_root)
    adapter = catalog.dataset(dataset)
    _check_places(root, source)
    corpus = open_dataset(adapter, source, dict(options or {}))
    chosen, _ = validate(adapter.options, options or {})
    assert chosen is not None  # `open_dataset` has refused wrong ones
    _check_clips(adapter.name, corpus.samples)
    header = ClipHeader(dataset=adapter.name, options=chosen.model_dump(mode="json"), settings=settings)
    with writing_alone(root, work="prepares this store"):
        return _fill(root, header, corpus, workers=workers, on_item=on_item)


def _fill(
    root: Path,
    header: ClipHeader,
    corpus: Corpus,
    *,
    workers: int | None,
    on_item: Callable[[int, int], None] | None,
) -> Store[ClipEntry]:
    """Prepare the clips that the store lacks, and write its index."""
    known = _known(root, header)
    done, tasks = _split(corpus.samples, known, root, header.settings)
    report = on_item or (lambda done, total: None)
    kept, total = len(done), len(corpus.samples)
    report(kept, total)
    if tasks:
        (root / CLIPS).mkdir(parents=True, exist_ok=True)
        with open_journal(root / JOURNAL, header, known.values()) as add:
            for entry in run_tasks(tasks, os.cpu_count() or 1 if workers is None else workers):
                add(entry)
                done[entry.id] = entry
                report(len(done), total)
    index = _make_index(header, corpus, done)
    write_index(root, index)
    (root / JOURNAL).unlink(missing_ok=True)
    remove_partials(root)
    return Store(root, index.entries, len(tasks), kept)


def _check_places(root: Path, source: Path | None) -> None:
    if source is not None and is_prepared(source):
        raise UsageError(f"{source} is a prepared store: give the folder from which it was prepared")
    check_output(root, source, is_begun=_is_begun, kind="prepared store")


def _is_begun(root: Path) -> bool:
    """Whether a folder is a store, or what a kill at the very start can have left of one."""

    def is_trace(path: Path) -> bool:
        return is_partial(path) or (path.name == CLIPS and path.is_dir() and not any(path.iterdir()))

    return is_prepared(root) or all(map(is_trace, root.iterdir()))


def _check_clips(name: str, samples: Sequence[Sample]) -> None:
    """Refuse data without clips, and media that no store holds; single samples may have words alone."""
    if not any(has_clip(sample) for sample in samples):
        found = ", ".join(samples[0].media) or "nothing"
        raise UsageError(
            f"{name} has no clips to prepare: sample {samples[0].id} has {found}; "
            "pictures and skeletons need no preparation"
        )
    for sample in samples:
        others = [key for key in sample.media if key not in ("video", "audio")]
        strange = [key for key in others if not isinstance(sample.media[key], str | Path)]
        if strange:
            raise UsageError(
                f"sample {sample.id} of {name} has {strange[0]} in memory, which cannot be stored"
            )


def _known(root: Path, header: ClipHeader) -> dict[str, ClipEntry]:
    """Entries of an earlier run, finished or not.

    Raises:
        UsageError: The store was made with other settings, or is damaged.
    """
    found: dict[str, ClipEntry] = {}
    if (root / INDEX).is_file():
        try:
            index = Index.model_validate_json((root / INDEX).read_bytes())
        except ValueError as error:
            raise UsageError(f"{root / INDEX} cannot be read ({error}): name another folder") from None
        _check_same(root, index.header, header)
        found = {entry.id: entry for entry in index.entries}
    stored, entries = read_journal(root / JOURNAL, ClipHeader, ClipEntry)
    if stored is not None:
        _check_same(root, stored, header)
    return found | entries


def _check_same(root: Path, stored: ClipHeader, wanted: ClipHeader) -> None:
    check_header(root, stored, wanted.dataset, wanted.options)
    # `check_header` accepts a store that is older than an option.
    check_same(root, stored.model_copy(update={"options": wanted.options}), wanted)


def _split(
    samples: Sequence[Sample], known: Mapping[str, ClipEntry], root: Path, settings: PrepareSettings
) -> tuple[dict[str, ClipEntry], list[ClipTask]]:
    """Entries of samples that are done, with their present labels, and the tasks that remain."""
    done: dict[str, ClipEntry] = {}
    tasks: list[ClipTask] = []
    for sample in samples:
        source, entry = source_digest(sample), known.get(sample.id)
        if entry is not None and entry.source == source and is_complete(root, entry):
            done[sample.id] = annotated(entry, sample)
        else:
            tasks.append(ClipTask(sample, source, root, settings))
    return done, tasks


def _make_index(header: ClipHeader, corpus: Corpus, done: Mapping[str, ClipEntry]) -> Index:
    return Index(
        header=header,
        labels=corpus.labels,
        task=corpus.task.document(),
        entries=tuple(done[sample.id] for sample in corpus.samples),
        skipped=tuple((item.id, item.reason) for item in corpus.skipped),
    )
