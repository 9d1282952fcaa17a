"""The whole loop, and its pages in a real browser."""

import json
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from affekt.core.errors import ConfigError
from affekt.core.prediction import Prediction
from affekt.demo import run_demo, run_video_demo
from affekt.media.video import open_video

pytestmark = pytest.mark.xdist_group("demo")
CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return run_demo(tmp_path_factory.mktemp("demo"), epochs=1, progress=False, say=lambda line: None)


def test_the_demo_leaves_a_run_a_bundle_walks_and_a_report(demo):
    assert (demo.run.path / "recipe.toml").is_file()
    assert (demo.exported.bundle / "model.onnx").is_file()
    assert len(demo.files) == len(demo.predictions) > 0
    assert demo.report.read_text().startswith("<!doctype html>")


def test_the_demo_is_evaluated_on_walkers_it_never_saw(demo):
    assert len(demo.evaluation.predictions) == 80
    assert 0 <= demo.evaluation.scores["accuracy"] <= 1


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    folder = tmp_path_factory.mktemp("video")
    return run_video_demo(folder, epochs=1, clips=24, progress=False, say=lambda line: None)


def test_the_video_demo_leaves_a_run_a_bundle_clips_and_a_report(video):
    assert (video.run.path / "recipe.toml").is_file()
    assert (video.exported.bundle / "model.onnx").is_file()
    assert {open_video(path).height for path in video.files} == {192}
    assert video.report.read_text().startswith("<!doctype html>")


def test_the_video_demo_answers_clips_of_troupes_that_it_never_saw(video):
    assert len(video.evaluation.predictions) == 4
    assert {row["subject"] for row in video.evaluation.predictions} == {"troupe-06"}
    assert all(isinstance(answer, Prediction) and answer.moments for answer in video.predictions)
    assert [answer.id for answer in video.predictions] == [str(path) for path in video.files]


def test_the_video_demo_shows_what_was_planted_and_that_nobody_was_filmed(video):
    page = video.report.read_text()
    assert "Nobody was filmed" in page
    assert page.count('<div class="what">event<small>planted</small></div>') == len(video.files) == 4


def test_subtitles_and_an_elan_document_lie_beside_the_first_clip(video):
    first, *others = video.files
    assert " --> " in first.with_suffix(".srt").read_text()
    assert ElementTree.parse(first.with_suffix(".eaf")).getroot().tag == "ANNOTATION_DOCUMENT"
    assert not any(path.with_suffix(".srt").exists() for path in others)


def test_what_a_demo_found_is_plain_values(demo, video):
    assert json.loads(json.dumps(demo.to_dict()))["walks"] == [str(path) for path in demo.files]
    assert json.loads(json.dumps(video.to_dict()))["clips"] == [str(path) for path in video.files]


def test_a_demo_leaves_alone_what_it_did_not_make(tmp_path):
    own = tmp_path / "clips" / "holiday.mp4"
    own.parent.mkdir()
    own.write_bytes(b"mine")
    with pytest.raises(ConfigError):
        run_video_demo(tmp_path, clips=1, say=lambda line: None)
    assert own.read_bytes() == b"mine"


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium: .ci/run installs Debian's")
def test_the_report_draws_itself_in_a_browser(demo, tmp_path):
    page = in_browser(demo.report, tmp_path)
    # Scripts ran: the class that they set is there, and the canvas got a size from them.
    assert 'class="moves"' in page
    assert "<canvas" in page and 'width="' in page.partition("<canvas")[2][:200]


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium: .ci/run installs Debian's")
def test_the_report_on_video_draws_itself_in_a_browser(video, tmp_path):
    # The cursor is made by the script, one for each clip.
    assert in_browser(video.report, tmp_path).count('class="cursor"') == len(video.files)


def in_browser(report, folder) -> str:
    """What a browser made of a page; it must have painted something."""
    flags = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    )
    more = f"--disable-component-update --disable-sync --user-data-dir={folder / 'profile'} --timeout=8000"
    shot = folder / "page.png"
    command = [CHROMIUM, *flags.split(), *more.split(), "--window-size=1200,2400"]
    subprocess.run(
        [*command, f"--screenshot={shot}", report.as_uri()], check=True, capture_output=True, timeout=120
    )
    assert shot.stat().st_size > 50_000, "the page is blank"
    # Two seconds of the page's own time, however long they take: a busy machine is late with its first frame.
    done = subprocess.run(
        [*command, "--virtual-time-budget=2000", "--dump-dom", report.as_uri()],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout
