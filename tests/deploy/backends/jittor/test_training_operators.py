"""Operators of graphs for training, on NumPy's values: draws, sequences, and what ends a gradient."""

import types

import numpy as np
import pytest

from affekt.deploy.backends.jittor.computing.graph import Node
from affekt.deploy.backends.jittor.computing.operators.catalogue import OPERATORS
from affekt.deploy.backends.jittor.computing.operators.registry import (
    Call,
    GraphError,
    Jittor,
    TrainingPass,
)


def answer(kind, *values, seed=None, **attributes):
    """What an operator answers, in training if there is a seed."""
    training = None if seed is None else TrainingPass(np.random.default_rng(seed), frozenset())
    node = Node(kind, "the node", (), ("y",), attributes)
    return OPERATORS[kind](Call(node, Jittor(types.ModuleType("jt"), training)), *values)


def test_dropout_scales_what_it_keeps_so_that_the_mean_stays():
    kept = answer("Dropout", np.ones(100_000, np.float32), np.float32(0.25), np.array(True), seed=0)
    assert set(np.unique(kept)) == {0.0, np.float32(1) / np.float32(0.75)}
    assert kept.mean() == pytest.approx(1, abs=0.01)
    assert (kept == 0).mean() == pytest.approx(0.25, abs=0.01)


def test_dropout_repeats_its_draws_with_the_seed():
    x = np.ones(50, np.float32)
    draws = [answer("Dropout", x, np.float32(0.5), np.array(True), seed=seed) for seed in (1, 1, 2)]
    assert (draws[0] == draws[1]).all() and (draws[0] != draws[2]).any()


@pytest.mark.parametrize("more", [(), (np.float32(0.5),), (np.float32(0.5), np.array(False))])
def test_dropout_that_is_not_in_training_mode_answers_its_input(more):
    x = np.arange(5.0)
    assert answer("Dropout", x, *more, seed=0) is x
    assert answer("Dropout", x, *more) is x


def test_random_numbers_are_in_their_range_and_refused_outside_of_training():
    drawn = answer("RandomUniformLike", np.zeros((1000,), np.float32), seed=0, low=2.0, high=3.0)
    assert 2 <= drawn.min() < 2.1 < 2.9 < drawn.max() <= 3
    normal = answer("RandomNormalLike", np.zeros((100_000,), np.float32), seed=0, mean=1.0, scale=2.0)
    assert (normal.mean(), normal.std()) == pytest.approx((1, 2), abs=0.03) and normal.dtype == np.float32
    with pytest.raises(GraphError, match="RandomUniformLike 'the node' has random numbers outside of"):
        answer("RandomUniformLike", np.zeros(3, np.float32))


def test_sequence_has_the_parts_of_an_array_along_an_axis():
    x = np.arange(10).reshape(2, 5)
    parts = answer("SplitToSequence", x, np.array(2), axis=1)
    assert [part.shape for part in parts] == [(2, 2), (2, 2), (2, 1)]
    assert answer("SequenceAt", parts, np.array(-1)).tolist() == [[4], [9]]
    assert (answer("ConcatFromSequence", parts, axis=1) == x).all()
    sized = answer("SplitToSequence", x, np.array([1, 4]), axis=1)
    assert [part.shape for part in sized] == [(2, 1), (2, 4)]
    assert [one.tolist() for one in answer("SplitToSequence", x, axis=0, keepdims=0)] == x.tolist()


def test_cast_like_takes_the_type_of_the_other():
    assert answer("CastLike", np.array([1, 2]), np.zeros(1, np.float32)).dtype == np.float32
