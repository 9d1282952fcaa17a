"""Settings of contrastive losses and of the curriculum; no torch, so that configs are read without it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from affekt.core.settings import Settings

_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_ALPHA = 0.5  # APCL: default of the published framework


class _Weighted(Settings):
    """What all contrastive losses have.

    Attributes:
        weight: Factor of the loss in the sum of all terms.
        temperature: Scores in (0, 1] are divided by it before the exponential.
    """

    weight: _Positive = 1.0

    def _labelled(self, *parts: object) -> str:
        """`parts` joined, and the weight if it differs from 1."""
        suffix = () if self.weight == 1 else (f"w{self.weight:g}",)
        return "-".join(f"{part:g}" if isinstance(part, float) else str(part) for part in (*parts, *suffix))


class SupervisedSettings(_Weighted):
    """Supervised contrastive loss: the positives of a sample are the samples of its class in the batch.

    Source: Khosla et al., NeurIPS 2020, with temperature 0.1.
    """

    kind: Literal["supervised"]
    temperature: _Positive = 0.1

    @property
    def label(self) -> str:
        """Name in run folders."""
        return self._labelled(f"scl{self.temperature:g}")


class _Pooled(_Weighted):
    """What SPCL and SPDCL have.

    Attributes:
        pool_size: The most features that are kept of each class; beyond that random ones are dropped.
        support: Number of random members of a pool whose mean is the prototype. While a pool has fewer, the
            mean of the class over the training set is.
        threshold: An anchor with a loss up to this value does not count.
        rows: Anchors of the loss: the samples of the batch, or the prototypes as well.
    """

    temperature: _Positive = 0.05
    pool_size: int = Field(default=256, ge=1)
    support: int = Field(default=64, ge=1)
    rows: Literal["samples", "all"] = "samples"

    @model_validator(mode="after")
    def _fits(self) -> _Pooled:
        if self.support > self.pool_size:
            raise ValueError(
                f"support = {self.support} is larger than pool_size = {self.pool_size}: no pool would ever "
                "have enough members; lower support or raise pool_size"
            )
        return self

    def _label(self, kind: str) -> str:
        rows = ("all",) if self.rows == "all" else ()
        return self._labelled(f"{kind}{self.temperature:g}", self.pool_size, self.support, *rows)


class SPCLSettings(_Pooled):
    """Supervised prototypical contrastive loss, with the paper's values.

    Source: Song et al., EMNLP 2022.
    """

    kind: Literal["spcl"]
    threshold: float = Field(default=0.3, allow_inf_nan=False)

    @property
    def label(self) -> str:
        """Name in run folders."""
        return self._label("spcl")


class SPDCLSettings(_Pooled):
    """SPCL in decoupled form: positives are not part of the denominator."""

    kind: Literal["spdcl"]
    threshold: float = Field(default=0.0, allow_inf_nan=False)

    @property
    def label(self) -> str:
        """Name in run folders."""
        return self._label("spdcl")


class APCLSettings(_Weighted):
    """Adaptive prototypical contrastive loss: prototypes that move with momentum instead of pools.

    Attributes:
        alpha: Coupled form: a sample enters the momentum with rate `alpha * (1 - gamma)`. Default 0.5.
        beta: Free form: a sample enters the momentum with this rate. Only one of the two can be given.
        gamma: Factor of a class's momentum at each of its samples.
        orthogonal: How the moved prototypes are made orthonormal: `polar`, the nearest orthonormal set,
            whatever the order of the classes; `qr_sign`, QR with signs that preserve directions; `none`.
            `qr_raw` is the published QR, which may turn a prototype into its opposite: for comparison only.
        threshold: An anchor with a loss up to this value does not count.
        rows: Anchors of the loss: the samples of the batch and the prototypes, or the samples only.
    """

    kind: Literal["apcl"]
    temperature: _Positive = 0.08
    alpha: _Positive | None = None
    beta: _Positive | None = None
    gamma: float = Field(default=0.9, ge=0, lt=1)
    orthogonal: Literal["polar", "qr_sign", "qr_raw", "none"] = "polar"
    threshold: float = Field(default=0.0, allow_inf_nan=False)
    rows: Literal["all", "samples"] = "all"

    @model_validator(mode="after")
    def _one_rate(self) -> APCLSettings:
        if self.alpha is not None and self.beta is not None:
            raise ValueError(
                f"alpha = {self.alpha:g} and beta = {self.beta:g} are both given: alpha states the rate as "
                "alpha * (1 - gamma), beta states it directly; give one of them"
            )
        return self

    @property
    def rate(self) -> float:
        """Rate with which a sample enters the momentum of its class."""
        if self.beta is not None:
            return self.beta
        return (_ALPHA if self.alpha is None else self.alpha) * (1 - self.gamma)

    @property
    def label(self) -> str:
        """Name in run folders: `apcl{temperature}-{gamma}-{alpha}`, or `...-beta{beta}` in the free form."""
        rate = f"beta{self.beta:g}" if self.beta is not None else f"{self.alpha or _ALPHA:g}"
        extra = [self.orthogonal] if self.orthogonal != "polar" else []
        extra += ["samples"] if self.rows == "samples" else []
        return self._labelled(f"apcl{self.temperature:g}", self.gamma, rate, *extra)


ContrastSettings = Annotated[
    SupervisedSettings | SPCLSettings | SPDCLSettings | APCLSettings, Field(discriminator="kind")
]


class CurriculumSettings(Settings):
    """Which training samples an epoch uses.

    Attributes:
        order: `off`: all. `easy_to_hard`: about half, near the mean of their class in early epochs, far from
            it in late ones. `flat`: each with the same probability.
        probability: Of `flat`.

    Source: Song et al., EMNLP 2022; the reference uses `flat` with 0.5 where its curriculum is off.
    """

    order: Literal["off", "easy_to_hard", "flat"] = "off"
    probability: float = Field(default=0.5, gt=0, le=1)

    @property
    def label(self) -> str:
        """Name in run folders; empty if all samples are used."""
        if self.order == "off":
            return ""
        return "curriculum" if self.order == "easy_to_hard" else f"flat{self.probability:g}"
