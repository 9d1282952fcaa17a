"""Settings of a pretrained encoder: where it comes from, how it is trained, how its states are pooled."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from affekt.core.settings import Settings
from affekt.media.text.tokens import SpecialTokens

Pooling = Literal["first", "mean", "max", "mask", "last", "own", "own mean and max"]
# What an architecture must state: sizes that are needed without `transformers`.
NEEDED = ("model_type", "vocab_size", "hidden_size", "num_hidden_layers")
# Families that count positions from the one after the padding id; others are given the positions.
COUNT_FROM_PADDING = frozenset(
    {"roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "data2vec-text", "mpnet"}
)


class LoraSettings(Settings):
    """Low-rank adapters on linear layers (Hu et al., ICLR 2022); the layers themselves stay as they are.

    Attributes:
        alpha: The adapters' output is multiplied by `alpha / rank`.
        targets: `auto` adapts every linear layer; else ends of layer names, such as `("query", "value")`.
    """

    rank: PositiveInt = 16
    alpha: PositiveFloat = 32.0
    dropout: float = Field(default=0.0, ge=0, lt=1)
    targets: Literal["auto"] | Annotated[tuple[str, ...], Field(min_length=1)] = "auto"


class PretrainedSettings(Settings):
    """What encoders of text, sound and picture have in common.

    Attributes:
        source: A folder with `config.json` and safetensors, or a name on the Hugging Face hub, which is read
            from its local cache. Empty: random weights of the stated `architecture`.
        mode: `trainable` updates all weights, `lora` adapters, `frozen` none (its outputs can be cached).
        layers: States that are pooled: of the last layer, or of every layer, one after the other.
        checkpointing: Compute the states again in the backward pass, which needs less memory.
        architecture: The config of `transformers`. Taken from the source when a run starts, and kept in
            checkpoints and bundles, so that these need the source no more. A recipe states it only for
            random weights, where `source` is empty.
        weights_sha256: Likewise: the hash of the source's weights.
    """

    # What an architecture must state: sizes that are needed without `transformers`.
    needed: ClassVar[tuple[str, ...]] = ("model_type",)

    source: str = ""
    mode: Literal["trainable", "lora", "frozen"] = "trainable"
    layers: Literal["last", "all"] = "last"
    lora: LoraSettings = LoraSettings()
    checkpointing: bool = False
    architecture: dict[str, Any] = Field(default_factory=dict)
    weights_sha256: str = ""

    @model_validator(mode="after")
    def _has_architecture(self) -> PretrainedSettings:
        if not self.source and not self.architecture:
            raise ValueError("an encoder needs a source, or an architecture for random weights")
        if self.source and self.architecture and not self.weights_sha256:
            raise ValueError(
                f"source = {self.source!r} states the architecture: leave it out, or set source = '' for "
                "random weights"
            )
        lacking = [name for name in self.needed if name not in self.architecture]
        if self.architecture and lacking:
            raise ValueError(f"architecture lacks {', '.join(lacking)}")
        return self

    @property
    def is_resolved(self) -> bool:
        """Whether the architecture is known."""
        return bool(self.architecture)


class EncoderSettings(PretrainedSettings):
    """One pretrained encoder of text; further attributes are those of `PretrainedSettings`.

    Attributes:
        source: Also a name of `affekt assets`; the folder holds a tokenizer, too. Where it is empty, the
            vocabulary is made from the training text.
        pooling: How the states of the tokens become one vector: that of the first token, of the mask token or
            of the last one; the mean or the maximum over all tokens; or over the tokens of the line itself,
            without its context (`own`: mean).
        tokens, padding_id, mask_id, positions: Taken from the source like the architecture: special tokens,
            ids of two of them, and the longest input.
    """

    needed: ClassVar[tuple[str, ...]] = NEEDED

    source: str = "minilm"
    pooling: Pooling = "mean"
    tokens: SpecialTokens = SpecialTokens()
    padding_id: int = Field(default=0, ge=0)
    mask_id: int | None = Field(default=4, ge=0)
    positions: PositiveInt | None = None
