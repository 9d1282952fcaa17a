"""A task without labels: networks are trained by their objective alone and answer nothing by themselves."""

from collections.abc import Mapping

import numpy as np

from affekt.core.errors import UsageError
from affekt.core.task import Answers, Fitted, Task, quiet


class Terms:
    """Scores nothing: the objective does."""

    reads = ()

    def __init__(self):
        self.batches = 0

    def __len__(self):
        return self.batches

    def add(self, outputs, targets):
        self.batches += 1

    def scores(self):
        self.batches = 0
        return {}


class Pretraining(Task):
    name = "pretraining"
    metrics: Mapping[str, int] = {"loss": -1}
    selects_by = "loss"
    loss = "affekt.layers.losses:squared_error"
    postprocessing = "none"
    needs_labels = False
    fewest_labels = 0
    has_classes = False

    def check(self, sample, labels):
        pass

    def is_labelled(self, sample):
        return False

    def label_weights(self, sample):
        return {}

    def targets(self, samples, labels):
        return np.zeros((len(samples), 0), np.float32)

    def outputs(self, classes, preprocess):
        return {"logits": (None, -1)}

    def scorer(self, samples, preprocess, labels):
        return Terms()

    def answer(self, samples, preprocess, network, *, batch_size=None, on_item=quiet):
        return Answers([], [], [])

    def calibrate(self, answers, preprocess, labels):
        return Fitted({})

    def evaluate(self, answerer, samples, labels, folder, *, on_item=quiet):
        raise UsageError("a network of pretraining has no answers to score: its run states the terms")

    def predict(self, answerer, samples, *, batch_size=None, on_cells=quiet):
        raise UsageError("a network of pretraining answers nothing: start another training from its weights")

    def rows(self, prediction):
        return []


TASK = Pretraining()
