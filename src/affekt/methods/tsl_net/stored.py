"""Features from `.npy` files that others computed: checked, and read in parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from affekt.core.errors import MediaError
from affekt.core.sample import Sample
from affekt.media.arrays import BROKEN


def stored_rows(sample: Sample, name: str, width: int) -> np.ndarray:
    """Feature rows (n, width) of a sample, from a file or an array; a file is mapped, not read.

    Raises:
        MediaError: There are none, or the file is not a `.npy` file, damaged, or of another shape or type.
    """
    reference = sample.media.get(name)
    if reference is None:
        held = ", ".join(sample.media) or "nothing"
        raise MediaError(f"sample {sample.id} has no features {name}; it has {held}")
    rows = reference if isinstance(reference, np.ndarray) else open_npy(Path(reference))
    if rows.ndim != 2 or rows.shape[1] != width or rows.dtype.kind != "f":
        raise MediaError(
            f"{name} of sample {sample.id} must be floating point of shape (n, {width}), "
            f"found {rows.dtype} of shape {rows.shape}"
        )
    return rows


def open_npy(path: Path) -> np.ndarray:
    """The array of a file, as a memory map.

    Raises:
        MediaError: It is missing, not a `.npy` file, truncated, damaged, or holds objects.
    """
    if not path.is_file():
        raise MediaError(f"{path} {'is not a file' if path.exists() else 'does not exist'}")
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except BROKEN as error:
        reason = str(error).partition("\n")[0]
        if "pickle" in reason or "objects" in reason:  # numpy reports this for any unknown content
            reason = "it holds Python objects, or is not an array"
        raise MediaError(f"{path} is not a .npy file, or is damaged: {reason}") from None
    if not isinstance(array, np.ndarray):
        array.close()
        raise MediaError(f"{path} is an archive of arrays; one array is needed")
    return array


def check_finite(rows: np.ndarray, sample: Sample, name: str, cells: range) -> np.ndarray:
    """The rows as float32 in memory.

    Raises:
        MediaError: A value is NaN or infinite.
    """
    with np.errstate(over="ignore"):  # reported below
        held = np.array(rows, np.float32)
    if not np.isfinite(held).all():
        raise MediaError(
            f"{name} of sample {sample.id} holds NaN or infinite values among cells {cells[0]} to {cells[-1]}"
        )
    return held
