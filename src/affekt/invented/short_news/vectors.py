"""Videos as vectors: a direction for each cue, an offset of the account, and noise."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np

from affekt.core.labels import label_set
from affekt.invented.shares import Channel, draw_cue
from affekt.media.features import Features

LABELS = label_set("plutchik-wheel-8")
CHANNELS = ("title", "scene", "face", "text", "audio")
WIDTH = 24  # of all vectors
LENGTH = 3.0  # of the vector of a cue; silence is the origin
OFFSET, NOISE = 0.5, 0.2  # length of an account's offset; standard deviation of each number
SHORTEST_S, LONGEST_S = 6, 20
MOST_FACES = 3
SOURCE = "short_news"
_PLANS, _VECTORS, _ACCOUNTS = range(3)  # independent random streams


class VideoPlan(NamedTuple):
    """Everything about a video that is fixed before its vectors are drawn.

    Attributes:
        label: Number of the label.
        cues: Of each channel the number of the label that it shows; the number of labels for none.
        steps: Seconds of the video.
        starts: Of scene, face and text the first second that shows the cue, which lasts a third of the video.
    """

    seed: int
    number: int
    account: int
    label: int
    cues: tuple[int, ...]
    steps: int
    starts: tuple[int, ...]


def plan_of(number: int, account: int, seed: int, channels: Mapping[str, Channel]) -> VideoPlan:
    """The plan of a video: labels are equally frequent, cues are drawn independently."""
    rng = np.random.default_rng([seed, _PLANS, number])
    label = int(rng.integers(len(LABELS)))
    cues = tuple(draw_cue(rng, label, channels[name], len(LABELS)) for name in CHANNELS)
    steps = int(rng.integers(SHORTEST_S, LONGEST_S + 1))
    starts = tuple(int(rng.integers(steps - steps // 3 + 1)) for _ in range(3))
    return VideoPlan(seed, number, account, label, cues, steps, starts)


@cache
def directions(channel: str) -> np.ndarray:
    """The vector of each cue (k + 1, d), the last one of silence; the same for all seeds."""
    rng = np.random.default_rng([CHANNELS.index(channel)])
    # Orthogonal ones: all cues are equally far from each other.
    square, _ = np.linalg.qr(rng.standard_normal((WIDTH, len(LABELS))))
    return np.concatenate([LENGTH * square.T, np.zeros((1, WIDTH))]).astype(np.float32)


def media_of(plan: VideoPlan, noise: float) -> dict[str, Features]:
    """The vectors of a video."""
    rng = np.random.default_rng([plan.seed, _VECTORS, plan.number])
    account = np.random.default_rng([plan.seed, _ACCOUNTS, plan.account])
    offsets = account.standard_normal((len(CHANNELS), WIDTH))
    offsets *= OFFSET / np.linalg.norm(offsets, axis=1, keepdims=True)
    count = rng.integers(0, MOST_FACES, plan.steps)  # no face in one of three frames
    starts = dict(zip(("scene", "face", "text"), plan.starts, strict=True))
    found: dict[str, np.ndarray] = {}
    for name, cue, offset in zip(CHANNELS, plan.cues, offsets, strict=True):
        clean = directions(name)[cue]
        if name in starts:
            shown = np.arange(plan.steps) - starts[name]
            is_shown = (shown >= 0) & (shown < plan.steps // 3)
            if name == "face" and cue < len(LABELS):
                # A cue that no face shows would not be there: the first of its frames has one.
                count[starts[name]] = max(count[starts[name]], 1)
            clean = clean * is_shown[:, None]
        values = clean + noise * (offset + NOISE * rng.standard_normal(clean.shape))
        found[name] = values.astype(np.float32)
    found["face"] = found["face"] * (count[:, None] > 0)
    return {
        "title": Features(found["title"], SOURCE),
        "video": Features(found["scene"], SOURCE),
        "faces": Features(found["face"], SOURCE),
        "face_count": Features(count[:, None].astype(np.float32), SOURCE),
        "text": Features(found["text"], SOURCE),
        "audio": Features(found["audio"], SOURCE),
    }
