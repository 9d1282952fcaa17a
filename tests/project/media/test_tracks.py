"""`affekt project tracks`: boxes joined over time, sampled, stored and summarised."""

import csv
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from affekt.assets.places import copies
from affekt.assets.registry import find_asset
from affekt.cli.main import app
from affekt.core.errors import ConfigError, UsageError
from affekt.media.detection import Detections
from affekt.media.sound import Waveform
from affekt.media.tracking.tracker import Tracker
from affekt.media.video import VideoFrames, open_video
from affekt.media.video.write import write_clip
from affekt.project.settings.tracks import FaceDetectorSettings, TrackSettings
from affekt.project.steps import progress_of, run_step
from affekt.project.tracks.step import TrackStep, track_video
from affekt.project.tracks.summary import face_ratios, summarise


class Bright:
    """Fifty boxes of 4 x 3 pixels in a bright frame, none in a dark one."""

    name, digest = "bright", "bright-1"

    def detect(self, frame):
        count = 50 if frame.mean() > 127 else 0
        left, top = np.arange(count) % 10 * 4.0, np.arange(count) // 10 * 3.0
        boxes = np.stack([left, top, left + 4, top + 3], axis=1).astype(np.float32)
        return Detections(boxes, np.full(count, 0.9, np.float32))


# The tracker


def box(left, top=0.0, side=10.0):
    return np.array([[left, top, left + side, top + side]], np.float32)


def test_a_box_that_moves_slowly_stays_one_track():
    tracker = Tracker(overlap=0.3, gap_s=1.0)
    assert [tracker.update(0.2 * n, box(3.0 * n)) for n in range(6)] == [[0]] * 6


def test_a_box_elsewhere_is_another_track():
    tracker = Tracker(overlap=0.3, gap_s=1.0)
    assert [tracker.update(float(n), box(left)) for n, left in enumerate((0, 50, 50))] == [[0], [1], [1]]


def test_a_track_is_found_again_within_the_gap_and_not_after_it():
    tracker = Tracker(overlap=0.3, gap_s=1.0)
    tracker.update(0.0, box(0))
    assert tracker.update(1.0, box(0)) == [0]
    assert tracker.update(2.2, box(0)) == [1]


def test_two_boxes_are_given_to_the_tracks_that_they_overlap_most():
    tracker = Tracker(overlap=0.1, gap_s=1.0)
    assert tracker.update(0.0, np.concatenate([box(0), box(8)])) == [0, 1]
    # The first overlaps both tracks, and would take the second if it chose alone.
    assert tracker.update(0.2, np.concatenate([box(5), box(9)])) == [0, 1]


def test_frames_without_boxes_are_no_tracks():
    tracker = Tracker(overlap=0.3, gap_s=1.0)
    assert [tracker.update(float(n), np.zeros((0, 4), np.float32)) for n in range(3)] == [[], [], []]


# Sampling


def times_searched(times_s, end_s, step_s):
    """The grey level of each searched frame: frame n has level n."""
    frames = np.stack([np.full((8, 8, 3), n, np.uint8) for n in range(len(times_s))])
    searched = []

    class Levels:
        name, digest = "levels", "levels-1"

        def detect(self, frame):
            searched.append(int(frame[0, 0, 0]))
            return Detections(np.array([[0, 0, 4, 4]], np.float32), np.ones(1, np.float32))

    video = open_video(VideoFrames(frames, np.asarray(times_s, float), end_s))
    tracks = track_video(video, Levels(), TrackSettings(step_s=step_s), 640)
    return searched, tracks


def test_the_frames_that_are_shown_at_multiples_of_the_step_are_searched():
    searched, tracks = times_searched(np.arange(12) / 10, 1.2, 0.3)
    assert searched == [0, 3, 6, 9]
    assert (tracks.frames, [it.frame for it in tracks.boxes]) == (4, [0, 1, 2, 3])


def test_a_frame_that_is_shown_long_is_searched_once_and_counts_each_time():
    searched, tracks = times_searched([0.0, 1.0], 2.0, 0.25)
    assert searched == [0, 1]
    assert tracks.frames == len(tracks.boxes) == 8


def test_a_video_shorter_than_the_step_has_one_frame():
    searched, tracks = times_searched([0.0], 0.04, 1.0)
    assert (searched, tracks.frames) == ([0], 1)


def test_boxes_are_in_pixels_of_the_video_though_it_is_searched_smaller(still):
    video = open_video(still(255))  # 36 x 48
    tracks = track_video(video, Bright(), TrackSettings(step_s=1.0), 24)
    assert max(it.x + it.w for it in tracks.boxes) == 80.0  # 40 pixels of 24 columns become 80 of 48
    assert (tracks.width, tracks.height) == (48, 36)


# The step


@pytest.fixture(scope="module")
def searched(collected, still, tmp_path_factory):
    """`bright` has fifty faces throughout, `half` in its second half, `dark` none; two cannot be read."""
    folder = tmp_path_factory.mktemp("searched")
    (folder / "clips").mkdir()
    write_clip(folder / "clips" / "bright.mp4", still(255), None)
    write_clip(folder / "clips" / "dark.mp4", still(0), None)
    pixels = np.concatenate([still(0).pixels, still(255).pixels])
    write_clip(folder / "clips" / "half.mp4", VideoFrames(pixels, np.arange(48) / 12, 4.0), None)
    (folder / "clips" / "empty.mp4").touch()
    (folder / "clips" / "text.mp4").write_text("not a video")
    write_clip(folder / "clips" / "heard.m4a", None, Waveform(np.zeros((1, 8000), np.float32), 8000))
    names = ("bright", "dark", "half", "empty", "text", "heard")
    project = collected(folder, {name: {} for name in names}, settings="[tracks]\nstep_s = 0.5")
    step = TrackStep(project, "face", FaceDetectorSettings(), Bright())
    return project, step, run_step(project, step)


def test_videos_with_no_face_and_with_fifty_are_summarised(searched):
    project, _, _ = searched
    with project.database() as connection:
        found = {it.item: it for it in summarise(connection)}
    assert set(found) == {"bright", "dark", "half"}
    assert (found["dark"].tracks, found["dark"].seconds, found["dark"].share) == (0, 0.0, 0.0)
    bright, half = found["bright"], found["half"]
    assert (bright.frames, bright.tracks, bright.most, bright.share) == (4, 50, 50, 1.0)
    assert bright.seconds == pytest.approx(50 * 2.0, abs=0.01)
    assert bright.mean_ratio == bright.largest_ratio == pytest.approx(50 * 4 * 3 / (48 * 36))
    assert (half.frames, half.share, half.seconds) == (8, 0.5, pytest.approx(50 * 2.0, abs=0.01))
    assert half.mean_ratio == pytest.approx(half.largest_ratio / 2)


def test_each_frame_has_a_number_of_faces_and_their_share(searched):
    project, _, _ = searched
    with project.database() as connection:
        rows = list(face_ratios(connection, "half"))
        assert [(time_s, faces) for time_s, faces, _ in rows] == [
            (0.5 * frame, 0 if frame < 4 else 50) for frame in range(8)
        ]
        assert rows[7][2] == pytest.approx(600 / 1728)
        assert [it[1] for it in face_ratios(connection, "dark")] == [0, 0, 0, 0]


def test_videos_that_cannot_be_read_are_listed_and_sounds_are_not_concerned(searched):
    project, step, ran = searched
    assert [it.id for it in ran.failed] == ["empty", "text"]
    with project.database() as connection:
        progress = progress_of(project, connection, step)
    assert (progress.done, progress.failed, progress.missing) == (5, 2, 0)


def test_what_is_done_is_not_done_again_until_a_setting_changes(searched):
    project, step, _ = searched
    assert run_step(project, step).computed == 0
    with project.database() as connection:
        same = TrackStep(project, "face", FaceDetectorSettings(), Bright()).expected(project, connection)
        assert same == step.expected(project, connection)
        coarser = TrackStep(project, "face", FaceDetectorSettings(longest_px=32), Bright())
        assert progress_of(project, connection, coarser).stale == 5


def test_faces_and_persons_are_tracked_beside_each_other(searched):
    project, _, _ = searched
    run_step(project, TrackStep(project, "person", FaceDetectorSettings(), Bright()))
    with project.database() as connection:
        found = [(it.what, it.item) for it in summarise(connection)]
    assert found == [(what, item) for what in ("face", "person") for item in ("bright", "dark", "half")]


@pytest.mark.parametrize(
    ("person", "problem"),
    [("confidence = 0.4", "tracks.person.detector: missing"), ('detector = "centerface"', "finds faces")],
)
def test_a_detector_of_faces_is_never_taken_for_persons(collected, tmp_path, person, problem):
    (tmp_path / "clips").mkdir()
    with pytest.raises(ConfigError, match=problem):
        collected(tmp_path, {"one": {}}, settings=f"[tracks.person]\n{person}")


def test_an_unknown_detector_is_refused_before_any_video_is_read(collected, still, tmp_path):
    (tmp_path / "clips").mkdir()
    write_clip(tmp_path / "clips" / "one.mp4", still(0), None)
    project = collected(tmp_path, {"one": {}}, settings='[tracks.face]\ndetector = "gone.onnx"')
    with pytest.raises(UsageError, match=r"gone\.onnx does not exist"):
        TrackStep(project, "face", project.settings.tracks.face)
    with project.database() as connection:
        assert connection.execute("SELECT count(*) FROM done").fetchone()[0] == 0


@pytest.mark.skipif(
    not copies(find_asset("centerface")), reason="needs the asset centerface: affekt assets get centerface"
)
def test_the_faces_of_real_clips_are_found_by_the_command(collected, shared, tmp_path):
    samples = shared / "data" / "media_samples"
    (tmp_path / "clips").mkdir()
    for file in samples.glob("*.mp4"):
        (tmp_path / "clips" / file.name).symlink_to(file)
    records = {file.stem: {} for file in samples.glob("*.mp4")}
    project = collected(tmp_path, records, settings="[tracks]\nstep_s = 1.0\nface.longest_px = 320")
    frames = tmp_path / "frames.csv"
    arguments = ["project", "tracks", str(project.path), "--frames", str(frames), "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    found = {it["item"]: it for it in json.loads(result.stdout)["videos"]}
    face, none = found["WolfgangLanger_Pexels"], found["no_face"]
    assert (face["frames"], face["most"], face["share"]) == (20, 1, 1.0)
    assert face["seconds"] == pytest.approx(19.7, abs=0.1)
    assert 0.2 < face["mean_ratio"] < face["largest_ratio"] < 0.4
    assert (none["tracks"], none["share"]) == (0, 0.0)
    with frames.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == face["frames"] + none["frames"]
    assert {row["faces"] for row in rows if row["id"] == "no_face"} == {"0"}
