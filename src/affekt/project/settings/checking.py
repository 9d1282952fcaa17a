"""How media are checked."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from affekt.core.settings import Settings


class CheckSettings(Settings):
    """How media are checked.

    Attributes:
        requires: Kinds of media that each item must have.
        apart_s: Seconds by which the measured duration may differ from the one in the records.
    """

    requires: tuple[Literal["video", "audio", "image", "subtitle"], ...] = ()
    apart_s: float = Field(default=1.0, ge=0)
