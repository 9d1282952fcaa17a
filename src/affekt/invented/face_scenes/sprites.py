"""Drawn heads without a background, kept for reuse: a scene needs few of them, in many places.

A head is painted on two backgrounds. Painting mixes linearly, so their difference is what shows through, and
the rest is the head.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image

from affekt.invented.drawn_faces.corpus import EXPRESSIONS
from affekt.invented.drawn_faces.painting import paint
from affekt.invented.drawn_faces.traits import Expression, Person, Shot
from affekt.invented.face_scenes.parts import Actor, Key

ZOOM, DOWN = 0.62, -0.1  # of the head in its square, so that hair and neck are whole
TOP = -0.85  # of the face's box, in face coordinates: the forehead
_BACKGROUNDS = (0.25, 0.75)
# Of squares in pixels. Larger heads are enlarged: painting takes half a second at 700 pixels.
_SIZES = tuple(round(48 * 1.3**step) for step in range(8))
_STRENGTHS, _OPENINGS = 4, 5  # steps of expressions and mouths
_SPOKEN_JAW, _SPOKEN_TEETH = 0.75, 0.4  # of an expression with a mouth opened wide for speech
_KEPT = 600  # sprites, of some 0.2 MB


class Sprite(NamedTuple):
    """A head.

    Attributes:
        image: Four bands: colours that are already weighted with the opacity, and the opacity. Its mode is
            CMYK, because Pillow moves the bands of this mode independently.
    """

    image: Image.Image


class Outline(NamedTuple):
    """Box and landmarks of a face, in shares of the square of its sprite."""

    box: np.ndarray
    landmarks: np.ndarray


class Sprites:
    """Paints heads, and keeps them."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Person, str, int, int, int], Sprite] = {}

    def __call__(self, actor: Actor, key: Key, opening: float, side: float) -> Sprite:
        """A head for a side in pixels: at least as large, but for the largest."""
        size = next((it for it in _SIZES if it >= side), _SIZES[-1])
        strength = round(key.strength * _STRENGTHS)
        mouth = round(opening * _OPENINGS)
        asked = (actor.traits, key.emotion, strength, mouth, size)
        if asked not in self._kept:
            if len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            expression = expression_at(key.emotion, strength / _STRENGTHS, mouth / _OPENINGS)
            self._kept[asked] = _painted(actor.traits, expression, size)
        return self._kept[asked]


def expression_at(emotion: str, strength: float, opening: float) -> Expression:
    """The expression of an emotion, and a mouth that is opened for speech from 0 to 1."""
    one, other = EXPRESSIONS[emotion]
    shown = Expression(*(strength * (np.array(one) + np.array(other)) / 2).tolist())
    return shown._replace(
        jaw=max(shown.jaw, 0.0) * (1 - 0.5 * opening) + _SPOKEN_JAW * opening,
        teeth=max(shown.teeth, _SPOKEN_TEETH * opening),
        press=shown.press * (1 - opening),
    )


def outline_of(traits: Person, expression: Expression) -> Outline:
    """Where the face is in the square of its sprite: from forehead to chin, and from side to side."""
    nose = traits.eye_height + traits.nose_length
    half = traits.mouth_width * (1 + expression.stretch)
    corner = traits.mouth_height - 0.12 * expression.corner * 0.65
    points = np.array(
        [
            [-traits.width, TOP],
            [traits.width, traits.mouth_height + 0.45 + 0.13 * max(expression.jaw, 0)],
            [-traits.eye_distance, traits.eye_height],
            [traits.eye_distance, traits.eye_height],
            [0.0, nose],
            [-half, corner],
            [half, corner],
        ]
    )
    shares = (points * ZOOM + [0.0, DOWN] + 1) / 2
    return Outline(shares[:2].reshape(4), shares[2:])


def _painted(traits: Person, expression: Expression, size: int) -> Sprite:
    dark, bright = (
        paint(traits, expression, _shot(level), size, np.random.default_rng(0)).astype(np.float32)
        for level in _BACKGROUNDS
    )
    empty = [
        # The same colours as the painter's background, which is a gradient.
        _backdrop(level, size)
        for level in _BACKGROUNDS
    ]
    through = ((bright - dark) / (empty[1] - empty[0])).mean(axis=2, keepdims=True).clip(0, 1)
    through = np.where(through > 0.97, 1.0, np.where(through < 0.03, 0.0, through)).astype(np.float32)
    pixels = np.where(through < 1, dark - through * empty[0], 0.0)
    bands = np.concatenate([pixels, 255 * (1 - through)], axis=2).round().clip(0, 255).astype(np.uint8)
    return Sprite(Image.merge("CMYK", [Image.fromarray(band) for band in np.moveaxis(bands, 2, 0)]))


def _shot(backdrop: float) -> Shot:
    return Shot(
        turn=0.0, nod=0.0, tilt_deg=0.0, right=0.0, down=DOWN, zoom=ZOOM, light=(-0.3, -0.45), ambient=0.55,
        backdrop=backdrop, warmth=0.2, grain=0.0, grey=False,
    )  # fmt: skip


def _backdrop(level: float, size: int) -> np.ndarray:
    """What the painter puts behind a head, (s, s, 3) of 255."""
    axis = (np.arange(size) + 0.5) / size * 2 - 1
    x, y = axis[None] / ZOOM, (axis[:, None] - DOWN) / ZOOM
    shade = level + 0.08 * (x * _shot(level).light[0] - y)
    warm = 1 + 0.06 * 0.2 * np.array([1, 0.2, -1])
    return (255 * (shade[..., None] * np.array([0.95, 0.98, 1.02]) * warm).clip(0, 1)).astype(np.float32)
