"""What holds for every contrastive loss: state, missing labels, order of the batch, precision."""

import copy
import io

import pytest
import torch
from pydantic import TypeAdapter

from affekt.layers.contrast.make import make_contrast
from affekt.layers.contrast.settings import ContrastSettings

CLASSES, WIDTH = 4, 16
SETTINGS = {
    "supervised": {"kind": "supervised"},
    "spcl": {"kind": "spcl", "pool_size": 5, "support": 3},
    "spcl-all": {"kind": "spcl", "pool_size": 5, "support": 3, "rows": "all"},
    "spdcl": {"kind": "spdcl", "pool_size": 5, "support": 3, "temperature": 0.3},
    "apcl-polar": {"kind": "apcl"},
    "apcl-qr_sign": {"kind": "apcl", "orthogonal": "qr_sign", "rows": "samples"},
    "apcl-none": {"kind": "apcl", "orthogonal": "none", "beta": 0.1, "gamma": 0.1},
}


def make(name, **changes):
    """A loss with class means, made from a fixed seed."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        settings = TypeAdapter(ContrastSettings).validate_python(SETTINGS[name] | changes)
        contrast = make_contrast(settings, CLASSES, WIDTH)
        contrast.begin_epoch(torch.randn(CLASSES, WIDTH), torch.tensor([True, True, True, False]))
    return contrast


def batch(step, count=12):
    generator = torch.Generator().manual_seed(step)
    labels = torch.randint(CLASSES, (count,), generator=generator)
    return torch.randn(count, WIDTH, generator=generator).requires_grad_(), labels


@pytest.fixture(params=SETTINGS)
def name(request):
    return request.param


def test_a_resumed_loss_continues_bit_for_bit(name):
    whole = make(name)
    expected = [whole(*batch(step)).item() for step in range(8)]
    first = make(name)
    for step in range(4):
        first(*batch(step))
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    torch.manual_seed(99)  # a new process has another state
    settings = TypeAdapter(ContrastSettings).validate_python(SETTINGS[name])
    resumed = make_contrast(settings, CLASSES, WIDTH)
    resumed.load_state_dict(torch.load(file, weights_only=True))
    assert [resumed(*batch(step)).item() for step in range(4, 8)] == expected[4:]
    state = resumed.state_dict()
    assert all(torch.equal(value, state[key]) for key, value in whole.state_dict().items())


def test_evaluation_changes_no_state(name):
    contrast = make(name)
    contrast(*batch(0))
    before = copy.deepcopy(contrast.state_dict())
    contrast.eval()
    assert contrast(*batch(1)).item() == contrast(*batch(1)).item()
    assert all(torch.equal(value, before[key]) for key, value in contrast.state_dict().items())


def test_items_without_label_take_no_part(name):
    features, labels = batch(0)
    labels[[2, 5, 11]] = -1
    known = labels >= 0
    one, other = make(name), make(name)
    loss = one(features, labels)
    assert loss.item() == other(features[known], labels[known]).item()
    assert all(torch.equal(value, other.state_dict()[key]) for key, value in one.state_dict().items())
    (gradient,) = torch.autograd.grad(loss, features)
    assert not gradient[~known].any()


def test_a_batch_without_labels_gives_a_differentiable_zero_and_keeps_the_state(name):
    contrast, (features, labels) = make(name), batch(0)
    before = copy.deepcopy(contrast.state_dict())
    loss = contrast(features, torch.full_like(labels, -1))
    loss.backward()
    assert loss.item() == 0 and features.grad is not None and not features.grad.any()
    assert all(torch.equal(value, before[key]) for key, value in contrast.state_dict().items())


def test_the_largest_share_is_the_class(name):
    features, labels = batch(0)
    shares = torch.nn.functional.one_hot(labels, CLASSES) * 0.6 + 0.1
    shares[3] = 0.0  # nobody voted
    labels[3] = -1
    assert make(name)(features, shares).item() == make(name)(features, labels).item()


def test_the_order_of_the_batch_does_not_change_the_loss(name):
    features, labels = batch(0)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(1))
    contrast, other = make(name).eval(), make(name).eval()  # in training momenta depend on the order
    found = other(features[order], labels[order]).item()
    assert found == pytest.approx(contrast(features, labels).item(), rel=1e-5)


def test_the_weight_is_a_factor(name):
    assert make(name, weight=0.5)(*batch(0)).item() == 0.5 * make(name)(*batch(0)).item()


@pytest.mark.parametrize(
    "features",
    [
        pytest.param(torch.zeros(6, WIDTH), id="zeros"),
        pytest.param(torch.ones(6, WIDTH), id="equal"),
        pytest.param(-1e4 * torch.eye(6, WIDTH), id="large"),
    ],
)
@pytest.mark.parametrize("labels", [[1] * 6, [0, 1, 2, 3, 0, 1], [3, -1, -1, -1, -1, -1]])
def test_odd_batches_have_finite_losses_and_gradients(name, features, labels):
    contrast, rows = make(name), features.clone().requires_grad_()
    for _ in range(3):
        loss = contrast(rows, torch.tensor(labels))
        assert loss.isfinite()
        assert torch.autograd.grad(loss, rows)[0].isfinite().all()


def test_scores_are_computed_in_single_precision(name):
    features, labels = batch(0)
    low = features.detach().bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        loss = make(name)(low, labels)
    assert loss.dtype == torch.float32
    assert loss.item() == make(name)(low.float(), labels).item()


def test_an_earlier_loss_can_be_differentiated_after_a_later_step(name):
    contrast, (features, labels) = make(name), batch(0)
    (expected,) = torch.autograd.grad(make(name)(features, labels), features)
    loss = contrast(features, labels)
    contrast(*batch(1))
    assert torch.equal(torch.autograd.grad(loss, features)[0], expected)


def test_other_classes_and_widths_are_refused(name):
    features, labels = batch(0)
    with pytest.raises(ValueError, match="expected 0 to 3 for 4 classes"):
        make(name)(features, labels + 2)
    with pytest.raises(ValueError, match="width 15, expected 16"):
        make(name)(features[:, 1:], labels)
