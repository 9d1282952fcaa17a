"""Settings of distillation; no torch, so that configs are read without it."""

from __future__ import annotations

from pydantic import Field, PositiveFloat

from affekt.core.settings import Settings


class LogitSettings(Settings):
    """DIST: agreement with the teacher's probabilities within rows and within classes.

    Attributes:
        weight: Factor of the whole term; TelME has 1 for MELD, 0.1 for IEMOCAP.
        temperature: Logits are divided by it; the term is multiplied by its square.
        beta: Factor of the agreement within rows (`inter`).
        gamma: Factor of the agreement within classes (`intra`).

    Source: Huang et al., NeurIPS 2022; temperature of TelME for MELD, 2 for IEMOCAP.
    """

    weight: float = Field(default=1.0, ge=0)
    temperature: PositiveFloat = 4.0
    beta: float = Field(default=1.0, ge=0)
    gamma: float = Field(default=1.0, ge=0)


class FeatureSettings(Settings):
    """Agreement with the similarities between the teacher's features of a batch.

    Attributes:
        weight: Factor of the term; 0 leaves it out.
        temperature: Similarities are divided by it.
    """

    weight: float = Field(default=1.0, ge=0)
    temperature: PositiveFloat = 1.0
