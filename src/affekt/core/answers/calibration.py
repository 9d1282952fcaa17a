"""Values that are fitted on validation samples; the task decides which of them it uses."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class IntervalCalibration(BaseModel):
    """Prediction intervals of ratings (`affekt.metrics.conformal`).

    Attributes:
        level: Least probability that an interval holds the truth.
        reach: Distance from a rating to both ends of its interval, by name, in the unit of the ratings.
        over: The independent units that it was fitted on, `subjects` or `items`.
        units: Their number.
        note: A limitation, a sentence; usually empty.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: float = Field(gt=0, lt=1)
    reach: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]]
    over: str
    units: int = Field(ge=1)
    note: str = ""


class Calibration(BaseModel):
    """Values that turn raw outputs into predictions.

    A task may keep further values, which are read by name (`model_extra`).

    Attributes:
        temperature: Divisor of the logits; 1 without calibration.
        segment_threshold: Score from which detected segments are reported; None reports all.
        thresholds: For several labels per sample: the probability from which each class is present.
        interval: For ratings: how wide prediction intervals are; None if there were too few samples.
        heads: Calibrations of the network's further heads, by name.
    """

    model_config = ConfigDict(frozen=True, extra="allow", protected_namespaces=())

    # Divisors beyond these are no calibration, and make finite logits infinite.
    temperature: float = Field(default=1.0, ge=1e-4, le=1e4, allow_inf_nan=False, strict=True)
    segment_threshold: float | None = Field(default=None, allow_inf_nan=False, strict=True)
    thresholds: dict[str, Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]] = {}
    interval: IntervalCalibration | None = None
    heads: dict[str, Calibration] = {}

    @model_validator(mode="before")
    @classmethod
    def _older_name(cls, values: Any) -> Any:
        """Accept `segment_bar`, the name of `segment_threshold` in older runs and bundles."""
        if isinstance(values, dict) and "segment_bar" in values:
            values = {**values, "segment_threshold": values["segment_bar"]}
            del values["segment_bar"]
        return values
