"""Segment proposals: worked examples, plain loops, and TSL-Net's own post-processing."""

import json
import time

import numpy as np
import pytest
from pydantic import ValidationError

from affekt.metrics.proposals import ProposalSettings, find_proposals, suppress

PLAIN = {"class_bars": (), "agnostic_bars": (), "upsample": 1, "video_weight": 0.0}


def find(curve, *, foreground=None, video=(1.0,), cell_s=1.0, **settings):
    """Proposals from curves, by default without upsampling and without the video's score."""
    curves = np.array(curve, float)
    curves = curves[:, None] if curves.ndim == 1 else curves
    return find_proposals(
        curves,
        np.zeros(len(curves)) if foreground is None else np.array(foreground, float),
        np.array(video, float),
        cell_s=cell_s,
        settings=ProposalSettings(**{**PLAIN, **settings}),
    )


# ---- the published post-processing


def test_case_agrees_with_the_reference(shared):
    with np.load(shared / "parity" / "tsl-net" / "case_post.npz") as case:
        arrays = dict(case)
    meta = json.loads(str(arrays["meta"]))
    for number, clip in enumerate(meta["clips"]):
        fused, video = arrays[f"cas_fused_{number}"][0], arrays[f"vid_score_{number}"][0]
        found = find_proposals(fused[:, :2], 1 - fused[:, 2], video, cell_s=16 / clip["fps"])
        expected = np.array([row[1:] for row in clip["segments"]])
        assert [meta["labels"][label] for label in found.labels] == [row[0] for row in clip["segments"]]
        assert found.scores == pytest.approx(expected[:, 0], rel=0, abs=1e-6)
        assert found.spans_s == pytest.approx(expected[:, 1:], rel=0, abs=1e-6)


def test_the_default_thresholds_are_those_of_the_reference(shared):
    with np.load(shared / "parity" / "tsl-net" / "case_post.npz") as case:
        meta = json.loads(str(case["meta"]))
    settings = ProposalSettings()
    assert settings.class_bars == pytest.approx(meta["act_thresh_cas"])
    assert settings.agnostic_bars == pytest.approx(meta["act_thresh_agnostic"])
    assert (settings.upsample, settings.margin, settings.video_weight, settings.overlap) == (
        (meta["scale"], meta["oic_lambda"], meta["oic_gamma"], meta["nms"])
    )


# ---- thresholds


def test_runs_that_reach_a_threshold_become_segments_in_seconds():
    found = find([0, 0.5, 0.9, 0, 0, 0.7], class_bars=(0.5,), cell_s=0.64)
    # highest score first: a mean of 0.7 with nothing on its left, and one of 0.7 with nothing around
    assert sorted(found.spans_s.tolist()) == pytest.approx(np.array([[0.64, 1.92], [3.2, 3.84]]))
    assert found.labels.tolist() == [0, 0] and found.labels.dtype == np.int64
    assert found.scores == pytest.approx([0.7, 0.7])


def test_curves_are_interpolated_linearly_and_extrapolated_at_the_end():
    # at half cells 0.2, 0.4, 0.6, and 0.8, which lies beyond the last cell
    found = find([0.2, 0.6], class_bars=(0.7,), upsample=2)
    assert found.spans_s.tolist() == [[1.5, 2.0]]
    assert found.scores == pytest.approx([0.8])


def test_the_end_of_a_curve_may_rise_above_one_and_fall_below_zero():
    assert find([0.0, 1.0], class_bars=(1.5,), upsample=2).scores == pytest.approx([1.5])
    # 0.6, 0.3, 0, -0.3: only values above zero are detected at a threshold of zero
    assert find([0.6, 0.0], class_bars=(0.0,), upsample=2).spans_s.tolist() == [[0.0, 1.0]]


def test_values_below_the_threshold_count_as_zero_for_class_segments_only():
    curve = [0.0, 0.4, 0.9, 0.9, 0.4, 0.0]
    # the segment of cells 2 and 3 has cell 1 in its margin
    assert find(curve, class_bars=(0.5,)).scores == pytest.approx([0.9])
    assert find(curve, foreground=curve, agnostic_bars=(0.5,)).scores == pytest.approx([0.9 - 0.4])


def test_the_margin_is_a_share_of_the_segment_on_both_sides():
    curve = [0, 0.1, 0.3, *[0.8] * 4, 0.2, 0.4, 0.0]
    # half of 4 cells: 0.1 and 0.3 before, 0.2 and 0.4 after
    found = find(curve, foreground=np.array(curve) > 0.5, agnostic_bars=(1.0,), margin=0.5)
    assert found.spans_s.tolist() == [[3.0, 7.0]]
    assert found.scores == pytest.approx([0.8 - 0.25])


def test_a_segment_without_surroundings_is_scored_by_its_mean():
    found = find([0.4, 0.6], foreground=[1, 1], agnostic_bars=(0.5,), margin=0.5)
    assert found.spans_s.tolist() == [[0.0, 2.0]]
    assert found.scores == pytest.approx([0.5])


def test_the_foreground_gives_segments_of_every_class():
    curves = [[0.1, 0.0], [0.6, 0.2], [0.1, 0.0]]
    found = find(curves, video=(0.9, 0.8), foreground=[0, 0.7, 0], agnostic_bars=(0.6,), margin=1.0)
    assert found.labels.tolist() == [0, 1]
    assert found.spans_s.tolist() == [[1.0, 2.0]] * 2
    assert found.scores == pytest.approx([0.5, 0.2])


def test_the_score_includes_a_share_of_the_videos_score():
    assert find([0, 0.5, 0], class_bars=(0.5,), video=(0.9,), video_weight=0.3).scores == pytest.approx(
        [0.77]
    )


def test_a_single_run_of_only_the_first_point_is_dropped():
    assert len(find([0.9, 0.1, 0.1], class_bars=(0.5,)).labels) == 0
    assert len(find([0.1, 0.9, 0.1], class_bars=(0.5,)).labels) == 1
    # with another run, the first point is detected
    assert sorted(find([0.9, 0.1, 0.9], class_bars=(0.5,)).spans_s.tolist()) == [[0.0, 1.0], [2.0, 3.0]]


# ---- classes


def test_only_classes_whose_video_score_reaches_the_threshold_are_detected():
    curves = np.full((4, 3), 0.6)
    assert find(curves, video=(0.5, 0.49, 0.9), class_bars=(0.5,)).labels.tolist() == [0, 2]


def test_the_class_of_the_highest_video_score_is_detected_if_none_reaches_the_threshold():
    curves = np.full((4, 3), 0.6)
    assert find(curves, video=(0.1, 0.3, 0.2), class_bars=(0.5,)).labels.tolist() == [1]


def test_each_class_has_its_highest_score_first():
    curves = [[0.6, 0.9], [0, 0], [0.9, 0.7], [0, 0], [0.7, 0.8], [0, 0]]
    found = find(curves, video=(1, 1), class_bars=(0.5,), overlap_padding_s=0.0)
    assert found.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert found.scores == pytest.approx([0.9, 0.7, 0.6, 0.9, 0.8, 0.7])


# ---- sizes


@pytest.mark.parametrize("cells", [0, 1, 2, 5])
@pytest.mark.parametrize("classes", [1, 3])
def test_curves_of_zeros_give_no_segments(cells, classes):
    found = find_proposals(np.zeros((cells, classes)), np.zeros(cells), np.zeros(classes), cell_s=0.5)
    assert found.spans_s.shape == (0, 2) and found.labels.shape == found.scores.shape == (0,)
    assert found.labels.dtype == np.int64


@pytest.mark.parametrize("cells", [1, 2, 5])
def test_a_constant_curve_is_one_segment_from_end_to_end(cells):
    found = find_proposals(np.full((cells, 1), 0.8), np.full(cells, 0.9), np.array([0.7]), cell_s=0.5)
    assert found.spans_s.tolist() == [[0.0, 0.5 * cells]]
    assert found.scores == pytest.approx([0.8 + 0.3 * 0.7])


def plain_proposals(curves, foreground, video, cell_s, settings):
    """The same by loops over thresholds and points."""

    def refine(curve):
        n, points = len(curve), []
        for place in range(n * settings.upsample):
            at = place / settings.upsample
            left = min(int(at), n - 2)
            points.append(curve[left] + (curve[left + 1] - curve[left]) * (at - left))
        return points

    def runs(chosen):
        indices = [i for i, value in enumerate(chosen) if value]
        groups = []
        for i in indices if indices != [0] else []:
            if groups and groups[-1][-1] == i - 1:
                groups[-1].append(i)
            else:
                groups.append([i])
        return groups

    def score(curve, group):
        i, j, n = group[0], group[-1], len(group)
        before = curve[max(0, int(i - settings.margin * n)) : i]
        after = curve[j + 1 : min(int(j + settings.margin * n), len(curve) - 1) + 1]
        around = [*before, *after]
        return sum(curve[i : j + 1]) / n - (sum(around) / len(around) if around else 0)

    rows = []
    clear = refine(foreground)
    labels = [c for c, value in enumerate(video) if value >= settings.score_bar] or [int(np.argmax(video))]
    for label in labels:
        curve, found = refine(curves[:, label]), []
        for bar in settings.class_bars:
            cut = [value if value >= bar else 0 for value in curve]
            found += [(score(cut, group), group) for group in runs([v >= bar and v > 0 for v in curve])]
        for bar in settings.agnostic_bars:
            found += [(score(curve, group), group) for group in runs([v >= bar for v in clear])]
        step = settings.upsample / cell_s
        listed = [
            (value + settings.video_weight * video[label], group[0] / step, (group[-1] + 1) / step)
            for value, group in found
        ]
        listed.sort(key=lambda row: -row[0])
        spans = [row[1:] for row in listed]
        for place in plain_suppress(spans, settings.overlap, settings.overlap_padding_s):
            rows.append((label, *listed[place]))
    return rows


def plain_suppress(spans, overlap, padding):
    """Indices of the kept spans, which are sorted by descending score."""
    kept = []
    for place, (start, end) in enumerate(spans):
        for other in kept:
            low, high = spans[other]
            common = max(0.0, min(end, high) - max(start, low) + padding)
            if common / (end - start + padding + high - low + padding - common) >= overlap - 1e-9:
                break
        else:
            kept.append(place)
    return kept


@pytest.mark.parametrize("seed", range(4))
def test_plain_loops_give_the_same_segments(seed):
    rng = np.random.default_rng(seed)
    noise = np.stack([np.convolve(rng.random(48), np.ones(5) / 5, "valid") for _ in range(3)], axis=1)
    curves, foreground = noise[:, :2] - 0.35, noise[:, 2]
    settings, video = ProposalSettings(upsample=6, margin=0.1), np.array([0.8, 0.6])
    found = find_proposals(curves, foreground, video, cell_s=0.53, settings=settings)
    expected = plain_proposals(curves, foreground, video, 0.53, settings)
    assert len(expected) > 10
    assert found.labels.tolist() == [row[0] for row in expected]
    assert found.scores == pytest.approx([row[1] for row in expected])
    assert found.spans_s == pytest.approx(np.array([row[2:] for row in expected]))


def test_four_hours_are_processed_in_a_few_seconds():
    cells = 27_000  # of 16 frames at 30 Hz
    noise = np.random.default_rng(0).random((cells, 3))
    start = time.process_time()
    found = find_proposals(noise[:, :2], noise[:, 2], np.array([0.9, 0.8]), cell_s=16 / 30)
    assert time.process_time() - start < 4.0
    assert len(found.labels) > 10_000


# ---- invalid input


@pytest.mark.parametrize(
    ("shapes", "cell_s", "reason"),
    [
        (((4, 2), (5,), (2,)), 1.0, "must fit together"),
        (((4,), (4,), (1,)), 1.0, "must fit together"),
        (((4, 0), (4,), (0,)), 1.0, "must fit together"),
        (((4, 2), (4,), (3,)), 1.0, "2 classes need as many video scores"),
        (((4, 2), (4,), (2,)), 0.0, "cell_s must be positive"),
        (((4, 2), (4,), (2,)), float("nan"), "cell_s must be positive"),
    ],
)
def test_curves_that_do_not_fit_are_refused(shapes, cell_s, reason):
    with pytest.raises(ValueError, match=reason):
        find_proposals(*(np.ones(shape) for shape in shapes), cell_s=cell_s)


@pytest.mark.parametrize("broken", range(3))
def test_curves_that_are_not_finite_are_refused(broken):
    arrays = [np.ones((4, 2)), np.ones(4), np.ones(2)]
    arrays[broken].flat[1] = np.nan
    with pytest.raises(ValueError, match="finite"):
        find_proposals(*arrays, cell_s=1.0)


def test_settings_are_plain_data():
    settings = ProposalSettings(overlap=0.4, class_bars=(0.1, 0.2))
    assert ProposalSettings.model_validate(json.loads(settings.model_dump_json())) == settings


@pytest.mark.parametrize("change", [{"overlap": 0.0}, {"upsample": 0}, {"margin": -0.1}, {"bars": (0.1,)}])
def test_invalid_settings_are_refused(change):
    with pytest.raises(ValidationError):
        ProposalSettings(**change)


# ---- suppression


def test_segments_of_higher_score_suppress_those_that_overlap_enough():
    spans = np.array([[0.0, 4.0], [1.0, 4.0], [2.0, 6.0], [10.0, 12.0]])
    #   [0, 4] and [1, 4] share 3/4, [0, 4] and [2, 6] 2/6, [1, 4] and [2, 6] 2/5
    assert suppress(spans, np.array([0.8, 0.9, 0.7, 0.1]), overlap=0.5).tolist() == [1, 2, 3]
    assert suppress(spans, np.array([0.8, 0.9, 0.7, 0.1]), overlap=0.4).tolist() == [1, 3]


def test_suppressed_segments_do_not_suppress_others():
    spans = np.array([[0.0, 4.0], [1.0, 5.0], [2.0, 6.0]])
    # neighbours share 3/5, the outer two 2/6
    assert suppress(spans, np.array([0.9, 0.8, 0.7]), overlap=0.5).tolist() == [0, 2]


def test_an_overlap_that_equals_the_threshold_is_enough():
    assert suppress(np.array([[0.0, 2.0], [0.0, 4.0]]), np.array([2.0, 1.0]), overlap=0.5).tolist() == [0]


def test_padding_makes_short_segments_overlap_more():
    spans, scores = np.array([[0.0, 1.0], [0.5, 1.5]]), np.array([0.9, 0.8])
    # 0.5 s of 1.5; with a second more each, 1.5 of 2 + 2 - 1.5
    assert suppress(spans, scores, overlap=0.5).tolist() == [0, 1]
    assert suppress(spans, scores, overlap=0.5, padding_s=1.0).tolist() == [0]
    # a second later than they would touch, padding is used up
    spans = np.array([[0.0, 1.0], [2.0, 3.0]])
    assert suppress(spans, scores, overlap=0.01, padding_s=1.0).tolist() == [0, 1]


def test_of_equal_scores_the_first_is_kept():
    spans = np.array([[0.0, 4.0], [0.5, 4.0], [0.0, 4.0]])
    assert suppress(spans, np.ones(3), overlap=0.5).tolist() == [0]
    assert suppress(spans[::-1], np.ones(3), overlap=0.5).tolist() == [0]


def test_no_segments_give_no_segments():
    assert suppress(np.zeros((0, 2)), np.zeros(0), overlap=0.5).shape == (0,)


@pytest.mark.parametrize("overlap", [0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("padding_s", [0.0, 1.0, 10.0])
def test_a_plain_loop_keeps_the_same_segments(overlap, padding_s):
    rng = np.random.default_rng(int(overlap * 10))
    starts = rng.uniform(0, 60, 300)
    spans = np.stack([starts, starts + rng.exponential(8, 300) + 0.01], axis=1).round(1)
    spans[:, 1] += 0.1
    scores = rng.permutation(300) / 300
    order = np.argsort(-scores)
    expected = order[plain_suppress(spans[order].tolist(), overlap, padding_s)]
    assert suppress(spans, scores, overlap=overlap, padding_s=padding_s).tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("spans", "scores", "overlap", "reason"),
    [
        ([[0, 1]], [1, 2], 0.5, "as many scores"),
        ([[1, 1]], [1], 0.5, "start before they end"),
        ([[0, 1]], [1], 0.0, "in \\(0, 1\\]"),
        ([[0, 1]], [1], 1.1, "in \\(0, 1\\]"),
    ],
)
def test_invalid_segments_are_refused(spans, scores, overlap, reason):
    with pytest.raises(ValueError, match=reason):
        suppress(np.array(spans), np.array(scores), overlap=overlap)
