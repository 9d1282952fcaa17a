"""Fields of settings as rows: types, limits, defaults and meanings."""

from typing import Annotated, Literal

import pytest
from pydantic import Field, PositiveInt

from affekt.core import catalog
from affekt.core.fields.meanings import meanings_of
from affekt.core.fields.rows import tables_of, undescribed
from affekt.core.fields.types import limits_of, type_of
from affekt.core.recipe import Recipe
from affekt.core.settings import Settings
from affekt.core.timeline import Timeline
from affekt.deploy.runtime.manifest import BundleManifest
from affekt.project.settings.project import ProjectSettings
from affekt.studies.plans.plan import Plan


class Narrow(Settings):
    """One of two."""

    kind: Literal["narrow"] = "narrow"


class Wide(Settings):
    """The other one.

    Attributes:
        width: Its size,
            on two lines.
    """

    kind: Literal["wide"] = "wide"
    width: PositiveInt = 3


class Outer(Settings):
    """Holds tables.

    A second paragraph.

    Attributes:
        low, high: Ends of a range.
        several: Tables by name.

    Example:
        not part of the summary
    """

    low: float = Field(ge=0, lt=1)
    high: float | None = Field(default=None, gt=0)
    one: Annotated[Narrow | Wide, Field(discriminator="kind")] = Narrow()
    several: dict[str, Wide] = Field(default_factory=dict)
    stated: int = Field(default=1, description="In the field\nitself.")


def row(given, name):
    return next(row for table in tables_of(given) for row in table.rows if row.name == name)


def test_every_field_that_a_person_writes_has_a_meaning():
    models = [Recipe, Plan, ProjectSettings, BundleManifest, Timeline]
    models += [catalog.method(name).load("config") for name in catalog.list_methods()]
    models += [catalog.dataset(name).options for name in catalog.list_datasets()]
    assert [field for model in models for field in undescribed(model)] == []


def test_a_field_without_a_meaning_is_found():
    class Bare(Settings):
        """Bare."""

        said: int = Field(default=1, description="Something.")
        unsaid: int = 1

    assert undescribed(Bare) == ["Bare.unsaid"]


def test_names_before_one_colon_share_their_meaning():
    assert meanings_of(Outer)["high"] == "low, high: Ends of a range."
    assert meanings_of(Outer)["stated"] == "In the field itself."
    assert meanings_of(Wide)["width"] == "Its size, on two lines."


def test_tables_follow_in_order_with_their_kinds():
    tables = tables_of(Outer)
    assert [(table.name, table.kind) for table in tables] == [
        ("", ""),
        ("one", "narrow"),
        ("one", "wide"),
        ("several.<name>", "wide"),
    ]
    assert tables[0].summary == "Holds tables.\nA second paragraph."
    assert tables[3].same_as == "one"


def test_a_model_with_values_lists_the_table_that_is_used():
    given = Outer(low=0.5, one=Wide(width=4))
    assert [table.name for table in tables_of(given)] == ["", "one"]
    assert row(given, "width").value == 4
    assert row(given, "width").is_set and not row(given, "high").is_set


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (PositiveInt | None, "whole number > 0, or none"),
        (tuple[float, ...], "list of numbers"),
        (tuple[int, int, str], "list of 3: whole number, text"),
        (dict[str, PositiveInt], "table of whole numbers > 0"),
        (Literal["a"] | dict[str, float], '"a" or table of numbers'),
        (Wide, "table"),
    ],
)
def test_types_are_words(annotation, text):
    assert type_of(annotation) == text


def test_limits_stand_before_none():
    assert row(Outer, "high").type_with_limits == "number > 0, or none"
    assert limits_of(Outer.model_fields["low"].metadata) == ">= 0, < 1"
