"""Labels of items from several ratings, by hand."""

import pytest

from affekt.core.errors import DataError
from affekt.project.ratings.labels import final_labels

WIDE = "item,anna,ben,carla\n"


def labels_of(project):
    with project.database() as connection:
        return final_labels(project, connection)


def test_the_label_with_most_ratings_counts(project, rated):
    rated(project, f"{WIDE}i02,joy,trust,joy\n")
    found = labels_of(project)["i02"]
    assert (found.label, found.origin, found.ratings, found.soft) == ("joy", "ratings", 3, None)
    assert found.agreement == pytest.approx(2 / 3)


def test_items_without_ratings_have_the_label_of_their_record_or_none(project, rated):
    rated(project, f"{WIDE}i02,joy,joy,joy\n")
    found = labels_of(project)
    assert len(found) == 12
    assert (found["i01"].label, found["i01"].origin) == ("joy", "record")
    assert (found["i03"].label, found["i03"].origin, found["i03"].reason) == (None, "none", "no rating")


def test_ratings_replace_the_label_of_a_record(project, rated):
    rated(project, f"{WIDE}i01,fear,fear,joy\n")
    assert labels_of(project)["i01"].label == "fear"


def test_too_few_ratings_give_no_label(project, stated, rated):
    project = stated(project, least_raters=2, fallback="none")
    rated(project, f"{WIDE}i01,fear,,\ni02,fear,fear,\n")
    found = labels_of(project)
    assert (found["i01"].label, found["i01"].reason) == (None, "1 of at least 2 ratings")
    assert found["i02"].label == "fear"


@pytest.mark.parametrize(("ties", "label"), [("none", None), ("record", "joy"), ("dawid-skene", "fear")])
def test_ties_are_decided_as_the_project_states(project, stated, rated, ties, label):
    project = stated(project, ties=ties)
    # ben agrees with the others everywhere else, anna with nobody.
    others = "".join(f"i{number:02d},trust,anger,anger\n" for number in range(3, 9))
    more = "".join(f"i{number:02d},trust,fear,fear\n" for number in range(9, 13))
    rated(project, f"{WIDE}i01,joy,fear,\n{others}{more}")
    found = labels_of(project)["i01"]
    assert found.label == label
    assert ("joy and fear are equal" in found.reason) == (label is None)


def test_a_small_majority_gives_no_label_where_a_larger_one_is_needed(project, stated, rated):
    project = stated(project, least_share=0.7)
    rated(project, f"{WIDE}i02,joy,trust,joy\ni03,joy,joy,joy\n")
    found = labels_of(project)
    assert found["i02"].label is None and "67% of the ratings" in found["i02"].reason
    assert found["i03"].label == "joy"


def test_soft_labels_are_shares_of_the_votes_and_probabilities_by_the_model(project, stated, rated):
    project = stated(project, soft_labels=True)
    rated(project, f"{WIDE}i02,joy,trust,joy\ni03,joy,joy,joy\n")
    soft = labels_of(project)["i02"].soft
    assert soft["joy"] == pytest.approx(2 / 3) and soft["trust"] == pytest.approx(1 / 3)
    file = project.path / "project.toml"
    file.write_text(file.read_text() + 'rule = "dawid-skene"\n')
    by_model = labels_of(type(project).open(project.path))["i02"]
    assert by_model.label == "joy" and by_model.soft["joy"] > 0.9
    assert sum(by_model.soft.values()) == pytest.approx(1)


def test_the_last_round_of_a_rater_counts_unless_all_are_asked_for(project, stated, rated):
    rows = "item,rater,label,round\ni02,anna,joy,1\ni02,anna,fear,2\ni02,ben,joy,1\ni02,carla,fear,1\n"
    rated(project, rows)
    assert (labels_of(project)["i02"].label, labels_of(project)["i02"].ratings) == ("fear", 3)
    every = labels_of(stated(project, rounds="all"))["i02"]
    assert (every.label, every.ratings) == (None, 4)


def test_a_label_set_that_lost_the_label_of_ratings_is_an_error(project, rated):
    rated(project, f"{WIDE}i02,joy,trust,joy\n")
    file = project.path / "project.toml"
    file.write_text(file.read_text().replace('"plutchik-wheel-8"', '["joy", "fear"]'))
    with pytest.raises(DataError, match=r"'trust' \(1\).*label_names"):
        labels_of(type(project).open(project.path))
