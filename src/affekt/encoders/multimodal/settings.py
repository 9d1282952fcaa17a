"""Settings of a network of several modalities; no torch."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt, model_validator

from affekt.core.errors import ConfigError
from affekt.core.settings import Settings
from affekt.encoders.media import resolved_media
from affekt.encoders.multimodal.encodings import (
    MODALITIES,
    EncodersSettings,
    FeaturesEncoder,
    Letter,
    WordsEncoder,
    encoder_width,
)
from affekt.encoders.source import resolved
from affekt.encoders.words import words_problems
from affekt.layers.contrast.settings import ContrastSettings
from affekt.layers.decision.settings import (
    ClassificationSettings,
    DecisionSettings,
    LossesSettings,
    NoContrast,
)
from affekt.layers.distillation.settings import FeatureSettings, LogitSettings
from affekt.layers.fusion.settings import FusionSettings, NoFusion
from affekt.layers.fusion.widths import auxiliary_terms, fused_width, problems_with
from affekt.media.text.context import ContextSettings

Probability = Annotated[float, Field(ge=0, le=1)]


class ModalContrastSettings(Settings):
    """Vectors of the other modalities agree with those of the main one within a batch (`cross`).

    Attributes:
        main: The modality that the others agree with.
        weight: Factor of the term.
        temperature: Divisor of similarities.
    """

    main: Letter = "T"
    weight: float = Field(default=1.0, gt=0)
    temperature: float = Field(default=1.0, gt=0)


class ReconstructionSettings(Settings):
    """Similarity between the fused vector and the joined inputs.

    Attributes:
        weight: Factor of the term.
        similarity: Its sign in the loss; +1, as published, makes them dissimilar.
    """

    weight: float = Field(default=0.5, gt=0)
    similarity: Literal[-1, 1] = -1


class DistillationSettings(Settings):
    """What is learned from the teacher that `--teacher` names.

    Attributes:
        on: Logits that learn from the teacher's: of a head for each modality, in one run (MAKD), or of the
            network's answer, as a student of one modality does (TelME).
        modalities: Those that learn; all if not given.
        logits: Terms on logits.
        features: Terms on the vectors before the classifier.
    """

    on: Literal["heads", "answer"] = "heads"
    modalities: tuple[Letter, ...] = ()
    logits: LogitSettings = LogitSettings()
    features: FeatureSettings = FeatureSettings()


class MultimodalLosses(LossesSettings):
    """Terms of the loss, which are summed.

    Attributes:
        heads: Factor of the cross-entropy of each modality's own head, for every modality that learns from a
            teacher, or for all; 1 if there is distillation on heads and nothing is given.
    """

    classification: ClassificationSettings = ClassificationSettings(detached=False)
    contrast: Annotated[NoContrast | ContrastSettings, Field(discriminator="kind")] = NoContrast()
    heads: float | None = Field(default=None, ge=0)
    modal_contrast: ModalContrastSettings | None = None
    reconstruction: ReconstructionSettings | None = None
    distillation: DistillationSettings | None = None

    @property
    def head_weight(self) -> float:
        """Factor of the heads' cross-entropy; 0 without heads."""
        teaches_heads = self.distillation is not None and self.distillation.on == "heads"
        return float(teaches_heads) if self.heads is None else self.heads

    @property
    def has_heads(self) -> bool:
        """Whether each modality has a head of its own."""
        return self.head_weight > 0 or (self.distillation is not None and self.distillation.on == "heads")


class MultimodalSettings(DecisionSettings):
    """A vector for each modality, a fusion, and a decision on its result.

    Attributes:
        features: Widths of the vectors that the data set ships, by modality.
        context: Of the words: the turns before a line.
        dropout: On the vectors of encoders.
        modality_dropout: Probability with which a modality that is there is left out in training, by
            modality; a sample that would lose all keeps all.
        experts: Linear experts of the classifier; one is a linear layer.
        top: Experts that answer for a sample; all if not given.
    """

    decision: Literal["prototype", "classifier"] = "classifier"
    # Settings are frozen, so that a field may be narrower.
    losses: MultimodalLosses = MultimodalLosses()  # pyright: ignore[reportIncompatibleVariableOverride]
    encoders: EncodersSettings = EncodersSettings(T=WordsEncoder())
    features: dict[Letter, PositiveInt] = Field(default_factory=dict)
    context: ContextSettings = ContextSettings()
    dropout: float = Field(default=0.0, ge=0, lt=1)
    modality_dropout: dict[Letter, Probability] = Field(default_factory=dict)
    fusion: FusionSettings = NoFusion()
    experts: PositiveInt = 1
    top: PositiveInt | None = None

    @model_validator(mode="after")
    def _fits_modalities(self) -> MultimodalSettings:
        named = self.encoders.named
        lacking = [
            letter
            for letter, one in named.items()
            if isinstance(one, FeaturesEncoder) and one.width is None and letter not in self.features
        ]
        if lacking:
            raise ValueError(
                f"the width of the features of {', '.join(lacking)} is not stated: set features.{lacking[0]}"
            )
        if self.top is not None and self.top > self.experts:
            raise ValueError(f"top = {self.top} is larger than experts = {self.experts}")
        asked: dict[str, tuple[str, ...]] = {}
        if self.losses.modal_contrast:
            asked["losses.modal_contrast.main"] = (self.losses.modal_contrast.main,)
        if self.losses.distillation:
            asked["losses.distillation.modalities"] = self.losses.distillation.modalities
        wrong = [
            f"{name} = {letter!r}" for name, all_ in asked.items() for letter in all_ if letter not in named
        ]
        if wrong:
            raise ValueError(f"{', '.join(wrong)} is not among the encoders {', '.join(named)}")
        sizes = self.vector_widths
        if self.losses.modal_contrast and self.is_sized and len(set(sizes.values())) > 1:
            raise ValueError(f"losses.modal_contrast compares vectors of one width, found {sizes}")
        if self.is_sized and (problems := problems_with(self.fusion, self.vector_widths)):
            raise ValueError("fusion: " + "; ".join(problems))
        return self

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the modalities in `Sample.media`, in order."""
        return tuple(MODALITIES[letter] for letter in self.encoders.named)

    @property
    def words(self) -> WordsEncoder | None:
        """The encoder of words; None if there is none."""
        return self.encoders.words

    @property
    def is_sized(self) -> bool:
        """Whether the widths of all vectors are known."""
        return all(
            isinstance(one, FeaturesEncoder) or one.is_resolved or one.projection is not None
            for one in self.encoders.named.values()
        )

    def input_width(self, letter: str) -> int:
        """Width of the vector of a modality's encoder; 1 while it is not known."""
        one = self.encoders.named[letter]
        if isinstance(one, FeaturesEncoder):
            return one.width or self.features[letter]  # pyright: ignore[reportArgumentType]
        return encoder_width(one) or 1

    @property
    def vector_widths(self) -> dict[str, int]:
        """Width of each modality's vector as it is fused, by letter."""
        return {
            letter: one.projection or self.input_width(letter) for letter, one in self.encoders.named.items()
        }

    @property
    def width(self) -> int:
        """Width of the fused vector."""
        return fused_width(self.fusion, self.vector_widths) if self.is_sized else 1

    @property
    def auxiliary(self) -> tuple[str, ...]:
        """Names of the terms that the network itself computes."""
        own = ("similarity",) if self.losses.reconstruction else ()
        return (*auxiliary_terms(self.fusion), *own)

    @property
    def loss_terms(self) -> tuple[str, ...]:
        """Names of the terms of the loss, as in the path of a run."""
        found = list(super().loss_terms)
        if self.losses.modal_contrast:
            found.append(f"cmcl-{self.losses.modal_contrast.main}")
        if self.losses.reconstruction:
            found.append(f"rec{self.losses.reconstruction.weight:g}")
        if self.losses.distillation:
            found.append("makd" if self.losses.distillation.on == "heads" else "kd")
        elif self.losses.head_weight:
            found.append("heads")
        return tuple(found)

    @property
    def training_mode(self) -> str:
        """How encoders are trained, as in the path of a run: one mode, or each of them."""
        modes = {letter: getattr(one, "mode", "frozen") for letter, one in self.encoders.named.items()}
        kinds = set(modes.values())
        return kinds.pop() if len(kinds) == 1 else "+".join(f"{key}{mode}" for key, mode in modes.items())

    @property
    def cached_part(self) -> dict[str, object]:
        """What the output of frozen encoders depends on, beside their inputs and weights."""
        return self.encoders.cached_part

    def problems_with(self, *, has_several: bool) -> list[str]:
        """Settings that do not go with the labels of a sample, a sentence each."""
        found = super().problems_with(has_several=has_several)
        if has_several and self.losses.distillation:
            found.append("config.losses.distillation needs one label for each sample")
        return found

    def resolved(self) -> MultimodalSettings:
        """The same config with all that the encoders' sources state.

        Raises:
            ConfigError: The context is longer than the encoder's inputs, needs a token that it lacks, or the
                fusion does not fit the vectors.
            AffektError: A source cannot be read.
        """
        read: dict[str, Any] = {
            letter: resolved_media(one, "audio" if letter == "A" else "video")
            for letter, one in self.encoders.media.items()
        }
        if self.words is not None:
            read["T"] = resolved(self.words, added_tokens=self.context.added_tokens)
        if not read:
            return self
        found = self.model_copy(update={"encoders": self.encoders.model_copy(update=read)})
        problems = words_problems(found.words, self.context) if found.words else []
        problems += [f"config.fusion: {one}" for one in problems_with(self.fusion, found.vector_widths)]
        if self.losses.contrast.kind == "apcl" and self.num_classes > found.width:
            problems.append(
                f"config.losses.contrast: apcl has orthogonal prototypes, so that {self.num_classes} classes "
                f"need a vector of that width; it is {found.width}"
            )
        if problems:
            raise ConfigError("recipe", problems)
        return found
