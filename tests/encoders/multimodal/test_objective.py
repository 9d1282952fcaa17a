"""Terms of the loss: heads, modalities, and a teacher, in one step."""

from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from affekt.core.errors import ConfigError
from affekt.core.labels import LabelSet
from affekt.core.spec import InputSpec, TensorSpec
from affekt.encoders.multimodal.network import MultimodalNetwork
from affekt.encoders.multimodal.objective import MultimodalObjective
from affekt.layers.cross_entropy import PlainCrossEntropy
from affekt.layers.distillation.features import feature_loss
from affekt.layers.distillation.logits import logit_loss
from affekt.layers.distillation.settings import LogitSettings

LABELS = LabelSet.of("sad", "happy")
ROWS = 6


class Taught(NamedTuple):
    logits: Tensor
    embedding: Tensor


class FixedTeacher:
    """Answers every batch alike."""

    labels = LABELS
    spec = InputSpec(inputs=(TensorSpec(name="text_vector", axes="b d", shape=(5,), modality="text"),))

    def __init__(self, width=8):
        drawn = torch.Generator().manual_seed(4)
        self.answer = Taught(torch.randn(ROWS, 2, generator=drawn), torch.randn(ROWS, width, generator=drawn))

    def __call__(self, batch):
        return self.answer

    def answered(self, batch):
        return batch.get("teacher.is_there")


def batch_of(present):
    drawn = torch.Generator().manual_seed(0)
    return {
        "text_vector": torch.randn(ROWS, 5, generator=drawn),
        "audio_vector": torch.randn(ROWS, 4, generator=drawn),
        "video_vector": torch.randn(ROWS, 3, generator=drawn),
        "present": torch.tensor(present, dtype=torch.float32),
        "label": torch.tensor([0, 1, 1, 0, 1, 0]),
    }


WHOLE = [[1, 1, 1]] * ROWS
GAPS = [[1, 1, 1], [1, 0, 1], [0, 1, 1], [1, 1, 0], [1, 1, 1], [0, 0, 1]]


def made(config, teacher=None):
    torch.manual_seed(0)
    model = MultimodalNetwork(config)
    objective = MultimodalObjective(config, PlainCrossEntropy(LABELS))
    if teacher is not None:
        objective.set_teacher(teacher)
    return model, objective


def test_one_step_has_all_terms_of_every_modality(make_config):
    model, objective = made(make_config(losses={"distillation": {}}), FixedTeacher())
    assert objective.takes_teacher
    terms = objective(model, batch_of(WHOLE))
    assert set(terms) == {"cross_entropy", "heads", "distilled_logits", "distilled_features"}
    torch.stack(list(terms.values())).sum().backward()
    for part in ("inward", "heads"):
        for letter in "TAV":
            gradients = [value.grad for value in getattr(model, part)[letter].parameters()]
            assert all(gradient is not None and gradient.any() for gradient in gradients)


@pytest.mark.parametrize("present", [WHOLE, GAPS])
def test_terms_are_the_sums_over_the_samples_that_have_the_modality(make_config, present):
    teacher = FixedTeacher()
    model, objective = made(make_config(losses={"distillation": {}}), teacher)
    batch = batch_of(present)
    terms = objective(model.eval(), batch)
    output, there = objective.call(model, batch), batch["present"] > 0
    heads, logits, features = (torch.zeros(()) for _ in range(3))
    for place, vector in enumerate(output.vectors.split([8, 8, 8], dim=1)):
        rows = there[:, place]
        heads = heads + torch.nn.functional.cross_entropy(
            output.head_logits[rows, place], batch["label"][rows]
        )
        known = rows & there[:, 0]  # the teacher reads text
        logits = logits + logit_loss(
            output.head_logits[known, place], teacher.answer.logits[known], LogitSettings()
        )
        features = features + feature_loss(vector[known], teacher.answer.embedding[known])
    torch.testing.assert_close(terms["heads"], heads)
    torch.testing.assert_close(terms["distilled_logits"], logits)
    torch.testing.assert_close(terms["distilled_features"], features)


def test_only_samples_that_the_teacher_has_answered_are_learned_from(make_config):
    answered = torch.tensor([True, False, True, True, False, True])
    model, objective = made(make_config("A", losses={"distillation": {"on": "answer"}}), FixedTeacher())
    batch = {**batch_of(WHOLE), "teacher.is_there": answered}
    expected = logit_loss(
        objective.call(model, batch).logits[answered],
        objective.teacher.answer.logits[answered],
        LogitSettings(),
    )
    torch.testing.assert_close(objective(model, batch)["distilled_logits"], expected)


def test_a_student_of_one_modality_learns_with_its_answer(make_config):
    teacher, losses = (
        FixedTeacher(),
        {"distillation": {"on": "answer", "logits": {"weight": 0.1, "temperature": 2.0}}},
    )
    model, objective = made(make_config("A", losses=losses), teacher)
    batch = batch_of(WHOLE)
    terms, output = objective(model, batch), objective.call(model, batch)
    assert set(terms) == {"cross_entropy", "distilled_logits", "distilled_features"}
    expected = logit_loss(output.logits, teacher.answer.logits, LogitSettings(temperature=2.0, weight=0.1))
    torch.testing.assert_close(terms["distilled_logits"], expected)


def test_a_teacher_with_other_labels_is_refused(make_config):
    teacher = FixedTeacher()
    teacher.labels = LabelSet.of("happy", "sad")
    with pytest.raises(ConfigError, match="the teacher knows happy, sad, the data have sad, happy"):
        made(make_config(losses={"distillation": {}}), teacher)


def test_a_teacher_of_another_width_is_refused_with_advice(make_config):
    model, objective = made(make_config(losses={"distillation": {}}), FixedTeacher(width=7))
    with pytest.raises(ConfigError, match=r"config.encoders.T.projection = 7"):
        objective(model, batch_of(WHOLE))


def test_a_batch_without_a_sample_that_the_teacher_knows_has_terms_of_zero(make_config):
    model, objective = made(make_config(losses={"distillation": {}}), FixedTeacher())
    terms = objective(model, batch_of([[0, 1, 1]] * ROWS))
    assert terms["distilled_logits"].item() == terms["distilled_features"].item() == 0


@pytest.mark.parametrize("kind", ["disentangle", "multihead_moe"])
def test_terms_of_a_fusion_reach_the_loss(make_config, kind):
    inner = {"kind": "disentangle", "private": 8, "shared": 8}
    fusion = inner if kind == "disentangle" else {"kind": kind, "experts": [inner, {"kind": "vanilla"}]}
    encoders = {letter: {"kind": "features", "projection": 24} for letter in "TAV"}
    model, objective = made(make_config(fusion=fusion, encoders=encoders, losses={"reconstruction": {}}))
    terms = objective(model.train(), batch_of(WHOLE))
    assert set(terms) == {"cross_entropy", "disentangle", "reconstruction", "similarity"}
    assert all(terms[name].item() != 0 for name in terms)
    partial = objective(model, batch_of([[1, 1, 0]] * ROWS))
    assert partial["similarity"].item() == partial["disentangle"].item() == 0


def test_dropout_of_modalities_acts_on_the_fusion_in_training_alone(make_config):
    model, objective = made(make_config(modality_dropout={"T": 1.0}))
    batch = batch_of(WHOLE)
    without = dict(batch, present=batch["present"] * torch.tensor([0.0, 1.0, 1.0]))
    trained, plain = objective.call(model.train(), batch), objective.call(model.eval(), batch)
    torch.testing.assert_close(trained.logits, objective.call(model.eval(), without).logits)
    assert not torch.allclose(trained.logits, plain.logits)
