"""What a scene is made of. Places are shares of the picture: x to the right, y down."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from affekt.invented.drawn_faces.traits import Person

Colour = tuple[int, int, int]


class Actor(NamedTuple):
    """Somebody who may be seen several times.

    Attributes:
        name: Who it is; unique in a scene.
        clothes: RGB.
    """

    name: str
    traits: Person
    clothes: Colour


class Key(NamedTuple):
    """Where somebody is at a time; between two keys the place changes evenly.

    Attributes:
        x, y: Middle of the face's box.
        height: Of the face's box, in the height of the picture.
        emotion: One of `affekt.invented.drawn_faces.corpus.EXPRESSIONS`, up to the next key.
        strength: Of its expression: 0 none, 1 clearly visible. It changes evenly to that of the next key.
    """

    time_s: float
    x: float
    y: float = 0.45
    height: float = 0.4
    emotion: str = "neutral"
    strength: float = 1.0


class Role(NamedTuple):
    """An actor from one time to another.

    Attributes:
        keys: In order of time; the actor is seen from the first to before the last.
        mouth: Times and openings from 0 to 1, in order; between them it changes evenly. Empty: the mouth
            is as the expression has it.
    """

    actor: Actor
    keys: tuple[Key, ...]
    mouth: tuple[tuple[float, float], ...] = ()

    def is_seen(self, time_s: float) -> bool:
        return bool(self.keys[0].time_s <= time_s < self.keys[-1].time_s)

    def at(self, time_s: float) -> Key:
        """Place and expression at a time at which the actor is seen."""
        times = [key.time_s for key in self.keys]
        before = self.keys[max(0, int(np.searchsorted(times, time_s, side="right")) - 1)]
        x, y, height, strength = (
            float(np.interp(time_s, times, [getattr(key, name) for key in self.keys]))
            for name in ("x", "y", "height", "strength")
        )
        return Key(time_s, x, y, height, before.emotion, strength)

    def opening(self, time_s: float) -> float:
        """How open the mouth is for speech."""
        if not self.mouth:
            return 0.0
        times, openings = zip(*self.mouth, strict=True)
        return float(np.interp(time_s, times, openings))


class Backdrop(NamedTuple):
    """What is behind the people from a time on; a scene has a cut where one begins.

    Attributes:
        seed: Of its texture.
        light: Factor of the brightness of all that is seen.
    """

    start_s: float
    colour: Colour
    seed: int = 0
    light: float = 1.0


class FaceScene(NamedTuple):
    """A video.

    Attributes:
        backdrops: The first begins at 0.
        roles: Those further back come first.
        flashes: Times of frames that are nearly white.
        grain: Standard deviation of the noise, of 255.
        seed: Of the noise.
    """

    width: int
    height: int
    rate_hz: float
    duration_s: float
    backdrops: tuple[Backdrop, ...]
    roles: tuple[Role, ...]
    flashes: tuple[float, ...] = ()
    grain: float = 2.0
    seed: int = 0

    @property
    def frames(self) -> int:
        """Number of frames."""
        return max(1, round(self.duration_s * self.rate_hz))

    @property
    def cuts_s(self) -> tuple[float, ...]:
        """When shots begin, after the first, at the times of frames."""
        return tuple(
            float(np.ceil(it.start_s * self.rate_hz - 1e-6) / self.rate_hz) for it in self.backdrops[1:]
        )
