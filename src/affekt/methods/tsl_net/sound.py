"""The sound of a cell as the network takes it: log-mel rows with a time code, and those of its neighbours."""

from __future__ import annotations

import numpy as np

from affekt.media.cells import CELL_ROWS, MELS, log_mel_cells


def sound_cells(rows: np.ndarray, start: int, stop: int, *, count: int, chunk: int) -> np.ndarray:
    """Cells `start` to `stop` of a sound as the network takes them, (n, 96, 60) float32.

    Args:
        rows: (32 * count or more, 60) log-mel in dB; of a memory map, only the needed rows are read.
        count: Number of cells of the whole sound.
        chunk: Number of cells in a chunk; neighbours wrap around at its ends.

    Raises:
        MediaError: The rows have another shape.
    """
    wanted, place = np.unique(neighbours(np.arange(start, stop), count, chunk), return_inverse=True)
    cells = rows[: count * CELL_ROWS].reshape(count, CELL_ROWS, -1)[wanted]
    scaled = log_mel_cells(cells.reshape(len(wanted) * CELL_ROWS, -1))
    return stacked(scaled + time_code(wanted)[:, None], place.reshape(-1, 3))


def stacked(cells: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Three cells of (t, 32, 60) along one axis, (n, 96, 60), for each row of `places` (n, 3)."""
    return cells[places].reshape(len(places), 3 * CELL_ROWS, MELS)


def neighbours(cells: np.ndarray, count: int, chunk: int) -> np.ndarray:
    """Numbers of the previous cell, the cell, and the next cell, (n, 3) int64, wrapped around within chunks.

    parity: the last cell of a chunk is a neighbour of its first one.

    Example:
        >>> neighbours(np.arange(5), 5, chunk=3).tolist()
        [[2, 0, 1], [0, 1, 2], [1, 2, 0], [4, 3, 4], [3, 4, 3]]
    """
    first = cells // chunk * chunk
    size = np.minimum(chunk, count - first)
    return first[:, None] + (cells[:, None] - first[:, None] + np.arange(-1, 2)) % size[:, None]


def time_code(cells: np.ndarray) -> np.ndarray:
    """Position encoding of cells, (n, 60) float32; cells are counted across chunks.

    Source: Vaswani et al., Attention Is All You Need, NeurIPS 2017. The reference has a table of 4000 cells;
    here the formula is used for any number.
    """
    # parity: frequencies and angles in single precision, which matters for large cell numbers.
    steps = np.exp(
        np.arange(0, MELS, 2, dtype=np.float32) * np.float32(-np.log(10_000.0) / MELS), dtype=float
    )
    angles = (cells[:, None].astype(np.float32) * steps.astype(np.float32)).astype(float)
    return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(len(cells), MELS).astype(np.float32)
