"""Properties that are special to this network: ablations, decision, objective."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from affekt.core.task import find_task
from affekt.data.open import open_dataset
from affekt.deploy.export.graphs import random_batch
from affekt.engine.network import eager_network
from affekt.methods.bpm_gcn.config import BPMGCNConfig
from affekt.methods.bpm_gcn.model import BPMGCN
from affekt.methods.bpm_gcn.objective import BPMGCNObjective
from affekt.methods.bpm_gcn.preprocess import GaitPreprocess


def build(**fields):
    config = BPMGCNConfig(width=8, clip_frames=8, **fields)
    torch.manual_seed(0)
    arrays = random_batch(GaitPreprocess(config).spec, 3, seed=0)
    return config, BPMGCN(config), {name: torch.from_numpy(array) for name, array in arrays.items()}


@pytest.mark.parametrize("fusion", ["product", "cascade", "time", "joint", "sum", "add", "none"])
@pytest.mark.parametrize("update", ["symmetric", "sequential"])
def test_every_fusion_works_and_has_no_dead_parameter(fusion, update):
    _, model, inputs = build(fusion=fusion, fusion_update=update)
    output = model.train()(**inputs)
    (output.logits_posture.sum() + output.logits_movement.sum() + output.affective.sum()).backward()
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []


def test_a_sequential_update_differs_from_a_symmetric_one():
    answers = []
    for update in ("symmetric", "sequential"):
        _, model, inputs = build(fusion_update=update)
        answers.append(model.eval()(**inputs).logits_movement)
    assert not torch.allclose(*answers)


def test_deciding_by_scores_averages_the_streams_probabilities():
    _, model, inputs = build(decision="scores")
    output = model.eval()(**inputs)
    mean = (output.logits_posture.softmax(1) + output.logits_movement.softmax(1)) / 2
    torch.testing.assert_close(output.logits.softmax(1), mean)


def test_the_published_network_has_the_published_size():
    parameters = sum(p.numel() for p in BPMGCN(BPMGCNConfig()).parameters())
    assert parameters == 7_287_192


def test_several_labels_are_trained_as_in_the_reference_only_on_request():
    target = torch.tensor([[1.0, 1.0, 0.0, 0.0]] * 3)
    losses = {}
    for kind in ("bce", "reference"):
        config, model, inputs = build(multi_label_loss=kind, affective=False)
        objective = BPMGCNObjective(config, F.binary_cross_entropy_with_logits)
        terms = objective(model.eval(), {**inputs, "label": target})
        assert set(terms) == {"posture", "movement"}
        losses[kind] = terms["posture"], model(**inputs).logits_posture
    loss, logits = losses["reference"]
    torch.testing.assert_close(loss, F.cross_entropy(torch.sigmoid(logits), target))
    loss, logits = losses["bce"]
    torch.testing.assert_close(loss, F.binary_cross_entropy_with_logits(logits, target))


def test_a_prediction_is_the_mean_of_the_scores_of_several_views():
    samples = open_dataset("walkers").samples[:2]
    config = BPMGCNConfig(width=8, clip_frames=8, views=3, augment={"mirror": True})
    torch.manual_seed(0)
    preprocess, network = GaitPreprocess(config), eager_network(BPMGCN(config).eval())
    logits, used, _ = find_task("single_label").answer(samples, preprocess, network)
    views = preprocess.views(samples[0])
    each = network({name: np.stack([view[name] for view in views]) for name in preprocess.spec.names})
    scores = torch.from_numpy(each).softmax(1).mean(0)
    assert len(used) == 2
    torch.testing.assert_close(torch.from_numpy(logits[0]).softmax(0).float(), scores)
