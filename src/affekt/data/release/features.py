"""Encoded modalities of an item, read when they are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from affekt.core.errors import MediaError, require
from affekt.core.files.regular import read_regular
from affekt.data.release.manifest import ReleasedFile
from affekt.media.features import Features


@dataclass(frozen=True)
class ReleasedFeatures(Mapping[str, Any]):
    """The modalities of an item as `Sample.media`: `Features` by modality, from one safetensors file.

    The file is read at each access, so that a data set of any size needs no memory.

    Attributes:
        names: Modalities that the file holds.
        sources: What encoded each modality, in words.
        words: The transcript, for the modality `text`.
    """

    folder: Path
    file: ReleasedFile
    names: tuple[str, ...]
    sources: Mapping[str, str]
    words: str = ""

    def __getitem__(self, name: str) -> Features:
        if name not in self.names:
            raise KeyError(name)
        values = read_features(self.folder / self.file.path, self.file.sha256).get(name)
        if values is None:
            raise MediaError(f"{self.file.path} holds no {name}")
        words = self.words if name == "text" else ""
        return Features(values, self.sources.get(name, ""), words)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __getstate__(self) -> dict[str, Any]:
        # The content of the sample, wherever the release lies.
        return {"features": self.file.sha256, "names": self.names}

    def __reduce__(self) -> tuple[type[ReleasedFeatures], tuple[Any, ...]]:
        return type(self), (self.folder, self.file, self.names, dict(self.sources), self.words)


def read_features(path: Path, sha256: str) -> dict[str, np.ndarray]:
    """Arrays of a file by modality, float32.

    Raises:
        MediaError: The file is missing, cannot be read, or is not that of the release.
    """
    require("safetensors", extra="train", needed_by="reading encoded modalities")
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        content = read_regular(path)
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror or error}") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise MediaError(f"{path} is not the file of this release: its hash is another one")
    try:
        return {name: np.asarray(value, np.float32) for name, value in load(content).items()}
    except (SafetensorError, ValueError) as error:
        raise MediaError(f"{path} cannot be read: {error}") from None
