"""A figure of example pictures of each class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from affekt.core.errors import MediaError
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample
from affekt.media.image import image_of, resize
from affekt.report.colors.scheme import INK
from affekt.report.save import save_figure
from affekt.report.style import styled

TILE, GAP = 96, 4  # pixels
PAPER = (251, 250, 247)  # between the pictures: that of the figure
EXAMPLES = 10  # of each class


@styled
def draw_tiles(samples: Sequence[Sample], labels: LabelSet, path: Path) -> None:
    """Draw a row for each class: its name, its number of pictures, and random examples.

    A sample with several labels counts for the one with the largest weight. Pictures that cannot be read are
    left out.
    """
    classes: dict[str, list[Sample]] = {name: [] for name in labels.names}
    for sample in samples:
        name = _strongest(sample)
        if name is not None and "image" in sample.media:
            classes[name].append(sample)
    figure = Figure(figsize=(11.2, 1.05 * len(classes)), layout="constrained")
    rows = figure.subplots(len(classes), 1)
    for axes, (name, members) in zip(rows, classes.items(), strict=True):
        strip = np.full((TILE, EXAMPLES * (TILE + GAP) - GAP, 3), PAPER, np.uint8)
        for place, pixels in enumerate(_examples(members)):
            left = place * (TILE + GAP)
            strip[:, left : left + TILE] = letterboxed(pixels, TILE)
        axes.imshow(strip)
        axes.set(xticks=[], yticks=[])
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        label = f"{name}\n{len(members)}"
        axes.set_ylabel(label, rotation=0, ha="right", va="center", color=INK.light, fontsize=10, labelpad=8)
    # The layout reserves no space for the names left of the pictures: the canvas is extended to hold them.
    save_figure(figure, path, dpi=100, bbox_inches="tight", pad_inches=0.1)


def letterboxed(pixels: np.ndarray, side: int) -> np.ndarray:
    """Fit a picture, (h, w) or (h, w, 3), into a square of `side` pixels; the rest is light grey."""
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    fitted = resize(pixels, max(1, round(height * scale)), max(1, round(width * scale)))
    square = np.full((side, side, 3), 235, np.uint8)
    top, left = (side - fitted.shape[0]) // 2, (side - fitted.shape[1]) // 2
    square[top : top + fitted.shape[0], left : left + fitted.shape[1]] = fitted
    return square


def _strongest(sample: Sample) -> str | None:
    weights = sample.label_weights or {}
    return sample.label or max(weights, key=lambda name: weights[name], default=None)


def _examples(members: Sequence[Sample]) -> list[np.ndarray]:
    """Up to `EXAMPLES` random pictures: the first ones are often all of one person."""
    found: list[np.ndarray] = []
    for place in np.random.default_rng(0).permutation(len(members)):
        try:
            found.append(image_of(members[place]))
        except MediaError:
            continue
        if len(found) == EXAMPLES:
            break
    return found
