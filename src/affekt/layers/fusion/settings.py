"""Settings of fusions; no torch, so that configs are read without it.

A fusion is chosen by `kind`. Fields whose published value is a defect of the reference have the corrected
value as default; the other value is for parity, and makes answers depend on other rows of a batch or ignores
parts of the network.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from affekt.core.settings import Settings

# `row`: a sequence of one token, as a batch of one sample is in the reference. `batch`: the reference's own
# axis, on which samples attend to each other.
Axis = Literal["row", "batch"]


class NoFusion(Settings):
    """The vector of a single modality as it is."""

    kind: Literal["none"] = "none"


class VanillaSettings(Settings):
    """Vectors one after the other, and a linear layer; `depth` above 1 adds layers with GELU.

    Attributes:
        width: Size of the fused vector.
        depth: Number of layers.
    """

    kind: Literal["vanilla"] = "vanilla"
    width: PositiveInt = 128
    depth: PositiveInt = 1


class DeepSettings(Settings):
    """`vanilla` with several layers.

    Attributes:
        width: Size of the fused vector.
        depth: Number of layers.
    """

    kind: Literal["deep"] = "deep"
    width: PositiveInt = 128
    depth: int = Field(default=3, ge=2)


class MeanSettings(Settings):
    """Mean of vectors of one width, and a linear layer.

    Attributes:
        width: Size of the fused vector.
        depth: Number of layers.
        missing: A missing modality is its learned placeholder, or does not count in the mean.
    """

    kind: Literal["mean"] = "mean"
    width: PositiveInt = 128
    depth: PositiveInt = 1
    missing: Literal["placeholder", "skip"] = "placeholder"


class SelfAttentionSettings(Settings):
    """Attention between modalities, and a linear layer.

    Attributes:
        width: Size of the fused vector.
        heads: Heads of the attention.
        inner: Width of a modality's token; each vector is projected to it (axis `modality` only).
        axis: `modality`: each modality is a token, the missing ones are skipped, the mean over the present
            ones is projected. With `row` and `batch` the vectors one after the other are one token.
    """

    kind: Literal["self_attention"] = "self_attention"
    width: PositiveInt = 128
    heads: PositiveInt = 8
    inner: PositiveInt = 128
    axis: Literal["modality", "row", "batch"] = "modality"

    @model_validator(mode="after")
    def _fits(self) -> SelfAttentionSettings:
        if self.axis == "modality" and self.inner % self.heads:
            raise ValueError(f"inner = {self.inner} is not a multiple of heads = {self.heads}")
        return self


class CrossAttentionSettings(Settings):
    """Each modality attends to the others, and the results are joined: as wide as all inputs together.

    Attributes:
        heads: Heads of each attention.
    """

    kind: Literal["cross_attention"] = "cross_attention"
    heads: PositiveInt = 4


class TensorSettings(Settings):
    """Outer product of all vectors, each extended by a learned constant (TFN, Zadeh et al., EMNLP 2017).

    Attributes:
        inner: Each vector is projected to this width first, since the product of the widths is the size of
            the result; None takes the vectors as they are.
        missing: A missing modality is its learned placeholder; `constant` puts the constant in place of the
            vector's values, as the reference does.
    """

    kind: Literal["tensor"] = "tensor"
    inner: PositiveInt | None = 12
    missing: Literal["placeholder", "constant"] = "placeholder"


class LowRankSettings(Settings):
    """The tensor product with weights of low rank (LMF, Liu et al., ACL 2018).

    Attributes:
        width: Size of the fused vector.
        rank: Rank of the weights.
        start: Factors at the start have the variance 1 / width; `published` has variance 1.
    """

    kind: Literal["low_rank"] = "low_rank"
    width: PositiveInt = 128
    rank: PositiveInt = 4
    start: Literal["scaled", "published"] = "scaled"


class ConcatMoESettings(Settings):
    """A linear expert for each modality and one for all, weighted by a router that reads all vectors.

    Attributes:
        width: Size of the fused vector.
        joint_expert: Whether the expert of all vectors takes part. The reference weighs it and leaves it out.
        order: Which expert reads which modality: its own; or by the order of the modalities' names, as in the
            reference, which mixes them up where the config has another order.
    """

    kind: Literal["concat_moe"] = "concat_moe"
    width: PositiveInt = 128
    joint_expert: bool = True
    order: Literal["own", "sorted"] = "own"


class DenseMoESettings(Settings):
    """Linear experts on the vectors one after the other, all of which answer.

    Attributes:
        width: Size of the fused vector.
        experts: Number of experts.
    """

    kind: Literal["dense_moe"] = "dense_moe"
    width: PositiveInt = 128
    experts: int = Field(default=4, ge=2)


class SparseMoESettings(Settings):
    """Linear experts on the vectors one after the other, of which the `top` best rated ones answer.

    Attributes:
        width: Size of the fused vector.
        experts: Number of experts.
        top: Number of experts that answer for a sample.
    """

    kind: Literal["sparse_moe"] = "sparse_moe"
    width: PositiveInt = 128
    experts: int = Field(default=4, ge=2)
    top: PositiveInt = 2

    @model_validator(mode="after")
    def _fits(self) -> SparseMoESettings:
        if self.top > self.experts:
            raise ValueError(f"top = {self.top} is larger than experts = {self.experts}")
        return self


class TextGuidedMoESettings(Settings):
    """Text attends to every modality, and a sparse mixture of experts reads the result.

    After TGMoE (text-guided attention, then sparsely gated experts), on one vector for each modality.

    Attributes:
        width: Size of the fused vector.
        inner: Width within the attention.
        heads: Heads of the attention.
        experts: Number of experts.
        top: Number of experts that answer for a sample.
        guide: The modality that attends and chooses experts.
    """

    kind: Literal["text_guided_moe"] = "text_guided_moe"
    width: PositiveInt = 128
    inner: PositiveInt = 128
    heads: PositiveInt = 4
    experts: int = Field(default=4, ge=2)
    top: PositiveInt = 2
    guide: str = "T"

    @model_validator(mode="after")
    def _fits(self) -> TextGuidedMoESettings:
        if self.top > self.experts:
            raise ValueError(f"top = {self.top} is larger than experts = {self.experts}")
        if self.inner % self.heads:
            raise ValueError(f"inner = {self.inner} is not a multiple of heads = {self.heads}")
        return self


class MultiHeadMoESettings(Settings):
    """Whole fusions as experts; the router adds up one rating from each modality that is present.

    Attributes:
        width: Size of the fused vector.
        experts: The fusions.
    """

    kind: Literal["multihead_moe"] = "multihead_moe"
    width: PositiveInt = 128
    experts: Annotated[tuple[FusionSettings, ...], Field(min_length=2)] = (
        VanillaSettings(width=128),
        VanillaSettings(width=64, depth=2),
    )


class DisentangleSettings(Settings):
    """Private and shared parts of each modality, which are routed and attend to each other.

    Attributes:
        private, shared: Widths of a modality's private part, and of what one modality says of another.
        attention: Axis of the attention within the projectors.
        cross_heads: Of the final attention between shared and private part.
        similarity: Sign of the similarity between the fused vector and the inputs in the loss. Minimising it
            with +1, as published, makes them dissimilar.
        weight: Factor of the auxiliary terms.
    """

    kind: Literal["disentangle"] = "disentangle"
    private: PositiveInt = 32
    shared: PositiveInt = 32
    attention: Axis = "row"
    cross_heads: PositiveInt = 4
    similarity: Literal[-1, 1] = -1
    weight: float = Field(default=0.5, ge=0)


class ShiftingSettings(Settings):
    """Attention-based modality shifting fusion: the other modalities shift the vector of the main one.

    Attributes:
        main: The modality whose vector is shifted.
        heads: Heads of the attention.
        beta: Length of the shift relative to the vector, before the cap at 1.
        dropout: Of the attended vectors, and of the shifted one.
        attention: `token`: each other modality is a token. `row`, `batch`: they are one token. `none`: no
            attention.

    Source: Yun et al., TelME, NAACL 2024; values of MELD, for IEMOCAP heads = 4 and beta = 0.2.
    """

    kind: Literal["shifting"] = "shifting"
    main: str = "T"
    heads: PositiveInt = 3
    beta: PositiveFloat = 0.1
    dropout: float = Field(default=0.2, ge=0, lt=1)
    attention: Literal["token", "row", "batch", "none"] = "token"


FusionSettings = Annotated[
    NoFusion
    | VanillaSettings
    | DeepSettings
    | MeanSettings
    | SelfAttentionSettings
    | CrossAttentionSettings
    | TensorSettings
    | LowRankSettings
    | ConcatMoESettings
    | DenseMoESettings
    | SparseMoESettings
    | TextGuidedMoESettings
    | MultiHeadMoESettings
    | DisentangleSettings
    | ShiftingSettings,
    Field(discriminator="kind"),
]
MultiHeadMoESettings.model_rebuild()
