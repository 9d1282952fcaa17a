"""Damaged untrimmed video and annotations: one clear error, or the item is left out and named."""

import json
import subprocess
import sys

import numpy as np
import pytest

from affekt.core.claims.invented import NOTE
from affekt.data.open import open_dataset
from affekt.media.video import VideoFrames
from affekt.media.video.write import write_clip

pytestmark = pytest.mark.xdist_group("long")

RATE_HZ = 10.0
GOOD = ("1_good", "2_good", "3_good", "4_good", "5_good")
# The problem of each video, as it is reported.
BAD = {
    "6_brief": "6_brief has 7 cells of 16 frames; at least 8 are needed",
    "7_apart": "are not of one video; numbers of cells: picture 20, sound 12",
    "8_holes": "holds NaN or infinite values",
    "9_timeless": "fps_dict.json states no frame rate of 9_timeless",
}


def affekt(*arguments):
    code = "from affekt.cli.main import run; run()"
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True)
    assert "Traceback" not in done.stderr, done.stderr
    return done


# Files


@pytest.fixture(scope="module")
def performance():
    """Frames of 40 seconds of long shapes, 5 a second."""
    options = {"videos": 8, "subjects": 4, "shortest_s": 40.0, "longest_s": 40.0, "pixels": 32}
    media = open_dataset("long_shapes", None, {**options, "rate_hz": 5.0}).samples[0].media
    video = media["video"]
    return VideoFrames(video.read(range(len(video))), video.times_s, video.end_s), media["audio"]


def test_a_video_of_fewer_than_8_cells_is_refused(long_bundle, performance, tmp_path):
    frames, sound = performance
    brief = VideoFrames(frames.pixels[:112], frames.times_s[:112], 112 / 5)
    path = write_clip(tmp_path / "brief.mp4", brief, sound)
    done = affekt("predict", long_bundle, path)
    assert done.returncode == 1 and not done.stdout
    (line,) = done.stderr.splitlines()
    assert line.startswith("MediaError") and "has 7 cells of 16 frames; at least 8 are needed" in line


def test_a_video_without_sound_is_answered_with_a_note(long_bundle, performance, tmp_path):
    path = write_clip(tmp_path / "mute.mp4", performance[0], None)
    done = affekt("predict", long_bundle, path, "--json")
    assert done.returncode == 0, done.stderr
    (prediction,) = json.loads(done.stdout)["predictions"]
    assert len(prediction["moments"]) == 13  # the last is short
    assert prediction["notes"] == ["no sound track: the answer is based on the picture alone", NOTE]
    assert prediction["notes"][0] in done.stderr


def test_the_good_ones_of_several_files_are_answered(long_bundle, performance, tmp_path):
    good = write_clip(tmp_path / "good.mp4", *performance)
    (tmp_path / "text.mp4").write_text("dear diary")
    done = affekt("predict", long_bundle, good, tmp_path / "text.mp4", "--json")
    answers = json.loads(done.stdout)
    assert [prediction["id"] for prediction in answers["predictions"]] == [str(good)]
    assert "text.mp4" in done.stderr and "it holds the text 'dear diary'" in done.stderr


# Annotations and features


@pytest.fixture
def tree(tmp_path):
    """A small TSL-300 with features: five good training videos, four bad ones, one test video."""
    home, rng = tmp_path / "VideoSenti", np.random.default_rng(0)
    tests = ("10_test",)
    (home / "point_gaussian").mkdir(parents=True)
    for split, names in {"train": (*GOOD, *BAD), "test": tests}.items():
        (home / f"split_{split}.txt").write_text("\n".join(names) + "\n")
        for kind in ("rgb", "logmfcc"):
            (home / "features" / split / kind).mkdir(parents=True)
        for name in names:
            cells = 7 if name == "6_brief" else 20
            rgb = rng.random((cells, 1024), np.float32)
            rgb[3, 5] = np.nan if name == "8_holes" else 0.0
            logmel = rng.standard_normal((32 * (12 if name == "7_apart" else cells), 60), np.float32)
            np.save(home / "features" / split / "rgb" / f"{name}.npy", rgb)
            np.save(home / "features" / split / "logmfcc" / f"{name}.npy", logmel)
    every = (*GOOD, *BAD, *tests)
    rates = {name: RATE_HZ for name in every if name != "9_timeless"}
    (home / "fps_dict.json").write_text(json.dumps(rates))
    stated = [{"segment": [" 2.5", "9.0 "], "label": "p"}, {"segment": ["12", " 20"], "label": "n"}]
    turned = {"segment": ["9", "2"], "label": "p"}
    database = {name: {"annotations": [*stated, turned] if name == GOOD[0] else stated} for name in every}
    (home / "videosenti_gt.json").write_text(json.dumps({"database": database}))
    rows = [f"p,1,25,90,{name},57\nn,0,120,200,{name},160" for name in (*GOOD, *BAD)]
    header = "class,class_index,start_frame,stop_frame,video_id,point"
    (home / "point_gaussian" / "point_labels.csv").write_text("\n".join([header, *rows]) + "\n")
    return tmp_path


def test_a_check_names_all_problems(tree):
    done = affekt("data", "check", "tsl300", "--data-root", tree, "--json")
    skipped = json.loads(done.stdout)["skipped"]
    assert [(item["id"], item["reason"].partition(": ")[2] or item["reason"]) for item in skipped] == [
        (GOOD[0], f"segment 3 of {GOOD[0]} is skipped: it ends at 2 s and starts at 9 s"),
        ("9_timeless", BAD["9_timeless"]),
    ]


def test_a_training_leaves_bad_videos_out_and_names_them(tree, tmp_path):
    small = ("config.audio_widths=[4,8]", "config.align=16", "config.hidden=32", "train.epochs=2")
    brief = ("train.workers=0", "train.threads=1", "split.validation_share=0.2")
    changes = [word for change in (*small, *brief) for word in ("--set", change)]
    runs = tmp_path / "runs"
    done = affekt("train", "tsl_net/tsl300", "--data-root", tree, "--runs", runs, *changes)
    assert done.returncode == 0, done.stderr
    printed = " ".join(done.stderr.split())
    for name in ("6_brief", "7_apart", "8_holes"):
        assert BAD[name] in printed, name
    assert f"left out: 2 of the data set, such as {GOOD[0]}" in printed
    (result,) = runs.rglob("result.json")
    document = json.loads(result.read_text())
    assert np.isfinite(document["validation"]["map"]) and document["skipped"] == 2
