"""What an objective may do beside a training step: validate itself, choose samples, learn from a teacher."""

import logging

import numpy as np
import pytest

from affekt.core.errors import AffektError
from affekt.core.recipe import Recipe
from affekt.engine.loop.preparation import checked_numbers
from affekt.engine.train import train

VALUES = {
    "method": "tiny_vectors",
    "data": {"name": "tiny_emotions"},
    "config": {"num_classes": 4, "objective": "curriculum"},
    "optimizer": {"lr": 0.03},
    "schedule": {"name": "cosine"},
    "train": {"epochs": 3, "batch_size": 8, "threads": 1},
}


def recipe(**changes):
    return Recipe.from_values({**VALUES, **changes})


def weights_of(run):
    return (run.last / "model.safetensors").read_bytes()


def stopped_after(monkeypatch, epochs):
    """Let a training fail once so many epochs are complete."""
    from affekt.engine.loop.module import TrainingModule

    step = TrainingModule.training_step

    def failing(self, batch, batch_idx):
        if self.current_epoch == epochs:
            raise AffektError("stopped")
        return step(self, batch, batch_idx)

    monkeypatch.setattr(TrainingModule, "training_step", failing)


def test_a_curriculum_visits_the_samples_that_it_chooses(tmp_path, caplog):
    with caplog.at_level(logging.INFO, "affekt"):
        run = train(recipe(), runs=tmp_path, progress=False)
    train_samples = run.result["samples"]["train"]
    assert f"epoch 1 visits {train_samples // 2} of {train_samples} samples" in caplog.text
    steps = -(-(train_samples // 2) // 8)
    assert [row["step"] for row in run.metrics()] == [steps, 2 * steps, 3 * steps]


def test_a_resumed_curriculum_ends_bit_for_bit_the_same(tmp_path, monkeypatch):
    whole = train(recipe(), runs=tmp_path / "whole", progress=False)
    with monkeypatch.context() as patch:
        stopped_after(patch, 1)
        with pytest.raises(AffektError, match="stopped"):
            train(recipe(), runs=tmp_path / "cut", progress=False)
    again = train(recipe(), runs=tmp_path / "cut", progress=False, resume=True)
    assert weights_of(again) == weights_of(whole)
    assert again.metrics() == whole.metrics()


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        (np.array([], int), "at least one sample number"),
        (np.array([0.5]), "array of integers"),
        (np.array([0, 4]), "0 to 3"),
        (np.array([1, 1]), "some repeated"),
    ],
)
def test_numbers_that_are_not_of_samples_are_refused(numbers, message):
    with pytest.raises(AffektError, match=message):
        checked_numbers(numbers, 4, 0)
