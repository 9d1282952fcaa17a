"""Specs: arrays that do not fit are refused, and the error names them."""

import numpy as np
import pytest

from affekt.core.errors import AffektError
from affekt.core.spec import InputSpec, TensorSpec

SKELETON = TensorSpec(name="skeleton", axes="b c t v", shape=(3, None, 16))
SPEC = InputSpec(inputs=(SKELETON, TensorSpec(name="rate", axes="b", shape=())))


def test_an_array_of_the_stated_shape_passes():
    SKELETON.check(np.zeros((3, 48, 16)))


def test_any_size_passes_on_an_open_axis():
    SKELETON.check(np.zeros((3, 1, 16)))
    SKELETON.check(np.zeros((3, 999, 16)))


@pytest.mark.parametrize("shape", [(), (3,), (3, 48), (3, 48, 15), (16, 48, 3), (1, 3, 48, 16)])
def test_the_error_of_a_wrong_shape_names_both_shapes(shape):
    with pytest.raises(AffektError, match=r"skeleton must have shape \(3, None, 16\) \(c t v\), found"):
        SKELETON.check(np.zeros(shape))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(value):
    array = np.zeros((3, 2, 16))
    array[1, 1, 1] = value
    with pytest.raises(AffektError, match="skeleton holds NaN or infinite values"):
        SKELETON.check(array)


def test_integers_pass_the_check_of_finite_values():
    SKELETON.check(np.zeros((3, 2, 16), int))


def test_the_error_of_a_missing_input_names_it_and_those_that_are_present():
    with pytest.raises(AffektError, match=r"input 'rate' is missing; found \['skeleton'\]"):
        SPEC.check({"skeleton": np.zeros((3, 2, 16))})


def test_further_arrays_are_not_checked():
    SPEC.check({"skeleton": np.zeros((3, 2, 16)), "rate": np.array(30.0), "label": np.array(1)})


def test_input_names_keep_their_order():
    assert SPEC.names == ("skeleton", "rate")
