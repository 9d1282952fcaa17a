"""How items are split and released."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from affekt.core.settings import Settings


class PartitionSettings(Settings):
    """How items are split into parts.

    Attributes:
        name: Of the split that `affekt project run` makes and releases.
        group_by: What keeps items together: those of one account or event, and copies of each other
            (`duplicates`, as `affekt project check` finds them). Groups that share an item are one.
        validation_share, test_share: Of the items; parts are stratified by label, groups are kept whole, so
            that shares are approximate.
        seed: Of the draw of the parts.
    """

    name: str = "default"
    group_by: tuple[Literal["account", "event", "duplicates"], ...] = ("account", "event", "duplicates")
    validation_share: float = Field(default=0.15, gt=0, lt=1)
    test_share: float = Field(default=0.15, gt=0, lt=1)
    seed: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _leaves_training(self) -> PartitionSettings:
        if self.validation_share + self.test_share >= 1:
            raise ValueError("validation_share and test_share leave nothing for training")
        return self


class ReleaseSettings(Settings):
    """What a version holds.

    Attributes:
        version: The version that `affekt project run` releases; empty: none.
        licence, cite: Of the collected media, for everyone who uses the version.
        media: Whether its folder links the media, copies them, or leaves them out where features suffice.
        leave_out_duplicates: Whether only the first of several copies of a clip is released.
    """

    version: str = ""
    licence: str = ""
    cite: str = ""
    media: Literal["link", "copy", "leave out"] = "link"
    leave_out_duplicates: bool = False
