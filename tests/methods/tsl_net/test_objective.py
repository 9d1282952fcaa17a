"""The losses of the training objective."""

import math

import pytest
import torch
from torch.nn import functional as F

from affekt.core.labels import label_set
from affekt.layers.cross_entropy import PlainCrossEntropy
from affekt.methods.tsl_net.config import LossWeights, TSLNetConfig
from affekt.methods.tsl_net.model import TSLNet, TSLNetOutput
from affekt.methods.tsl_net.objective import (
    TSLNetObjective,
    contrast,
    point_targets,
    video_scores,
    video_shares,
)
from affekt.methods.tsl_net.preprocess import video_confidence

SMALL = {"feature_width": 12, "audio_widths": (4, 8), "align": 16, "hidden": 24, "dropout": 0.0}
CELLS = 24


def made(streams="video+audio", **changes):
    torch.manual_seed(0)
    config = TSLNetConfig(streams=streams, **(SMALL | changes))
    return TSLNet(config), TSLNetObjective(config, PlainCrossEntropy(label_set("tsl-2")))


def batch_of(videos=1, cells=CELLS, seed=1):
    torch.manual_seed(seed)
    points = torch.zeros(videos, cells, 2)
    points[:, 5, 0] = points[:, 15, 1] = 1.0
    return {
        "rgb": torch.rand(videos, cells, 12),
        "logmel": torch.randn(videos, cells, 96, 60),
        "points": points,
        "label": torch.full((videos, 2), 0.5),
    }


@pytest.mark.parametrize("streams", ["video+audio", "video", "audio"])
def test_each_stream_learns_and_every_parameter_has_a_gradient(streams):
    model, objective = made(streams)
    terms = objective(model.train(), batch_of())
    assert list(terms) == ["video", "point", "background", "foreground", "contrast"]
    torch.stack(list(terms.values())).sum().backward()
    for parameter in (*model.parameters(), *objective.parameters()):
        assert parameter.grad is not None and parameter.grad.isfinite().all()


def test_targets_are_the_annotated_classes_and_never_the_background():
    points = torch.zeros(1, 4, 2)
    points[0, 1, 0], points[0, 2] = 1.0, torch.tensor([2.0, 1.0])
    expected = torch.tensor([[0, 0, 0], [0.9, 0.1, 0], [0.9, 0.9, 0], [0, 0, 0]])
    assert torch.equal(point_targets(points)[0], expected)


def test_shares_of_a_video_come_from_an_eighth_of_its_cells_and_one_at_least():
    logits = torch.zeros(1, 16, 3)
    logits[0, :2, 0] = 4.0
    expected = torch.log_softmax(torch.tensor([4.0, 0.0]), dim=0)
    torch.testing.assert_close(video_shares(logits, 8)[0], expected)
    torch.testing.assert_close(video_shares(logits[:, :3], 8)[0], expected)


@pytest.mark.parametrize("occurs", [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize("cells", [1, 7, 8, 29, 64])
def test_a_class_that_occurs_scores_by_its_highest_cells_and_another_by_all(occurs, cells):
    torch.manual_seed(cells)
    logits = torch.randn(3, cells, 3)
    labels = torch.tensor([occurs, occurs[::-1], (False, True)])
    scores = video_scores(logits, labels, 8)
    for video in range(3):
        for label in range(2):
            values = sorted(logits[video, :, label].sigmoid().tolist(), reverse=True)
            counted = values[: max(1, cells // 8)] if labels[video, label] else values
            assert scores[video, label].item() == pytest.approx(sum(counted) / len(counted), abs=1e-6)


def test_scores_of_classes_that_all_occur_are_those_of_a_prediction():
    logits = torch.randn(1, 40, 3)
    both = video_scores(logits, torch.ones(1, 2, dtype=torch.bool), 8)
    assert both[0].tolist() == pytest.approx(video_confidence(logits[0].numpy(), 8).tolist())


def test_the_loss_of_a_video_is_half_the_divergence_of_its_shares():
    _, objective = made(loss=LossWeights(video=2.0))
    distribution = torch.zeros(1, CELLS, 3)  # even
    output = silent(distribution=distribution)
    for shares, expected in (
        ([0.5, 0.5], 0.0),
        ([1.0, 0.0], math.log(2) / 2),
        ([0.75, 0.25], (0.75 * math.log(1.5) + 0.25 * math.log(0.5)) / 2),
    ):
        terms = objective.terms(output, batch_of()["points"], torch.tensor([shares]))
        assert terms.video.item() == pytest.approx(expected, abs=1e-6)
        assert objective.weighted(terms)["video"].item() == pytest.approx(2 * expected, abs=1e-6)


def silent(**fields):
    """An output of which only the named fields have values."""
    torch.manual_seed(2)
    values = {
        "logits": torch.zeros(1, CELLS, 3),
        "distribution": torch.zeros(1, CELLS, 3),
        "features": torch.rand(1, CELLS, 24),
        "aligned": torch.rand(1, 2, CELLS, 16),
    }
    return TSLNetOutput(**(values | fields))


def test_weights_of_the_paper_share_the_cells_among_points_and_seeds():
    _, objective = made()
    terms = objective.terms(silent(), batch_of()["points"], batch_of()["label"])
    weighted = objective.weighted(terms)
    expected = {"video": 2.0, "point": 0.5, "background": 0.5, "foreground": 0.5, "contrast": 1.0}
    for name, weight in expected.items():
        assert weighted[name].item() == pytest.approx(weight * getattr(terms, name).item())


def test_a_video_without_points_has_finite_losses_and_no_loss_of_cells():
    model, objective = made()
    batch = batch_of()
    batch["points"], batch["label"] = torch.zeros_like(batch["points"]), torch.zeros(1, 2)
    terms = objective(model, batch)
    assert all(term.isfinite() for term in terms.values())
    assert [terms[name].item() for name in ("video", "point", "background", "foreground")] == [0, 0, 0, 0]


def test_seeds_of_a_video_do_not_depend_on_the_rest_of_the_batch():
    model, objective = made()
    batch = batch_of(3)
    batch["points"][1], batch["points"][2, 20, 0] = 0.0, 1.0
    scores = torch.rand(3, CELLS, 3)
    targets = point_targets(batch["points"])
    together = objective.seeds(scores, targets)
    alone = [objective.seeds(scores[i : i + 1], targets[i : i + 1]) for i in range(3)]
    for place in range(2):
        assert torch.equal(together[place], torch.cat([each[place] for each in alone]))
    assert all(term.isfinite() for term in objective(model, batch).values())


def likeness_after(sign, *, steps=20):
    """Mean similarity of matched rows before and after training with the contrast alone."""
    weights = LossWeights(video=0.0, cells=0.0, contrast=1.0)
    model, objective = made(contrast_sign=sign, loss=weights)
    batch = batch_of(cells=16)
    optimizer = torch.optim.Adam([*model.parameters(), *objective.parameters()], lr=1e-2)

    @torch.no_grad()
    def likeness():
        output = model(rgb=batch["rgb"], logmel=batch["logmel"])
        back = torch.stack([head(output.features) for head in objective.reverse.values()], dim=1)
        return float(F.cosine_similarity(output.aligned, back, dim=3).mean())

    before = likeness()
    for _ in range(steps):
        optimizer.zero_grad()
        torch.stack(list(objective(model, batch).values())).sum().backward()
        optimizer.step()
    return before, likeness()


def test_the_papers_contrast_makes_matched_rows_similar_and_the_references_dissimilar():
    before, after = likeness_after("paper")
    assert after > before + 0.05
    before, after = likeness_after("reference")
    assert after < before - 0.05


def test_rows_of_zeros_give_finite_losses_and_gradients():
    x, z = torch.rand(6, 4), torch.rand(6, 4)
    x[2], z[2], z[4] = 0.0, 0.0, 0.0
    x.requires_grad_(), z.requires_grad_()
    loss = contrast(x, z)
    loss.backward()
    assert loss.isfinite() and x.grad is not None and x.grad.isfinite().all() and z.grad.isfinite().all()


def test_a_dead_network_trains_on_without_nan():
    model, objective = made()
    with torch.no_grad():
        model.fuse.weight.zero_(), model.fuse.bias.fill_(-1.0)  # the last ReLU gives only zeros
    terms = objective(model.train(), batch_of())
    torch.stack(list(terms.values())).sum().backward()
    assert all(term.isfinite() for term in terms.values())
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)


def test_losses_are_in_full_precision_under_autocast():
    model, objective = made()
    with torch.autocast("cpu", torch.bfloat16):
        terms = objective(model, batch_of())
    assert {term.dtype for term in terms.values()} == {torch.float32}
    assert all(term.isfinite() for term in terms.values())


def test_saturated_scores_give_finite_losses():
    _, objective = made()
    logits = torch.full((1, CELLS, 3), 200.0)
    logits[:, ::2] = -200.0
    terms = objective.terms(silent(logits=logits), batch_of()["points"], batch_of()["label"])
    assert all(term.isfinite() for term in terms)


def test_training_normalises_sound_chunk_by_chunk():
    model, _ = made(chunk_cells=10)
    model.audio.train()
    logmel = torch.randn(1, CELLS, 96, 60)
    whole = model.audio(logmel)
    parts = [model.audio(part) for part in logmel.split(10, dim=1)]
    torch.testing.assert_close(whole, torch.cat(parts, dim=1))
    model.audio.eval()
    assert not torch.allclose(model.audio(logmel), whole)
