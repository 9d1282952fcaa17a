"""Frames of snippets, and the parts of a clip that the segments concern."""

import numpy as np
import pytest

from affekt.core.sample import Sample
from affekt.media.video import VideoFrames, open_video
from affekt.media.video.snippets import (
    MEAN,
    SnippetSettings,
    as_clips,
    drawn_by,
    moments_of,
    read_snippets,
    sample_snippets,
)


def numbered(frames, size=32, rate_hz=10.0):
    """Frame n is grey level n."""
    pixels = (
        np.zeros((frames, size, size, 3), np.uint8) + np.arange(frames, dtype=np.uint8)[:, None, None, None]
    )
    return VideoFrames(pixels, np.arange(frames) / rate_hz, frames / rate_hz)


def settings(**changes):
    return SnippetSettings.model_validate({"segments": 4, "snippet_frames": 2, "size": 32} | changes)


def test_snippets_agree_with_a_worked_example():
    # 20 frames, 4 segments of 5: the middle of a segment of 5 for 2 frames starts at 1.
    assert sample_snippets(range(20), segments=4, length=2).tolist() == [[1, 2], [6, 7], [11, 12], [16, 17]]


def test_the_remainder_of_the_division_is_never_used():
    assert sample_snippets(range(23), segments=4, length=5).max() == 19


def test_a_short_list_is_repeated_until_it_is_long_enough():
    assert sample_snippets([3, 4, 5], segments=2, length=2).tolist() == [[3, 4], [5, 3]]


def test_an_empty_list_of_frames_is_refused():
    with pytest.raises(ValueError, match="no frames"):
        sample_snippets([], segments=2, length=2)


def test_drawn_starts_stay_in_their_segment_and_exclude_the_last_possible_one():
    rng = np.random.default_rng(0)
    starts = np.stack(
        [sample_snippets(range(40), segments=4, length=4, draw=drawn_by(rng))[:, 0] for _ in range(300)]
    )
    assert [set(column) for column in (starts - 10 * np.arange(4)).T] == [set(range(6))] * 4


def test_the_pixels_are_those_of_the_frames():
    snippets = read_snippets(Sample(id="a", media={"video": numbered(40)}), settings())
    level = (snippets.clips[:, 0, :, 0, 0] + MEAN) * 255
    assert snippets.clips.shape == (4, 3, 2, 32, 32) and snippets.clips.dtype == np.float32
    np.testing.assert_allclose(level, snippets.numbers, atol=1e-4)


def test_every_second_frame_may_be_left_out():
    snippets = read_snippets(Sample(id="a", media={"video": numbered(40)}), settings(frame_step=2))
    assert (np.diff(snippets.numbers, axis=1) == 2).all()


def test_a_small_video_is_not_enlarged_before_its_square_is_cut_out():
    clips = read_snippets(Sample(id="a", media={"video": numbered(40, size=36)}), settings(height=240)).clips
    assert clips.shape[-2:] == (32, 32)


def test_moments_of_a_long_clip_are_its_segments():
    spans, weights = moments_of(open_video(numbered(22)), settings())
    # Segments of 5 frames; the two frames left over belong to the last part of the time.
    assert spans.tolist() == [[0.0, 0.5], [0.5, 1.0], [1.0, 1.5], [1.5, 2.2]]
    assert np.array_equal(weights, np.eye(4))


@pytest.mark.parametrize("frames", [1, 2, 3, 5, 7])
def test_moments_of_a_short_clip_cover_it_once(frames):
    spans, weights = moments_of(open_video(numbered(frames)), settings())
    assert spans[0, 0] == 0 and spans[-1, 1] == pytest.approx(frames / 10)
    assert np.array_equal(spans[1:, 0], spans[:-1, 1]) and (spans[:, 1] > spans[:, 0]).all()
    assert weights.shape == (len(spans), 4)
    np.testing.assert_allclose(weights.sum(axis=1), 1)


def test_the_weights_of_a_part_of_a_short_clip_are_on_the_segments_that_show_it():
    # 4 frames repeated to 8: segments show 01, 23, 01, 23; parts are frames 01 and 23.
    _, weights = moments_of(open_video(numbered(4)), settings())
    assert weights.tolist() == [[0.5, 0.0, 0.5, 0.0], [0.0, 0.5, 0.0, 0.5]]


def test_clips_have_the_mean_grey_level_subtracted():
    assert as_clips(np.full((1, 2, 4, 4, 3), 100, np.uint8)).tolist() == np.zeros((1, 3, 2, 4, 4)).tolist()
