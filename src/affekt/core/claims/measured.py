"""What `fit` measured, as a checkpoint or a bundle states it: a claim of a file, which is checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from affekt.core.errors import FolderError


def measured_vector(state: Mapping[str, Any], name: str, size: int | None = None) -> np.ndarray:
    """A vector (size,) float64 of finite numbers from the state of preprocessing.

    Args:
        size: Any, if not given.

    Raises:
        FolderError: It is missing, or something else.

    Example:
        >>> measured_vector({"mean": [0.5, 1]}, "mean", 2).tolist()
        [0.5, 1.0]
    """
    values = state.get(name)
    is_list = isinstance(values, list | tuple) and all(map(_is_number, values))
    if not is_list or (size is not None and len(values or ()) != size):
        count = "numbers" if size is None else f"{size} numbers"
        raise FolderError(
            f"the state of the preprocessing has {_shown(values)} in place of {name}, {count}: the file was "
            "made by another version, or altered"
        )
    return np.array(values, np.float64)


def measured_number(state: Mapping[str, Any], name: str) -> float | None:
    """A finite number from the state of preprocessing; None where it is not known.

    Raises:
        FolderError: It is something else.
    """
    value = state.get(name)
    if value is not None and not _is_number(value):
        raise FolderError(
            f"the state of the preprocessing has {_shown(value)} in place of {name}, a number: the file was "
            "made by another version, or altered"
        )
    return None if value is None else float(value)


def _is_number(value: Any) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond the range of floating point
        return False


def _shown(value: Any) -> str:
    return "nothing" if value is None else f"{type(value).__name__} {str(value)[:40]!r}"
