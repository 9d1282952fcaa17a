"""Settings of a pretrained encoder: where it comes from, how it is trained, how its states are pooled."""

from __future__ import annotations

from collections.abc import Mapping
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
# Sizes of a network, and the largest that are possible.
_MOST = {
    "vocab_size": 2**31 - 1,
    "hidden_size": 2**31 - 1,
    "intermediate_size": 2**31 - 1,
    "num_hidden_layers": 10_000,
    "max_position_embeddings": 2**24,
    "type_vocab_size": 2**16,
    # Of sound and picture.
    "d_model": 2**31 - 1,
    "encoder_layers": 10_000,
    "decoder_layers": 10_000,
    "max_source_positions": 2**24,
    "num_mel_bins": 2**16,
    "num_frames": 2**16,
}
_SEVERAL = ("conv_dim", "conv_kernel", "conv_stride", "image_size", "patch_size", "tubelet_size")
_MOST_OF_SEVERAL = 2**16  # a number, or a list of them
_SMALL = 2**24  # bytes: a network of this size needs no question


def problems_of_sizes(architecture: Mapping[str, Any], *, held: int | None = None) -> list[str]:
    """What no network can have of the sizes that a config states, before one is made of it.

    Args:
        held: Bytes of the weights of the network, if there are any: each of its values has at least one.
    """
    stated = {name: architecture[name] for name in _MOST if architecture.get(name) is not None}
    problems = [
        f"{name} = {str(value)[:40]}: a whole number of 0 to {_MOST[name]} is needed"
        for name, value in stated.items()
        if not _is_size(value, _MOST[name])
    ]
    for name in _SEVERAL:
        value = architecture.get(name)
        values = value if isinstance(value, list | tuple) else [0 if value is None else value]
        if len(values) > _MOST_OF_SEVERAL or not all(_is_size(one, _MOST_OF_SEVERAL) for one in values):
            problems.append(
                f"{name} = {str(value)[:40]}: whole numbers of 0 to {_MOST_OF_SEVERAL} are needed"
            )
    padding = architecture.get("pad_token_id")
    is_number = isinstance(padding, int) and not isinstance(padding, bool)
    if padding is not None and not (is_number and abs(padding) < 2**31):
        problems.append(f"pad_token_id = {str(padding)[:40]}: a whole number is needed")
    if not isinstance(architecture.get("model_type", ""), str):
        problems.append("model_type: a name is needed")
    if problems:
        return problems
    width = stated.get("hidden_size", 1)
    inner = architecture.get("embedding_size")  # some families have embeddings of a smaller width
    inner = inner if isinstance(inner, int) and inner > 0 else width
    for name, columns in (("hidden_size", width), ("intermediate_size", width), ("vocab_size", inner)):
        if held is not None and stated.get(name, 1) * columns > max(held, _SMALL):
            problems.append(f"{name} = {stated[name]}: its weights have only {held} bytes")
    for value in architecture.values():  # networks that consist of several
        problems += problems_of_sizes(value, held=held) if isinstance(value, Mapping) else []
    return problems


def _is_size(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


class LoraSettings(Settings):
    """Low-rank adapters on linear layers (Hu et al., ICLR 2022); the layers themselves stay as they are.

    Attributes:
        rank: Width of the adapters.
        alpha: The adapters' output is multiplied by `alpha / rank`.
        dropout: Of the adapters' input.
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
        lacking = [name for name in self.needed if self.architecture.get(name) is None]
        if self.architecture and lacking:
            raise ValueError(f"architecture lacks {', '.join(lacking)}")
        if problems := problems_of_sizes(self.architecture):
            raise ValueError(f"architecture: {'; '.join(problems)}")
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
