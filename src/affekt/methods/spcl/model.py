"""The network: an encoder, and two decisions on its vector, by prototypes and by a classifier."""

from typing import ClassVar, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from affekt.encoders.pretrained import for_export
from affekt.encoders.standardize import Standardize
from affekt.encoders.text import TextEncoder
from affekt.layers.contrast.prototypes import prototype_logits

from .config import SPCLConfig


class SPCLOutput(NamedTuple):
    """The answer to a batch of lines.

    Attributes:
        logits: Of the decision that the config states: scores of the nearest prototypes, or `class_logits`.
        embedding: The vector that is compared with prototypes.
        class_logits: Of the classifier.
    """

    logits: Float[Tensor, "b k"]
    embedding: Float[Tensor, "b d"]
    class_logits: Float[Tensor, "b k"]


class SPCL(nn.Module):
    """Emotion of a line in its context."""

    # The encoder alone reads the ids: where it is frozen, its vectors can be cached.
    cached: ClassVar[tuple[str, ...]] = ("text",)
    cached_with: ClassVar[tuple[str, ...]] = ("own",)
    weight_parts: ClassVar[tuple[str, ...]] = ("encoders.T",)

    prototypes: Float[Tensor, "k d"]
    has_prototype: Bool[Tensor, "k"]

    def __init__(self, config: SPCLConfig) -> None:
        super().__init__()
        self.config = config
        given, width = config.encoder_width, config.width
        self.encoders = nn.ModuleDict({"T": TextEncoder(config.encoders.T)})
        self.standardize = Standardize(given) if config.standardize else nn.Identity()
        self.dropout = nn.Dropout(config.dropout)
        self.projection = nn.Linear(given, width) if config.projection else nn.Identity()
        self.classifier = nn.Linear(width, config.num_classes)
        self.register_buffer("prototypes", torch.zeros(config.num_classes, width))
        self.register_buffer("has_prototype", torch.zeros(config.num_classes, dtype=torch.bool))

    @property
    def text_encoder(self) -> TextEncoder:
        """The encoder of the words."""
        found = self.encoders["T"]
        assert isinstance(found, TextEncoder)
        return found

    def forward(self, *, text: Int[Tensor, "b l"], own: Float[Tensor, "b l"]) -> SPCLOutput:
        return self.from_features(text=self.features(text, own=own), own=own)

    def features(self, text: Int[Tensor, "b l"], *, own: Float[Tensor, "b l"]) -> Float[Tensor, "b d"]:
        """The vector of the encoder."""
        return self.text_encoder(text, own > 0)

    def from_features(self, *, text: Float[Tensor, "b d"], own: Float[Tensor, "b l"]) -> SPCLOutput:
        """The answer from vectors of the encoder; `own` is not read any more."""
        embedding = self.projection(self.dropout(self.standardize(text)))
        seen = embedding.detach() if self.config.losses.classification.detached else embedding
        class_logits = self.classifier(seen)
        by_prototype = self.config.decision == "prototype"
        logits = (
            prototype_logits(embedding, self.prototypes, self.has_prototype) if by_prototype else class_logits
        )
        return SPCLOutput(logits, embedding, class_logits)

    def load_pretrained(self) -> set[str]:
        """Take the encoder's weights from its source; returns the names of the tensors."""
        return {f"encoders.T.{name}" for name in self.text_encoder.load_pretrained()}

    def for_export(self) -> nn.Module:
        """The same network in the form that is simplest as a graph."""
        return for_export(self)
