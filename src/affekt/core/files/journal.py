"""Journals: how a store that is filled item by item continues after a kill.

    {"dataset": "tsl300", "schema": 1, ...}       the header: what all entries share
    {"id": "7_Demo_1", "source": "8d0c...", ...}  an entry per item, added when its files are in place

Each entry is on the disk before the next item is begun. A line that a kill cut off, or that is damaged, is
ignored, and its item is done again. Where an item has two lines, the later one counts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import Field, NonNegativeInt, PositiveInt

from affekt.core.errors import AffektError, UsageError
from affekt.core.files.output import check_folder
from affekt.core.files.whole import write_text
from affekt.core.settings import Settings, dotted

SCHEMA = 1


class StoredFile(Settings):
    """A file of the store, by its path below it."""

    path: str
    bytes: NonNegativeInt


class JournalHeader(Settings):
    """What all entries of a store share."""

    dataset: str
    schema_: PositiveInt = Field(default=SCHEMA, alias="schema")


File = TypeVar("File", bound=StoredFile)


class JournalEntry(Settings, Generic[File]):
    """One item of a store.

    Attributes:
        source: SHA-256 of what its files were made from. Empty where it should be tried again.
        files: By modality.
        notes: Limitations of the input.
        reason: Why it cannot be used; None where it can.
    """

    id: str
    source: str
    files: dict[str, File] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    reason: str | None = None


Header = TypeVar("Header", bound=JournalHeader)
Entry = TypeVar("Entry", bound=JournalEntry)


@dataclass(frozen=True)
class Store(Generic[Entry]):
    """A store that was filled.

    Attributes:
        fresh: Number of items done now.
        kept: Number of items that an earlier run did.
    """

    path: Path
    entries: tuple[Entry, ...]
    fresh: int
    kept: int

    @property
    def broken(self) -> list[Entry]:
        """Items that cannot be used, with their reasons."""
        return [entry for entry in self.entries if entry.reason is not None]

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(file.bytes for entry in self.entries for file in entry.files.values())


def read_journal(
    path: Path, header: type[Header], entry: type[Entry]
) -> tuple[Header | None, dict[str, Entry]]:
    """Header, None where it is missing or damaged, and entries by id, none where there is no header."""
    first, *lines = (path.read_bytes().splitlines() if path.is_file() else []) or [b""]
    try:
        found = header.model_validate_json(first)
    except ValueError:
        return None, {}
    entries: dict[str, Entry] = {}
    for line in lines:
        try:
            one = entry.model_validate_json(line)
        except ValueError:
            continue
        entries[one.id] = one
    return found, entries


def write_journal(path: Path, header: JournalHeader, entries: Iterable[JournalEntry]) -> None:
    """Write a journal anew.

    Raises:
        AffektError: The disk is full, or the place cannot be written.
    """
    lines = [header.model_dump_json(by_alias=True), *(entry.model_dump_json() for entry in entries)]
    write_text(path, "\n".join(lines) + "\n")


@contextmanager
def open_journal(
    path: Path, header: JournalHeader, known: Iterable[JournalEntry]
) -> Iterator[Callable[[JournalEntry], None]]:
    """Write a journal anew with the entries that are known, and yield the function that adds one.

    Raises:
        AffektError: The disk is full, or the place cannot be written. So does the function.
    """
    write_journal(path, header, known)
    with path.open("a", encoding="utf-8") as stream:

        def add(entry: JournalEntry) -> None:
            try:
                stream.write(entry.model_dump_json() + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            except OSError as error:
                raise AffektError(f"{path} cannot be written: {error.strerror}") from None

        yield add


def check_output(root: Path, source: Path | None, *, is_begun: Callable[[Path], bool], kind: str) -> None:
    """Refuse to write a store where something else lies, into its data set, or where nothing can be written.

    Args:
        source: Folder of the data set; None where it needs none.
        is_begun: Whether a folder is such a store, or free for one.
        kind: What the store is called in the error.

    Raises:
        UsageError: With the reason.
    """
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is not a folder: name one for the {kind}")
    if source is not None and root.resolve().is_relative_to(source.resolve()):
        raise UsageError(
            f"{root} lies in the data set at {source}, which is never changed: name another folder"
        )
    if root.is_dir() and not is_begun(root):
        raise UsageError(
            f"{root} holds something else than a {kind}, so it is not changed: name another folder"
        )
    check_folder(root)


def check_same(root: Path, stored: JournalHeader, wanted: JournalHeader) -> None:
    """Refuse to continue a store with another header.

    Raises:
        UsageError: With the values that differ.
    """
    one, other = dotted(stored.model_dump(by_alias=True)), dotted(wanted.model_dump(by_alias=True))
    found = [
        f"{name} = {one.get(name)!r}, not {other.get(name)!r}"
        for name in sorted({*one, *other})
        if one.get(name) != other.get(name)
    ]
    if found:
        raise UsageError(
            f"{root} was made with {'; '.join(found)}: name another folder, or use the same values"
        )
