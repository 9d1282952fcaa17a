"""Faces through invented videos, whose truth is known; the network is the bundle of the repository."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from affekt.analysis.faces import FaceSettings, find_faces
from affekt.analysis.faces.spans import NOT_FOUND
from affekt.analysis.found import Found
from affekt.core.errors import UsageError
from affekt.invented.face_scenes import planted
from affekt.invented.face_scenes.detector import PlantedDetector, searched_times
from affekt.invented.face_scenes.examples import crossing_scene, cut_scene, returning_scene
from affekt.media.video import VideoFrames
from affekt.metrics.tracking import Labelled, score_tracks

SIZE = (320, 180)
BRIGHT = np.full((90, 160, 3), 140, np.uint8)


def still(times_s, end_s, pixels=BRIGHT):
    return VideoFrames(np.stack([pixels] * len(times_s)), np.asarray(times_s, float), end_s)


@pytest.fixture(scope="module")
def found_in(predictor, opened):
    """A function that finds the planted faces of a scene."""
    kept = {}

    def find(make, step_s=0.2, **options):
        if make not in kept:
            scene = make(rate_hz=10.0, size=SIZE)
            detector = PlantedDetector(scene, searched_times(scene, step_s), **options)
            kept[make] = (scene, find_faces(opened(scene), predictor, FaceSettings(), detector=detector))
        return kept[make]

    return find


def scores_of(scene, found):
    """Persons against what was planted, at the searched frames."""
    frames = []
    size = np.array([scene.width, scene.height] * 2)
    for time_s in searched_times(scene, 0.2):
        truth = [it for it in planted(scene, time_s) if it.visible >= 0.5]
        shown = [
            (track.person, box[1:5])
            for track in found.tracks
            for box in track.boxes
            if abs(box.time_s - time_s) < 1e-3
        ]
        frames.append(
            tuple(
                Labelled([name for name, _ in each], np.array([box for _, box in each], float).reshape(-1, 4))
                for each in (
                    [(it.actor, it.box) for it in truth],
                    [(who, np.array(box) * size) for who, box in shown],
                )
            )
        )
    return score_tracks(frames)


# Who is who


def test_two_people_who_pass_each_other_are_two_tracks_without_a_switch(found_in):
    scores = scores_of(*found_in(crossing_scene))
    assert (scores.tracks, scores.switches) == (2, 0)
    assert scores.coverage > 0.95
    assert not found_in(crossing_scene)[1].notes  # both are there all the time


def test_somebody_who_leaves_and_comes_back_is_the_same_person_and_it_is_an_assumption(found_in):
    scene, found = found_in(returning_scene)
    scores = scores_of(scene, found)
    assert (scores.tracks, scores.switches) == (2, 0)
    back = next(it for it in found.tracks if it.notes)
    assert "an assumption" in back.notes[0]
    gaps = [(a.end_s, b.start_s) for a, b in pairwise(back.spans) if b.start_s - a.end_s > 1]
    assert len(gaps) == 1 and 2 < gaps[0][0] < gaps[0][1] < 7


def test_people_are_the_same_after_cuts_where_their_appearance_is_clear(found_in):
    scores = scores_of(*found_in(cut_scene))
    assert (scores.tracks, scores.switches) == (2, 0)
    assert scores.coverage > 0.95


# Shots


def test_shots_are_found_to_the_frame(found_in):
    scene, found = found_in(cut_scene)
    assert [start for start, _ in found.shots] == pytest.approx([0.0, *scene.cuts_s], abs=0.002)
    assert found.shots[-1][1] == pytest.approx(12.0)


def test_no_answer_and_no_way_between_boxes_goes_across_a_cut(found_in):
    scene, found = found_in(cut_scene)
    for track in found.tracks:
        for cut_s in scene.cuts_s:
            assert not any(it.start_s < cut_s - 0.01 and it.end_s > cut_s + 0.01 for it in track.spans)
        for before, after in pairwise(track.boxes):
            if any(before.time_s < cut_s - 0.01 < cut_s + 0.01 < after.time_s for cut_s in scene.cuts_s):
                raise AssertionError((track.person, before, after))


def test_without_exact_cuts_shots_are_known_to_half_a_step(predictor, opened):
    scene = cut_scene(rate_hz=10.0, size=SIZE)
    detector = PlantedDetector(scene, searched_times(scene, 0.2))
    found = find_faces(opened(scene), predictor, FaceSettings(exact_cuts=False), detector=detector)
    assert [start for start, _ in found.shots] == pytest.approx([0.0, *scene.cuts_s], abs=0.11)


# Answers


def test_spans_lie_on_the_grid_and_have_calibrated_scores(found_in):
    _, found = found_in(crossing_scene)
    for track in found.tracks:
        for span in track.spans:
            assert sum(span.scores.values()) == pytest.approx(1, abs=1e-6)
            assert span.scores[span.label] == span.confidence == max(span.scores.values())
        for span in track.spans[1:-1]:
            assert span.start_s % 0.5 == pytest.approx(0, abs=1e-6)
            assert span.end_s - span.start_s == pytest.approx(0.5)


def test_boxes_that_were_not_found_have_no_score(predictor, opened, fixed):
    class Blinking(fixed):
        def detect(self, frame):
            found = super().detect(frame)
            missed = len(self.sizes) in (4, 5)
            return found if not missed else type(found)(*(it[:0] for it in found))

    found = find_faces(
        opened(still(np.arange(12) / 5, 2.4)), predictor, detector=Blinking([0.3, 0.2, 0.6, 0.9])
    )
    (track,) = found.tracks
    assert [box.score is None for box in track.boxes] == [3 <= n <= 4 or n == 12 for n in range(13)]
    assert [box.time_s for box in track.boxes] == pytest.approx(np.arange(13) / 5)
    assert {box.left for box in track.boxes} == {0.3}


def test_a_stretch_that_is_answered_from_its_neighbours_says_so(predictor, opened, fixed):
    class Away(fixed):
        def detect(self, frame):
            found = super().detect(frame)
            return found if not 6 <= len(self.sizes) <= 9 else type(found)(*(it[:0] for it in found))

    settings = FaceSettings(every_s=0.2, smoothing_s=1.0)
    found = find_faces(
        opened(still(np.arange(15) / 5, 3.0)), predictor, settings, detector=Away([0.3, 0.2, 0.6, 0.9])
    )
    (track,) = found.tracks
    assert any(NOT_FOUND in span.notes for span in track.spans)
    assert NOT_FOUND not in track.spans[0].notes


def test_one_face_whose_colours_flicker_as_those_of_a_gif_is_one_person(predictor, opened, fixed):
    frames = np.stack([BRIGHT] * 10)
    for number in (6, 8, 9):
        frames[number, 15:50, 55:105] = (150, 40, 40)
    video = VideoFrames(frames, np.arange(10) / 5, 2.0)
    found = find_faces(opened(video), predictor, detector=fixed([0.4, 0.3, 0.6, 0.55]))
    (track,) = found.tracks
    assert len(found.shots) == 1 and (track.spans[0].start_s, track.spans[-1].end_s) == (0, 2)
    times_s = [box.time_s for box in track.boxes]
    assert times_s == sorted(set(times_s))


def test_small_faces_are_answered_with_less_confidence_and_a_note(predictor, opened, fixed):
    rng = np.random.default_rng(0)
    pixels = rng.integers(60, 200, (180, 320, 3), np.uint8)
    large, small = (
        find_faces(opened(still(np.arange(5) / 5, 1.0, pixels)), predictor, detector=fixed(box)).tracks[0]
        for box in ([0.3, 0.1, 0.6, 0.9], [0.3, 0.3, 0.36, 0.42])
    )
    assert not large.spans[0].notes
    assert "the face is small" in small.spans[0].notes[0]
    assert small.spans[0].confidence < 0.5 + 0.5 / 7 + 0.5


def test_a_face_too_small_for_the_network_is_shown_and_said_to_have_no_answer(predictor, opened, fixed):
    found = find_faces(
        opened(still(np.arange(5) / 5, 1.0)), predictor, detector=fixed([0.3, 0.3, 0.33, 0.36])
    )
    (track,) = found.tracks
    assert track.boxes and not track.spans
    assert "5 of 5 faces are left out: the face is too small" in track.notes[0]
    assert found.missing[0].reason.startswith("F1 has no answer: the face is too small")


def test_a_face_that_fills_the_picture_is_answered_or_left_out_with_the_reason(predictor, opened, fixed):
    found = find_faces(opened(still(np.arange(5) / 5, 1.0)), predictor, detector=fixed([0, 0, 1, 1]))
    (track,) = found.tracks
    said = [*track.notes, *(it.reason for it in found.missing), *(n for it in track.spans for n in it.notes)]
    assert any("cut off" in it for it in said)
    assert track.boxes[0][1:5] == (0, 0, 1, 1)


def test_fifty_faces_in_a_frame_are_fifty_persons(predictor, opened, fixed):
    left, top = np.arange(50) % 10 * 0.1, np.arange(50) // 10 * 0.2
    boxes = np.stack([left, top, left + 0.09, top + 0.19], axis=1)
    pixels = np.random.default_rng(0).integers(60, 200, (360, 640, 3), np.uint8)
    found = find_faces(opened(still(np.arange(4) / 5, 0.8, pixels)), predictor, detector=fixed(*boxes))
    assert len(found.tracks) == 50
    assert all(len(track.boxes) == 5 and track.spans for track in found.tracks)


def test_many_faces_without_an_answer_are_summed_up(predictor, opened, fixed):
    left, top = np.arange(30) % 10 * 0.1, np.arange(30) // 10 * 0.3
    boxes = np.stack([left, top, left + 0.03, top + 0.06], axis=1)
    found = find_faces(opened(still(np.arange(4) / 5, 0.8)), predictor, detector=fixed(*boxes))
    assert len(found.tracks) == 30 and len(found.missing) == 21
    assert found.missing[-1].reason.startswith("10 more appearances without an answer: the face is too small")


# What is not there


def test_a_video_without_a_face_says_so(predictor, opened, fixed):
    found = find_faces(opened(still(np.arange(5) / 5, 1.0)), predictor, detector=fixed())
    assert not found.tracks
    assert [(it.modality, it.reason, it.start_s) for it in found.missing] == [
        ("face", "no face is found in the whole video", None)
    ]
    assert found.shots == ((0.0, 1.0),)


def test_a_black_video_says_that_it_is_black(predictor, opened, fixed):
    black = np.zeros((20, 30, 3), np.uint8)
    found = find_faces(opened(still([0.0, 1.0], 2.0, black)), predictor, detector=fixed([0, 0, 1, 1]))
    assert [it.reason for it in found.missing] == ["the picture is black in the whole video"]


def test_long_stretches_without_a_face_are_listed_with_their_times(predictor, opened, fixed):
    pixels = np.stack([BRIGHT if 10 <= n < 20 else np.zeros_like(BRIGHT) for n in range(50)])
    video = VideoFrames(pixels, np.arange(50) / 5, 10.0)
    settings = FaceSettings(missing_s=1.0)
    found = find_faces(opened(video), predictor, settings, detector=fixed([0.3, 0.2, 0.6, 0.9]))
    parts = [(it.start_s, it.end_s, it.reason) for it in found.missing]
    assert parts == [(0.0, 2.0, "the picture is black"), (3.9, 10.0, "the picture is black")]


def test_a_medium_without_a_picture_has_no_faces(predictor, opened):
    heard = opened(still([0.0], 1.0))._replace(video=None)
    found = find_faces(heard, predictor)
    assert [it.reason for it in found.missing] == ["there is no picture"]


def test_a_face_that_is_seen_for_a_moment_is_left_out_and_counted(predictor, opened, fixed):
    class Once(fixed):
        def detect(self, frame):
            found = super().detect(frame)
            return found if len(self.sizes) == 3 else type(found)(*(it[:0] for it in found))

    found = find_faces(opened(still(np.arange(10) / 5, 2.0)), predictor, detector=Once([0.3, 0.2, 0.6, 0.9]))
    assert not found.tracks
    assert "1 track of fewer than 3 faces has been left out" in found.notes
    (kept,) = found.other_faces  # so that it can be blurred
    assert kept == (0.4, *(pytest.approx(side, abs=1e-4) for side in (0.3, 0.2, 0.6, 0.9)), 0.9)


def test_every_box_of_the_detector_is_kept(predictor, opened, fixed):
    boxes = []

    class Flickers(fixed):
        def detect(self, frame):
            found = super().detect(frame)
            shown = [place for place in range(2) if place == 0 or len(self.sizes) % 4 == 1]
            boxes.extend(found.boxes[shown].tolist())
            return type(found)(*(it[shown] for it in found))

    detector = Flickers([0.1, 0.2, 0.3, 0.7], [0.6, 0.2, 0.8, 0.7])
    settings = FaceSettings(gap_s=0.1)
    found = find_faces(opened(still(np.arange(20) / 5, 4.0)), predictor, settings, detector=detector)
    of_tracks = [box for track in found.tracks for box in track.boxes if box.score is not None]
    assert found.other_faces
    assert len(of_tracks) + len(found.other_faces) == len(boxes)


# Odd videos


def test_a_frame_that_is_shown_long_is_searched_once_and_answered_all_the_time(predictor, opened, fixed):
    detector = fixed([0.3, 0.2, 0.6, 0.9])
    found = find_faces(opened(still([0.0, 0.1, 0.15, 4.0], 6.0)), predictor, detector=detector)
    assert len(detector.sizes) == 3
    (track,) = found.tracks
    assert track.spans[0].start_s == 0 and track.spans[-1].end_s == 6.0
    assert all(a.end_s == b.start_s for a, b in pairwise(track.spans))


class Source:
    """A video that is not in memory; from frame 20 to 39 it is damaged."""

    name, sound_tracks, notes = "stub.mp4", 0, []

    def __init__(self, height=90, width=160, broken=range(20, 40), breaks_off=None):
        self.height, self.width, self.broken, self.breaks_off = height, width, broken, breaks_off
        self.times_s, self.end_s, self.replacements, self.asked = np.arange(60) / 10, 6.0, {}, set()

    def pictures(self, numbers, height, width):
        from affekt.core.errors import MediaError

        self.asked.add((height, width))
        for number in numbers:
            if number == self.breaks_off:
                raise MediaError("stub.mp4 can no longer be decoded")
            if number in self.broken:
                self.replacements[number] = 19
            yield number, np.full((height, width, 3), 140, np.uint8)


@pytest.fixture
def broken(opened):
    from affekt.media.video import Video

    return lambda **options: opened(Video(Source(**options)))


def test_a_damaged_middle_is_missing_and_the_rest_is_answered(predictor, broken, fixed):
    found = find_faces(broken(), predictor, detector=fixed([0.3, 0.2, 0.6, 0.9]))
    (part,) = found.missing
    assert (part.start_s, part.end_s) == (2.0, 4.0)
    assert part.reason == "the video is damaged: 10 searched frames cannot be decoded"
    times = [box.time_s for track in found.tracks for box in track.boxes]
    assert min(times) == 0 and max(times) == 6 and not any(2.2 < it < 3.9 for it in times)


def test_a_video_that_breaks_off_is_answered_up_to_there(predictor, broken, fixed):
    found = find_faces(broken(broken=(), breaks_off=30), predictor, detector=fixed([0.3, 0.2, 0.6, 0.9]))
    (part,) = found.missing
    assert (part.start_s, part.end_s, part.reason) == (3.0, 6.0, "stub.mp4 can no longer be decoded")
    assert max(span.end_s for span in found.tracks[0].spans) <= 3.2


def test_large_frames_are_reduced_before_they_are_searched(predictor, broken, fixed):
    medium = broken(height=4320, width=7680, broken=())
    detector = fixed([0.3, 0.2, 0.6, 0.9])
    found = find_faces(medium, predictor, detector=detector)
    assert set(detector.sizes) == {(720, 1280)}
    assert "frames of 7680 x 4320 pixels were searched at a longer side of 640" in found.notes[0]


# The stage


def test_what_is_found_is_the_same_each_time_and_can_be_stored(predictor, opened, fixed, found_in):
    _, found = found_in(cut_scene)
    assert Found.model_validate_json(found.model_dump_json()) == found
    scene = cut_scene(rate_hz=10.0, size=SIZE)
    again = find_faces(opened(scene), predictor, detector=PlantedDetector(scene, searched_times(scene, 0.2)))
    assert again == found


def test_the_size_of_batches_changes_no_answer(predictor, opened, fixed):
    pixels = np.random.default_rng(0).integers(60, 200, (90, 160, 3), np.uint8)
    medium = opened(still(np.arange(10) / 5, 2.0, pixels))
    one, other = (
        find_faces(medium, predictor, FaceSettings(batch_size=size), detector=fixed([0.3, 0.2, 0.6, 0.9]))
        for size in (1, 64)
    )
    for a, b in zip(one.tracks[0].spans, other.tracks[0].spans, strict=True):
        assert list(a.scores.values()) == pytest.approx(list(b.scores.values()), abs=1e-5)


def test_progress_goes_to_the_end(predictor, opened, fixed):
    done = []
    find_faces(opened(still(np.arange(5) / 5, 1.0)), predictor, on_progress=done.append, detector=fixed())
    assert done == sorted(done) and done[-1] == 1.0


def test_a_network_that_takes_no_faces_is_refused_before_anything_is_decoded(predictor, opened):
    class Plain:
        spec = predictor.preprocess.spec

        def fit(self, samples):
            return {}

        def views(self, sample):
            return []

        def __call__(self, sample, *, rng=None):
            return {}

    other = dataclasses.replace(predictor, preprocess=Plain())
    with pytest.raises(UsageError, match="does not state how it wants faces cut"):
        find_faces(opened(still([0.0], 1.0)), other)
