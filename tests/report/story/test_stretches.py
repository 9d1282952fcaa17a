"""Stretches, lanes, disagreements and boxes of a timeline."""

import numpy as np
import pytest

from affekt.core.timeline.parts import Box, Network, Person, Span, Track
from affekt.report.story.disagreement import disagreements
from affekt.report.story.faces import FacePath, thinned
from affekt.report.story.lanes import Lane, label_during, lanes_of, main_lane, mean_during
from affekt.report.story.stretches import Stretch, at_most, each_span, joined


def test_lanes_are_by_person_the_fused_one_first(timeline):
    assert [(lane.person, lane.modality) for lane in lanes_of(timeline)] == [
        ("P1", "fused"), ("P1", "face"), ("P1", "voice"), ("P1", "words"), ("P2", "face"), ("P2", "voice"),
    ]  # fmt: skip


def test_without_a_fused_answer_the_face_stands_for_a_person(timeline):
    assert main_lane(lanes_of(timeline), "P2").modality == "face"


def test_the_label_of_a_time_is_the_one_that_lasts_longest(timeline):
    lane = main_lane(lanes_of(timeline), "P1")
    assert label_during(lane, 2.5, 6.0).label == "happiness"
    assert label_during(lane, 6.1, 6.9).kind == "unsure"
    assert label_during(lane, 12.5, 13.0) is None


def test_the_label_of_a_line_is_that_of_the_mean_over_all_of_it(timeline):
    lane = main_lane(lanes_of(timeline), "P1")
    shown = mean_during(lane, 1.0, 5.0)  # neutral 60 % for 2 s, then happiness 90 % for 2 s
    assert (shown.label, shown.kind) == ("happiness", "label")
    assert shown.confidence == pytest.approx(0.55)
    assert mean_during(lane, 6.1, 6.9).kind == "unsure"
    assert mean_during(lane, 12.5, 13.0) is None


def test_the_label_of_a_line_needs_no_scores():
    spans = (Span(start_s=0, end_s=1, label="joy"), Span(start_s=1, end_s=4, label="fear", confidence=0.5))
    lane = Lane("P1", "Ann", "voice", [Track(id="a", modality="voice", person="P1", spans=spans)])
    assert mean_during(lane, 0.0, 4.0).label == "fear"


def test_ratings_are_said_with_their_values():
    (one,) = each_span([Span(start_s=0, end_s=1, values={"valence": -0.25, "arousal": 0.0})])
    assert (one.kind, one.text) == ("rated", "valence -0.25, arousal 0.00")


def test_thinning_keeps_the_longest_answer_of_each_part():
    many = [Stretch(n, n + 1, "label", "joy" if n % 10 else "fear", 0.5) for n in range(1000)]
    few = joined(at_most(many, 100))
    assert [(one.label, one.start_s, round(one.end_s)) for one in few] == [("joy", 0, 1000)]


def test_thinning_keeps_a_gap():
    many = [Stretch(n, n + 1, "label", "joy", 0.5) for n in range(1000) if not 300 <= n < 600]
    assert [(round(one.start_s), round(one.end_s)) for one in joined(at_most(many, 100))] == [
        (0, 300),
        (600, 1000),
    ]


# ---- disagreement


def test_modalities_disagree_where_they_are_sure_of_different_labels(timeline):
    found = disagreements(timeline, lanes_of(timeline))
    # Ann: neutral face, angry voice, joy in words from 1 to 3 s; from 3 s on all say happiness.
    assert [(it.person, it.start_s, it.end_s) for it in found] == [("P1", 1, 3)]
    assert found[0].labels == {"face": "neutral", "voice": "anger", "words": "joy"}


@pytest.mark.parametrize(
    ("face", "words", "is_apart"),
    [
        ("happy", "joy", False),
        ("happy", "positive", False),
        ("angry", "positive", True),
        ("happy", "", False),
        ("neutral", "positive", True),
        ("on task", "off task", True),
    ],
)
def test_labels_of_two_modalities_are_compared_by_what_they_mean(timeline, face, words, is_apart):
    def track(name, modality, label):
        one = Span(start_s=0, end_s=2, label=label, scores={label or "x": 0.9}, confidence=0.9)
        return Track(id=name, modality=modality, person="P1", spans=(one,))

    tracks = (track("a", "face", face), track("b", "words", words))
    two = timeline.model_copy(update={"tracks": tracks})
    assert bool(disagreements(two, lanes_of(two))) == is_apart


def test_a_disagreement_too_short_to_have_a_time_is_left_out(timeline):
    def track(name, modality, label, start_s, end_s):
        one = Span(start_s=start_s, end_s=end_s, label=label, scores={label: 0.9}, confidence=0.9)
        return Track(id=name, modality=modality, person="P1", spans=(one,))

    tracks = (track("a", "face", "happy", 0, 2), track("b", "words", "anger", 1.97, 3))
    two = timeline.model_copy(update={"tracks": tracks})
    assert disagreements(two, lanes_of(two)) == []


def test_labels_are_compared_after_the_mapping_of_each_network(timeline):
    network = Network(name="n", method="m", modality="face", mapping={"calm": "neutral"})
    face = Track(
        id="a", modality="face", person="P1", network="n", spans=(Span(start_s=0, end_s=2, label="calm"),)
    )
    voice = Track(id="b", modality="voice", person="P1", spans=(Span(start_s=0, end_s=2, label="neutral"),))
    two = timeline.model_copy(update={"tracks": (face, voice), "networks": (network,), "words": ()})
    assert disagreements(two, lanes_of(two)) == []


# ---- boxes


def track_of(times, **more):
    return Track(
        id="f",
        modality="face",
        boxes=tuple(Box(t, 0.1 + 0.01 * t, 0.1, 0.3, 0.4, 0.9) for t in times),
        **more,
    )


def test_a_box_is_interpolated_between_two_detections():
    assert FacePath(track_of([0, 1, 2])).at(1.5).left == pytest.approx(0.115)


def test_no_box_is_shown_while_the_face_is_gone():
    path = FacePath(track_of([0, 0.2, 0.4, 5.0, 5.2]))
    assert (
        path.at(0.5) is not None
        and path.at(2.0) is None
        and path.at(6.0) is None
        and path.at(5.1) is not None
    )
    assert len(path.runs) == 2


def test_a_box_does_not_cross_a_cut():
    path = FacePath(track_of([0, 1, 2]), shots=((0.0, 1.5), (1.5, 3.0)))
    assert path.at(1.4).left == pytest.approx(0.11) and path.at(1.6) is None and len(path.runs) == 2


def test_a_face_is_covered_before_it_is_found_and_after_it_is_lost():
    path = FacePath(track_of([1, 2, 4]))
    times = (-0.5, 0.1, 1.5, 3.0, 4.9, 5.1)
    assert [len(path.around(time, held_s=1.0, gap_s=3.0)) for time in times] == [0, 1, 1, 1, 1, 0]


def test_one_box_covers_all_places_of_a_face_that_overlap():
    near = Track(id="f", modality="face", boxes=(Box(0, 0.1, 0.1, 0.3, 0.4), Box(1, 0.2, 0.0, 0.5, 0.3)))
    assert FacePath(near).around(0.5, held_s=1.0, gap_s=1.0) == [Box(0.5, 0.1, 0.0, 0.5, 0.4)]
    far = Track(id="f", modality="face", boxes=(Box(0, 0.1, 0.1, 0.2, 0.4), Box(1, 0.7, 0.0, 0.9, 0.3)))
    assert len(FacePath(far).around(0.5, held_s=1.0, gap_s=1.0)) == 3


def test_thinned_boxes_lead_along_the_same_way():
    times = np.linspace(0, 10, 201)
    boxes = [Box(t, 0.3 + 0.2 * np.sin(t), 0.1, 0.6 + 0.2 * np.sin(t), 0.4) for t in times]
    few = thinned(boxes, 0.004)
    assert len(few) < 50
    way = np.interp(times, [box.time_s for box in few], [box.left for box in few])
    assert np.abs(way - [box.left for box in boxes]).max() <= 0.004 + 1e-9


def test_a_person_without_tracks_has_no_lanes(timeline):
    more = timeline.model_copy(update={"persons": (*timeline.persons, Person(id="P3"))})
    assert {lane.person for lane in lanes_of(more)} == {"P1", "P2"}
