"""Segments and points: how many there are, places of points, and agreement of annotators."""

import json

import pytest

from affekt.core.dataset import Corpus
from affekt.core.labels import label_set
from affekt.core.sample import Sample
from affekt.core.segment import Point, Segment
from affekt.core.task import find_task
from affekt.quality.corpus import describe, problems
from affekt.quality.points import describe_points, lines_of_points, problems_of_points

LABELS = label_set("tsl-2")
EVENTS = (Segment(10.0, 20.0, "positive"), Segment(30.0, 40.0, "negative"))


def video(name="a", *points, segments=EVENTS, split="train", media=None, **facts):
    marked = tuple(Point(time_s, label) for time_s, label in points)
    weights = {name: 1.0 for _, name in points} or None
    return Sample(
        name,
        media or {},
        label_weights=weights,
        subject=name,
        split=split,
        segments=segments,
        points=marked,
        facts=facts,
    )


def corpus(*samples, task="localization"):
    return Corpus(list(samples), LABELS, task=find_task(task))


def described(*samples):
    description = describe_points(corpus(*samples))
    assert description is not None
    return description


def test_points_are_inside_opposite_or_outside():
    points = described(
        video("a", (12.0, "positive"), (13.0, "positive"), (15.0, "negative"), (25.0, "positive"))
    )["points"]
    assert points == {
        "samples": 1,
        "points": 4,
        "inside": 2,
        "opposite": 1,
        "outside": 1,
        "segments": 2,
        "unmarked": 1,
    }


def test_a_point_in_two_segments_is_inside_if_one_has_its_class():
    both = (Segment(0.0, 9.0, "negative"), Segment(5.0, 12.0, "positive"))
    assert described(video("a", (7.0, "positive"), segments=both))["points"]["inside"] == 1


@pytest.mark.parametrize(("facts", "place"), [({}, "inside"), ({"rate_hz": 4.0}, "outside")])
def test_a_point_counts_at_the_start_of_its_frame_if_the_rate_is_known(facts, place):
    # The frame from 9.75 to 10 s, whose end overlaps the segment; its point is a bit after its middle.
    late = (Segment(9.9, 20.0, "positive"),)
    assert described(video("a", (9.95, "positive"), segments=late, **facts))["points"][place] == 1


def test_points_of_samples_without_annotated_segments_are_in_no_place():
    points = described(video("a", (12.0, "positive"), segments=None))["points"]
    assert (points["points"], points["segments"]) == (1, 0)
    assert points["inside"] == points["opposite"] == points["outside"] == 0


def test_segments_are_counted_by_split_and_class():
    found = described(
        video("a"), video("b", segments=()), video("c", split="test"), video("d", segments=None)
    )
    assert found["segments"] == {
        "train": {
            "samples": 2,
            "empty": 1,
            "segments": 2,
            "classes": {"negative": 1, "positive": 1},
            "median_s": 10.0,
        },
        "test": {
            "samples": 1,
            "empty": 0,
            "segments": 2,
            "classes": {"negative": 1, "positive": 1},
            "median_s": 10.0,
        },
    }


def test_each_annotator_is_counted_and_each_pair_is_compared():
    marks = {
        "anna": [[12.0, "positive"], [33.0, "negative"], [60.0, "positive"]],
        "bela": [[14.0, "positive"], [33.5, "positive"]],
    }
    found = described(video("a", annotators=marks))
    assert found["annotators"]["anna"]["inside"] == 2
    assert found["annotators"]["anna"]["outside"] == 1
    assert found["annotators"]["bela"] == {
        "samples": 1,
        "points": 2,
        "inside": 1,
        "opposite": 1,
        "outside": 0,
        "segments": 2,
        "unmarked": 1,
    }
    # Four of five points have one of the other annotator near by; those at 33 s have different classes.
    assert found["agreement"] == [{"annotators": ["anna", "bela"], "points": 5, "near": 4, "same": 2}]


def test_counts_and_agreement_are_written_as_sentences():
    marks = {"anna": [[12.0, "positive"]], "bela": [[13.0, "positive"]]}
    assert lines_of_points(
        described(video("a", (12.0, "positive"), (25.0, "positive"), annotators=marks))
    ) == [
        "train: 2 segments (1 negative, 1 positive), median 10.0 s",
        "points: 2 in 1 sample, 1 (50 %) in a segment of their class, 0 (0 %) in one of another class, "
        "1 (50 %) in none; 1 of 2 segments without a point of their class",
        "anna: 1 in 1 sample, 1 (100 %) in a segment of their class, 0 (0 %) in one of another class, "
        "0 (0 %) in none; 1 of 2 segments without a point of their class",
        "bela: 1 in 1 sample, 1 (100 %) in a segment of their class, 0 (0 %) in one of another class, "
        "0 (0 %) in none; 1 of 2 segments without a point of their class",
        "anna and bela: 100 % of their points have one of the other within 3 s, 100 % of these one of the "
        "same class",
    ]


def test_many_points_outside_their_segments_are_a_problem():
    assert problems_of_points(described(video("a", (12.0, "positive"), (25.0, "positive")))) == [
        "1 of 2 points (50 %) are outside the segments of their class: training uses many wrong moments"
    ]
    assert problems_of_points(described(video("a", (12.0, "positive"), (35.0, "negative")))) == []


def test_other_tasks_have_no_such_facts():
    sample = Sample("a", {}, "positive", segments=EVENTS)
    description = describe(corpus(sample, task="single_label"))
    assert description["localization"] is None
    assert lines_of_points(None) == problems_of_points(None) == []


def test_the_description_of_a_corpus_holds_them_as_plain_json():
    description = describe(
        corpus(video("a", (12.0, "positive"), (25.0, "positive")), video("b", segments=()))
    )
    assert json.loads(json.dumps(description)) == description
    assert description["localization"]["points"]["outside"] == 1
    assert any("training uses many wrong moments" in line for line in problems(description))


def test_a_video_counts_for_each_class_that_it_has_and_an_empty_one_is_not_unlabelled():
    part = describe(
        corpus(
            video("a", (12.0, "positive"), (35.0, "negative")),
            video("b", segments=()),
            video("c", segments=None),
        )
    )["splits"]["train"]
    assert part["classes"] == {"negative": 1, "positive": 1}
    assert part["unlabelled"] == 1


def test_samples_without_media_are_reported_and_are_not_duplicates():
    description = describe(corpus(video("a", (12.0, "positive")), video("b", (12.0, "positive"))))
    assert description["duplicates"] == []
    assert description["without_media"] == 2
    assert any("2 samples without media" in line for line in problems(description))
