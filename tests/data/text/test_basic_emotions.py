"""GoEmotions in seven labels: those of faces, one for each comment."""

import pytest

from affekt.core.labels import label_set
from affekt.core.sample import Sample, Skipped
from affekt.data.open import open_dataset
from affekt.data.text.basic_emotions import GROUPS, NONE, SEVERAL, with_one_label


def one_label(*names):
    return with_one_label(Sample("c", {"text": "well"}, label_weights=dict.fromkeys(names, 1.0)))


@pytest.mark.parametrize(
    ("names", "label"),
    [
        (["annoyance"], "anger"),
        (["gratitude", "joy"], "happiness"),
        (["neutral", "fear"], "fear"),
        (["curiosity", "neutral"], "neutral"),
        (["curiosity", "surprise"], "surprise"),
    ],
)
def test_labels_of_one_basic_emotion_become_it(names, label):
    found = one_label(*names)
    assert isinstance(found, Sample) and found.label == label and found.label_weights is None


def test_comments_of_several_or_no_basic_emotion_are_skipped():
    several, none = one_label("joy", "sadness"), one_label("curiosity")
    assert isinstance(several, Skipped) and isinstance(none, Skipped)
    assert (several.kind, none.kind) == (SEVERAL, NONE)


def test_groups_name_labels_of_both_sets_each_once():
    named = [name for names in GROUPS.values() for name in names.split()]
    assert len(named) == len(set(named)) and set(named) <= set(label_set("goemotions-28").names)
    assert set(GROUPS) == set(label_set("fer-7").names)


def test_comments_of_the_shared_dev_part_have_one_label_each(shared, tmp_path):
    for name in ("dev.tsv", "labels.txt"):  # the training part takes too long
        (tmp_path / name).symlink_to(shared / "data" / "goemotions" / name)
    corpus = open_dataset("goemotions", tmp_path, {"labels": "basic-7"})
    assert corpus.task.name == "single_label" and corpus.labels == label_set("fer-7")
    assert len(corpus.samples) + len(corpus.skipped) == 5426
    assert {sample.label for sample in corpus.samples} == set(corpus.labels.names)
