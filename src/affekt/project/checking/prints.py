"""Prints of picture and sound as columns of the database, and back. Near duplicates are found from them."""

from __future__ import annotations

import sqlite3
from typing import Any

import numpy as np

from affekt.quality.duplicate_clips import MOMENTS, ClipPrint
from affekt.quality.duplicate_sounds import SoundPrint

PRINT_COLUMNS = ("film", "film_s", "words", "audible")
_SIDE = 16


def as_columns(film: ClipPrint | None, sound: SoundPrint | None) -> tuple[Any, ...]:
    """Values of `PRINT_COLUMNS`."""
    return (
        film.film.astype(np.uint8).tobytes() if film else None,
        float(film.duration_s) if film else None,
        sound.words.astype("<u4").tobytes() if sound else None,
        sound.is_audible.astype(np.uint8).tobytes() if sound else None,
    )


def from_row(row: sqlite3.Row) -> tuple[ClipPrint | None, SoundPrint | None]:
    """The prints of a row of `medium_check`."""
    film = sound = None
    if row["film"] is not None:
        values = np.frombuffer(row["film"], np.uint8).reshape(MOMENTS, _SIDE, _SIDE)
        film = ClipPrint(values, row["film_s"])
    if row["words"] is not None:
        words = np.frombuffer(row["words"], "<u4").astype(np.uint32)
        sound = SoundPrint(words, np.frombuffer(row["audible"], np.uint8).astype(bool))
    return film, sound
