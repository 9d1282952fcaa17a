"""Detection scores of simple predictions, for which the exact values are known.

True segments are invented: they neither overlap nor touch, and none is shorter than a second.
"""

import numpy as np
import pytest

from affekt.metrics.detection import TSL_THRESHOLDS, detection_scores
from affekt.metrics.segments import Segments

LABELS = ("negative", "positive")
VIDEO_S = 120.0


def draw_truths(videos=20, seed=0):
    rng = np.random.default_rng(seed)
    truths = {}
    for number in range(videos):
        starts = np.arange(0, VIDEO_S, 20)[rng.random(6) < 0.6] + rng.uniform(0, 3)
        spans = np.stack([starts, starts + rng.uniform(1, 16, len(starts))], axis=1)
        truths[f"video-{number}"] = Segments(spans, labels=rng.choice(LABELS, len(starts), p=(0.3, 0.7)))
    return truths


def with_scores(segments, score=0.5):
    return Segments(segments.spans_s, np.full(len(segments), score), segments.labels)


TRUTHS = draw_truths()
stated = np.concatenate([segments.labels for segments in TRUTHS.values()])
COUNTS = {label: int((stated == label).sum()) for label in LABELS}


def scored(detections):
    return detection_scores(detections, TRUTHS, labels=LABELS)


def test_no_detections_score_zero():
    assert set(scored({}).to_dict().values()) == {0.0}


def test_exact_detections_have_average_precision_one_and_ranked_recall_one_half():
    scores = scored({video: with_scores(segments) for video, segments in TRUTHS.items()})
    assert (scores.average_precision == 1).all() and (scores.recall == 1).all()
    assert scores.rank_precision == pytest.approx(np.ones((5, 2)))
    # the first of n ranks has found 1/n of the truths, the last one all: (n + 1) / 2n on average
    expected = [(COUNTS[label] + 1) / (2 * COUNTS[label]) for label in LABELS]
    assert scores.rank_recall == pytest.approx(np.tile(expected, (5, 1)))


def with_alarms(copies, hit_score, alarm_score):
    """All truths, and beside each so many false alarms of its label."""
    return {
        video: Segments(
            np.concatenate([segments.spans_s, [[VIDEO_S, VIDEO_S + 1]] * (copies * len(segments))])
            if len(segments)
            else segments.spans_s,
            np.repeat([hit_score, alarm_score], [len(segments), copies * len(segments)]),
            np.concatenate([segments.labels, np.repeat(segments.labels, copies)]),
        )
        for video, segments in TRUTHS.items()
    }


@pytest.mark.parametrize("copies", [1, 5])
def test_false_alarms_below_all_hits_cost_no_precision_and_raise_ranked_recall(copies):
    scores = scored(with_alarms(copies, hit_score=0.9, alarm_score=0.1))
    assert (scores.average_precision == 1).all() and (scores.recall == 1).all()
    # after the n truths, all later ranks have found all of them
    expected = [((n + 1) / 2 + copies * n) / ((1 + copies) * n) for n in COUNTS.values()]
    assert scores.rank_recall == pytest.approx(np.tile(expected, (5, 1)))


@pytest.mark.parametrize("copies", [1, 5])
def test_false_alarms_among_the_hits_leave_their_share_of_precision(copies):
    scores = scored(with_alarms(copies, hit_score=0.5, alarm_score=0.5))
    assert scores.average_precision == pytest.approx(np.full((5, 2), 1 / (1 + copies)))


@pytest.mark.parametrize("share", [0.1, 0.3, 1.0])
def test_flipped_labels_cost_recall_and_precision_by_their_number(share):
    rng = np.random.default_rng(1)
    flips = {label: round(share * COUNTS[label]) for label in LABELS}
    chosen = np.zeros(len(stated), bool)
    for label in LABELS:
        chosen[rng.choice(np.flatnonzero(stated == label), flips[label], replace=False)] = True
    said = np.where(chosen, np.where(stated == LABELS[0], LABELS[1], LABELS[0]), stated)
    ends = np.cumsum([len(segments) for segments in TRUTHS.values()])
    detections = {
        video: Segments(segments.spans_s, np.full(len(segments), 0.5), names)
        for (video, segments), names in zip(TRUTHS.items(), np.split(said, ends[:-1]), strict=True)
    }
    scores = scored(detections)
    for column, (label, other) in enumerate([LABELS, LABELS[::-1]]):
        hits = COUNTS[label] - flips[label]
        assert scores.average_precision[:, column] == pytest.approx(
            np.full(5, hits / COUNTS[label] * hits / (hits + flips[other]))
        )


def test_a_whole_video_hits_only_truths_that_last_as_long_a_share_of_it():
    both = Segments(np.array([[0.0, VIDEO_S]] * 2), np.ones(2), np.array(LABELS))
    truths = {
        "long": Segments(np.array([[0.0, 30.0]]), labels=np.array(["positive"])),  # 0.25 of the video
        "short": Segments(np.array([[0.0, 6.0]]), labels=np.array(["positive"])),  # 0.05 of it
        "quiet": Segments(np.zeros((0, 2))),
    }
    scores = detection_scores(dict.fromkeys(truths, both), truths, labels=["positive", "negative"])
    # one of three detections hits one of two truths
    expected = [1 / 2 * 1 / 3 if bar <= 0.25 else 0.0 for bar in TSL_THRESHOLDS]
    assert scores.average_precision[:, 0] == pytest.approx(expected)
    assert np.isnan(scores.average_precision[:, 1]).all()


@pytest.mark.parametrize("share", [0.05, 0.2, 0.35])
def test_edges_that_move_by_up_to_a_third_cost_nothing_up_to_an_overlap_of_0_3(share):
    rng = np.random.default_rng(0)

    def moved(segments):
        lengths = np.diff(segments.spans_s, axis=1)
        edges = segments.spans_s + share * lengths * rng.uniform(-1, 1, (len(segments), 2))
        return Segments(edges, np.full(len(segments), 0.5), segments.labels)

    # both edges inwards leaves 1 - 2 * 0.35 of a truth, and nothing is worse
    scores = scored({video: moved(segments) for video, segments in TRUTHS.items()})
    assert (scores.average_precision == 1).all()


def test_edges_that_move_inwards_by_more_than_a_third_fall_below_an_overlap_of_0_3():
    def shrunk(segments):
        lengths = np.diff(segments.spans_s, axis=1)
        return Segments(
            segments.spans_s + 0.36 * lengths * (1, -1), np.full(len(segments), 0.5), segments.labels
        )

    scores = scored({video: shrunk(segments) for video, segments in TRUTHS.items()})
    assert (scores.average_precision[:4] == 1).all() and (scores.average_precision[4] == 0).all()


def test_random_segments_have_the_precision_of_chance_times_their_recall():
    # one truth of half a video in each; a detection of a quarter of it lies anywhere
    videos = 4000
    truths = {
        str(number): Segments(np.array([[0.0, 60.0]]), labels=np.array(["positive"]))
        for number in range(videos)
    }
    rng = np.random.default_rng(0)
    starts = rng.uniform(0, 90, videos)
    detections = {
        str(number): Segments(np.array([[start, start + 30]]), rng.random(1), np.array(["positive"]))
        for number, start in enumerate(starts)
    }
    scores = detection_scores(detections, truths, labels=["positive"])
    for row, bar in enumerate(TSL_THRESHOLDS):
        # common seconds c with c / (90 - c) >= bar; that is up to the start 60 - c
        hit = (60 - bar * 90 / (1 + bar)) / 90
        assert scores.recall[row, 0] == pytest.approx(hit, abs=0.03)
        assert scores.average_precision[row, 0] == pytest.approx(hit**2, abs=0.04)
