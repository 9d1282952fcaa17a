"""How single ratings are read, how they become labels, and how much agreement a release needs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from affekt.core.settings import Settings


class RatingColumns(Settings):
    """Columns of ratings by what they mean; `item` is also the name of an item in the data of a task.

    Attributes:
        item: The rated item.
        rater: Who rated.
        label: The label that was given.
        rated_at: When it was given.
        seconds: How long the rater took.
        round: Round of rating.
    """

    item: str = "item"
    rater: str = "rater"
    label: str = "label"
    rated_at: str = "rated_at"
    seconds: str = "seconds"
    round: str = "round"


class RatingSettings(Settings):
    """How ratings are read, aggregated and judged.

    Attributes:
        files: Files below the project's folder, or absolute, that `affekt project run` imports.
        columns: Their columns, where a row is a rating.
        rater_columns: Columns that are raters, where a row is an item; found from their labels if empty.
        rater_names: Names of raters by other spellings, such as `"anna@example.org" = "anna"`.
        control: The control of Label Studio (`from_name`) that holds the label, where a task has several.
        encoding: Codec of text files; found from the bytes if empty.
        rule: `majority`: the label with most votes. `dawid-skene`: the most probable label, where each rater
            counts by the confusions that are estimated for them.
        rounds: Whether only the last round of a rater counts for an item, or all of them.
        least_raters: Items with fewer ratings have no label of ratings.
        least_share: Items whose label has a smaller share of the ratings have no label.
        ties: What decides between labels with equally many votes: nothing, so that the item has no label;
            the label of the records, if it is one of them; or the model of Dawid and Skene.
        fallback: What an item without enough ratings has: the label of its record, or none.
        soft_labels: Whether items carry the shares of the votes (the probabilities, by `dawid-skene`) beside
            their label.
        least_alpha: Below this alpha of Krippendorff there is a warning.
        block_below: Below this alpha a release is refused.
        least_rater_kappa: Below this mean kappa of a rater with the others there is a warning.
        least_repeat: Below this share of equal ratings of one rater in two rounds there is a warning.
        most_noise: Above this estimated share of wrong labels there is a warning.
        fastest_s: A rater whose median is below these seconds leads to a warning.
    """

    files: tuple[str, ...] = ()
    columns: RatingColumns = RatingColumns()
    rater_columns: tuple[str, ...] = ()
    rater_names: dict[str, str] = Field(default_factory=dict)
    control: str = ""
    encoding: str = ""
    rule: Literal["majority", "dawid-skene"] = "majority"
    rounds: Literal["last", "all"] = "last"
    least_raters: int = Field(default=1, ge=1)
    least_share: float = Field(default=0.0, ge=0, le=1)
    ties: Literal["none", "record", "dawid-skene"] = "none"
    fallback: Literal["record", "none"] = "record"
    soft_labels: bool = False
    least_alpha: float = Field(default=0.667, ge=-1, le=1)
    block_below: float = Field(default=0.4, ge=-1, le=1)
    least_rater_kappa: float = Field(default=0.2, ge=-1, le=1)
    least_repeat: float = Field(default=0.7, ge=0, le=1)
    most_noise: float = Field(default=0.2, ge=0, le=1)
    fastest_s: float = Field(default=1.0, ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> RatingSettings:
        if self.block_below > self.least_alpha:
            raise ValueError(f"block_below = {self.block_below} is above least_alpha = {self.least_alpha}")
        return self
