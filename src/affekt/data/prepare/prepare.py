"""`prepare`: decode the clips of a data set once, and store what training needs in a form it reads fast.

Each clip is written beside its place and renamed, and told in a journal: a kill at any moment leaves nothing
that counts but is not whole, and whoever starts again goes on where it stopped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from affekt.core import catalog
from affekt.core.dataset import Corpus
from affekt.core.errors import UsageError
from affekt.core.files.sealed import write_text
from affekt.core.sample import Sample
from affekt.core.settings import validate
from affekt.data.open import open_dataset
from affekt.data.prepare.clip import ClipTask, annotated
from affekt.data.prepare.processes import run_tasks
from affekt.data.store.index import (
    CLIPS,
    INDEX,
    JOURNAL,
    Entry,
    Header,
    Index,
    PrepareSettings,
    check_header,
    is_complete,
    is_prepared,
    source_digest,
    write_index,
)


@dataclass(frozen=True)
class Prepared:
    """A finished store.

    Attributes:
        fresh: How many clips were prepared now.
        kept: How many were there already.
    """

    path: Path
    index: Index
    fresh: int
    kept: int

    @property
    def broken(self) -> list[Entry]:
        """Samples that could not be prepared, with their reasons."""
        return [entry for entry in self.index.entries if entry.reason is not None]

    @property
    def bytes(self) -> int:
        """Size of all stored files."""
        return sum(file.bytes for entry in self.index.entries for file in entry.files.values())


def prepare(
    dataset: str,
    output: Path | str,
    *,
    data_root: Path | str | None = None,
    options: Mapping[str, Any] | None = None,
    settings: PrepareSettings | None = None,
    workers: int | None = None,
    on_item: Callable[[int, int], None] | None = None,
) -> Prepared:
    """Extract once what training needs of each clip; `--data-root` of any verb then takes the store.

    A clip that was prepared before and has not changed is left as it is. One that cannot be read is left out,
    with the reason in the index. One process at a time may prepare a store.

    Args:
        output: Folder of the store: new, empty, or a store of the same data set, options and settings.
        data_root: Where the data set lies; not needed for invented ones.
        workers: Processes; as many as there are cores if not given. 0 works in this one.
        on_item: Told how many clips are done, and of how many.

    Raises:
        UsageError: Samples are no clips, or `output` holds something else.
        ConfigError: Options are wrong.
        DataError: The data set cannot be read.
        AffektError: The disk is full, or the store cannot be written. What is done is kept.

    Example:
        >>> prepare("clips", "store", data_root="data/clips").bytes  # doctest: +SKIP
    """
    settings = settings or PrepareSettings()
    root, source = Path(output), None if data_root is None else Path(data_root)
    adapter = catalog.dataset(dataset)
    _check_places(root, source)
    corpus = open_dataset(adapter, source, dict(options or {}))
    chosen, _ = validate(adapter.options, options or {})
    assert chosen is not None  # `open` has refused wrong ones
    _check_clips(adapter.name, corpus.samples)
    header = Header(dataset=adapter.name, options=chosen.model_dump(mode="json"), settings=settings)
    known = _known(root, header)
    done, tasks = _part(corpus.samples, known, root, settings)
    report = on_item or (lambda done, total: None)
    kept, total = len(done), len(corpus.samples)
    report(kept, total)
    if tasks:
        (root / CLIPS).mkdir(parents=True, exist_ok=True)
        with _journal(root, header, list(known.values())) as journal:
            for entry in run_tasks(tasks, os.cpu_count() or 1 if workers is None else workers):
                journal.write(entry.model_dump_json() + "\n")
                journal.flush()
                os.fsync(journal.fileno())
                done[entry.id] = entry
                report(len(done), total)
    index = _make_index(header, corpus, done)
    root.mkdir(parents=True, exist_ok=True)
    write_index(root, index)
    (root / JOURNAL).unlink(missing_ok=True)
    for folder in (root, root / CLIPS):
        for partial in folder.glob(".*.partial"):  # of runs that were killed
            partial.unlink()
    return Prepared(root, index, len(tasks), kept)


def _check_places(root: Path, source: Path | None) -> None:
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is no folder; name one for the store")
    if root.is_dir() and not is_prepared(root) and not all(map(_is_begun, root.iterdir())):
        raise UsageError(f"{root} holds something that is no prepared store: it is left alone, name another")
    if source is None:
        return
    if is_prepared(source):
        raise UsageError(f"{source} is prepared already; give the folder it was prepared from")
    if root.resolve().is_relative_to(source.resolve()):
        raise UsageError(
            f"{root} lies in the data set at {source}, whose folders have a meaning: name a place outside"
        )


def _is_begun(path: Path) -> bool:
    """Whether a run that was killed at its very start can have left this."""
    is_partial = path.name.startswith(".") and path.name.endswith(".partial")
    return is_partial or (path.name == CLIPS and path.is_dir() and not any(path.iterdir()))


def _check_clips(name: str, samples: Sequence[Sample]) -> None:
    for sample in samples:
        if "video" not in sample.media and "audio" not in sample.media:
            found = ", ".join(sample.media) or "nothing"
            raise UsageError(
                f"{name} has no clips to prepare: sample {sample.id} has {found}; "
                "pictures and skeletons are trained on as they are"
            )
        others = [key for key in sample.media if key not in ("video", "audio")]
        strange = [key for key in others if not isinstance(sample.media[key], str | Path)]
        if strange:
            raise UsageError(
                f"sample {sample.id} of {name} has {strange[0]} in memory, which cannot be stored"
            )


def _known(root: Path, header: Header) -> dict[str, Entry]:
    """Entries of an earlier run, finished or not.

    Raises:
        UsageError: The store was made with other settings, or is damaged.
    """
    found: dict[str, Entry] = {}
    if (root / INDEX).is_file():
        try:
            index = Index.model_validate_json((root / INDEX).read_bytes())
        except ValueError as error:
            raise UsageError(f"{root / INDEX} cannot be read ({error}); name another folder") from None
        _check_same(root, index.header, header)
        found = {entry.id: entry for entry in index.entries}
    if (root / JOURNAL).is_file():
        first, *lines = (root / JOURNAL).read_bytes().splitlines() or [b""]
        try:
            _check_same(root, Header.model_validate_json(first), header)
            for line in lines:
                entry = Entry.model_validate_json(line)
                found[entry.id] = entry
        except ValueError:
            pass  # the line that a kill cut off; what follows, if anything, is prepared again
    return found


def _check_same(root: Path, stored: Header, wanted: Header) -> None:
    check_header(root, stored, wanted.dataset, wanted.options)
    one, other = (header.settings.model_dump() for header in (stored, wanted))
    differing = [f"{key} = {one[key]}, not {other[key]}" for key in one if one[key] != other[key]]
    if differing or stored.schema_ != wanted.schema_:
        reason = "; ".join(differing) or f"schema {stored.schema_}"
        raise UsageError(f"{root} was prepared with {reason}: name another folder, or ask for the same")


def _part(
    samples: Sequence[Sample], known: Mapping[str, Entry], root: Path, settings: PrepareSettings
) -> tuple[dict[str, Entry], list[ClipTask]]:
    """Entries of samples that are done, with today's labels, and what is left to do."""
    done: dict[str, Entry] = {}
    tasks: list[ClipTask] = []
    for sample in samples:
        source, entry = source_digest(sample), known.get(sample.id)
        if entry is not None and entry.source == source and is_complete(root, entry):
            done[sample.id] = annotated(entry, sample)
        else:
            tasks.append(ClipTask(sample, source, root, settings))
    return done, tasks


def _journal(root: Path, header: Header, known: Sequence[Entry]) -> TextIO:
    """The journal, open for more lines; a line that a kill cut off is gone."""
    lines = [header.model_dump_json(by_alias=True), *(entry.model_dump_json() for entry in known)]
    write_text(root / JOURNAL, "\n".join(lines) + "\n")
    return (root / JOURNAL).open("a", encoding="utf-8")


def _make_index(header: Header, corpus: Corpus, done: Mapping[str, Entry]) -> Index:
    return Index(
        header=header,
        labels=corpus.labels,
        task=corpus.task.name,
        entries=tuple(done[sample.id] for sample in corpus.samples),
        skipped=tuple((item.id, item.reason) for item in corpus.skipped),
    )
