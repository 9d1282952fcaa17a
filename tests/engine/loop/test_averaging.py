"""Averaged weights: they follow training from the first steps, and do not change frozen tensors."""

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from affekt.core.files.sealed import read_sealed
from affekt.core.recipe import Recipe
from affekt.engine.loop.averaging import RunningWeightAverage, averaging_decay
from affekt.engine.runs.digest_v1 import digest_v1
from affekt.engine.weights.checkpoint import model_weights, training_weights


def average_of(model: nn.Module, decay: float) -> AveragedModel:
    callback = RunningWeightAverage(decay)
    return AveragedModel(model, use_buffers=callback._use_buffers, **callback._kwargs)


def test_averaged_weights_are_near_the_trained_ones_after_few_steps():
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 0.0)
    average = average_of(model, 0.99)
    for step in range(1, 31):  # weights that grow steadily from 0 to 30
        nn.init.constant_(model.weight, float(step))
        average.update_parameters(model)
    assert average.module.weight.item() > 26  # 4.3 with a constant decay of .99


def test_validation_of_a_short_training_follows_the_weights_with_a_decay_near_1(run_tiny, tmp_path):
    run = run_tiny(tmp_path, train={"epochs": 5, "weight_average": 0.99})
    losses = [row["validation/loss"] for row in run.metrics()]
    assert losses[-1] < 0.7 * losses[0]  # with a constant decay the weights hardly move in so few steps
    averaged, current = model_weights(read_sealed(run.last, kind="checkpoint")), training_weights(run.last)
    names = [name for name in current if name.endswith("running_mean")]
    mean = {name: float((averaged[name] - current[name]).norm() / current[name].norm()) for name in names}
    assert max(mean.values()) < 0.5  # batch statistics too


def test_the_decay_grows_up_to_its_limit():
    decays = [averaging_decay(0.9, updates) for updates in range(200)]
    assert decays == sorted(decays) and decays[0] == 0.1 and decays[-1] == 0.9


def test_averaging_does_not_round_frozen_tensors():
    model = nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64))
    model[0].requires_grad_(False)
    nn.init.uniform_(model[1].running_var)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    average = average_of(model, 0.9)
    for _ in range(50):
        average.update_parameters(model)
    after = average.module.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_batch_statistics_are_averaged_like_weights_and_their_count_is_copied():
    model = nn.BatchNorm1d(1)
    average = average_of(model, 0.5)
    for value in (0.0, 1.0):
        nn.init.constant_(model.running_mean, value)
        model.num_batches_tracked += 1
        average.update_parameters(model)
    share = 1 - averaging_decay(0.5, 1)
    assert average.module.running_mean.item() == pytest.approx(share)
    assert average.module.num_batches_tracked.item() == 2


def test_only_recipes_with_weight_averaging_have_a_new_digest():
    least = {"method": "bpm_gcn", "data": {"name": "walkers"}}
    plain = Recipe.from_values(least)
    averaged = Recipe.from_values({**least, "train": {"weight_average": 0.9}})
    # Digests from the time when the decay was constant.
    assert digest_v1(plain.model_dump(mode="json")).startswith("421789cb29da3259")
    assert not digest_v1(averaged.model_dump(mode="json")).startswith("e1a32950a0aacc5a")
    assert averaged.digest() != Recipe.from_values({**least, "train": {"weight_average": 0.8}}).digest()
