"""What a person may vary; the paper's values are the defaults."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from affekt.core.settings import Settings


class AugmentConfig(Settings):
    """How a training face is varied.

    Attributes:
        mirror: Swap left and right half of the time.
        erase: How often a rectangle is blanked to the mean colour. RAF-DB 0.5; AffectNet and CAER-S 1.
        erase_area: Smallest and largest share of the picture. RAF-DB 0.02 to 0.1; the others exactly 0.05.
        erase_ratio: Smallest and largest height by width of the rectangle.
    """

    mirror: bool = True
    erase: float = Field(default=0.5, ge=0, le=1)
    erase_area: tuple[float, float] = (0.02, 0.1)
    erase_ratio: tuple[float, float] = (0.3, 3.3)


class PosterV2Config(Settings):
    """POSTER V2, for any number of classes.

    Attributes:
        size: Side of the face both branches see, in pixels; position tables are bound to it.
        sampling: How that size is reached. `nearest` scales to twice the size and keeps every second pixel,
            as the published weights were trained; `area` scales to the size itself and uses all pixels.
        width: Channels of the first scale; all others are multiples of it (tokens have twelve times as many).
        image_units: Residual units of the image branch's stages.
        landmark_units: Residual units of the landmark branch's stages.
        token_blocks: Transformer blocks over the tokens of all scales.
        drop_path: Chance at which a sample skips the feed-forward branches, for each scale.
        freeze_landmarks: Whether the landmark branch is left as it came, statistics included. Do not freeze
            it if it was not loaded from trained weights.
        drift_statistics: Let the frozen branch's batch norm follow the batches, as the reference does by
            oversight.
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
