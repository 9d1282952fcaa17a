"""What a training says of its data before it begins."""

import pytest

from affekt.core.dataset import Corpus
from affekt.core.errors import DataError
from affekt.core.labels import LabelSet
from affekt.core.recipe import Recipe
from affekt.core.sample import Sample
from affekt.core.task import find_task
from affekt.engine.description import describe_data, limits_of_data
from affekt.engine.splits import Parts, part

LABELS = LabelSet.of("calm", "tense")


def corpus(task="single_label", labels=LABELS.names, subjects=10):
    samples = [
        Sample(f"{label}-{n}", {}, label=label, subject=f"s{n}") for label in labels for n in range(subjects)
    ]
    return Corpus(samples, LABELS, [], find_task(task))


def recipe(**selection):
    return Recipe.from_values(
        {
            "method": "compact_face",
            "data": {"name": "images"},
            "split": {"test_share": 0.2},
            "selection": selection,
        }
    )


def test_each_part_is_stated_with_its_classes_and_subjects():
    data = corpus()
    *lines, how = describe_data(recipe(), data, part(data.samples, recipe().split))
    assert [line.partition(":")[0] for line in lines] == ["train", "validation", "test"]
    assert lines[2] == "test: 4 samples (calm 2, tense 2), of 2 subjects"
    assert how.startswith("parts: test is 0.2 of the samples, subjects kept whole (--hold-out); ")


@pytest.mark.parametrize(
    ("selection", "use"),
    [({}, "which selects the epoch"), ({"last_epoch": True}, "which calibrates confidences")],
)
def test_it_is_said_what_the_validation_part_is_for(selection, use):
    data, chosen = corpus(), recipe(**selection)
    assert f"validation, {use}, is about" in describe_data(chosen, data, part(data.samples, chosen.split))[-1]


def test_one_class_is_too_few_for_labels_and_enough_for_segments():
    for task in ("single_label", "localization"):
        data = corpus(task, labels=("calm",))
        parts = Parts(data.samples[:6], data.samples[6:8], data.samples[8:])
        if task == "single_label":
            with pytest.raises(DataError, match="samples of calm only, of 2 classes: 2 or more are needed"):
                limits_of_data(data, parts)
        else:
            assert limits_of_data(data, parts) == ["no training sample of tense: the network cannot learn it"]
