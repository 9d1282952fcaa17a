"""Folders of frames, animations and standard input are clips for networks that take video."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core.answers.prediction import Prediction
from affekt.core.errors import UsageError
from affekt.deploy.load import load
from affekt.deploy.runtime.samples import StatedSkeleton, as_samples, survey
from affekt.media.video import open_video

pytestmark = pytest.mark.xdist_group("clips")


@pytest.fixture(scope="module")
def predictor(clip_bundle):
    return load(clip_bundle, backend="onnxruntime")


@pytest.fixture
def frames(clip_files, tmp_path):
    """A folder with two folders of frames of a clip, a clip, and files that are none."""
    folder = tmp_path / "clips"
    for name in ("a", "b/deep"):
        (folder / name).mkdir(parents=True)
        for number, pixels in open_video(clip_files / "clip0.mp4").frames():
            Image.fromarray(pixels).save(folder / name / f"frame_{number:03}.png")
    (folder / "c.mp4").write_bytes((clip_files / "clip0.mp4").read_bytes())
    (folder / "cover.jpg").touch()
    (folder / "a" / "readme.txt").touch()
    return folder


def test_each_folder_of_frames_is_a_clip(frames):
    found = survey([frames], "video+audio")
    assert found.files == [frames / "a", frames / "b" / "deep", frames / "c.mp4"]
    assert [item.id for item in found.left_out] == [str(frames / "cover.jpg")]
    assert survey(found.files, "video+audio").files == found.files
    assert survey([frames], "image").files[0] == frames / "a" / "frame_000.png"


def test_a_folder_of_frames_is_answered_with_a_stated_or_an_assumed_rate(predictor, frames, clip_files):
    stated, assumed, file = (
        next(iter(predictor.predict(given, rate_hz=rate)))
        for given, rate in ((frames / "a", 12.0), (frames / "a", None), (clip_files / "clip0.mp4", None))
    )
    assert stated.id == str(frames / "a")
    assert any("25 frames per second are assumed" in note for note in assumed.notes)
    assert not any("frames per second" in note for note in stated.notes)
    moments = [[moment.end_s for moment in answer.moments] for answer in (stated, file)]
    assert moments[0] == pytest.approx(moments[1], abs=0.1)
    (sample,) = as_samples([frames / "a"], "video+audio", skeletons=StatedSkeleton(rate_hz=12.0))
    pixels = sample.media["video"].read([3])
    assert np.array_equal(pixels, open_video(clip_files / "clip0.mp4").read([3]))


@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
def test_an_animation_is_answered_as_a_clip(predictor, tmp_path, clip_files, name):
    video = open_video(clip_files / "clip0.mp4")
    pictures = [Image.fromarray(pixels) for _, pixels in video.frames()]
    pictures[0].save(tmp_path / name, save_all=True, append_images=pictures[1:], duration=80)
    (answer,) = predictor.predict(tmp_path)
    assert isinstance(answer, Prediction) and answer.id == str(tmp_path / name)
    assert any("no sound track" in note for note in answer.notes)


def test_a_clip_is_read_from_standard_input(clip_bundle, predictor, clip_files):
    path = clip_files / "clip1.mp4"
    done = CliRunner().invoke(app, ["predict", str(clip_bundle), "-", "--json"], input=path.read_bytes())
    (answer,) = json.loads(done.stdout)["predictions"]
    assert answer["id"] == "stdin"
    assert answer["scores"] == pytest.approx(dict(predictor(path).scores), abs=1e-3)


def test_a_still_picture_and_words_are_named(predictor, tmp_path):
    Image.new("RGB", (32, 32)).save(tmp_path / "a.jpg")
    Image.new("RGB", (32, 32)).save(tmp_path / "b.webp")
    (tmp_path / "c.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nhi\n")
    reasons = [
        str(item) for item in predictor.predict([tmp_path / name for name in ("a.jpg", "b.webp", "c.srt")])
    ]
    for reason, part in zip(
        reasons, ("a JPEG picture, not a video", "it is a still picture", "holds the text"), strict=True
    ):
        assert part in reason
    with pytest.raises(UsageError, match="live stream"):
        predictor("rtsp://camera/1")
