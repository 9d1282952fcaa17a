from __future__ import annotations

from typing import Literal

from affekt.core.settings import Settings


class TinyVectorsConfig(Settings):
    """What tests vary.

    Attributes:
        convolution: The encoder is a convolution over the whole vector.
        objective: `plain`; `denoising` validates itself; `curriculum` chooses the samples of each epoch;
            `taught` learns from a teacher.
    """

    convolution: bool = False
    num_classes: int = 4
    width: int = 16
    objective: Literal["plain", "denoising", "curriculum", "taught"] = "plain"
