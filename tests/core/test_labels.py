"""Label sets: names in order, polarities, and maps between sets."""

import pytest
from pydantic import ValidationError

from affekt.core.errors import DataError, UsageError
from affekt.core.labels import _SETS, LabelSet, label_set
from affekt.core.task import find_task


def test_an_index_is_the_position_in_the_set():
    labels = LabelSet.of("happy", "sad", "neutral")
    assert [labels.index(name) for name in labels.names] == [0, 1, 2]
    assert len(labels) == 3


def test_an_unknown_label_is_refused_with_a_suggestion():
    with pytest.raises(UsageError, match=r"'hapy' is not in this set; did you mean happy\?"):
        LabelSet.of("happy", "sad").index("hapy")


def test_the_gait_order_is_the_published_one():
    assert label_set("gait-4").names == ("happy", "sad", "angry", "neutral")


def test_an_unknown_set_is_refused_with_a_suggestion():
    with pytest.raises(UsageError, match=r"did you mean gait-4\?"):
        label_set("gait4")


@pytest.mark.parametrize("name", sorted(_SETS))
def test_every_emotion_of_a_published_set_has_a_polarity(name):
    labels = label_set(name)
    assert None not in labels.polarity
    assert len(labels) == int(name.rpartition("-")[2])


def test_names_of_a_set_differ():
    with pytest.raises(ValidationError, match="names are repeated"):
        LabelSet.of("happy", "sad", "happy")


@pytest.mark.parametrize("names", [(), ("happy",)])
def test_a_task_of_classes_needs_two_names(names):
    with pytest.raises(DataError, match="single_label needs a label set of at least 2 names"):
        find_task("single_label").check_labels(LabelSet.of(*names))


def test_ratings_need_one_name():
    find_task("regression").check_labels(LabelSet.of("valence"))
    with pytest.raises(DataError, match="at least 1 name, found"):
        find_task("regression").check_labels(LabelSet.of())


def test_each_name_needs_a_polarity():
    with pytest.raises(ValidationError, match="2 names but 1 polarities"):
        LabelSet(names=("a", "b"), polarity=("positive",))


def test_an_unknown_emotion_has_the_given_polarity_or_none():
    labels = LabelSet.of("smug", "happy", "odd", polarity={"smug": "negative"})
    assert labels.polarity == ("negative", "positive", None)


def test_synonyms_are_mapped_to_each_other():
    assert label_set("gait-4").map_to(label_set("raf-7")) == {
        "happy": "happiness",
        "sad": "sadness",
        "angry": "anger",
        "neutral": "neutral",
    }


def test_an_emotion_that_the_other_set_lacks_is_mapped_to_none():
    mapped = label_set("meld-7").map_to(label_set("gait-4"))
    assert mapped["disgust"] is None
    assert mapped["joy"] == "happy"


def test_labels_are_mapped_to_a_set_of_polarities_by_polarity():
    mapped = label_set("gait-4").map_to(label_set("sentiment-3"))
    assert mapped == {"happy": "positive", "sad": "negative", "angry": "negative", "neutral": "neutral"}


def test_mapping_a_set_to_itself_changes_nothing():
    labels = label_set("plutchik-8")
    assert labels.map_to(labels) == {name: name for name in labels.names}


def test_case_does_not_matter_when_sets_are_mapped():
    assert LabelSet.of("Happy", "SAD").map_to(label_set("gait-4")) == {"Happy": "happy", "SAD": "sad"}


def test_a_label_set_round_trips_through_plain_values():
    labels = label_set("gait-4")
    assert LabelSet.model_validate(labels.model_dump(mode="json")) == labels
