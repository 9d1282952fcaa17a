"""What a person may vary; the defaults are the paper's, but for the encoder."""

from __future__ import annotations

from pydantic import Field

from affekt.core.errors import ConfigError
from affekt.core.settings import Settings
from affekt.encoders.settings import EncoderSettings
from affekt.encoders.source import resolved
from affekt.encoders.width import vector_width
from affekt.encoders.words import words_problems
from affekt.layers.decision.settings import DecisionSettings
from affekt.media.text.context import ContextSettings


class EncodersSettings(Settings):
    """Encoders by modality."""

    T: EncoderSettings = EncoderSettings()


class SPCLConfig(DecisionSettings):
    """Text of a turn with its context, an encoder, prototypes and a classifier.

    Attributes:
        projection: A linear layer between encoder and both decisions; the paper's option `output_mlp`.
        standardize: Shift and scale each value of the encoder's vector to mean 0 and variance 1, as measured
            in training; for a frozen encoder, whose values differ in size.
        dropout: On the vector of the encoder.
    """

    encoders: EncodersSettings = EncodersSettings()
    context: ContextSettings = ContextSettings()
    projection: bool = False
    standardize: bool = False
    dropout: float = Field(default=0.0, ge=0, lt=1)

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
        return vector_width(self.encoders.T) if self.encoders.T.is_resolved else 1

    def resolved(self) -> SPCLConfig:
        """The same config with all that the encoder's source states.

        Raises:
            ConfigError: The context is longer than the encoder's inputs, or needs a token that it lacks.
            AffektError: The source cannot be read.
        """
        encoder = resolved(self.encoders.T, added_tokens=self.context.added_tokens)
        problems = words_problems(encoder, self.context)
        found = self.model_copy(update={"encoders": EncodersSettings(T=encoder)})
        if self.losses.contrast.kind == "apcl" and self.num_classes > found.width:
            problems.append(
                f"config.losses.contrast: apcl has orthogonal prototypes, so that {self.num_classes} classes "
                f"need a vector of that width; it is {found.width}"
            )
        if problems:
            raise ConfigError("recipe", problems)
        return found
