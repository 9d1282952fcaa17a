"""Film strips: a walk as a row of poses, earlier ones paler."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from affekt.core.files.whole import write_bytes
from affekt.media.skeleton import BONES, Skeleton
from affekt.report.colors.scheme import ACCENT, SOFT

TURN_DEG = 62.0  # direction of the walk: towards the viewer (0), to the right (90)
STEP = 0.5  # distance of two poses, in heights of the person
HEAD = 0.055  # radius, in heights of the person
FAR_SIDE = 0.45  # relative opacity of limbs behind the body


def draw_skeletons(
    skeletons: Sequence[Skeleton],
    path: Path | None = None,
    *,
    names: Sequence[str] = (),
    colors: Sequence[str] = (ACCENT.light,),
    poses: int = 9,
    background: str | None = None,
    ink: str = SOFT.light,
    dpi: int = 120,
) -> bytes:
    """Draw a strip for each walk, one below the other: poses of one gait cycle from left to right.

    The last pose is the darkest.

    Args:
        skeletons: Walks that face +z with y up; joints that are in no bone are left out.
        path: The PNG is also written to this file.
        names: Names at the left of the strips.
        colors: One for each strip, repeated if there are fewer.
        background: By default transparent, for pages of any colour.
        ink: Colour of names and ground.

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
        write_bytes(path, buffer.getvalue())
    return buffer.getvalue()


def normalize_walk(skeleton: Skeleton) -> np.ndarray:
    """Positions (t, v, 3) with the ground at 0, a person of height 1, and the body above the origin."""
    positions = skeleton.positions.astype(float)
    middle = positions.mean(axis=1, keepdims=True) * np.array([1.0, 0.0, 1.0])
    ground = positions[..., 1].min()
    height = float(np.ptp(positions[..., 1], axis=1).max())
    return (positions - middle - np.array([0.0, ground, 0.0])) / (height if height > 0 else 1.0)


def _draw_strip(axes: Axes, skeleton: Skeleton, color: str, poses: int, ink: str) -> None:
    cycle = skeleton.cycle_frames or len(skeleton.positions)
    moments = np.linspace(0, cycle - 1, poses).round().astype(int)
    normalized = normalize_walk(skeleton)[moments]
    turn = np.radians(TURN_DEG)
    across = (
        normalized[..., 0] * np.cos(turn)
        + normalized[..., 2] * np.sin(turn)
        + STEP * np.arange(poses)[:, None]
    )
    points = np.stack([across, normalized[..., 1]], axis=-1)
    index = {name: i for i, name in enumerate(skeleton.joints)}
    limbs = chains(skeleton.joints)
    axes.plot([-0.3, poses * STEP - 0.15], [0, 0], color=ink, alpha=0.35, linewidth=0.8)
    for pose, places in enumerate(points):
        strength = 0.22 + 0.78 * (pose / max(poses - 1, 1)) ** 1.6
        for far in (True, False):  # the left side is behind when a person walks to the right
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
    """Bones joined to chains (trunk, arms, legs), each of which is drawn as one line.

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
