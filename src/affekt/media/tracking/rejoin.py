"""Join tracks across cuts and gaps by appearance, only where it is clear who it is.

There is no identity of faces here: colours of head and clothes are compared. So it is an assumption, and one
that fails where people change clothes, where light changes, or where several wear the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from affekt.media.tracking.appearance import alike

# Measured by `benchmarks/face_tracks.py`, Similarity of appearance.
ALIKE = 0.82  # least similarity
CLEARLY = 0.08  # by which it is above that with anybody else
LEAST_SEEN = 3  # boxes of a track that is joined


class Piece(NamedTuple):
    """A track between a beginning and an end.

    Attributes:
        seen: Number of its boxes.
        look: Mean appearance, (2, 256) of length 1 in each part.
    """

    start_s: float
    end_s: float
    seen: int
    look: np.ndarray


def rejoined(pieces: Sequence[Piece]) -> list[int]:
    """For each piece the number of who it is, from 0 in the order of `pieces`, which begin one after another.

    A piece is joined to somebody seen before if it looks like that one; clearly less like anybody else; and
    if nobody who is seen at the same time looks as much like that one. Two pieces that overlap in time are
    never the same.
    """
    if not pieces:
        return []
    starts = np.array([it.start_s for it in pieces])
    ends = np.array([it.end_s for it in pieces])
    looks = np.stack([it.look for it in pieces])
    numbers = [-1] * len(pieces)
    sums: list[np.ndarray] = []  # of the appearances of each number, by their boxes
    for place, piece in enumerate(pieces):
        number = -1
        beside = np.flatnonzero((starts < piece.end_s) & (ends > piece.start_s))
        if sums and piece.seen >= LEAST_SEEN:
            known = _normed(np.stack(sums))
            similar = alike(looks[place][None], known)[0]
            best = int(np.argmax(similar))
            others = np.delete(similar, best)
            rivals = [it for it in beside.tolist() if it != place and numbers[it] != best]
            rival = alike(looks[rivals], known[best][None]).max() if rivals else 0.0
            seen_beside = any(numbers[it] == best for it in beside.tolist())
            clear = similar[best] - CLEARLY >= max(others.max(initial=0.0), float(rival))
            if similar[best] >= ALIKE and clear and not seen_beside:
                number = best
        if number < 0:
            number = len(sums)
            sums.append(np.zeros_like(piece.look))
        sums[number] = sums[number] + piece.seen * piece.look
        numbers[place] = number
    return numbers


def _normed(looks: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(looks, axis=2, keepdims=True)
    return np.divide(looks, lengths, out=np.zeros_like(looks), where=lengths > 0)
