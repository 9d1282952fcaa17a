"""What a second of an item becomes: its frame, its faces weighted by area, its words with captions."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from affekt.core.errors import AffektError
from affekt.media.sound import Waveform
from affekt.media.video import VideoFrames
from affekt.media.video.write import write_clip
from affekt.project.encoding import step as encoding_step
from affekt.project.encoding.encoders import Thumbnails
from affekt.project.encoding.size import predicted_bytes, stored_bytes
from affekt.project.encoding.step import EncodeStep, encode
from affekt.project.encoding.stored import encoded_items
from affekt.project.folder import Project
from affekt.project.records.media import import_media
from affekt.project.records.upsert import import_records
from affekt.project.settings.encoding import ThumbnailEncoding
from affekt.project.steps import run_step
from affekt.project.words.subtitles import SubtitleStep

SETTINGS = """
labels = "plutchik-8"
[sound]
stem = "mix"
[encoding]
title = { source = "counted" }
text = { source = "counted" }
captions = "captions"
video = { kind = "thumbnail", size = 1 }
faces = { kind = "thumbnail", size = 1 }
audio = { kind = "log_mel", mels = 8 }
"""
RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)


class Counted:
    """An encoder of lines whose vector is their number of characters; it keeps what it was given."""

    name, width, key = "counted", 1, "counted"

    def __init__(self):
        self.lines = []

    def __call__(self, lines):
        self.lines.append(list(lines))
        return np.array([[len(line)] for line in lines], np.float32)


@pytest.fixture
def counted(monkeypatch):
    """`make_encoders` with `Counted` for lines, so that no network is needed."""
    lines, made = Counted(), encoding_step.make_encoders

    def make(settings):
        others = settings.model_copy(update={"title": None, "text": None})
        return {"title": lines, **made(others), "text": lines}

    for module in ("step", "size"):
        monkeypatch.setattr(f"affekt.project.encoding.{module}.make_encoders", make)
    return lines


@pytest.fixture
def project(tmp_path, counted):
    """One clip of 2.5 s: red, then green, then blue; a large face at 1 s and a small one."""
    pixels = np.concatenate([np.full((4, 32, 64, 3), colour, np.uint8) for colour in (RED, GREEN, BLUE)])
    pixels[4:8, 0:16, 0:32] = (255, 255, 255)  # a face of 16 x 32
    pixels[4:8, 16:24, 0:16] = (0, 0, 0)  # a face of 8 x 16
    folder = tmp_path / "collected"
    sound = Waveform(0.2 * np.sin(np.arange(40000) / 5, dtype=np.float32)[None], 16000)
    write_clip(folder / "a.mp4", VideoFrames(pixels, np.arange(12) / 4, 2.5 + 0.5), sound)
    (folder / "a.srt").write_text("1\n00:00:00,500 --> 00:00:01,200\nhello\n")
    (folder / "a.captions.srt").write_text("1\n00:00:00,000 --> 00:00:02,600\na street\n")
    (tmp_path / "records.csv").write_text("id,title,duration_s\na,Rain,3\nb,Only a title,\nc,,\n")
    made = Project.init(tmp_path / "news", labels="plutchik-8")
    (made.path / "project.toml").write_text(SETTINGS)
    project = Project.open(made.path)
    import_records(project, tmp_path / "records.csv")
    import_media(project, folder)
    run_step(project, SubtitleStep())
    return project


def found(project, boxes=((1, 0, 0, 0, 32, 16), (1, 1, 0, 16, 16, 8))):
    """State boxes as the search for faces would: frame, track, x, y, w, h; one frame a second."""
    with project.database() as connection:
        connection.execute(
            "INSERT INTO tracked VALUES ('a', 'face', 'drawn', 3, 1.0, 3.0, 64, 32) ON CONFLICT DO NOTHING"
        )
        for frame, track, x, y, w, h in boxes:
            connection.execute(
                "INSERT INTO box (item_id, what, frame, track, x, y, w, h, score) "
                "VALUES ('a', 'face', ?, ?, ?, ?, ?, ?, 1.0)",
                (frame, track, x, y, w, h),
            )
        connection.execute("INSERT INTO done VALUES ('tracks-face', 'a', 'drawn', NULL, 'now')")


def arrays(project, item="a"):
    with project.database() as connection:
        return load_file(encoded_items(project, connection)[item].path)


def quiet(done, total):
    assert done <= total


def test_each_second_has_a_frame_and_the_words_shown_then(project, counted):
    found(project)
    ran = encode(project, quiet)
    values = arrays(project)
    assert (ran.computed, ran.failed) == (2, [])
    assert values["video"].shape == (4, 3)
    assert values["video"][0].argmax() == 0 and values["video"][2].argmax() == 2
    assert counted.lines[1][:3] == ["a street", "hello\na street", "a street"]
    assert values["audio"].shape == (16,)
    assert set(arrays(project, "b")) == {"title"}


def test_a_frame_of_faces_is_their_sum_weighted_by_area_and_none_is_a_zero(project):
    found(project)
    encode(project, quiet)
    values = arrays(project)
    white, black = Thumbnails(ThumbnailEncoding(kind="thumbnail", size=1))(
        [np.full((16, 32, 3), 255, np.uint8), np.zeros((8, 16, 3), np.uint8)]
    )
    assert values["face_count"][:3, 0].tolist() == [0, 2, 0]
    np.testing.assert_allclose(values["faces"][1], 0.8 * white + 0.2 * black, atol=0.06)
    assert not values["faces"][0].any() and not values["faces"][2].any()


def test_the_reference_weighs_faces_by_their_share_of_the_frame(project):
    found(project)
    file = project.path / "project.toml"
    file.write_text(file.read_text() + "normalized_faces = false\n")
    project = Project.open(project.path)
    encode(project, quiet)
    expected = 512 / 2048 * 1 + 128 / 2048 * -1
    np.testing.assert_allclose(arrays(project)["faces"][1], expected, atol=0.03)


def test_a_video_that_was_not_searched_for_faces_is_not_encoded_as_one_without(project):
    ran = encode(project, quiet)
    assert [one.id for one in ran.failed] == ["a"]
    assert "affekt project tracks" in str(ran.failed[0])


def test_only_what_changed_is_encoded_again(project):
    found(project)
    encode(project, quiet)
    with project.database() as connection:
        connection.execute("UPDATE item SET title = 'Sun' WHERE id = 'b'")
    ran = encode(project, quiet)
    assert (ran.computed, ran.reused) == (1, 1)
    with project.database() as connection:
        connection.execute("UPDATE done SET made_from = 'another' WHERE step = 'tracks-face'")
    assert encode(project, quiet).computed == 1


def test_the_size_is_known_before(project):
    found(project)
    expected = predicted_bytes(project)
    encode(project, quiet)
    assert 0.3 * stored_bytes(project) < expected < 3 * stored_bytes(project)


def test_half_precision_halves_the_vectors(project):
    file = project.path / "project.toml"
    file.write_text(file.read_text() + 'dtype = "float16"\n')
    project = Project.open(project.path)
    found(project)
    encode(project, quiet)
    assert {value.dtype for value in arrays(project).values()} == {np.dtype("float16")}


def test_a_disk_error_keeps_what_was_encoded(project, monkeypatch):
    found(project)
    step = EncodeStep(project)
    run_step(project, step)
    before = arrays(project)
    with project.database() as connection:
        connection.execute("UPDATE item SET title = 'Sun' WHERE id = 'b'")

    def full(path, content):
        raise AffektError(f"{path} cannot be written: No space left on device")

    monkeypatch.setattr("affekt.project.encoding.stored.write_bytes", full)
    with pytest.raises(AffektError, match="No space"):
        run_step(project, step)
    monkeypatch.undo()
    np.testing.assert_array_equal(arrays(project)["video"], before["video"])
    with project.database() as connection:
        assert connection.execute("SELECT count(*) FROM done WHERE reason IS NOT NULL").fetchone()[0] == 0
