"""Settings of the method."""

from __future__ import annotations

from pydantic import Field, PositiveInt, model_validator

from affekt.core.settings import Settings


class AugmentConfig(Settings):
    """Variation of training lines.

    Attributes:
        names: Probability that `[NAME]`, by which data sets hide names, becomes a name in a line.
        unknown: Probability that a word piece is hidden.
    """

    names: float = Field(default=0.5, ge=0, le=1)
    unknown: float = Field(default=0.1, ge=0, lt=1)


class CompactTextConfig(Settings):
    """Embeddings of word pieces, convolutions, attention and the maximum over the line.

    Attributes:
        num_classes: Classes of the data, as many as the network has outputs.
        source: Encoder whose word pieces and embeddings are the start: an asset, or the folder of an encoder
            of the BERT family. Without one, word pieces are made of the training lines.
        pieces: Rows of the table of embeddings; as many as the vocabulary of `source` has.
        tokens: Longest line; of longer ones the last word pieces are read.
        width: Size of an embedding, at most that of `source`.
        channels: Size of a position after a convolution.
        layers: Convolutions over three positions each.
        heads: Weights of attention at a position.
        dropout: Of embeddings, after each convolution, and before the classifier.
    """

    num_classes: int = Field(default=7, ge=2)
    source: str = ""
    pieces: int = Field(default=30522, ge=8)
    tokens: PositiveInt = 128
    width: PositiveInt = 128
    channels: PositiveInt = 256
    layers: PositiveInt = 2
    heads: PositiveInt = 4
    dropout: float = Field(default=0.3, ge=0, lt=1)
    augment: AugmentConfig = AugmentConfig()

    @model_validator(mode="after")
    def _fits(self) -> CompactTextConfig:
        if self.channels % self.heads:
            raise ValueError(f"channels = {self.channels} is not a multiple of heads = {self.heads}")
        return self
