"""Figures of the page as geometry: confusions on the wheel, matrices, and how votes fall."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from affekt.core.labels import LabelSet
from affekt.core.wheel import places_on_wheel

SIZE, RADIUS = 520, 176  # of the drawing, and of the ring of labels
_WIDEST, _LARGEST = 22.0, 26.0  # width of a chord, radius of a label
_TEXT = RADIUS + 48.0  # distance of names from the centre
_MOST_CHORDS = 12


@dataclass(frozen=True)
class Spot:
    """A label on the wheel: its circle, and where its name and share of the votes are written."""

    name: str
    color: int
    x: float
    y: float
    radius: float
    text_x: float
    text_y: float
    anchor: str
    share: float


@dataclass(frozen=True)
class Chord:
    """Two labels that votes of one item name: its curve, its width, and in words."""

    curve: str
    width: float
    text: str


@dataclass(frozen=True)
class Wheel:
    """The wheel; chords are those of the most frequent pairs."""

    spots: list[Spot]
    chords: list[Chord]


@dataclass(frozen=True)
class Shade:
    """A cell of a matrix: its text, a strength from 0 to 1, and in words."""

    text: str
    strength: float
    title: str


@dataclass(frozen=True)
class Matrix:
    """Cells by row and column."""

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    cells: Sequence[Sequence[Shade]]
    note: str = ""


def draw_wheel(confusions: np.ndarray, labels: LabelSet) -> Wheel | None:
    """The wheel from pairs of votes (k, k); None if the labels are not on it, or there are no pairs."""
    places, total = places_on_wheel(labels), float(confusions.sum())
    if places is None or not total:
        return None
    angles = -math.pi / 2 + places * 2 * math.pi / len(labels)
    points = SIZE / 2 + RADIUS * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    shares = confusions.sum(axis=1) / total
    spots = [_spot(name, place, float(angles[place]), shares) for place, name in enumerate(labels.names)]
    pairs = sorted(
        ((2 * confusions[i, j] / total, i, j) for i in range(len(labels)) for j in range(i)), reverse=True
    )
    shown = [pair for pair in pairs[:_MOST_CHORDS] if pair[0] > 0]
    chords = []
    for value, i, j in reversed(shown):  # wide ones above
        # Bent towards the centre, so that chords of neighbours do not lie on the ring.
        bend = SIZE / 2 + 0.35 * ((points[i] + points[j]) / 2 - SIZE / 2)
        ends = [f"{x:.1f} {y:.1f}" for x, y in (points[i], bend, points[j])]
        text = f"{labels.names[j]} and {labels.names[i]}: {value:.1%} of the votes"
        chords.append(
            Chord(f"M{ends[0]} Q{ends[1]} {ends[2]}", round(max(1.0, _WIDEST * value / shown[0][0]), 1), text)
        )
    return Wheel(spots, chords)


def _spot(name: str, place: int, angle: float, shares: np.ndarray) -> Spot:
    across, down = math.cos(angle), math.sin(angle)
    return Spot(
        name=name,
        color=place,
        x=round(SIZE / 2 + RADIUS * across, 1),
        y=round(SIZE / 2 + RADIUS * down, 1),
        radius=round(4 + (_LARGEST - 4) * math.sqrt(shares[place] / shares.max()), 1),
        text_x=round(SIZE / 2 + _TEXT * across, 1),
        text_y=round(SIZE / 2 + _TEXT * down - 4, 1),
        anchor="middle" if abs(across) < 0.1 else "start" if across > 0 else "end",
        share=float(shares[place]),
    )


def share_matrix(
    title: str, counts: np.ndarray, names: Sequence[str], *, of: str, is_share: bool = False, note: str = ""
) -> Matrix:
    """A confusion matrix whose shades are shares of its rows.

    Args:
        of: What a row is, for the words of a cell.
        is_share: Whether the values are shares already, and are written as percent.
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
    cells = [
        [
            Shade(
                _cell(float(counts[row, column]), float(shares[row, column]), is_share),
                round(float(shares[row, column]), 3),
                f"{of} {names[row]}, rated {names[column]}: {shares[row, column]:.0%}",
            )
            for column in range(len(names))
        ]
        for row in range(len(names))
    ]
    return Matrix(title, names, names, cells, note)


def kappa_matrix(kappas: np.ndarray, names: Sequence[str]) -> Matrix:
    """Cohen's kappa of each pair of raters; the diagonal is empty."""

    def cell(row: int, column: int) -> Shade:
        value = float(kappas[row, column])
        if row == column:
            return Shade("", 0.0, "")
        if np.isnan(value):
            return Shade("–", 0.0, f"{names[row]} and {names[column]}: not defined")  # noqa: RUF001
        return Shade(
            f"{value:.2f}", round(max(value, 0.0), 3), f"{names[row]} and {names[column]}: {value:.3f}"
        )

    rows = [[cell(row, column) for column in range(len(names))] for row in range(len(names))]
    return Matrix("Cohen's kappa of each pair of raters", names, names, rows)


def vote_patterns(counts: np.ndarray, *, most: int = 10) -> list[tuple[str, int, float]]:
    """How the votes of items fall, such as `2 : 1`: pattern, number of items, and that over the largest one.

    Only items with at least two votes; the most frequent patterns first.
    """
    patterns = Counter(
        " : ".join(str(int(number)) for number in sorted(row[row > 0], reverse=True))
        for row in counts
        if row.sum() > 1
    )
    found = patterns.most_common(most)
    return [(pattern, number, number / found[0][1]) for pattern, number in found]


def _cell(value: float, share: float, is_share: bool) -> str:
    if is_share:
        return f"{share:.0%}" if share >= 0.005 else ""
    return "" if value < 0.05 else f"{value:.1f}" if value < 1 else f"{value:.0f}"
