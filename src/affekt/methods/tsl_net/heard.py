"""What a network hears of a cell: its log-mel picture between its neighbours', with the time written in."""

from __future__ import annotations

import numpy as np

from affekt.media.cells import CELL_ROWS, MELS, log_mel_cells


def heard_cells(rows: np.ndarray, start: int, stop: int, *, count: int, chunk: int) -> np.ndarray:
    """Cells `start` to `stop` of a sound as the network takes them, (n, 96, 60) float32.

    Args:
        rows: (32 * count or more, 60) log-mel in dB, perhaps on disk: no more is read than is needed.
        count: Cells of the whole.
        chunk: Cells that wrap around their ends.

    Raises:
        MediaError: The rows have another shape.
    """
    wanted, place = np.unique(neighbours(np.arange(start, stop), count, chunk), return_inverse=True)
    cells = rows[: count * CELL_ROWS].reshape(count, CELL_ROWS, -1)[wanted]
    scaled = log_mel_cells(cells.reshape(len(wanted) * CELL_ROWS, -1))
    return stacked(scaled + time_code(wanted)[:, None], place.reshape(-1, 3))


def stacked(cells: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Three cells (t, 32, 60) upon each other, (n, 96, 60), for each row (n, 3) of places."""
    return cells[places].reshape(len(places), 3 * CELL_ROWS, MELS)


def neighbours(cells: np.ndarray, count: int, chunk: int) -> np.ndarray:
    """The cell before, each cell, and the one after, (n, 3) int64, wrapped around within chunks.

    parity: the first cell of a chunk hears its last one, and the last hears the first.

    Example:
        >>> neighbours(np.arange(5), 5, chunk=3).tolist()
        [[2, 0, 1], [0, 1, 2], [1, 2, 0], [4, 3, 4], [3, 4, 3]]
    """
    first = cells // chunk * chunk
    size = np.minimum(chunk, count - first)
    return first[:, None] + (cells[:, None] - first[:, None] + np.arange(-1, 2)) % size[:, None]


def time_code(cells: np.ndarray) -> np.ndarray:
    """Sines and cosines (n, 60) float32 that tell a cell's number; cells are counted through all chunks.

    Source: Vaswani et al., Attention Is All You Need, NeurIPS 2017. The reference has a table of 4000 cells;
    the formula goes on.
    """
    # parity: frequencies and angles in single precision; far from the beginning it shows.
    steps = np.exp(
        np.arange(0, MELS, 2, dtype=np.float32) * np.float32(-np.log(10_000.0) / MELS), dtype=float
    )
    angles = (cells[:, None].astype(np.float32) * steps.astype(np.float32)).astype(float)
    return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(len(cells), MELS).astype(np.float32)
