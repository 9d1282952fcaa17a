"""Files of a network's weights in a sealed folder: one, or one for each part.

model.safetensors              all tensors, or those that are in no other file
frozen/<part>.safetensors      tensors of a part that are not trained; <part> is a path such as `encoders.T`
trained/<part>.safetensors     other tensors of a part that the network keeps apart

In files of parts, names of tensors begin after `<part>.`, so that two networks that call the same encoder
differently have equal files.

The hash of the weights is the SHA-256 of the one file that would hold all tensors, however they are divided.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from affekt.core.claims.network import WeightFiles
from affekt.core.errors import FolderError
from affekt.core.settings import validate

MODEL_FILE = "model.safetensors"
FROZEN, TRAINED = "frozen", "trained"
WEIGHTS = "weights"  # the entry of a manifest that states parts


def weights_sha256(document: Mapping[str, Any]) -> str:
    """The hash of all weights, from the manifest of a checkpoint or of converted weights.

    Raises:
        FolderError: It states no weights.
    """
    if parts := _parts_of(document):
        return parts.sha256
    try:
        return document["files"][MODEL_FILE]["sha256"]
    except (KeyError, TypeError):
        raise FolderError(f"a manifest of {document.get('method')} lists no {MODEL_FILE}") from None


def part_files(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the files of parts; none if one file holds all weights.

    Raises:
        FolderError: The parts are not stated as affekt does.
    """
    parts = _parts_of(document)
    return parts.parts if parts else ()


def _parts_of(document: Mapping[str, Any]) -> WeightFiles | None:
    if WEIGHTS not in document:
        return None
    parts, problems = validate(WeightFiles, document[WEIGHTS], prefix=f"{WEIGHTS}.")
    if parts is None:
        raise FolderError(f"a manifest of {document.get('method')} cannot be used: {'; '.join(problems)}")
    return parts


def part_of(file: str) -> str:
    """The part whose tensors a file holds.

    Example:
        >>> part_of("frozen/encoders.T.safetensors")
        'encoders.T'
    """
    return PurePosixPath(file).name.removesuffix(".safetensors")


def holds_weights(path: Path) -> bool:
    """Whether a folder is a checkpoint or converted weights, also if a link in it leads nowhere."""
    return os.path.lexists(path / MODEL_FILE)
