"""Cells of long media get the same answers block by block as in one call."""

import numpy as np
import pytest

from affekt.core.answers.networks import StagedNetwork
from affekt.core.sample import Sample
from affekt.core.spec import InputSpec, TensorSpec
from affekt.tasks.localization.cells import blocks_of, cell_logits
from affekt.tasks.localization.task import Localization

CONTEXT = 2


def moving_sum(x):
    """A network of context 2: the sum of each cell and two neighbours on each side."""
    padded = np.pad(x, (CONTEXT, CONTEXT))
    return sum(padded[shift : shift + len(x)] for shift in range(2 * CONTEXT + 1))


class Cells:
    """The cells of a sample, in parts of the given sizes."""

    context = CONTEXT

    def __init__(self, sizes):
        self.sizes = sizes
        self.values = np.random.default_rng(0).standard_normal((sum(sizes), 3)).astype(np.float32)

    def count(self, sample):
        return sum(self.sizes)

    def parts(self, sample):
        ends = np.cumsum(self.sizes)
        for end, size in zip(ends, self.sizes, strict=True):
            yield {"x": self.values[end - size : end], "doubled": 2 * self.values[end - size : end]}

    def cells_at(self, sample, times_s):
        return np.floor(times_s).astype(int)

    def localize(self, sample, logits):
        raise NotImplementedError


def network(batch):
    assert np.array_equal(batch["doubled"], 2 * batch["x"]), "inputs of a block belong together"
    return np.stack([np.stack([moving_sum(column) for column in row.T], axis=1) for row in batch["x"]])


@pytest.mark.parametrize("sizes", [[1], [3, 1, 1], [40], [7, 7, 7], [1] * 25, [2, 30, 5]])
@pytest.mark.parametrize("block", [1, 4, 16, 512])
def test_blocks_of_any_size_give_the_answers_of_the_whole(sizes, block):
    cells = Cells(sizes)
    reported = []
    found = cell_logits(
        Sample("a", {}),
        cells,
        network,
        block=block,
        on_cells=lambda done, total: reported.append((done, total)),
    )
    whole = network({"x": cells.values[None], "doubled": 2 * cells.values[None]})[0]
    assert found.shape == whole.shape
    np.testing.assert_allclose(found, whole, rtol=1e-5, atol=1e-6)
    assert reported[-1] == (len(whole), len(whole)) and sorted(reported) == reported


def test_no_block_is_longer_than_a_block_a_part_and_the_context():
    lengths = [len(b.arrays["x"]) for b in blocks_of(Cells([3] * 40).parts(None), context=2, cells=8)]
    assert max(lengths) <= 8 + 2 * CONTEXT + 3


def test_a_separate_encoder_computes_each_cell_once():
    class Staged:
        encoded = "x"
        seen = 0

        def encode(self, cells):
            self.seen += len(cells)
            return cells + 1

        def __call__(self, batch):
            return np.stack([np.stack([moving_sum(c) for c in row.T], axis=1) for row in batch["x"] - 1])

    cells, staged = Cells([5, 9, 6]), Staged()
    assert isinstance(staged, StagedNetwork)
    found = cell_logits(Sample("a", {}), cells, staged, block=4)
    assert staged.seen == 20
    whole = network({"x": cells.values[None], "doubled": 2 * cells.values[None]})[0]
    np.testing.assert_allclose(found, whole, rtol=1e-5, atol=1e-5)


class Whole(Cells):
    """The same with all members of preprocessing that localizes."""

    spec = InputSpec(inputs=(TensorSpec(name="x", axes="t d", shape=(None, 3), meaning="numbers"),))
    threshold_tiou = 0.5

    def fit(self, samples):
        return {}

    def views(self, sample):
        return [self(sample)]

    def __call__(self, sample, *, rng=None):
        return {"x": self.values}


class NotFinite:
    """A network that answers with NaN."""

    def __call__(self, batch):
        return np.full((1, batch["x"].shape[1], 3), np.nan, np.float32)


def test_a_long_sample_that_is_answered_with_nan_is_left_out_of_scores_with_the_reason():
    answers = Localization().answer([Sample("a", {}), Sample("b", {})], Whole([3, 2]), NotFinite())
    assert answers.values == [] and answers.used == []
    assert [one.id for one in answers.skipped] == ["a", "b"]
    assert all("not finite" in one.reason for one in answers.skipped)
