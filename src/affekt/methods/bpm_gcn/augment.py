"""Augmentation of training walks (paper, section on data; `random_move` of the released code)."""

from __future__ import annotations

import numpy as np

from .config import AugmentConfig
from .joints import JOINTS

_MIRRORED = [
    JOINTS.index(name.replace("left", "right") if name.startswith("left") else name.replace("right", "left"))
    for name in JOINTS
]


def vary(positions: np.ndarray, config: AugmentConfig, rng: np.random.Generator) -> np.ndarray:
    """An augmented copy of a walk (t, v, 3); movement and targets are computed from it afterwards."""
    walk = positions.copy()
    if config.mirror and rng.random() < 0.5:
        walk = mirrored(walk)
    if config.noise:
        walk = walk + rng.normal(0.0, config.noise, (1, *walk.shape[1:]))
    if config.turn_deg:
        turn = np.radians(rng.uniform(-config.turn_deg, config.turn_deg))
        walk = turn_about_vertical(walk, turn)
    return move(walk, config, rng)


def mirrored(positions: np.ndarray) -> np.ndarray:
    """(t, v, 3) mirrored at x = 0, with left and right joints exchanged."""
    return positions[:, _MIRRORED] * np.array([-1.0, 1.0, 1.0])


def move(channels: np.ndarray, config: AugmentConfig, rng: np.random.Generator) -> np.ndarray:
    """Tilt, stretch and shift x and y of (t, v, c), changing linearly from the first frame to the last.

    Start and end are drawn from five (stretch: three) evenly spaced values, as in the released code.
    """
    frames = len(channels)

    def path(largest: float, steps: int) -> np.ndarray:
        start, end = rng.choice(np.linspace(-largest, largest, steps), size=2)
        return np.linspace(start, end, frames)

    angle = np.radians(path(config.tilt_deg, 5))
    size = 1.0 + path(config.stretch, 3)
    shift_x, shift_y = path(config.shift, 5), path(config.shift, 5)
    cos, sin = (np.cos(angle) * size)[:, None], (np.sin(angle) * size)[:, None]
    x, y = channels[..., 0], channels[..., 1]
    moved = channels.copy()
    moved[..., 0] = cos * x - sin * y + shift_x[:, None]
    moved[..., 1] = sin * x + cos * y + shift_y[:, None]
    return moved


def turn_about_vertical(positions: np.ndarray, angle: float) -> np.ndarray:
    """Turn (t, v, 3) about the y axis, counter-clockwise seen from above."""
    cos, sin = np.cos(angle), np.sin(angle)
    x, y, z = np.moveaxis(positions, -1, 0)
    return np.stack([cos * x + sin * z, y, cos * z - sin * x], axis=-1)
