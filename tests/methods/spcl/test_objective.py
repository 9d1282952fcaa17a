"""The objective: passes over the training set only where they are needed, and state under SAM."""

import numpy as np
import pytest
import torch

from affekt.core import catalog
from affekt.core.errors import ConfigError, DataError
from affekt.core.labels import LabelSet
from affekt.core.recipe import LossSettings
from affekt.core.task import find_task
from affekt.engine.loop.module import copied_state, replaced_state
from affekt.engine.objectives.criterion import WeightedLoss
from affekt.methods.spcl.model import SPCLOutput
from affekt.methods.spcl.objective import SPCLObjective

SPCL = {"kind": "spcl", "pool_size": 8, "support": 2}
PLAIN = {"classification": {"detached": False}, "contrast": {"kind": "none"}}


def make(**values):
    tiny = catalog.method("spcl").card.tiny
    config = catalog.method("spcl").make_config({**tiny, **values}).resolved()
    loss = WeightedLoss(LossSettings(), find_task("single_label"), None, LabelSet.of("a", "b", "c"))
    return SPCLObjective(config, loss)


class Network(torch.nn.Module):
    """Vectors near a place of their class; counts its calls."""

    def __init__(self):
        super().__init__()
        self.calls = 0
        self.register_buffer("prototypes", torch.zeros(3, 16))
        self.register_buffer("has_prototype", torch.zeros(3, dtype=torch.bool))

    def forward(self, *, text, own):
        self.calls += 1
        vectors = torch.nn.functional.one_hot(text[:, 0] % 3, 16).float() + 0.01 * text[:, :1]
        return SPCLOutput(torch.zeros(len(text), 3), vectors, torch.zeros(len(text), 3))


def batches(count=4, size=3):
    for number in range(count):
        places = torch.arange(size) + number * size
        yield {
            "text": places[:, None],
            "own": torch.ones(size, 1),
            "label": places % 3,
            "number": places,
        }


@pytest.mark.parametrize(
    ("values", "before_epoch", "before_validation"),
    [
        ({"losses": {"contrast": SPCL}, "curriculum": {"order": "easy_to_hard"}}, 4, 4),
        ({"losses": {"contrast": SPCL}, "decision": "classifier"}, 4, 0),
        ({"losses": {"contrast": {"kind": "apcl"}}, "decision": "classifier"}, 0, 0),
        ({"losses": PLAIN, "decision": "classifier", "curriculum": {"order": "flat"}}, 0, 0),
        ({"losses": PLAIN, "decision": "prototype"}, 0, 4),
    ],
)
def test_the_training_set_is_passed_only_where_it_is_needed(values, before_epoch, before_validation):
    objective, network = make(**values), Network()
    chosen = objective.before_epoch(0, network, batches(), epochs=2)
    assert network.calls == before_epoch
    assert (chosen is None) == (values.get("curriculum") is None)
    if chosen is not None:
        assert 0 < len(chosen) < 12 and len(set(chosen.tolist())) == len(chosen)
    network.calls = 0
    objective.before_validation(network, network, batches())
    assert network.calls == before_validation
    assert bool(network.has_prototype.all()) == (before_validation > 0)


def test_numbers_of_chosen_samples_are_those_of_the_data_whatever_the_order_of_batches():
    objective = make(losses={"contrast": SPCL}, curriculum={"order": "flat", "probability": 1.0})
    shuffled = list(batches())[::-1]
    chosen = objective.before_epoch(0, Network(), iter(shuffled), epochs=2)
    assert np.array_equal(np.sort(chosen), np.arange(12))


def test_a_training_set_without_any_readable_sample_is_an_error():
    with pytest.raises(DataError, match="none of the training samples could be read"):
        make(losses={"contrast": SPCL}).before_epoch(0, Network(), iter(()), epochs=2)


@pytest.mark.parametrize("contrast", [SPCL, {"kind": "apcl"}])
def test_the_second_pass_of_sam_sees_and_leaves_the_state_of_the_first(contrast):
    batch, network = next(batches()), Network()
    once, twice = (make(losses={"contrast": contrast}) for _ in range(2))
    twice.load_state_dict(once.state_dict())
    for objective in (once, twice):
        objective.before_epoch(0, network, batches(), epochs=2)
    start, before = copied_state(twice), copied_state(twice)
    first = [objective(network, batch)[contrast["kind"]] for objective in (once, twice)]
    with replaced_state(twice, before):
        again = twice(network, batch)[contrast["kind"]]
    assert torch.equal(first[0], first[1]) and torch.equal(again, first[0])
    assert all(torch.equal(value, twice.state_dict()[name]) for name, value in once.state_dict().items())
    changed = [name for name, value in copied_state(twice).items() if not torch.equal(value, start[name])]
    assert changed, "the first pass changes nothing: nothing is tested"


def test_several_labels_are_refused_where_one_is_needed():
    task = find_task("multi_label")
    loss = WeightedLoss(LossSettings(), task, None, LabelSet.of("a", "b", "c"))
    config = catalog.method("spcl").make_config(catalog.method("spcl").card.tiny).resolved()
    with pytest.raises(ConfigError, match=r"losses\.contrast needs one label for each sample") as error:
        SPCLObjective(config, loss)
    assert "decision = 'prototype'" in str(error.value)
