"""Settings of the method."""

from __future__ import annotations

from pydantic import Field, PositiveInt

from affekt.core.settings import Settings


class AugmentConfig(Settings):
    """Augmentation of training faces; amounts are largest values, drawn uniformly around zero.

    Attributes:
        mirror: Exchange left and right with probability 1/2.
        turn_deg, stretch, shift: Rotation in degrees, change of size and translation as shares of the side.
        light: Change of contrast and of brightness, in standard deviations of the picture.
        erase: Probability that a rectangle is blanked.
        erase_area: Smallest and largest share of the face that it covers.
    """

    mirror: bool = True
    turn_deg: float = Field(default=15.0, ge=0)
    stretch: float = Field(default=0.12, ge=0, lt=1)
    shift: float = Field(default=0.06, ge=0, lt=0.5)
    light: float = Field(default=0.25, ge=0, lt=1)
    erase: float = Field(default=0.5, ge=0, le=1)
    erase_area: tuple[float, float] = (0.02, 0.15)


class CompactFaceConfig(Settings):
    """A residual network of three stages.

    Attributes:
        num_classes: Classes of the data, as many as the network has outputs.
        size: Side of the grey input image, in pixels.
        width: Channels of the first stage; the others have two and four times as many.
        units: Residual units of each stage.
        dropout: Before the classifier.
        mirror_views: Whether a prediction is the mean over the face and its mirror image.
    """

    num_classes: int = Field(default=7, ge=2)
    size: int = Field(default=48, ge=16, multiple_of=8)
    width: PositiveInt = 48
    units: PositiveInt = 2
    dropout: float = Field(default=0.3, ge=0, lt=1)
    mirror_views: bool = True
    augment: AugmentConfig = AugmentConfig()
