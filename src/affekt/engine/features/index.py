"""The journal of a folder of features, `features.jsonl` (see `affekt.core.files.journal`).

    {"dataset": "tsl300", "digest": "5a1f...", "encoder": {...}}      the encoder that made all of them
    {"id": "7_Demo_1", "source": "8d0c...", "files": {...}}           a line per video

It is kept after the last video and lists the features then, in the order of the data set.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from affekt.core.dataset import FeatureLayout
from affekt.core.errors import MediaError, UsageError
from affekt.core.files.journal import JournalEntry, JournalHeader, StoredFile, check_same, read_journal
from affekt.core.files.whole import is_partial, write_whole
from affekt.core.sample import Sample

INDEX = "features.jsonl"
LONGEST_NAME = 200  # bytes of an id; file systems take 255, and partial files have longer names


class FeatureFile(StoredFile):
    """An array of the folder, by its path below it."""

    sha256: str
    shape: tuple[int, ...]


class FeatureEntry(JournalEntry[FeatureFile]):
    """One video, or why it has no features; files by name in `Sample.media`, none of sound without sound."""


class FeatureHeader(JournalHeader):
    """What all entries share.

    Attributes:
        digest: SHA-256 of `encoder`.
        encoder: What features depend on except for the video, from `describe_network`.
    """

    digest: str
    encoder: dict[str, Any]


def is_begun(root: Path) -> bool:
    """Whether a folder holds features, or what a kill at the very start can have left of them."""
    return (root / INDEX).is_file() or all(map(is_partial, root.iterdir()))


def read_entries(root: Path, header: FeatureHeader) -> dict[str, FeatureEntry]:
    """Entries of an earlier run, by id.

    Raises:
        UsageError: The features are of another data set or encoder, or their header is damaged.
    """
    found, entries = read_journal(root / INDEX, FeatureHeader, FeatureEntry)
    if found is not None:
        check_same(root, found, header)
    elif (root / INDEX).is_file():
        raise UsageError(
            f"the first line of {root / INDEX} is damaged, so the encoder of these features is unknown: "
            "name another folder"
        )
    return entries


def places_of(root: Path, layout: FeatureLayout, sample: Sample) -> dict[str, str]:
    """Places of the features of a sample: paths below the root, by name in `Sample.media`.

    Raises:
        MediaError: Its id cannot be the name of a file, it has no split, or the paths lead out of the folder.
    """
    name = sample.id
    if name in ("", ".", "..") or set(name) & set("/\\\0") or len(os.fsencode(name)) > LONGEST_NAME:
        raise MediaError(f"{name[:80]!r} cannot be the name of a file of features")
    if sample.split is None:
        raise MediaError(f"sample {name} has no split, so its features have no place")
    places = {kind: path.format(split=sample.split, id=name) for kind, path in layout.files.items()}
    for path in places.values():
        if not (root / path).parent.resolve().is_relative_to(root.resolve()):
            raise MediaError(f"{path} leads out of {root}: a folder in it is a link")
    return places


def is_whole(root: Path, entry: FeatureEntry, source: str, places: Mapping[str, str]) -> bool:
    """Whether features are those of a video as it is now, complete and undamaged."""
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
    """Write an array as `.npy`, whole.

    Raises:
        AffektError: The disk is full, or the place cannot be written.
    """
    with write_whole(root / PurePosixPath(place)) as partial, partial.open("w+b") as stream:
        np.save(stream, array, allow_pickle=False)
        stream.seek(0)
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        size = stream.tell()
    return FeatureFile(path=place, bytes=size, sha256=digest, shape=array.shape)


def _is_intact(path: Path, file: FeatureFile) -> bool:
    try:
        with path.open("rb") as stream:
            same_size = os.fstat(stream.fileno()).st_size == file.bytes
            return same_size and hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
    except OSError:
        return False
