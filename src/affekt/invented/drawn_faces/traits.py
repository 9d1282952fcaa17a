"""Parameters of a drawn face: the person, the expression, and camera and light.

Face coordinates: the frame is from -1 to 1, x to the viewer's right, y down.
"""

from __future__ import annotations

from typing import NamedTuple


class Person(NamedTuple):
    """Constant properties of a person. Lengths in face coordinates.

    Attributes:
        skin, hair, iris: From 0 (fair skin, black hair, brown eyes) to 1.
        jaw: Squareness; 0 is oval.
        hairline: From 0 (high) to 1 (a fringe).
        eye_size, brow_thickness, nose_width, lips: Relative to the average.
        beard: Density, from 0 to 1.
    """

    width: float = 0.72
    jaw: float = 0.5
    skin: float = 0.3
    hair: float = 0.3
    hairline: float = 0.4
    iris: float = 0.3
    eye_distance: float = 0.33
    eye_height: float = -0.2
    eye_size: float = 1.0
    brow_height: float = 0.2
    brow_thickness: float = 1.0
    nose_width: float = 1.0
    nose_length: float = 0.38
    mouth_width: float = 0.28
    mouth_height: float = 0.49
    lips: float = 1.0
    long_hair: bool = False
    beard: float = 0.0
    glasses: bool = False


class Expression(NamedTuple):
    """Actions of facial muscles: 0 at rest, 1 clearly visible.

    Attributes:
        inner_brow, outer_brow: Raised; negative is lowered.
        together: Brows drawn together.
        lid: Upper lid raised; negative droops.
        squint: Lower lid raised.
        cheek: Cheeks raised.
        wrinkle: Nose wrinkled.
        flare: Nostrils widened.
        fold: Depth of the fold from nose to mouth.
        upper_lip: Upper lip raised.
        corner: Corners of the lips raised; negative is lowered.
        stretch: Relative change of the width of the mouth.
        jaw: Jaw opened.
        oval, square: Shape of the opening.
        teeth: Visible share of the teeth.
        press, pout: Lips pressed thin; lower lip pushed out.
    """

    inner_brow: float = 0.0
    outer_brow: float = 0.0
    together: float = 0.0
    lid: float = 0.0
    squint: float = 0.0
    cheek: float = 0.0
    wrinkle: float = 0.0
    flare: float = 0.0
    fold: float = 0.0
    upper_lip: float = 0.0
    corner: float = 0.0
    stretch: float = 0.0
    jaw: float = 0.0
    oval: float = 0.0
    square: float = 0.0
    teeth: float = 0.0
    press: float = 0.0
    pout: float = 0.0


class Shot(NamedTuple):
    """Camera and light of a picture.

    Attributes:
        turn, nod: Shift of the centre of the face relative to its outline.
        right, down: Position of the head in the frame.
        light: Direction towards the light, x and y; the component towards the viewer is 1.
        ambient: Share of ambient light.
        backdrop: Grey level of the background.
        warmth: Colour temperature, from blue (-1) to yellow (1).
        grain: Standard deviation of the sensor noise.
    """

    turn: float
    nod: float
    tilt_deg: float
    right: float
    down: float
    zoom: float
    light: tuple[float, float]
    ambient: float
    backdrop: float
    warmth: float
    grain: float
    grey: bool
