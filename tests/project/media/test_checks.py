"""`affekt project check`: faults of media of every kind, in one project."""

import json
import shutil

import numpy as np
import pytest
import soundfile
from PIL import Image
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.media.sound import Waveform
from affekt.media.video import VideoFrames
from affekt.media.video.write import write_clip
from affekt.project.checking.duplicates import find_duplicates
from affekt.project.checking.page import write_check_page
from affekt.project.checking.report import describe_checks
from affekt.project.checking.step import CheckStep
from affekt.project.folder import Project
from affekt.project.steps import progress_of, run_step

LONG_ID = "7000000000000000001"


@pytest.fixture(scope="module")
def checked(collected, picture, still, sound, tmp_path_factory) -> Project:
    """A clip for each fault, and some without."""
    folder = tmp_path_factory.mktemp("checked")
    clips = folder / "clips"
    clips.mkdir()
    write_clip(clips / f"{LONG_ID}.mp4", picture(0), sound(0))
    small = picture(0).pixels[:, ::2, ::2]
    write_clip(clips / "smaller.mp4", VideoFrames(small, picture(0).times_s, 2.0), sound(0))
    write_clip(clips / "other.mp4", picture(1), sound(1))
    shutil.copy(clips / "other.mp4", clips / "same.mp4")
    write_clip(clips / "black.mp4", still(0), sound(2))
    write_clip(clips / "frozen.mp4", still(120), sound(3))
    write_clip(clips / "silent.mp4", picture(4), Waveform(np.zeros((1, 32000), np.float32), 16000))
    write_clip(clips / "mute.mp4", picture(5), None)
    write_clip(clips / "apart.mp4", picture(6), sound(6, seconds=5.0))
    write_clip(clips / "late.mp4", picture(7), sound(7))
    whole = (clips / "late.mp4").read_bytes()
    (clips / "empty.mp4").touch()
    (clips / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (clips / "text.mp4").write_text("this is not a video")
    (clips / "text.srt").write_text("nor is this a subtitle")
    write_clip(clips / "shown.mp4", picture(8), sound(8))
    (clips / "shown.srt").write_text("1\n00:01:00,000 --> 00:01:02,000\nof another clip\n")
    soundfile.write(clips / "spoken_vocals.wav", sound(9).samples[0], 16000)
    Image.new("RGB", (40, 30), "red").save(clips / "cover.png")
    (clips / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n no picture")
    names = {"nothing", *(file.stem.removesuffix("_vocals") for file in clips.iterdir())}
    records = {name: {"duration_s": "60" if name == "late" else "", "title": ""} for name in sorted(names)}
    records["black"]["title"] = "<b>black & bold</b>"
    project = collected(folder, records)
    run_step(project, CheckStep())
    find_duplicates(project)
    return project


@pytest.fixture(scope="module")
def found(checked):
    with checked.database() as connection:
        return describe_checks(connection)


def test_each_fault_is_found_where_it_is_and_nowhere_else(found):
    items = {kind["code"]: {one["item"] for one in kind["found"]} for kind in found["findings"]}
    assert items == {
        "no_media": {"nothing"},
        "zero_bytes": {"empty"},
        "unreadable": {"text", "torn"},
        "damaged": {"cut"},
        "lacks_stem": {"mute", "spoken"},
        "no_sound": {"mute"},
        "silent": {"silent"},
        "black": {"black"},
        "frozen": {"frozen"},
        "apart": {"apart", "shown"},
        "duration_differs": {"late"},
    }
    assert found["with_errors"] == 4


def test_of_one_item_each_broken_file_is_reported_once(found):
    (kind,) = [kind for kind in found["findings"] if kind["code"] == "unreadable"]
    texts = [one["text"] for one in kind["found"] if one["item"] == "text"]
    assert [text.partition(":")[0] for text in texts] == ["subtitle collected", "video"]


def test_facts_of_a_medium_are_those_of_the_file(found):
    facts = {(it["item"], it["kind"]): it for it in found["media"]}
    clip = facts[LONG_ID, "video"]
    assert (clip["width"], clip["height"], clip["rate_hz"]) == (48, 36, 12.0)
    assert clip["codecs"] == ["h264", "aac"]
    assert clip["duration_s"] == pytest.approx(2.0, abs=0.01)
    assert facts["shown", "subtitle"]["cues"] == 1
    assert (facts["cover", "image"]["width"], facts["cover", "image"]["height"]) == (40, 30)


def test_copies_are_clusters_with_what_is_alike(found):
    assert [(it["ids"], it["alike"]) for it in found["duplicates"]] == [
        ([LONG_ID, "smaller"], ["sound", "video"]),
        (["other", "same"], ["file", "sound", "video"]),
    ]


def test_duplicates_are_found_from_stored_prints_without_the_media(checked, found, tmp_path):
    moved = Project.open(shutil.copytree(checked.path, tmp_path / "moved", symlinks=True))
    shutil.rmtree(moved.path / "media")
    assert [list(it.ids) for it in find_duplicates(moved)] == [it["ids"] for it in found["duplicates"]]


def test_a_second_check_decodes_nothing(checked):
    with checked.database() as connection:
        progress = progress_of(checked, connection, CheckStep())
    assert (progress.failed, progress.stale, progress.missing) == (0, 0, 0)
    assert run_step(checked, CheckStep()).computed == 0


def test_a_file_that_changes_after_the_import_is_reported(collected, picture, sound, tmp_path):
    clips = tmp_path / "clips"
    clips.mkdir()
    for seed, name in enumerate(("kept", "changed", "removed")):
        write_clip(clips / f"{name}.mp4", picture(seed), sound(seed))
    project = collected(tmp_path, {"kept": {}, "changed": {}, "removed": {}})
    run_step(project, CheckStep())
    content = bytearray((clips / "changed.mp4").read_bytes())
    content[len(content) // 2] ^= 1  # the same size
    (clips / "changed.mp4").write_bytes(bytes(content))
    (clips / "removed.mp4").unlink()
    assert run_step(project, CheckStep()).computed == 2
    with project.database() as connection:
        codes = {it["item_id"]: it["code"] for it in connection.execute("SELECT * FROM finding")}
    assert codes["changed"] == "changed_file"
    assert codes["removed"] == "missing_file"
    assert "kept" not in codes


def test_a_video_without_a_readable_picture_does_not_count_as_its_sound(collected, sound, tmp_path):
    (tmp_path / "clips").mkdir()
    write_clip(tmp_path / "clips" / "heard.m4a", None, sound(0))
    (tmp_path / "clips" / "heard.m4a").rename(tmp_path / "clips" / "heard.mp4")
    project = collected(tmp_path, {"heard": {}})
    run_step(project, CheckStep())
    with project.database() as connection:
        assert [it["code"] for it in connection.execute("SELECT code FROM finding")] == ["unreadable"]


def test_required_kinds_that_an_item_lacks_are_errors(collected, picture, sound, tmp_path):
    (tmp_path / "clips").mkdir()
    write_clip(tmp_path / "clips" / "one.mp4", picture(0), sound(0))
    project = collected(tmp_path, {"one": {}}, settings='[check]\nrequires = ["video", "subtitle"]')
    run_step(project, CheckStep())
    with project.database() as connection:
        rows = connection.execute("SELECT code, level, text FROM finding").fetchall()
    assert [tuple(row) for row in rows] == [("lacks_kind", "error", "it has no subtitle")]


def test_the_page_shows_each_finding_and_loads_nothing(checked, found, tmp_path):
    with checked.database() as connection:
        write_check_page(tmp_path / "check.html", checked, connection, found)
    page = (tmp_path / "check.html").read_text(encoding="utf-8")
    for kind in found["findings"]:
        assert f'id="{kind["code"]}"' in page
        for one in kind["found"]:
            assert one["item"] in page
    assert page.count("data:image/jpeg;base64,") > 10
    assert "http://" not in page and "https://" not in page and "<script" not in page
    assert "&lt;b&gt;black &amp; bold&lt;/b&gt;" in page and "<b>black" not in page


def test_the_command_prints_json_and_fails_on_errors_only_if_asked(checked):
    ran = CliRunner().invoke(app, ["project", "check", str(checked.path), "--json"])
    assert ran.exit_code == 0
    assert json.loads(ran.stdout)["reused"] == 18
    strict = CliRunner().invoke(app, ["project", "check", str(checked.path), "--strict"])
    assert strict.exit_code == 1
