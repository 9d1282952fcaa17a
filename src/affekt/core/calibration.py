"""What was fitted on validation samples; which of it a task uses, the task decides."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Calibration(BaseModel):
    """Values that turn raw outputs into answers.

    A task may keep further values, which are read by name (`model_extra`).

    Attributes:
        temperature: What logits are divided by; 1 where nothing was calibrated.
        segment_threshold: Score from which detected segments are reported; None reports all.
        thresholds: Of several labels at once: probability by class from which it is present.
    """

    model_config = ConfigDict(frozen=True, extra="allow", protected_namespaces=())

    temperature: float = Field(default=1.0, gt=0, allow_inf_nan=False, strict=True)
    segment_threshold: float | None = Field(default=None, allow_inf_nan=False, strict=True)
    thresholds: dict[str, Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]] = {}

    @model_validator(mode="before")
    @classmethod
    def _older_name(cls, values: Any) -> Any:
        """Runs and bundles made before wrote `segment_bar`."""
        if isinstance(values, dict) and "segment_bar" in values:
            values = {**values, "segment_threshold": values["segment_bar"]}
            del values["segment_bar"]
        return values
