"""Cells of sixteen frames, and their spectrogram rows."""

import tracemalloc

import librosa
import numpy as np
import pytest

from affekt.core.errors import MediaError, UsageError
from affekt.media.cells import (
    as_encoded,
    cell_count,
    frame_cells,
    log_mel_cells,
    log_mel_rate,
    log_mel_rows,
)
from affekt.media.sound import Waveform, read_sound
from affekt.media.sound.spectrum import log_mel
from affekt.media.video import Video, VideoFrames, open_video
from affekt.media.video.snippets import as_clips
from affekt.parity.case import draw_normal

# One worker compiles librosa, which takes as long as all of these tests.
pytestmark = pytest.mark.xdist_group("librosa")


def numbered(frames, height=8, width=8):
    """Frame n has grey level n + 1, so that no frame is black."""
    levels = np.arange(1, frames + 1, dtype=np.uint8)[:, None, None, None]
    pixels = np.zeros((frames, height, width, 3), np.uint8) + levels
    return open_video(VideoFrames(pixels, np.arange(frames) / 10, frames / 10))


def noise(count, rate_hz, seed=0):
    return Waveform((0.1 * draw_normal(seed, (1, count))).astype(np.float32), rate_hz)


class CountedSource:
    """Frames that are made when asked for, and how many were."""

    name, height, width, sound_tracks = "counted frames", 8, 8, 0

    def __init__(self, frames):
        self.times_s, self.end_s = np.arange(frames) / 10, frames / 10
        self.notes, self.replacements, self.made = [], {}, 0

    def pictures(self, numbers, height, width):
        for number in numbers:
            self.made += 1
            yield number, np.full((height, width, 3), number % 256, np.uint8)


@pytest.mark.parametrize(
    ("frames_hz", "sound_hz"),
    [
        (19.916666666666668, 40_812),
        (23.976023976023978, 49_130),
        (25.0, 51_228),
        (29.97002997002997, 61_413),
        (30.0, 61_474),
    ],
)
def test_the_sound_is_sampled_as_the_reference_does_it(frames_hz, sound_hz):
    assert log_mel_rate(frames_hz) == sound_hz
    assert sound_hz / 1024 / frames_hz == pytest.approx(2.0011, abs=1e-4)


@pytest.mark.parametrize("frames_hz", [0.0, -25.0, float("nan"), float("inf"), 1e-4, 400.0])
def test_a_video_of_an_impossible_rate_is_refused_for_sound(frames_hz):
    with pytest.raises(UsageError, match="frames per second"):
        log_mel_rate(frames_hz)


def test_rows_agree_with_librosa():
    sound = noise(3 * 22_050, 22_050)
    rate = log_mel_rate(25.0)
    spectrum = librosa.feature.melspectrogram(
        y=read_sound(sound, rate_hz=rate).samples[0],
        sr=rate,
        n_fft=2048,
        hop_length=1024,
        n_mels=60,
        pad_mode="constant",
    )
    found = log_mel_rows(sound, 25.0)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, librosa.power_to_db(spectrum).T, rtol=0, atol=2e-3)


@pytest.mark.parametrize("block_s", [0.003, 0.02, 0.7])
@pytest.mark.parametrize("count", [1, 900, 5_000, 33_333])
def test_rows_do_not_depend_on_the_blocks_that_are_decoded(count, block_s):
    sound = noise(count, 16_000)
    rate = log_mel_rate(12.5)
    whole = log_mel(read_sound(sound, rate_hz=rate).samples[0], rate, hop=1024, mels=60, padding="constant")
    np.testing.assert_allclose(log_mel_rows(sound, 12.5, block_s=block_s), whole, rtol=0, atol=1e-4)


def test_one_loud_moment_raises_the_lower_limit_of_the_whole_sound():
    samples = np.zeros((1, 60_000), np.float32)
    samples[0, -1_500:] = noise(1_500, 16_000).samples[0]
    rows = log_mel_rows(Waveform(samples, 16_000), 12.5, block_s=0.1)
    assert rows.max() > 0
    np.testing.assert_allclose(rows[:20], rows.max() - 80, atol=1e-4)


def test_the_rows_of_a_span_are_those_of_the_cut_out_sound():
    sound = noise(80_000, 16_000)
    rate = log_mel_rate(12.5)
    part = read_sound(sound, rate_hz=rate).samples[:, round(1.5 * rate) : round(3.25 * rate)]
    found = log_mel_rows(sound, 12.5, span_s=(1.5, 3.25), block_s=0.4)
    # Resampling of a span is exact to 1e-6, which is visible in dB where the sound is very soft.
    np.testing.assert_allclose(found, log_mel_rows(Waveform(part, rate), 12.5), rtol=0, atol=1e-3)


def test_a_span_may_begin_within_the_sound_and_end_after_it():
    sound = noise(32_000, 16_000)
    to_end = log_mel_rows(sound, 12.5, span_s=(1.0, 9.0))
    np.testing.assert_array_equal(to_end, log_mel_rows(sound, 12.5, span_s=(1.0, 2.0)))
    with pytest.raises(MediaError, match=r"sound in memory ends at 2\.0 s; 2\.5 to 9\.0 s"):
        log_mel_rows(sound, 12.5, span_s=(2.5, 9.0))
    with pytest.raises(UsageError, match="a span from"):
        log_mel_rows(sound, 12.5, span_s=(2.0, 1.0))


def test_memory_grows_with_the_rows_not_with_the_sound():
    sound = noise(300 * 8_000, 8_000)
    log_mel_rows(noise(8_000, 8_000), 25.0)
    tracemalloc.start()
    try:
        rows = log_mel_rows(sound, 25.0, block_s=1.0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    heard = len(rows) * 1024 * 4
    assert peak < 2 * rows.nbytes + 8 * 2**20 < heard / 2


def test_a_cell_of_sound_has_thirty_two_rows():
    rows = np.arange(70 * 60, dtype=np.float32).reshape(70, 60) - 100
    cells = log_mel_cells(rows)
    assert cells.shape == (2, 32, 60) and cells.dtype == np.float32
    np.testing.assert_allclose(cells[1, 0], (rows[32] + 50) / 80)
    assert log_mel_cells(rows[:31]).shape == (0, 32, 60)
    for wrong in (rows[:, :59], rows[0]):
        with pytest.raises(MediaError, match="shape"):
            log_mel_cells(wrong)


@pytest.mark.parametrize("frames", [1, 15, 16, 17, 47, 48, 49, 96])
def test_the_last_cell_is_padded_with_black_frames(frames):
    groups = list(frame_cells(numbered(frames), size=8, cells=3))
    cells = np.concatenate(groups)
    assert len(cells) == cell_count(frames)
    assert [len(group) for group in groups[:-1]] == [3] * (len(groups) - 1)
    levels = cells[..., 0, 0, 0].ravel()
    assert levels.tolist() == [*range(1, frames + 1), *([0] * (16 * len(cells) - frames))]


def test_a_video_is_decoded_once_and_no_further_than_needed():
    source = CountedSource(100)
    cells = frame_cells(Video(source), size=8, cells=2)
    assert source.made == 0
    next(cells)
    assert source.made == 33
    assert sum(len(group) for group in cells) == 5
    assert source.made == 100


@pytest.mark.parametrize(("height", "width"), [(40, 60), (60, 40), (40, 40)])
def test_the_central_square_is_cut_out_without_scaling(height, width):
    pixels = np.random.default_rng(0).integers(0, 256, (2, height, width, 3)).astype(np.uint8)
    video = open_video(VideoFrames(pixels, np.array([0.0, 0.1]), 0.2))
    (cells,) = frame_cells(video, frames=2, height=40, size=32)
    top, left = (height - 32) // 2, (width - 32) // 2
    np.testing.assert_array_equal(cells[0], pixels[:, top : top + 32, left : left + 32])


@pytest.mark.parametrize(("height", "width"), [(9, 31), (31, 9), (480, 33), (33, 480), (7, 7)])
@pytest.mark.parametrize("side", [None, 24, 25])
def test_a_picture_of_any_shape_has_a_square(height, width, side):
    (cells,) = frame_cells(numbered(3, height, width), frames=2, height=side, size=24)
    assert cells.shape == (2, 2, 24, 24, 3)
    assert (cells[0, 0] == 1).all() and (cells[1, 0] == 3).all() and not cells[1, 1].any()


def test_frames_of_a_file_are_those_that_are_read_by_number(clip_files):
    video = open_video(clip_files / "clip2.mp4")
    cells = np.concatenate(list(frame_cells(video, height=24, size=20, cells=2)))
    frames = video.read(np.arange(len(video)), height=24)
    assert frames.shape[1:3] == (24, 24)
    np.testing.assert_array_equal(cells.reshape(-1, 20, 20, 3)[: len(video)], frames[:, 2:22, 2:22])


@pytest.mark.parametrize("options", [{"frames": 0}, {"cells": 0}, {"size": 0}, {"size": 33, "height": 32}])
def test_impossible_cells_are_refused_before_anything_is_decoded(options):
    with pytest.raises(UsageError, match="square"):
        frame_cells(numbered(3), **options)


def test_each_encoder_gets_pixels_in_its_own_scale():
    cells = np.random.default_rng(0).integers(0, 256, (2, 4, 6, 6, 3)).astype(np.uint8)
    cells[0, 0, 0, 0] = [0, 255, 51]
    np.testing.assert_allclose(as_encoded(cells, "i3d")[0, :, 0, 0, 0], [-1, 1, -0.6], atol=1e-6)
    np.testing.assert_allclose(as_encoded(cells, "resnet_3d"), as_clips(cells), atol=1e-6)
