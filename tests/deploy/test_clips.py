"""Predicting clips: moments, folders of any length, missing sound; every backend gives the same answers."""

import json
import shutil
import tracemalloc
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import affekt
from affekt.cli.main import app
from affekt.core.answers.prediction import Prediction
from affekt.core.claims.invented import NOTE as INVENTED
from affekt.core.sample import Sample, Skipped
from affekt.data.open import open_dataset
from affekt.media.sound import Waveform
from affekt.media.video import VideoFrames
from affekt.media.video.write import write_clip

pytestmark = pytest.mark.xdist_group("clips")

SILENT = "no sound track: the answer is based on the picture alone"


@pytest.fixture(scope="module")
def predictor(clip_bundle):
    return affekt.load(clip_bundle, backend="onnxruntime")


@pytest.fixture(scope="module")
def samples():
    """Samples of decoded media."""
    options = {"clips": 24, "pixels": 32, "frames_per_clip": 24, "sound_rate_hz": 16000}
    return [
        Sample(sample.id, {"video": sample.media["video"], "audio": sample.media["audio"]})
        for sample in open_dataset("moving_shapes", None, options).samples[:6]
    ]


def check_timeline(prediction):
    """Moments cover the clip without gaps, and each has scores and attention."""
    moments = prediction.moments
    assert moments[0].start_s == 0 and (moments[0].start_s, moments[-1].end_s) == prediction.span_s
    for one, other in pairwise(moments):
        assert one.end_s == other.start_s
    for moment in moments:
        assert moment.end_s > moment.start_s and moment.attention >= 0
        assert sum(moment.scores.values()) == pytest.approx(1)
    assert sum(prediction.scores.values()) == pytest.approx(1)


def same(one: Prediction, other: Prediction, *, tolerance):
    assert [(m.start_s, m.end_s) for m in one.moments] == [(m.start_s, m.end_s) for m in other.moments]
    assert dict(one.scores) == pytest.approx(dict(other.scores), abs=tolerance)
    for mine, theirs in zip(one.moments, other.moments, strict=True):
        assert dict(mine.scores) == pytest.approx(dict(theirs.scores), abs=tolerance)
        assert mine.attention == pytest.approx(theirs.attention, abs=tolerance)


def test_moments_cover_each_clip_from_its_beginning_to_its_end(predictor, clip_files):
    predictions = list(predictor.predict([clip_files]))
    assert [Path(p.id).name for p in predictions] == ["clip0.mp4", "clip1.mp4", "clip2.mp4"]
    for prediction, seconds in zip(predictions, (16 / 12, 2.0, 3.0), strict=True):
        check_timeline(prediction)
        assert prediction.span_s == (0.0, pytest.approx(seconds, abs=0.01))
        assert prediction.modality == "video+audio" and prediction.notes == (INVENTED,)
        assert len(prediction.moments) == 2


def test_a_written_answer_holds_its_moments(clip_bundle, clip_files, tmp_path):
    done = CliRunner().invoke(
        app, ["predict", str(clip_bundle), str(clip_files), "--output", str(tmp_path / "answers.json")]
    )
    assert done.exit_code == 0, done.output
    predictions = json.loads((tmp_path / "answers.json").read_text())["predictions"]
    for prediction in predictions:
        spans = [(moment["start_s"], moment["end_s"]) for moment in prediction["moments"]]
        assert spans[0][0] == 0 and [spans[0][0], spans[-1][1]] == prediction["span_s"]
        assert [start for start, _ in spans[1:]] == [end for _, end in spans[:-1]]


def test_the_table_has_times_and_lines_below_it_state_limitations_of_the_input(
    clip_bundle, clip_files, tmp_path
):
    clip = open_dataset("moving_shapes", None, {"frames_per_clip": 36}).samples[0].media["video"]
    for name in ("mute0.mp4", "mute1.mp4"):
        write_clip(tmp_path / name, clip, None)
    paths = [str(clip_files / "clip2.mp4"), str(tmp_path)]
    done = CliRunner().invoke(app, ["predict", str(clip_bundle), *paths])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    head = next(line for line in lines if "confidence" in line)
    names = [cell.strip() for cell in head.split("\N{BOX DRAWINGS HEAVY VERTICAL}")]
    assert names[-5:] == ["label", "confidence", "runner-up", "when", "trained on"]
    assert sum("0:00" in line and "\N{EN DASH}0:0" in line for line in lines) == 3
    assert all(any(str(path) in line for line in lines) for path in (paths[0], tmp_path / "mute1.mp4"))
    assert f"{tmp_path / 'mute0.mp4'} and 1 more: {SILENT}" in done.stderr.replace("\n", " ")
    assert "predicting: 3 of 3, " in done.stderr and done.stderr.split("3 of 3, ")[1].split()[0].endswith(
        "/s"
    )


def test_a_run_and_its_bundle_agree(predictor, clip_run, clip_files, samples):
    heavy = affekt.load(clip_run)
    for source in (clip_files / "clip1.mp4", samples[0]):
        same(predictor(source), heavy(source), tolerance=1e-3)


def test_openvino_gives_the_same_moments(predictor, clip_bundle, clip_files):
    pytest.importorskip("openvino")
    other = affekt.load(clip_bundle, backend="openvino")
    for file in sorted(clip_files.iterdir()):
        same(predictor(file), other(file), tolerance=1e-3)


# Short clips


@pytest.mark.parametrize("frames", [1, 2, 3, 5, 7])
def test_a_clip_shorter_than_two_snippets_has_a_moment_for_each_whole_snippet(predictor, samples, frames):
    video = samples[0].media["video"]
    short = VideoFrames(video.pixels[:frames], video.times_s[:frames], frames / 12)
    prediction = predictor(Sample("short", {"video": short, "audio": samples[0].media["audio"]}))
    check_timeline(prediction)
    assert len(prediction.moments) == max(1, frames // 4)  # a snippet has 4 frames
    assert prediction.span_s == (0.0, pytest.approx(frames / 12))


# Decoded media, complete and without sound


def test_decoded_frames_and_sound_are_answered(predictor, samples):
    one, other = predictor.predict(samples[:2])
    check_timeline(one)
    assert one.modality == "video+audio" and one.id == samples[0].id
    assert dict(one.scores) != pytest.approx(dict(other.scores), abs=1e-9)


def test_frames_without_sound_are_answered_with_a_note(predictor, samples):
    (sample, *_) = samples
    alone = predictor(replace(sample, media={"video": sample.media["video"]}))
    assert (alone.modality, alone.notes) == ("video", (SILENT, INVENTED))
    assert dict(predictor(sample.media["video"]).scores) == dict(alone.scores)
    heard = predictor(sample)
    assert dict(alone.scores) != pytest.approx(dict(heard.scores), abs=1e-9)


def test_the_sound_of_a_sample_with_a_video_reference_only_is_used(predictor, clip_files):
    path = clip_files / "clip1.mp4"
    prediction = predictor(Sample("a", {"video": path}))
    assert prediction.modality == "video+audio" and prediction.notes == (INVENTED,)
    same(prediction, predictor(path), tolerance=1e-9)


def test_sound_of_another_file_that_is_broken_is_not_replaced_by_the_clips_own(
    predictor, clip_files, tmp_path
):
    (tmp_path / "voice.wav").write_bytes(b"RIFF")
    path = clip_files / "clip1.mp4"
    prediction = predictor(Sample("a", {"video": path, "audio": tmp_path / "voice.wav"}))
    assert prediction.modality == "video"
    note, _ = prediction.notes
    assert note.startswith("its sound cannot be used") and "voice.wav" in note
    assert dict(prediction.scores) != pytest.approx(dict(predictor(path).scores), abs=1e-9)


def test_a_span_beyond_the_end_of_the_sound_is_answered_by_its_picture(predictor, samples):
    (sample, *_) = samples
    quarter = Waveform(sample.media["audio"].samples[:, :8000], 16000)
    late = Sample("late", {"video": sample.media["video"], "audio": quarter}, span_s=(1.0, 2.0))
    prediction = predictor(late)
    assert prediction.modality == "video" and "ends at 0.5 s" in prediction.notes[0]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda samples: samples * 0, "its sound is silent: the answer is based on the picture alone"),
        (lambda samples: samples[:, :160], "its sound covers 1 % of its picture: 0.01 s of 1.0 s"),
        (lambda samples: np.concatenate([samples, -samples]), "its channels are of opposite phase"),
    ],
    ids=["silent", "10 ms", "opposite"],
)
def test_limitations_of_the_sound_are_noted_with_the_answer(predictor, samples, change, expected):
    (sample, *_) = samples
    sound = Waveform(change(sample.media["audio"].samples), 16000)
    prediction = predictor(replace(sample, media={**sample.media, "audio": sound}))
    note, _ = prediction.notes
    assert note.startswith(expected) and prediction.modality == "video+audio"
    assert predictor(sample).notes == (INVENTED,)


# Folders


@pytest.fixture
def folder(clip_files, tmp_path):
    """A folder of 42 files, two of which are not clips."""
    files = sorted(clip_files.iterdir())
    for number in range(42):
        shutil.copy(files[number % 3], tmp_path / f"{number:02d}.mp4")
    (tmp_path / "07.mp4").write_text("text")
    content = (tmp_path / "20.mp4").read_bytes()
    (tmp_path / "20.mp4").write_bytes(content[:300])
    return tmp_path


def test_a_folder_is_answered_in_order_with_reasons_for_skipped_files(predictor, folder):
    answers = predictor.predict([folder])
    first = next(answers)
    assert isinstance(first, Prediction) and Path(first.id).name == "00.mp4"
    rest = list(answers)
    assert [Path(answer.id).stem for answer in (first, *rest)] == [f"{number:02d}" for number in range(42)]
    skipped = [answer for answer in rest if isinstance(answer, Skipped)]
    assert [Path(item.id).name for item in skipped] == ["07.mp4", "20.mp4"]
    assert "it holds the text 'text'" in skipped[0].reason and "is it cut off?" in skipped[1].reason
    twins = [rest[2], rest[5]]  # copies of one file
    assert dict(twins[0].scores) == pytest.approx(dict(twins[1].scores))


def test_the_memory_of_a_folder_does_not_grow_with_it(predictor, folder):
    files = [file for file in sorted(folder.iterdir()) if file.stem not in ("07", "20")]

    def peak_bytes(count):
        tracemalloc.start()
        answered = sum(1 for _ in predictor.predict(files[:count], batch_size=4))
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert answered == count
        return size

    peak_bytes(4)  # what is loaded once
    few, many = peak_bytes(8), peak_bytes(28)
    inputs = sum(np.prod(tensor.shape) * 4 for tensor in predictor.preprocess.spec.inputs)
    assert many < few + 4 * inputs, "memory grows with the number of clips"
