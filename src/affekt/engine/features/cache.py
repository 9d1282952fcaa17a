"""The feature cache on disk: one file per sample, made once, read by any number of runs.

    cache/vaanet-1f0c.../      one frozen backbone with its preprocessing; the digits are a hash of both
        key.json               what the hash was made from, to be read by people
        <sha256>.safetensors   all views of one sample, as `<view>.<name>`; a hash of sample and media

Files are written whole and no journal lists them, so that several processes may fill one cache. A file
carries a checksum of its arrays and of its own name, which is checked before use; a file that is damaged, or
was written for another place, is computed again.

Files are read by numpy: torch would start its threads for each, which costs more than the reading.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from affekt.core.errors import AffektError, FolderError
from affekt.core.files.whole import remove_partials, write_bytes, write_text
from affekt.core.sample import Sample
from affekt.engine.features.keys import Views, arrays_digest, digest_of, sample_digest

log = logging.getLogger(__name__)

KEY_FILE = "key.json"
_DIGITS = 16  # of the SHA-256 in the name of a folder
_ABANDONED_S = 24 * 3600.0  # a file that is still partial after a day was left by a kill
_AGAIN = "continue with --resume, which computes it again"


class FeatureCache:
    """Features of one network, in one folder."""

    def __init__(
        self, root: Path, document: Mapping[str, Any], *, features: Sequence[str], inputs: Sequence[str]
    ) -> None:
        """Args:
        root: Folder of all caches.
        document: What the features depend on, from `describe_network`.
        features: Names of the entries that hold features; they are returned as float32.
        inputs: Names that every view must have.

        Raises:
            FolderError: The folder cannot be made.
        """
        self.key = digest_of(document)
        self.folder = root / f"{document['method']}-{self.key[:_DIGITS]}"
        self.features, self.inputs = frozenset(features), frozenset(inputs)
        self._checked: set[str] = set()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not (self.folder / KEY_FILE).exists():  # a cache on a read-only disk can be used
                write_text(self.folder / KEY_FILE, json.dumps(document, indent=1, sort_keys=True) + "\n")
            remove_partials(self.folder, age_s=_ABANDONED_S)
        except (OSError, AffektError) as error:
            raise FolderError(f"{self.folder} cannot be used as a cache: {error}") from None

    def file(self, sample: Sample, views: Views, *, content: str = "") -> Path:
        """Place of the features of a sample; it is another one once its media have changed.

        Args:
            content: As in `sample_digest`.
        """
        return self.folder / f"{sample_digest(sample, views, content=content)}.safetensors"

    def has(self, file: Path, count: int) -> bool:
        """Whether a file holds all its views, undamaged; one that does not is removed.

        Its bytes are checked once per process.
        """
        if file.name in self._checked:
            return file.is_file()
        if not file.is_file():
            return False
        problem = self._problem(file, count)
        if problem:
            log.warning("%s is computed again: %s", file, problem)
            file.unlink(missing_ok=True)
            return False
        self._checked.add(file.name)
        return True

    def read(self, file: Path, view: int) -> dict[str, np.ndarray]:
        """One view of a file.

        Raises:
            FolderError: It has changed since `has` checked it.
        """
        try:
            if file.name not in self._checked:
                with safe_open(file, framework="np") as content:
                    views = len({name.partition(".")[0] for name in content.keys()})  # noqa: SIM118
                if problem := self._problem(file, views):
                    raise FolderError(problem)
                self._checked.add(file.name)
            with safe_open(file, framework="np") as content:
                start = f"{view}."
                found = {
                    name.removeprefix(start): content.get_tensor(name)
                    for name in content.keys()  # noqa: SIM118
                    if name.startswith(start)
                }
        except (OSError, SafetensorError, FolderError) as error:
            raise FolderError(
                f"{file} was changed or removed while it was in use ({error}): {_AGAIN}"
            ) from None
        if not found:
            raise FolderError(f"{file} has no view {view}: {_AGAIN}")
        return {
            name: value.astype(np.float32) if name in self.features else value
            for name, value in found.items()
        }

    def write(self, file: Path, views: Sequence[Mapping[str, np.ndarray]]) -> int:
        """Write all views of a sample; returns the size in bytes.

        Raises:
            FolderError: The disk is full, or the place cannot be written.
        """
        arrays = {
            f"{number}.{name}": value for number, view in enumerate(views) for name, value in view.items()
        }
        content = save(arrays, {"checksum": self._checksum(file, arrays)})
        # Not synced: that takes longer than the features of a line, and damage shows in the checksum.
        write_bytes(file, content, error=FolderError, synced=False)
        self._checked.add(file.name)
        return len(content)

    def _problem(self, file: Path, count: int) -> str:
        """What is wrong with a file; empty for one that can be used."""
        try:
            with safe_open(file, framework="np") as content:
                checksum = (content.metadata() or {}).get("checksum")
                arrays = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118
        except (OSError, SafetensorError) as error:
            return f"it cannot be read ({error})"
        if checksum != self._checksum(file, arrays):
            return "its checksum does not match: it was damaged, or made for another place"
        views = [{name for name in arrays if name.startswith(f"{view}.")} for view in range(count)]
        bare = [{name.partition(".")[2] for name in view} for view in views]
        if set().union(*views) != set(arrays) or any(not names >= self.inputs for names in bare):
            return f"it does not hold {count} views of {', '.join(sorted(self.inputs))}"
        return ""

    def _checksum(self, file: Path, arrays: Mapping[str, np.ndarray]) -> str:
        return digest_of({"cache": self.key, "file": file.name, "arrays": arrays_digest(arrays)})


def cache_root(cache: Path | str | None, runs: Path) -> Path:
    """Folder of the caches: that of the caller, AFFEKT_CACHE, or `cache` beside the runs."""
    named = cache or os.environ.get("AFFEKT_CACHE")
    return Path(named) if named else runs.parent / "cache"
