"""Film strips: a walk as a row of poses that fade into the past."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from affekt.media.skeleton import BONES, Skeleton

# One colour a class, in order; readable on light and on dark paper.
COLORS = ("#cf9424", "#4a86b4", "#cc5f45", "#878f9b", "#35977f", "#8b6cb8", "#c2608c", "#7d9a3c")
TURN_DEG = 62.0  # how far the person is turned from facing the onlooker (0) to walking past to the right (90)
STEP = 0.5  # between two poses, in heights of the person
HEAD = 0.055  # radius, likewise
FAR_SIDE = 0.45  # how strongly limbs behind the body are drawn


def draw_skeletons(
    skeletons: Sequence[Skeleton],
    path: Path | None = None,
    *,
    names: Sequence[str] = (),
    colors: Sequence[str] = COLORS,
    poses: int = 9,
    background: str | None = None,
    ink: str = "#878f9b",
    dpi: int = 120,
) -> bytes:
    """One strip a walk, below each other: poses of one gait cycle, the latest on the right and the darkest.

    Args:
        skeletons: Walks that face +z with y up; joints that the bones do not name are left out.
        path: Where the PNG is written as well.
        names: What stands before each strip.
        colors: One a strip, repeated if there are fewer.
        background: Transparent if not given, so that a page in any colour can hold it.
        ink: Of names and ground.

    Returns:
        The PNG.
    """
    rows = len(skeletons)
    left = 0.35 + (0.6 if any(names) else 0.0)
    right = poses * STEP - 0.1
    figure = Figure(figsize=(1.9 * (left + right), 1.9 * 1.2 * rows))
    axes = np.atleast_1d(figure.subplots(rows, 1, gridspec_kw={"hspace": 0.0}))
    figure.subplots_adjust(0, 0, 1, 1)
    for row, (one, skeleton) in enumerate(zip(axes, skeletons, strict=True)):
        name = names[row] if row < len(names) else ""
        _draw_strip(one, skeleton, colors[row % len(colors)], poses, ink)
        one.text(0.05 - left, 0.5, name, color=ink, fontsize=13, va="center", parse_math=False)
        one.set(xlim=(-left, right), ylim=(-0.06, 1.14), aspect="equal")
        one.set_axis_off()
    buffer = io.BytesIO()
    figure.savefig(
        buffer, format="png", dpi=dpi, transparent=background is None, facecolor=background or "none"
    )
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(buffer.getvalue())
    return buffer.getvalue()


def stand(skeleton: Skeleton) -> np.ndarray:
    """Positions (t, v, 3) with the floor at 0, the person 1 high, and the body always over the origin."""
    positions = skeleton.positions.astype(float)
    middle = positions.mean(axis=1, keepdims=True) * np.array([1.0, 0.0, 1.0])
    floor = positions[..., 1].min()
    height = float(np.ptp(positions[..., 1], axis=1).max())
    return (positions - middle - np.array([0.0, floor, 0.0])) / (height if height > 0 else 1.0)


def _draw_strip(axes: Axes, skeleton: Skeleton, color: str, poses: int, ink: str) -> None:
    cycle = skeleton.cycle_frames or len(skeleton.positions)
    moments = np.linspace(0, cycle - 1, poses).round().astype(int)
    standing = stand(skeleton)[moments]
    turn = np.radians(TURN_DEG)
    across = (
        standing[..., 0] * np.cos(turn) + standing[..., 2] * np.sin(turn) + STEP * np.arange(poses)[:, None]
    )
    points = np.stack([across, standing[..., 1]], axis=-1)
    index = {name: i for i, name in enumerate(skeleton.joints)}
    limbs = chains(skeleton.joints)
    axes.plot([-0.3, poses * STEP - 0.15], [0, 0], color=ink, alpha=0.35, linewidth=0.8)
    for pose, places in enumerate(points):
        strength = 0.22 + 0.78 * (pose / max(poses - 1, 1)) ** 1.6
        for far in (True, False):  # the left side is behind when somebody walks to the right
            lines = [
                places[[index[name] for name in limb]]
                for limb in limbs
                if limb[-1].startswith("left_") == far
            ]
            alpha = strength * (FAR_SIDE if far else 1.0)
            axes.add_collection(
                LineCollection(
                    lines, color=color, alpha=alpha, linewidth=3.4, capstyle="round", joinstyle="round"
                )
            )
        if "head" in index:
            axes.add_patch(
                Circle(tuple(places[index["head"]]), HEAD, color=color, alpha=strength, linewidth=0)
            )


def chains(joints: Sequence[str]) -> list[list[str]]:
    """Bones joined end to end: trunk, arms, legs; drawn in one stroke each.

    Example:
        >>> chains(("root", "spine", "left_hip", "left_knee"))
        [['root', 'spine'], ['root', 'left_hip', 'left_knee']]
    """
    found: list[list[str]] = []
    for start, end in BONES:
        if start not in joints or end not in joints:
            continue
        limb = next((chain for chain in found if chain[-1] == start), None)
        if limb is None:
            found.append([start, end])
        else:
            limb.append(end)
    return found
