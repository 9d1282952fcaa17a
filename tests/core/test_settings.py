"""Settings: all problems at once, each with a suggestion."""

from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from affekt.core.settings import Settings, differing, suggest, validate


class Inner(Settings):
    width: int = 1


class Outer(Settings):
    name: str
    share: float = Field(0.5, ge=0, le=1)
    inner: Inner = Inner()


def test_good_values_give_a_model_and_no_problems():
    model, problems = validate(Outer, {"name": "a", "inner": {"width": 3}})
    assert problems == []
    assert model == Outer(name="a", inner=Inner(width=3))


def test_all_problems_are_listed_at_once():
    model, problems = validate(Outer, {"shar": 1, "share": 2, "inner": {"width": "x"}}, prefix="config.")
    assert model is None
    assert len(problems) == 4
    text = "\n".join(problems)
    assert "config.name: missing" in text
    assert "config.shar = 1: unknown key; did you mean share?" in text
    assert "config.share = 2: input should be less than or equal to 1" in text
    assert "config.inner.width = 'x'" in text


def test_an_unknown_key_of_a_nested_model_is_compared_with_that_model():
    _, problems = validate(Outer, {"name": "a", "inner": {"widht": 1}})
    assert problems == ["inner.widht = 1: unknown key; did you mean width?"]


def test_settings_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        Inner().width = 2


def test_a_word_without_a_close_match_gets_the_list():
    assert suggest("zebra", ["cat", "dog"]) == "known: cat, dog"
    assert suggest("zebra", []) == "none are known"
    assert suggest("dgo", ["cat", "dog"]) == "did you mean dog?"


class Wide(Inner):
    depth: int = 3


class Choice(Settings):
    size: tuple[int, int] = (1, 2)
    inner: Inner = Inner(width=4)
    extra: Inner | None = None
    table: dict[str, float] = Field(default_factory=dict)


def test_only_values_that_differ_from_the_defaults_are_listed():
    assert differing(Choice()) == {}
    assert differing(Choice(size=(1, 2), inner=Inner(width=4), table={})) == {}
    assert differing(Choice(size=(2, 2), table={"a": 1})) == {"size": [2, 2], "table": {"a": 1.0}}


def test_a_nested_model_that_differs_is_reduced_to_its_own_differences():
    assert differing(Choice(extra=Inner())) == {"extra": {}}
    assert differing(Choice(inner=Inner())) == {"inner": {}}
    assert differing(Choice(inner=Inner(width=2))) == {"inner": {"width": 2}}


def test_a_field_that_is_added_with_a_default_changes_nothing():
    assert differing(Wide(width=2)) == differing(Inner(width=2))


class First(Settings):
    kind: Literal["first"] = "first"
    width: int = 1


class Second(Settings):
    kind: Literal["second"] = "second"
    width: int = 1


class Either(Settings):
    one: Annotated[First | Second, Field(discriminator="kind")] = First()


def test_models_of_another_kind_differ_even_if_each_is_at_its_defaults():
    assert differing(Either()) == {}
    assert differing(Either(one=First(width=2))) == {"one": {"width": 2}}
    assert differing(Either(one=Second())) == {"one": {"kind": "second"}}
    assert Either.model_validate(differing(Either(one=Second(width=3)))) == Either(one=Second(width=3))
