"""Several labels: a class that the data cannot state is not scored."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from affekt.core.answers.calibration import Calibration
from affekt.core.answers.prediction import Provenance
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample
from affekt.core.spec import InputSpec, TensorSpec
from affekt.core.task import find_task

NAMES = ("joy", "sadness", "anger")


class Logits:
    """The logits of a sample are its media."""

    spec = InputSpec(inputs=(TensorSpec(name="x", axes="b k", shape=(len(NAMES),)),))

    def fit(self, samples):
        return {}

    def views(self, sample):
        return [self(sample)]

    def __call__(self, sample, *, rng=None):
        return {"x": np.array(sample.media["x"], np.float32)}


class Same:
    """The outputs are the inputs."""

    def __call__(self, batch):
        return batch["x"]

    def outputs(self, batch):
        return {"logits": batch["x"]}


@dataclass
class Answerer:
    preprocess: Any
    network: Any
    labels: LabelSet
    calibration: Calibration
    modality: str
    provenance: Provenance


ANSWERER = Answerer(Logits(), Same(), LabelSet.of(*NAMES), Calibration(), "x", Provenance("m", "0", "0"))


def scored(folder, names):
    samples = [
        Sample(str(n), {"x": logits}, label_weights={name: float(name in present) for name in names})
        for n, (logits, present) in enumerate(
            [([9, 9, -9], {"joy"}), ([-9, 9, 9], {"anger"}), ([9, 9, 9], {"joy", "anger"})] * 4
        )
    ]
    return find_task("multi_label").evaluate(ANSWERER, samples, LabelSet.of(*names), folder)


def test_a_class_without_a_label_in_the_data_is_not_scored_and_reported(tmp_path):
    result = scored(tmp_path, ("joy", "anger"))
    assert result.scores["accuracy"] == result.scores["macro_f1"] == 1
    assert [row["class"] for row in result.per_class] == ["joy", "anger"]
    assert result.notes == ("the data have no label for sadness: not scored",)
    assert result.predictions[0]["predicted"] == "joy|sadness" and result.labels == NAMES


def test_a_class_that_the_data_state_as_absent_is_scored(tmp_path):
    result = scored(tmp_path, NAMES)
    assert result.scores["accuracy"] < 1 and result.notes == ()
