from __future__ import annotations

import numpy as np
import pytest

from affekt.media.faces.crop import FaceCrop
from affekt.media.faces.mouth import SIDE, mouth_motion, mouth_patch

CROP = FaceCrop(
    points=((0.3, 0.35), (0.7, 0.35), (0.5, 0.55), (0.35, 0.75), (0.65, 0.75)),
    turned=True,
    least_px=10,
    trusted_px=20,
)


def face(opening: float, *, light: float = 1.0, eyes: int = 20) -> np.ndarray:
    pixels = np.full((48, 48, 3), 150.0)
    pixels[14:19, 10:18] = eyes
    pixels[14:19, 30:38] = eyes
    half = round(4 * opening)
    pixels[36 - half : 37 + half, 18:30] = 30
    return (light * pixels).clip(0, 255).astype(np.uint8)


def motion(one: np.ndarray, other: np.ndarray) -> float:
    return mouth_motion(mouth_patch(one, CROP), mouth_patch(other, CROP))


def test_a_patch_has_mouth_and_eyes():
    assert mouth_patch(face(0.5), CROP).shape == (2, SIDE, SIDE)


def test_a_mouth_that_opens_moves_and_a_still_one_does_not():
    assert motion(face(0.0), face(1.0)) > 0.2
    assert motion(face(0.5), face(0.5)) == 0
    assert motion(face(0.0), face(1.0)) > motion(face(0.0), face(0.5)) > 0


def test_light_and_eyes_are_no_motion_of_the_mouth():
    assert motion(face(0.5), face(0.5, light=0.7)) < 0.05
    assert motion(face(0.5), face(0.5, eyes=150)) == pytest.approx(0, abs=0.05)


def test_noise_of_a_flat_face_is_not_amplified():
    rng = np.random.default_rng(0)
    noisy = [(120 + rng.normal(0, 1, (48, 48, 3))).astype(np.uint8) for _ in range(2)]
    assert motion(*noisy) < 0.05
