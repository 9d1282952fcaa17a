"""The rule by which weights and inputs of parity cases are drawn."""

import importlib.util
import json

import numpy as np
import pytest

from affekt.core.errors import UsageError
from affekt.parity.case import Case, draw_integers, draw_normal, draw_tensor
from affekt.parity.compare import Comparison


@pytest.fixture
def rule(shared):
    spec = importlib.util.spec_from_file_location("fill", shared / "parity" / "fill.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("salt", [0, 7])
@pytest.mark.parametrize(
    ("key", "shape", "dtype"),
    [
        ("conv.weight", (4, 3, 2), "float32"),
        ("conv.bias", (4,), "float32"),
        ("norm.weight", (4,), "float32"),
        ("norm.running_var", (4,), "float32"),
        ("norm.running_mean", (4,), "float32"),
        ("norm.num_batches_tracked", (), "int64"),
        ("scale", (), "float32"),
        ("table", (2, 0), "float32"),
    ],
)
def test_tensors_are_those_of_the_shared_rule(rule, key, shape, dtype, salt):
    theirs = rule.tensor(key, shape, dtype, salt)
    ours = draw_tensor(key, shape, dtype, salt)
    assert ours.dtype == theirs.dtype and np.array_equal(ours, theirs)


def test_inputs_are_those_of_the_shared_rule(rule):
    assert np.array_equal(draw_normal(3, (2, 4)), rule.normal(3, (2, 4)))
    assert np.array_equal(draw_integers(3, 1, 9, (5,)), rule.integers(3, 1, 9, (5,)))


def test_a_case_reads_its_meta_and_draws_its_weights(tmp_path):
    np.savez(tmp_path / "case.npz", meta=json.dumps({"salt": 2}), out=np.ones(3))
    (tmp_path / "keys.json").write_text(json.dumps({"fc.weight": {"shape": [2, 3], "dtype": "float32"}}))
    case = Case.open(tmp_path / "case.npz")
    assert list(case.expected) == ["out"]
    assert np.array_equal(
        case.reference_weights()["fc.weight"], draw_tensor("fc.weight", (2, 3), "float32", 2)
    )


def test_a_file_that_is_not_a_case_is_refused(tmp_path):
    (tmp_path / "case.npz").write_text("no")
    with pytest.raises(UsageError, match="not a parity case"):
        Case.open(tmp_path / "case.npz")
    with pytest.raises(UsageError, match="does not exist"):
        Case.open(tmp_path / "missing.npz")


@pytest.mark.parametrize("actual", [[1.0, 2.1], [1.0, float("nan")], [1.0], [[1.0, 2.0]]])
def test_a_difference_does_not_pass(actual):
    assert not Comparison("x", np.array(actual), np.array([1.0, 2.0])).ok


def test_a_comparison_relative_to_the_maximum_tolerates_small_entries():
    comparison = Comparison("x", np.array([0.05, 1000.0]), np.array([0.0, 1000.0]), relative_to_max=True)
    assert comparison.ok and comparison.max_rel == pytest.approx(5e-5)
