"""Settings of the method; the defaults are the paper's."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from affekt.core.settings import Settings


class AugmentConfig(Settings):
    """Augmentation of training faces.

    Attributes:
        mirror: Exchange left and right with probability 1/2.
        erase: Probability that a rectangle is set to the mean colour. RAF-DB 0.5; AffectNet and CAER-S 1.
        erase_area: Smallest and largest share of the image. RAF-DB 0.02 to 0.1; the others exactly 0.05.
        erase_ratio: Smallest and largest ratio of height to width of the rectangle.
    """

    mirror: bool = True
    erase: float = Field(default=0.5, ge=0, le=1)
    erase_area: tuple[float, float] = (0.02, 0.1)
    erase_ratio: tuple[float, float] = (0.3, 3.3)


class PosterV2Config(Settings):
    """POSTER V2, for any number of classes.

    Attributes:
        num_classes: Classes of the data, as many as the network has outputs.
        size: Side of the input image, in pixels; it determines the size of the position tables.
        sampling: How the image is scaled. `nearest` scales to twice the size and keeps every second pixel, as
            for the published weights; `area` scales to the size and uses all pixels.
        width: Channels of the first scale; all others are multiples of it (tokens have twelve times as many).
        image_units: Residual units of the image branch's stages.
        landmark_units: Residual units of the landmark branch's stages.
        token_blocks: Transformer blocks over the tokens of all scales.
        drop_path: Probability that a sample skips the feed-forward branches, for each scale.
        freeze_landmarks: Whether the landmark branch is fixed, statistics included. Do not freeze it without
            trained weights.
        drift_statistics: Update the batch norm statistics of the frozen branch in training, as the reference
            does unintentionally.
    """

    num_classes: int = Field(default=7, ge=2)
    size: int = Field(default=112, ge=16, multiple_of=16)
    sampling: Literal["nearest", "area"] = "nearest"
    width: int = Field(default=64, ge=8, multiple_of=8)
    image_units: tuple[PositiveInt, PositiveInt, PositiveInt] = (3, 4, 14)
    landmark_units: tuple[PositiveInt, PositiveInt, PositiveInt] = (4, 6, 2)
    token_blocks: PositiveInt = 2
    drop_path: tuple[float, float, float] = (0.0, 0.125, 0.25)
    freeze_landmarks: bool = True
    drift_statistics: bool = False
    augment: AugmentConfig = AugmentConfig()
