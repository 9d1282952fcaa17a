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

MODEL_FILE = "model.safetensors"
FROZEN, TRAINED = "frozen", "trained"
WEIGHTS = "weights"  # the entry of a manifest that states parts


def weights_sha256(document: Mapping[str, Any]) -> str:
    """The hash of all weights, from the manifest of a checkpoint or of converted weights."""
    if WEIGHTS in document:
        return document[WEIGHTS]["sha256"]
    return document["files"][MODEL_FILE]["sha256"]


def part_files(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the files of parts; none if one file holds all weights."""
    return tuple(document[WEIGHTS]["parts"]) if WEIGHTS in document else ()


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
