"""What a folder of features knows of itself: `features.jsonl`.

    {"dataset": "tsl300", "digest": "5a1f...", "encoder": {...}}      the encoder that made all of them
    {"id": "7_Demo_1", "source": "8d0c...", "files": {...}}           a line a video, as it is done

A line is added when its files are in their places, so a kill leaves nothing that counts but is not whole.
Where a video has two lines, the later one counts.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, TextIO

import numpy as np
from pydantic import Field, PositiveInt

from affekt.core.dataset import FeatureLayout
from affekt.core.errors import AffektError, MediaError, UsageError
from affekt.core.files.sealed import write_text
from affekt.core.sample import Sample
from affekt.core.settings import Settings
from affekt.data.store.index import StoredFile

INDEX = "features.jsonl"
SCHEMA = 1
LONGEST_NAME = (
    200  # bytes of an id; file systems take 255, and a file that is being written has a longer name
)


class FeatureFile(StoredFile):
    """An array of the folder, by its path below it."""

    sha256: str
    shape: tuple[int, ...]


class Entry(Settings):
    """One video, or why it has no features.

    Attributes:
        source: SHA-256 of what they were made from: name, size and time of the media files.
        files: By name in `Sample.media`; where there is no sound, the picture's alone.
        notes: What had to be put up with.
        reason: Why there are none; None where there are.
    """

    id: str
    source: str
    files: dict[str, FeatureFile] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    reason: str | None = None


class Header(Settings):
    """What all entries share.

    Attributes:
        digest: SHA-256 of `encoder`.
        encoder: What features depend on but the video, from `describe_network`.
    """

    dataset: str
    digest: str
    encoder: dict[str, Any]
    schema_: PositiveInt = Field(default=SCHEMA, alias="schema")


def is_begun(root: Path) -> bool:
    """Whether a folder is free for features, or holds some that can be gone on with."""
    names = [path.name for path in root.iterdir()] if root.is_dir() else []
    # What a kill at the very start leaves is only partial.
    return INDEX in names or all(name.startswith(".") and name.endswith(".partial") for name in names)


def read_entries(root: Path, header: Header) -> dict[str, Entry]:
    """Entries of an earlier run, by id; a line that is damaged counts for nothing.

    Raises:
        UsageError: The features are of another data set or encoder, or nobody can say of which.
    """
    if not (root / INDEX).is_file():
        return {}
    first, *lines = (root / INDEX).read_bytes().splitlines() or [b""]
    try:
        found = Header.model_validate_json(first)
    except ValueError:
        raise UsageError(
            f"the first line of {root / INDEX} is damaged, nobody can say what made these features: "
            "name another folder"
        ) from None
    _check_same(root, found, header)
    entries: dict[str, Entry] = {}
    for line in lines:
        try:
            entry = Entry.model_validate_json(line)
        except ValueError:  # cut off by a kill; its video is looked at again
            continue
        entries[entry.id] = entry
    return entries


def write_index(root: Path, header: Header, entries: Iterable[Entry]) -> None:
    """Write the index anew, so that a kill leaves the old one or the new one.

    Raises:
        AffektError: The folder cannot be written.
    """
    lines = [header.model_dump_json(by_alias=True), *(entry.model_dump_json() for entry in entries)]
    try:
        root.mkdir(parents=True, exist_ok=True)
        write_text(root / INDEX, "\n".join(lines) + "\n")
    except OSError as error:
        raise AffektError(f"{root / INDEX} cannot be written: {error.strerror}") from None


def add_entry(index: TextIO, entry: Entry) -> None:
    """Add a line to the index.

    Raises:
        AffektError: The disk is full.
    """
    try:
        index.write(entry.model_dump_json() + "\n")
        index.flush()
        os.fsync(index.fileno())
    except OSError as error:
        raise AffektError(f"{index.name} cannot be written: {error.strerror}") from None


def places_of(root: Path, layout: FeatureLayout, sample: Sample) -> dict[str, str]:
    """Where the features of a sample belong: paths below the root, by name in `Sample.media`.

    Raises:
        MediaError: Its id is no name of a file, it is of no part, or the paths lead out of the folder.
    """
    name = sample.id
    if name in ("", ".", "..") or set(name) & set("/\\\0") or len(os.fsencode(name)) > LONGEST_NAME:
        raise MediaError(f"{name[:80]!r} cannot be the name of a file of features")
    if sample.split is None:
        raise MediaError(f"sample {name} is of no part, so its features have no place")
    places = {kind: path.format(split=sample.split, id=name) for kind, path in layout.files.items()}
    for path in places.values():
        if not (root / path).parent.resolve().is_relative_to(root.resolve()):
            raise MediaError(f"{path} leads out of {root}: a folder there is a link")
    return places


def is_whole(root: Path, entry: Entry, source: str, places: Mapping[str, str]) -> bool:
    """Whether features are those of a video as it is now, at their places, to the last byte."""
    if entry.reason is not None or entry.source != source or not entry.files:
        return False
    for name, place in places.items():
        file, path = entry.files.get(name), root / place
        if file is None:
            if path.exists():
                return False
        elif file.path != place or not _is_intact(path, file):
            return False
    return True


def write_array(root: Path, place: str, array: np.ndarray) -> FeatureFile:
    """Write an array as `.npy` that is there as a whole or not at all.

    Raises:
        AffektError: The disk is full, or nothing may be written there.
    """
    path = root / PurePosixPath(place)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("w+b") as stream:
            np.save(stream, array, allow_pickle=False)
            stream.flush()
            os.fsync(stream.fileno())
            stream.seek(0)
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size = stream.tell()
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise AffektError(f"{path} cannot be written: {error.strerror or error}") from None
    return FeatureFile(path=place, bytes=size, sha256=digest, shape=array.shape)


def _is_intact(path: Path, file: FeatureFile) -> bool:
    try:
        with path.open("rb") as stream:
            same_size = os.fstat(stream.fileno()).st_size == file.bytes
            return same_size and hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
    except OSError:
        return False


def _check_same(root: Path, found: Header, wanted: Header) -> None:
    if found.dataset != wanted.dataset:
        raise UsageError(
            f"{root} holds features of {found.dataset}, not of {wanted.dataset}: name another folder"
        )
    if found.schema_ != wanted.schema_:
        raise UsageError(
            f"{root / INDEX} has schema {found.schema_}, this affekt writes {wanted.schema_}: "
            "name another folder"
        )
    if found.digest != wanted.digest:
        one, other = _flat(found.encoder), _flat(wanted.encoder)
        names = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
        raise UsageError(
            f"{root} holds features of another encoder: it differs in {', '.join(names)}. "
            "Name another folder, or ask for the same"
        )


def _flat(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values by their dotted names."""
    flat: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat
