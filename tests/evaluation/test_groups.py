"""Scores by group."""

import numpy as np
import pytest

from affekt.core.errors import UsageError
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample
from affekt.core.task import find_task
from affekt.evaluation.groups import check_groups, known_groups, score_groups
from affekt.metrics.intervals import score_intervals

LABELS = LabelSet.of("happy", "sad")


def invented(recalls, *, each=100):
    """Samples and rows of two genders, with a recall of `sad` for each; all `happy` items are right."""
    rng = np.random.default_rng(0)
    samples, rows = {}, []
    for gender, recall in recalls.items():
        for number in range(each):
            label = LABELS.names[number % 2]
            right = label == "happy" or rng.random() < recall
            name = f"{gender}-{number}"
            samples[name] = Sample(
                name, {}, label, subject=f"{gender}-{number // 4}", facts={"gender": gender}
            )
            rows.append({"id": name, "true": label, "predicted": label if right else "happy"})
    return samples, rows


def grouped(name, samples, rows):
    return score_groups(name, samples, rows, find_task("single_label"), LABELS)


def test_a_planted_difference_of_recalls_is_found():
    found = grouped("gender", *invented({"f": 0.95, "m": 0.5}))
    assert (found.worst, found.by, [one.samples for one in found.groups]) == ("m", "uar", [100, 100])
    happy, sad = found.opportunities
    assert (happy.difference, happy.p) == (0.0, 1.0)
    assert (sad.label, sad.high, sad.low) == ("sad", "f", "m")
    assert sad.difference > 0.3 and sad.p < 0.01


def test_groups_that_do_not_differ_are_within_chance():
    found = grouped("gender", *invented({"f": 0.7, "m": 0.7}))
    assert found.opportunities[1].p > 0.05


def test_a_group_has_the_intervals_of_its_items():
    samples, rows = invented({"f": 0.9, "m": 0.5})
    found = grouped("gender", samples, rows)
    own = [row for row in rows if samples[row["id"]].facts["gender"] == "m"]
    truth, said = (np.array([LABELS.index(row[it]) for row in own]) for it in ("true", "predicted"))
    expected = score_intervals(truth, said, 2, [samples[row["id"]].subject for row in own])
    assert found.groups[1].intervals["accuracy"] == pytest.approx(expected.ranges["accuracy"])


def test_unknown_groups_are_refused_with_the_known_ones():
    samples, _ = invented({"f": 1.0, "m": 1.0}, each=10)
    assert known_groups(list(samples.values())) == ["subject", "speaker", "gender"]
    with pytest.raises(UsageError, match=r"--groups gendr: .*did you mean gender\?"):
        check_groups(["gendr"], list(samples.values()))
    with pytest.raises(UsageError, match="known: subject, speaker, gender"):
        check_groups(["age"], list(samples.values()))


def test_small_groups_are_noted_and_not_compared():
    found = grouped("subject", *invented({"f": 0.9, "m": 0.5}, each=12))
    assert not found.opportunities
    assert found.notes == ("6 groups have fewer than 10 samples, such as f-0",)
