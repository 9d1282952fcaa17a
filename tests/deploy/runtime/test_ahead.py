"""The next batch is decoded while one is computed, except where answers are given one by one."""

import threading
from dataclasses import replace

import pytest

import affekt
from affekt.data.open import open_dataset

pytestmark = pytest.mark.xdist_group("bundle")
LONGEST_S = 20.0


class _Waiting:
    """The network of a predictor, which computes its first batch when it is told to."""

    def __init__(self, network, begin):
        self._network, self._begin, self.name = network, begin, network.name

    def __call__(self, batch):
        return self.outputs(batch)["logits"]

    def outputs(self, batch):
        assert self._begin.wait(LONGEST_S), "nothing was read while the first batch was computed"
        return self._network.outputs(batch)


@pytest.fixture
def read():
    """Samples that say when one of them is read: a function of the number, and what was read so far."""
    samples, taken = open_dataset("walkers").samples[:6], []

    def stream(number=99, event=None):
        for sample in samples:
            taken.append(sample.id)
            if event and len(taken) == number:
                event.set()
            yield sample

    return stream, taken


def test_the_next_batch_is_read_while_one_is_computed(bundle, read):
    stream, taken = read
    third = threading.Event()
    predictor = affekt.load(bundle, backend="onnxruntime")
    waiting = replace(predictor, network=_Waiting(predictor.network, third))
    answers = list(waiting.predict(stream(3, third), batch_size=2))
    assert [it.id for it in answers] == taken
    assert answers == list(predictor.predict(stream(), batch_size=2))


def test_with_batches_of_one_nothing_is_read_before_it_is_needed(bundle, read):
    stream, taken = read
    answers = affekt.load(bundle, backend="onnxruntime").answers(stream(), batch_size=1)
    for number in range(1, 4):
        assert next(answers).id == taken[-1]
        assert len(taken) == number


def test_reading_ends_with_the_answers(bundle, read):
    stream, _ = read
    answers = affekt.load(bundle, backend="onnxruntime").answers(stream(), batch_size=2)
    next(answers)
    answers.close()
    assert not [it for it in threading.enumerate() if it.name == "affekt reads ahead"]
