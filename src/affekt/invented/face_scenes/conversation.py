"""Two or more people who talk in turn, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from affekt.invented.face_scenes.parts import Actor, Backdrop, FaceScene, Key, Role

SYLLABLE_S = 0.22  # of speech: four to five a second
_FADE_S = 0.4  # in which an expression comes and goes
LISTENING = 0.0  # strength of the expression of who does not speak


class Turn(NamedTuple):
    """What one person says.

    Attributes:
        speaker: Place in the list of actors.
        emotion: Shown on the speaker's face.
        mouth: Times and openings of the mouth within the video; empty: syllables of even length.
    """

    speaker: int
    start_s: float
    end_s: float
    emotion: str = "neutral"
    mouth: tuple[tuple[float, float], ...] = ()


def conversation_scene(
    actors: Sequence[Actor],
    turns: Sequence[Turn],
    *,
    duration_s: float,
    width: int = 640,
    height: int = 360,
    rate_hz: float = 25.0,
    seed: int = 0,
) -> FaceScene:
    """People side by side, who sway a little; whoever speaks moves the mouth and shows the turn's emotion."""
    rng = np.random.default_rng([seed, 3])
    roles: list[Role] = []
    for place, who in enumerate(actors):
        own = [turn for turn in turns if turn.speaker == place]
        x = (place + 0.5) / len(actors)
        sway = rng.uniform(-1, 1, 2)
        times = {0.0: ("neutral", LISTENING), duration_s + 1: ("neutral", LISTENING)}
        mouth: list[tuple[float, float]] = []
        for turn in own:
            fade = min(_FADE_S, (turn.end_s - turn.start_s) / 3)
            times[turn.start_s] = (turn.emotion, LISTENING)
            times[turn.start_s + fade] = (turn.emotion, 1.0)
            times[turn.end_s - fade] = (turn.emotion, 1.0)
            times[turn.end_s] = ("neutral", LISTENING)
            mouth += turn.mouth or syllables(turn.start_s, turn.end_s, rng)
        for time_s in np.arange(1.5, duration_s, 1.5):
            near = [it for it in sorted(times) if it <= time_s]
            after = min(it for it in times if it > time_s)
            emotion, before = times[near[-1]]
            share = (time_s - near[-1]) / (after - near[-1])
            times.setdefault(float(time_s), (emotion, before + share * (times[after][1] - before)))
        keys = tuple(
            Key(
                time_s,
                x + 0.012 * float(np.sin(1.3 * time_s + sway[0])),
                0.42 + 0.012 * float(np.sin(0.9 * time_s + sway[1])),
                0.4,
                emotion,
                strength,
            )
            for time_s, (emotion, strength) in sorted(times.items())
        )
        roles.append(Role(who, keys, tuple(mouth)))
    return FaceScene(
        width, height, rate_hz, duration_s, (Backdrop(0.0, (120, 130, 140), seed),), tuple(roles), seed=seed
    )


def syllables(start_s: float, end_s: float, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Openings of a mouth that speaks: closed at both ends."""
    found = [(start_s, 0.0)]
    time_s = start_s + SYLLABLE_S / 2
    while time_s + SYLLABLE_S / 2 < end_s:
        found += [
            (time_s, float(rng.uniform(0.4, 1.0))),
            (time_s + SYLLABLE_S / 2, float(rng.uniform(0, 0.2))),
        ]
        time_s += SYLLABLE_S
    return [*found, (end_s, 0.0)]
