"""A network learns from another one, which is not saved with it."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from affekt.core.errors import AffektError, ConfigError
from affekt.core.recipe import Recipe
from affekt.core.spec import InputSpec, TensorSpec
from affekt.engine.teaching.teacher import read_teacher
from affekt.engine.train import train

PLAIN = {
    "method": "tiny_vectors",
    "data": {"name": "tiny_emotions"},
    "config": {"num_classes": 4},
    "optimizer": {"lr": 0.03},
    "train": {"epochs": 2, "batch_size": 16, "threads": 1},
}
TAUGHT = {**PLAIN, "config": {"num_classes": 4, "objective": "taught", "width": 8}}


@pytest.fixture(scope="module")
def teacher(plugins, tmp_path_factory):
    return train(Recipe.from_values(PLAIN), runs=tmp_path_factory.mktemp("teacher"), progress=False).path


def test_a_run_states_its_teacher_and_does_not_hold_it(teacher, tmp_path):
    before = (teacher / "checkpoints" / "best" / "model.safetensors").read_bytes()
    run = train(Recipe.from_values(TAUGHT), teacher=teacher, runs=tmp_path, progress=False)
    assert run.recipe.teacher == read_teacher(teacher).digest and len(run.recipe.teacher) == 16
    names = set(load_file(run.last / "model.safetensors"))
    assert names == {"encoder.0.weight", "encoder.0.bias", "head.weight", "head.bias"}
    assert not [name for name in load_file(run.last / "trainer.safetensors") if "teacher" in name]
    assert (teacher / "checkpoints" / "best" / "model.safetensors").read_bytes() == before
    rows = run.metrics()
    assert rows[-1]["train/distance"] < rows[0]["train/distance"]


def test_a_resumed_run_needs_its_teacher_and_ends_the_same(teacher, tmp_path, monkeypatch):
    from affekt.engine.loop.module import TrainingModule

    recipe = Recipe.from_values(TAUGHT)
    whole = train(recipe, teacher=teacher, runs=tmp_path / "whole", progress=False)
    step = TrainingModule.training_step

    def failing(self, batch, batch_idx):
        if self.current_epoch == 1:
            raise AffektError("stopped")
        return step(self, batch, batch_idx)

    with monkeypatch.context() as patch:
        patch.setattr(TrainingModule, "training_step", failing)
        with pytest.raises(AffektError, match="stopped"):
            train(recipe, teacher=teacher, runs=tmp_path / "cut", progress=False)
    with pytest.raises(ConfigError, match="give a run or a checkpoint with --teacher"):
        train(recipe, runs=tmp_path / "cut", progress=False, resume=True)
    with pytest.raises(ConfigError, match="the recipe states the teacher"):
        other = whole.path
        train(whole.recipe, teacher=other, runs=tmp_path / "cut", progress=False, resume=True)
    again = train(recipe, teacher=teacher, runs=tmp_path / "cut", progress=False, resume=True)
    assert again.metrics() == whole.metrics()
    assert (again.last / "model.safetensors").read_bytes() == (whole.last / "model.safetensors").read_bytes()


def test_an_objective_that_takes_no_teacher_refuses_one(teacher, tmp_path):
    with pytest.raises(ConfigError, match="its objective takes no teacher"):
        train(Recipe.from_values(PLAIN), teacher=teacher, runs=tmp_path, progress=False)
    assert not list(tmp_path.iterdir())


def test_the_teacher_is_not_trained(teacher):
    found = read_teacher(teacher)
    output = found({"vector": torch.ones(2, 4), "label": torch.zeros(2)})
    assert output.logits.shape == (2, 4) and not output.logits.requires_grad


def test_a_batch_without_the_inputs_of_the_teacher_is_refused(teacher):
    found = read_teacher(teacher)
    with pytest.raises(ConfigError, match=r"the teacher reads vector, which the student's batches lack"):
        found({"image": torch.ones(2, 4)})

    narrow = InputSpec(inputs=(TensorSpec(name="vector", axes="b d", shape=(3,)),))
    with pytest.raises(ConfigError, match=r"the teacher reads vector as float32 \(4,\)"):
        found.check(narrow)
    with pytest.raises(ConfigError, match="keeps features only"):
        found.check(found.spec, cached=("vector",))
    assert np.array_equal(found.labels.names, ("anger", "happiness", "neutral", "sadness"))
