"""What a person may vary; the defaults are the paper's, but for the encoder."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from affekt.core.errors import ConfigError
from affekt.core.settings import Settings
from affekt.encoders.settings import EncoderSettings
from affekt.encoders.source import resolved
from affekt.encoders.width import vector_width
from affekt.layers.contrast.settings import ContrastSettings, CurriculumSettings, SPCLSettings
from affekt.media.text.context import ContextSettings


class EncodersSettings(Settings):
    """Encoders by modality."""

    T: EncoderSettings = EncoderSettings()


class ClassificationSettings(Settings):
    """The term that trains the classifier.

    Attributes:
        kind: `focal` weights each sample by `(1 - p) ** gamma`.
        gamma: Of `focal` alone; 2 if not given.
        weight: Factor of the term in the sum of all terms; 0 leaves it out.
        detached: Stop the gradient before the classifier, as the paper does, so that the contrastive loss
            alone trains the encoder.
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

    kind: Literal["none"]


class LossesSettings(Settings):
    """Terms of the loss, which are summed."""

    classification: ClassificationSettings = ClassificationSettings()
    contrast: Annotated[NoContrast | ContrastSettings, Field(discriminator="kind")] = SPCLSettings(
        kind="spcl"
    )


class SPCLConfig(Settings):
    """Text of a turn with its context, an encoder, prototypes and a classifier.

    Attributes:
        projection: A linear layer between encoder and both decisions; the paper's option `output_mlp`. A
            frozen encoder needs it where a contrastive loss is to change what prototypes compare.
        projection_width: Values of its output; as many as the encoder's if not given.
        standardize: Shift and scale each value of the encoder's vector to mean 0 and variance 1, as measured
            in training; for a frozen encoder, whose values differ in size.
        dropout: On the vector of the encoder.
        decision: What answers: the nearest prototype, which is the mean vector of a class over the training
            samples, or the classifier.
    """

    num_classes: int = Field(default=7, ge=2)
    encoders: EncodersSettings = EncodersSettings()
    context: ContextSettings = ContextSettings()
    projection: bool = False
    projection_width: PositiveInt | None = None
    standardize: bool = False
    dropout: float = Field(default=0.0, ge=0, lt=1)
    decision: Literal["prototype", "classifier"] = "prototype"
    losses: LossesSettings = LossesSettings()
    curriculum: CurriculumSettings = CurriculumSettings()

    @model_validator(mode="after")
    def _fits(self) -> SPCLConfig:
        contrasts = self.losses.contrast.kind != "none"
        if not contrasts and not self.losses.classification.weight:
            raise ValueError("losses has no term: set losses.classification.weight or losses.contrast")
        if not contrasts and self.losses.classification.detached:
            raise ValueError(
                "without losses.contrast nothing trains the encoder while losses.classification.detached is "
                "true: set it to false"
            )
        if self.projection_width and not self.projection:
            raise ValueError("projection_width is of the projection: set projection = true")
        if contrasts and self.encoders.T.mode == "frozen" and not self.projection:
            raise ValueError(
                "the encoder is frozen, so that losses.contrast changes nothing that prototypes compare: set "
                "projection = true, or leave losses.contrast out (losses/cross-entropy.toml)"
            )
        if self.decision == "classifier" and not self.losses.classification.weight:
            raise ValueError("decision = 'classifier' needs losses.classification.weight above 0")
        return self

    @property
    def loss_terms(self) -> tuple[str, ...]:
        """Names of the terms of the loss."""
        contrast = self.losses.contrast
        terms = [self.losses.classification.kind] if self.losses.classification.weight else []
        terms += [] if isinstance(contrast, NoContrast) else [contrast.label]
        return (*terms, *([self.curriculum.label] if self.curriculum.label else []))

    @property
    def training_mode(self) -> str:
        """How the encoder is trained, as in the path of a run."""
        return self.encoders.T.mode

    @property
    def cached_part(self) -> dict[str, object]:
        """What the output of the frozen encoder depends on, beside the text and the weights."""
        kept = {"pooling", "layers", "architecture", "padding_id", "mask_id"}
        return self.encoders.T.model_dump(mode="json", include=kept)

    @property
    def width(self) -> int:
        """Size of the vector that is compared with prototypes; 1 while the encoder is not known."""
        return self.projection_width or self.encoder_width

    @property
    def encoder_width(self) -> int:
        """Size of the encoder's vector; 1 while the encoder is not known."""
        return vector_width(self.encoders.T) if self.encoders.T.is_resolved else 1

    def problems_with(self, task: str) -> list[str]:
        """Settings that do not go with a task, a sentence each."""
        if task != "multi_label":
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

    def resolved(self) -> SPCLConfig:
        """The same config with all that the encoder's source states.

        Raises:
            ConfigError: The context is longer than the encoder's inputs, or needs a token that it lacks.
            AffektError: The source cannot be read.
        """
        encoder = resolved(self.encoders.T, added_tokens=self.context.added_tokens)
        problems = []
        if encoder.positions is not None and self.context.tokens > encoder.positions:
            problems.append(
                f"config.context.tokens = {self.context.tokens}: {encoder.source or 'the encoder'} reads "
                f"{encoder.positions} tokens at most"
            )
        if encoder.mask_id is None and (self.context.needs_mask or encoder.pooling == "mask"):
            problems.append(
                f"{encoder.source or 'the encoder'} has no mask token; config.context or pooling needs one"
            )
        if encoder.pooling == "mask" and not self.context.needs_mask:
            problems.append(
                "config.encoders.T.pooling = 'mask': the input has no mask token; set "
                "config.context.query = true, or a form that has one"
            )
        found = self.model_copy(update={"encoders": EncodersSettings(T=encoder)})
        if self.losses.contrast.kind == "apcl" and self.num_classes > found.width:
            problems.append(
                f"config.losses.contrast: apcl has orthogonal prototypes, so that {self.num_classes} classes "
                f"need a vector of that width; it is {found.width}"
            )
        if problems:
            raise ConfigError("recipe", problems)
        return found
