"""Cells of features, videos and sounds: whole and in parts, and what is refused."""

import logging

import numpy as np
import pytest
import torch

from affekt.core.errors import MediaError
from affekt.core.notes import collect_notes
from affekt.core.sample import Localizing, Preprocess, Sample
from affekt.engine.network import eager_network
from affekt.media.cells import log_mel_rows
from affekt.media.sound import Waveform
from affekt.media.video import VideoFrames
from affekt.media.video.write import write_clip
from affekt.methods.tsl_net import preprocess as module
from affekt.methods.tsl_net.config import TSLNetConfig
from affekt.methods.tsl_net.model import TSLNet
from affekt.methods.tsl_net.preprocess import SILENCE_DB, TSLNetPreprocess
from affekt.methods.tsl_net.sound import neighbours, sound_cells, time_code
from affekt.tasks.localization.cells import cell_logits

SMALL = {"feature_width": 12, "audio_widths": (4, 8), "align": 16, "hidden": 24}
FRAMES = {"encoder": "resnet_3d", "height": 32, "size": 32, "blocks": (1, 1, 1, 1), "stem": 4}
RATE = 12.5
CELL_S = 16 / RATE


def made(**changes):
    return TSLNetPreprocess(TSLNetConfig(**(SMALL | changes)))


def features(folder, cells, *, rows=None, rate_hz=RATE, seed=0, **facts):
    """A sample with files in the format of the authors."""
    rng = np.random.default_rng(seed)
    np.save(folder / "rgb.npy", rng.random((cells, 12), np.float32))
    mel = rng.normal(-40, 15, (32 * cells + 5 if rows is None else rows, 60))
    np.save(folder / "logmel.npy", mel.astype(np.float32))
    media = {"rgb": folder / "rgb.npy", "logmel": folder / "logmel.npy"}
    return Sample("a", media, facts={"rate_hz": rate_hz} | facts)


def pictures(frames, *, rate_hz=RATE, size=(36, 48)):
    times_s = np.arange(frames) / rate_hz
    pixels = np.random.default_rng(1).integers(0, 256, (frames, *size, 3), dtype=np.uint8)
    return VideoFrames(pixels, times_s, frames / rate_hz)


def noise(seconds, rate_hz=8000):
    samples = np.random.default_rng(2).uniform(-0.5, 0.5, (1, round(seconds * rate_hz)))
    return Waveform(samples.astype(np.float32), rate_hz)


def joined(preprocess, sample):
    parts = list(preprocess.parts(sample))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}, parts


def test_it_implements_the_protocol_of_localization(tmp_path):
    preprocess = made()
    assert isinstance(preprocess, Preprocess) and isinstance(preprocess, Localizing)
    sample = features(tmp_path, 12)
    (view,) = preprocess.views(sample)
    preprocess.spec.check(view)
    varied = preprocess(sample, rng=np.random.default_rng(0))
    assert all(np.array_equal(view[name], varied[name]) for name in preprocess.spec.names)


# Sound


def test_neighbours_wrap_around_within_each_chunk_of_600():
    places = neighbours(np.arange(1203), 1203, 600)
    assert places[0].tolist() == [599, 0, 1] and places[599].tolist() == [598, 599, 0]
    assert places[600].tolist() == [1199, 600, 601] and places[1199].tolist() == [1198, 1199, 600]
    assert places[1200].tolist() == [1202, 1200, 1201] and places[1202].tolist() == [1201, 1202, 1200]


def test_time_codes_are_sines_and_cosines_beyond_the_reference_table():
    code = time_code(np.array([0, 7, 5000]))
    assert code[0, ::2].tolist() == [0.0] * 30 and code[0, 1::2].tolist() == [1.0] * 30
    angles = 5000 * 10_000 ** (-np.arange(0, 60, 2) / 60)
    np.testing.assert_allclose(code[2, ::2], np.sin(angles), atol=1e-3)
    np.testing.assert_allclose(code[2, 1::2], np.cos(angles), atol=1e-3)


def test_a_cell_has_its_neighbours_each_with_its_own_time_code():
    rows = np.full((32 * 4, 60), -50.0, np.float32)
    rows[32:64] = 30.0
    parts = sound_cells(rows, 2, 3, count=4, chunk=600)[0].reshape(3, 32, 60)
    code = time_code(np.arange(4))
    for place, (cell, level) in enumerate(((1, 1.0), (2, 0.0), (3, 0.0))):
        np.testing.assert_allclose(parts[place], np.tile(level + code[cell], (32, 1)), atol=1e-6)


# In parts


@pytest.mark.parametrize("cells", [10, 650, 1203])
@pytest.mark.parametrize("part", [7, 512])
def test_parts_of_feature_files_are_the_whole(tmp_path, monkeypatch, cells, part):
    preprocess, sample = made(), features(tmp_path, cells)
    monkeypatch.setattr(module, "PART_CELLS", part)
    whole, parts = joined(preprocess, sample)
    assert max(len(each["rgb"]) for each in parts) == min(part, cells)
    assert preprocess.count(sample) == len(whole["rgb"]) == len(whole["logmel"]) == cells
    assert np.array_equal(whole["rgb"], np.load(tmp_path / "rgb.npy"))
    rows = np.load(tmp_path / "logmel.npy")
    assert np.array_equal(whole["logmel"], sound_cells(rows, 0, cells, count=cells, chunk=600))


@pytest.mark.parametrize("cells", [650, 1203])
@pytest.mark.parametrize("streams", ["video+audio", "video", "audio"])
def test_outputs_block_by_block_equal_those_of_the_whole(tmp_path, cells, streams):
    torch.manual_seed(0)
    config = TSLNetConfig(**(SMALL | {"streams": streams}))
    network = eager_network(TSLNet(config).eval())
    preprocess, sample = TSLNetPreprocess(config), features(tmp_path, cells)
    told = []
    streamed = cell_logits(sample, preprocess, network, on_cells=lambda *numbers: told.append(numbers))
    whole = network({name: value[None] for name, value in preprocess(sample).items()})[0]
    np.testing.assert_allclose(streamed, whole, atol=1e-5)
    assert len(told) == -(-cells // 512) and told[-1] == (cells, cells)


def test_raw_video_is_encoded_part_by_part(tmp_path, monkeypatch):
    torch.manual_seed(0)
    config = TSLNetConfig(**(SMALL | {"frames": FRAMES}))
    model, preprocess = TSLNet(config).eval(), TSLNetPreprocess(config)
    sample = Sample("a", {"video": pictures(16 * 12 + 5), "audio": noise(13 * CELL_S)})
    whole = preprocess(sample)
    assert whole["clips"].shape == (13, 3, 16, 32, 32) and whole["logmel"].shape == (13, 96, 60)
    monkeypatch.setattr(module, "PART_BYTES", 5 * 4 * 3 * 16 * 32 * 32)
    again, parts = joined(preprocess, sample)
    assert [len(part["clips"]) for part in parts] == [5, 5, 3]
    assert all(np.array_equal(again[name], whole[name]) for name in whole)
    streamed = cell_logits(sample, preprocess, eager_network(model, encoded="clips"))
    with torch.inference_mode():
        expected = model(**{name: torch.from_numpy(value)[None] for name, value in whole.items()}).logits[0]
    np.testing.assert_allclose(streamed, expected.numpy(), atol=1e-4)


def test_a_file_of_features_is_mapped_and_not_read(tmp_path, monkeypatch):
    sample = features(tmp_path, 2000)
    opened = []
    load = np.load
    monkeypatch.setattr(np, "load", lambda *a, **k: opened.append(k) or load(*a, **k))
    part = next(made().parts(sample))
    assert len(part["rgb"]) == 512 and type(part["rgb"]) is type(part["logmel"]) is np.ndarray
    assert opened == [{"mmap_mode": "r", "allow_pickle": False}] * 2


@pytest.mark.parametrize("dtype", [np.float16, np.float64, ">f4"])
def test_features_of_any_floating_type_are_taken(dtype):
    rows = np.arange(10 * 12).reshape(10, 12).astype(dtype)
    arrays = made(streams="video")(Sample("a", {"rgb": rows}, facts={"rate_hz": 25.0}))
    assert arrays["rgb"].dtype == np.float32 and np.array_equal(arrays["rgb"], rows.astype(np.float32))


# Media


def test_a_video_file_is_read_at_its_own_rate(tmp_path):
    path = write_clip(tmp_path / "a.mp4", pictures(16 * 9), noise(9 * CELL_S))
    preprocess = made(frames=FRAMES)
    sample = Sample("a", {"video": path}, facts={"rate_hz": 99.0})
    arrays = preprocess(sample)
    assert preprocess.count(sample) == len(arrays["clips"]) == 9
    rows = log_mel_rows(path, RATE)
    rows = np.pad(rows, ((0, max(0, 32 * 9 - len(rows))), (0, 0)), constant_values=rows.max() - 80)
    np.testing.assert_allclose(arrays["logmel"], sound_cells(rows, 0, 9, count=9, chunk=600), atol=1e-5)


def test_a_video_without_sound_has_silence_and_a_warning(caplog):
    sample = Sample("a", {"video": pictures(16 * 9)})
    with caplog.at_level(logging.WARNING):
        arrays = made(frames=FRAMES)(sample)
    assert "a: sample a has no sound; it has video; silence is used instead" in caplog.text
    silence = np.full((32 * 9, 60), SILENCE_DB, np.float32)
    assert np.array_equal(arrays["logmel"], sound_cells(silence, 0, 9, count=9, chunk=600))


def test_digital_silence_equals_no_sound():
    quiet = Waveform(np.zeros((1, round(9 * CELL_S * 8000)), np.float32), 8000)
    rows = log_mel_rows(quiet, RATE)
    assert np.allclose(rows, SILENCE_DB)


def test_sound_that_ends_early_is_padded_with_silence_and_a_warning(caplog):
    sample = Sample("a", {"video": pictures(16 * 12), "audio": noise(6 * CELL_S)})
    with caplog.at_level(logging.WARNING):
        arrays = made(frames=FRAMES)(sample)
    assert "a: its sound ends 7." in caplog.text and "padded with silence" in caplog.text
    levels = arrays["logmel"][:, 32:64] - time_code(np.arange(12))[:, None]
    assert levels[:6].mean() > levels[8:].mean() + 0.5 and np.ptp(levels[8:]) < 1e-5


def test_silent_and_short_sound_beside_a_picture_is_noted_and_silence_alone_is_refused():
    def notes_of(sound):
        with collect_notes() as notes:
            made(frames=FRAMES)(Sample("a", {"video": pictures(16 * 12), "audio": sound}))
        return list(notes)

    whole = noise(12 * CELL_S)
    quiet = Waveform(0 * whole.samples, whole.rate_hz)
    assert notes_of(whole) == []
    assert notes_of(quiet) == ["its sound is silent: the answer is based on the picture alone"]
    assert notes_of(noise(6 * CELL_S)) == ["its sound covers 50 % of its picture: 7.7 s of 15.4 s"]
    with pytest.raises(MediaError, match="a: the recording is silent"):
        made(streams="audio")(Sample("a", {"audio": quiet}))


def test_of_a_span_only_its_part_is_read():
    video, sound = pictures(16 * 20), noise(20 * CELL_S)
    begin_s, end_s = 4 * CELL_S, 14 * CELL_S
    sample = Sample("a", {"video": video, "audio": sound}, span_s=(begin_s, end_s))
    preprocess = made(frames=FRAMES)
    arrays = preprocess(sample)
    assert preprocess.count(sample) == 10
    whole = preprocess(Sample("a", {"video": video, "audio": sound}))
    assert np.array_equal(arrays["clips"], whole["clips"][4:14])
    found = preprocess.localize(sample, np.zeros((10, 3)))
    np.testing.assert_allclose(found.cells_s[[0, -1]], [[begin_s, begin_s + CELL_S], [end_s - CELL_S, end_s]])
    assert preprocess.cells_at(sample, np.array([0.0, begin_s, end_s - 0.1, end_s])).tolist() == [
        -1,
        0,
        9,
        -1,
    ]


def test_a_sound_alone_is_cut_into_cells_of_the_assumed_rate():
    preprocess = made(streams="audio", rate_hz=25.0)
    sample = Sample("a", {"audio": noise(10.0)})
    assert (
        preprocess.count(sample) == len(preprocess(sample)["logmel"]) == 16
    )  # of 0.64 s, the last filled up
    assert preprocess.localize(sample, np.zeros((16, 3))).cells_s[-1].tolist() == [15 * 0.64, 16 * 0.64]


def test_features_of_sound_may_be_combined_with_raw_frames(tmp_path):
    stored = features(tmp_path, 9)
    sample = Sample("a", {"video": pictures(16 * 10), "logmel": stored.media["logmel"]})
    arrays = made(frames=FRAMES)(sample)
    assert len(arrays["clips"]) == len(arrays["logmel"]) == 9


def test_a_variable_rate_is_reported(caplog):
    times_s = np.append(np.arange(80) * 0.04, 3.2 + np.arange(80) * 0.12)
    video = VideoFrames(np.zeros((160, 32, 32, 3), np.uint8), times_s, 12.8)
    with caplog.at_level(logging.WARNING):
        made(streams="video", frames=FRAMES)(Sample("a", {"video": video}))
    assert "a: its frame rate varies; detected times may be wrong by 3.2 s" in caplog.text


# Times and segments


def test_a_moment_lies_in_the_cell_of_its_frame(tmp_path):
    preprocess, sample = made(), features(tmp_path, 10, rate_hz=29.97002997002997)
    frames = np.array([0, 15, 16, 95, 159, 160, 400])
    cells = preprocess.cells_at(sample, (frames + 0.5) / sample.facts["rate_hz"])
    assert cells.tolist() == [0, 0, 1, 5, 9, -1, -1] and cells.dtype == np.int64
    starts = np.arange(10) * 16 / sample.facts["rate_hz"]
    assert preprocess.cells_at(sample, starts).tolist() == list(range(10))
    assert preprocess.cells_at(sample, np.array([-0.5])).tolist() == [-1]
    assert preprocess.cells_at(sample, np.zeros(0)).shape == (0,)


def test_logits_become_curves_scores_and_segments(tmp_path):
    preprocess, sample = made(), features(tmp_path, 40)
    logits = np.full((40, 3), -6.0, np.float32)
    logits[:, 2] = 6.0
    logits[10:20] = [-6.0, 6.0, -6.0]
    found = preprocess.localize(sample, logits)
    assert found.curves.shape == (40, 2) and found.cells_s.shape == (40, 2)
    np.testing.assert_allclose(found.cells_s[:, 0], np.arange(40) * CELL_S)
    sure, unsure = 1 / (1 + np.exp(-6.0)), 1 / (1 + np.exp(6.0))
    np.testing.assert_allclose(found.curves[15], [unsure * sure, sure * sure])
    np.testing.assert_allclose(found.foreground[[0, 15]], [unsure, sure])
    np.testing.assert_allclose(found.video, [unsure, sure])  # of five cells of forty
    assert set(found.labels.tolist()) == {1}
    best = found.spans_s[found.scores.argmax()]
    np.testing.assert_allclose(best, [10 * CELL_S, 20 * CELL_S], atol=CELL_S)


# What is refused


def broken(folder, name, content):
    (folder / name).write_bytes(content)
    return folder / name


def test_what_cannot_be_used_is_refused_with_a_reason(tmp_path):
    good = features(tmp_path, 20)
    rgb, mel = np.load(tmp_path / "rgb.npy"), np.load(tmp_path / "logmel.npy")
    np.savez(tmp_path / "many.npz", rgb=rgb)
    np.save(tmp_path / "objects.npy", np.array([{}], object), allow_pickle=True)
    cut = (tmp_path / "rgb.npy").read_bytes()[:300]
    hole = rgb.copy()
    hole[7, 3] = np.nan
    deaf = mel.copy()
    deaf[100] = -np.inf
    cases = {
        "no features rgb; it has logmel": {"rgb": None},
        "nothing.npy does not exist": {"rgb": tmp_path / "nothing.npy"},
        "is not a file": {"rgb": tmp_path},
        "holds Python objects, or is not an array": {"rgb": tmp_path / "objects.npy"},
        "is not a .npy file, or is damaged": {"rgb": broken(tmp_path, "cut.npy", cut)},
        "damaged: No data left in file": {"rgb": broken(tmp_path, "empty.npy", b"")},
        "is an archive of arrays": {"rgb": tmp_path / "many.npz"},
        r"must be floating point of shape \(n, 12\), found float32 of shape \(20, 11\)": {"rgb": rgb[:, :11]},
        r"found int64 of shape \(20, 12\)": {"rgb": rgb.astype(np.int64)},
        r"logmel of sample a must be floating point of shape \(n, 60\)": {"logmel": mel.T},
        "rgb of sample a holds NaN or infinite values among cells 0 to 19": {"rgb": hole},
        "logmel of sample a holds NaN or infinite values": {"logmel": deaf},
        "not of one video; numbers of cells: picture 20, sound 12": {"logmel": mel[: 32 * 12]},
        "has 7 cells of 16 frames; at least 8 are needed": {"rgb": rgb[:7], "logmel": mel[: 32 * 7]},
        "has 0 cells": {"rgb": rgb[:0], "logmel": mel[:0]},
    }
    for reason, change in cases.items():
        media = {name: value for name, value in {**good.media, **change}.items() if value is not None}
        with pytest.raises(MediaError, match=reason):
            made()(Sample("a", media, facts=good.facts))


def test_features_need_a_stated_frame_rate(tmp_path):
    sample = features(tmp_path, 10)
    with pytest.raises(MediaError, match="the frame rate of a is not stated"):
        made().count(Sample("a", sample.media))
    for rate_hz in (0.0, -25.0, float("nan"), 1e9):
        with pytest.raises(MediaError, match="frames per second"):
            made().count(Sample("a", sample.media, facts={"rate_hz": rate_hz}))


def test_features_of_a_part_of_a_video_are_refused(tmp_path):
    sample = features(tmp_path, 10)
    with pytest.raises(MediaError, match="has a span; features are of whole videos"):
        made().count(Sample("a", sample.media, span_s=(1.0, 9.0), facts=sample.facts))


def test_media_that_lack_what_a_network_needs_are_refused(tmp_path):
    with pytest.raises(MediaError, match="sample a has no features rgb; it has video"):
        made()(Sample("a", {"video": pictures(160)}))
    with pytest.raises(MediaError, match="sample a has no video; it has audio"):
        made(frames=FRAMES)(Sample("a", {"audio": noise(20.0)}))
    with pytest.raises(MediaError, match="sample a has no sound; it has video"):
        made(streams="audio")(Sample("a", {"video": pictures(160)}))
    with pytest.raises(MediaError, match="No such file"):
        made(frames=FRAMES)(Sample("a", {"video": tmp_path / "none.mp4"}))
    with pytest.raises(MediaError, match="has 7 cells"):
        made(frames=FRAMES)(Sample("a", {"video": pictures(16 * 6 + 1)}))


def test_sound_that_cannot_be_decoded_is_silence_beside_a_picture_and_an_error_alone(tmp_path, caplog):
    media = {"video": pictures(160), "audio": broken(tmp_path, "a.wav", b"RIFF" + bytes(100))}
    with caplog.at_level(logging.WARNING):
        made(frames=FRAMES)(Sample("a", media))
    assert "silence is used instead" in caplog.text
    with pytest.raises(MediaError):
        made(streams="audio")(Sample("a", media))
