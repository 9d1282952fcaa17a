"""Consecutive frames of a sound that comes in blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np


def in_frames(blocks: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Frames (m, size) of the blocks, each (n,) of any length; the last frame ends with silence.

    Example:
        >>> [frames.shape for frames in in_frames([np.ones(5), np.ones(1), np.ones(3)], 4)]
        [(1, 4), (1, 4), (1, 4)]
    """
    held = np.zeros(0, np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        whole = len(held) // size
        if whole:
            yield held[: whole * size].reshape(whole, size)
            held = held[whole * size :]
    if len(held):
        yield np.pad(held, (0, size - len(held)))[None]
