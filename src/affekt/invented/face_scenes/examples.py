"""Scenes that are hard to follow, for tests and benchmarks."""

from __future__ import annotations

import numpy as np

from affekt.invented.drawn_faces.corpus import EXPRESSIONS
from affekt.invented.face_scenes.parts import Backdrop, FaceScene, Key, Role
from affekt.invented.face_scenes.people import actor

SIZE = (640, 360)
_WALLS = ((120, 130, 140), (70, 60, 50), (170, 160, 130), (60, 80, 70), (140, 110, 120))


def crossing_scene(*, seed: int = 0, rate_hz: float = 25.0, size: tuple[int, int] = SIZE) -> FaceScene:
    """Two people pass each other twice, one behind the other, in 8 s."""
    one, other = actor(2 * seed), actor(2 * seed + 1)
    back = (Key(0, 0.15, 0.4, 0.36), Key(4, 0.85, 0.4, 0.36), Key(8, 0.15, 0.4, 0.36))
    front = (Key(0, 0.85, 0.45, 0.4), Key(4, 0.15, 0.45, 0.4), Key(8, 0.85, 0.45, 0.4))
    return FaceScene(
        *size,
        rate_hz,
        8.0,
        (Backdrop(0.0, _WALLS[0], seed),),
        (Role(one, back), Role(other, front)),
        seed=seed,
    )


def returning_scene(*, seed: int = 0, rate_hz: float = 25.0, size: tuple[int, int] = SIZE) -> FaceScene:
    """One stays; another leaves to the right at 3 s and comes back from the left at 6 s; it ends at 9 s."""
    stays, leaves = actor(2 * seed), actor(2 * seed + 1)
    roles = (
        Role(stays, (Key(0, 0.3), Key(9, 0.33))),
        Role(leaves, (Key(0, 0.75), Key(2, 0.75), Key(3, 1.4))),
        Role(leaves, (Key(6, -0.4), Key(7.2, 0.7), Key(9, 0.7))),
    )
    return FaceScene(*size, rate_hz, 9.0, (Backdrop(0.0, _WALLS[1], seed),), roles, seed=seed)


def cut_scene(*, seed: int = 0, rate_hz: float = 25.0, size: tuple[int, int] = SIZE) -> FaceScene:
    """Two people, close up in turn and both together, with five cuts and a flash, in 12 s."""
    one, other = actor(2 * seed), actor(2 * seed + 1)
    starts = (0.0, 2.0, 4.04, 6.0, 8.2, 10.0)
    ends = (*starts[1:], 12.0)
    shown = ((one,), (other,), (one, other), (other,), (one,), (one, other))
    roles: list[Role] = []
    for start, end, who in zip(starts, ends, shown, strict=True):
        for place, it in enumerate(who):
            x, height = (0.5, 0.55) if len(who) == 1 else (0.3 + 0.4 * place, 0.38)
            roles.append(Role(it, (Key(start, x, 0.45, height), Key(end, x + 0.04, 0.45, height))))
    backdrops = tuple(
        Backdrop(start, _WALLS[{1: seed, 2: seed + 3}[len(who)] % 5], 7 * number + seed)
        for number, (start, who) in enumerate(zip(starts, shown, strict=True))
    )
    return FaceScene(
        *size, rate_hz, 12.0, backdrops, tuple(roles), flashes=(5.0, 5.0 + 1 / rate_hz), seed=seed
    )


def crowd_scene(
    people: int,
    *,
    seed: int = 0,
    rate_hz: float = 25.0,
    size: tuple[int, int] = SIZE,
    duration_s: float = 6.0,
) -> FaceScene:
    """Many people who walk in both directions, at all depths."""
    rng = np.random.default_rng([seed, 5])
    heights = np.sort(rng.uniform(0.12, 0.25, people))  # who is further back is smaller
    roles: list[Role] = []
    for number, height in enumerate(heights.tolist()):
        start, y = float(rng.uniform(0.05, 0.95)), float(rng.uniform(0.25, 0.7))
        way = float(rng.uniform(-0.3, 0.3))
        roles.append(
            Role(
                actor(number, seed=seed), (Key(0, start, y, height), Key(duration_s, start + way, y, height))
            )
        )
    return FaceScene(*size, rate_hz, duration_s, (Backdrop(0.0, _WALLS[2], seed),), tuple(roles), seed=seed)


def expressive_scene(
    *, seed: int = 0, rate_hz: float = 25.0, size: tuple[int, int] = SIZE, each_s: float = 3.0
) -> FaceScene:
    """Two people who show all expressions, one after another, each fading in and out."""
    rng = np.random.default_rng([seed, 6])
    emotions = list(EXPRESSIONS)
    roles: list[Role] = []
    for place in range(2):
        order = rng.permutation(emotions).tolist()
        keys: list[Key] = []
        for number, emotion in enumerate(order):
            start = number * each_s
            x = 0.28 + 0.44 * place
            keys += [
                Key(start, x, 0.45, 0.42, emotion, 0.0),
                Key(start + 0.4, x + 0.01, 0.44, 0.42, emotion, 1.0),
                Key(start + each_s - 0.4, x, 0.45, 0.42, emotion, 1.0),
            ]
        keys.append(Key(len(order) * each_s, 0.28 + 0.44 * place, 0.45, 0.42, "neutral", 0.0))
        roles.append(Role(actor(2 * seed + place), tuple(keys)))
    duration_s = len(emotions) * each_s
    return FaceScene(*size, rate_hz, duration_s, (Backdrop(0.0, _WALLS[3], seed),), tuple(roles), seed=seed)
