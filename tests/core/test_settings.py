"""Settings: all mistakes at once, each with a suggestion."""

import pytest
from pydantic import Field, ValidationError

from affekt.core.settings import Settings, suggest, validate


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


def test_a_word_close_to_nothing_gets_the_list():
    assert suggest("zebra", ["cat", "dog"]) == "known: cat, dog"
    assert suggest("zebra", []) == "nothing is known here"
    assert suggest("dgo", ["cat", "dog"]) == "did you mean dog?"
