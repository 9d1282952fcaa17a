"""Settings of the decision and of its terms; no torch, so that configs are read without it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, model_validator

from affekt.core.settings import Settings
from affekt.layers.contrast.settings import ContrastSettings, CurriculumSettings, SPCLSettings


class ClassificationSettings(Settings):
    """The term that trains the classifier.

    Attributes:
        kind: `focal` weights each sample by `(1 - p) ** gamma`.
        gamma: Of `focal` alone; 2 if not given.
        weight: Factor of the term in the sum of all terms; 0 leaves it out.
        detached: Stop the gradient before the classifier, as SPCL does, so that the contrastive loss alone
            trains the encoder.
    """

    kind: Literal["cross_entropy", "focal"] = "cross_entropy"
    weight: float = Field(default=1.0, ge=0)
    gamma: PositiveFloat | None = None
    detached: bool = True

    @model_validator(mode="after")
    def _fits(self) -> ClassificationSettings:
        if self.gamma is not None and self.kind != "focal":
            raise ValueError(
                f"gamma belongs to kind = 'focal', not to {self.kind!r}: leave it out. Two parts of losses/ "
                "do not go together"
            )
        return self


class NoContrast(Settings):
    """No contrastive term: the classifier alone trains the encoder."""

    kind: Literal["none"] = "none"


class LossesSettings(Settings):
    """Terms of the loss, which are summed."""

    classification: ClassificationSettings = ClassificationSettings()
    contrast: Annotated[NoContrast | ContrastSettings, Field(discriminator="kind")] = SPCLSettings(
        kind="spcl"
    )


class DecisionSettings(Settings):
    """What the config of a method has if its answer is a decision on one vector.

    Attributes:
        num_classes: Classes of the data, as many as the network has outputs.
        decision: What answers: the nearest prototype, which is the mean vector of a class over the training
            samples, or the classifier.
    """

    num_classes: int = Field(default=7, ge=2)
    decision: Literal["prototype", "classifier"] = "prototype"
    losses: LossesSettings = LossesSettings()
    curriculum: CurriculumSettings = CurriculumSettings()

    @model_validator(mode="after")
    def _has_terms(self) -> DecisionSettings:
        contrasts = self.losses.contrast.kind != "none"
        if not contrasts and not self.losses.classification.weight:
            raise ValueError("losses has no term: set losses.classification.weight or losses.contrast")
        if not contrasts and self.losses.classification.detached:
            raise ValueError(
                "without losses.contrast nothing trains the encoder while losses.classification.detached is "
                "true: set it to false"
            )
        if self.decision == "classifier" and not self.losses.classification.weight:
            raise ValueError("decision = 'classifier' needs losses.classification.weight above 0")
        return self

    @property
    def width(self) -> int:
        """Size of the vector that is compared with prototypes; 1 while it is not known."""
        raise NotImplementedError

    @property
    def loss_terms(self) -> tuple[str, ...]:
        """Names of the terms of the loss."""
        contrast = self.losses.contrast
        terms = [self.losses.classification.kind] if self.losses.classification.weight else []
        terms += [] if isinstance(contrast, NoContrast) else [contrast.label]
        return (*terms, *([self.curriculum.label] if self.curriculum.label else []))

    def problems_with(self, *, has_several: bool) -> list[str]:
        """Settings that do not go with the labels of a sample, a sentence each."""
        if not has_several:
            return []
        classification = self.losses.classification
        asked = (
            ("losses.contrast", self.losses.contrast.kind != "none"),
            ("decision = 'prototype'", self.decision == "prototype"),
            ("curriculum", self.curriculum.order == "easy_to_hard"),
            ("losses.classification.kind = 'focal'", classification.kind == "focal"),
        )
        return [
            f"config.{name} needs one label for each sample, and the data have several: "
            "use losses/cross-entropy.toml"
            for name, value in asked
            if value
        ]
