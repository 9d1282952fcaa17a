"""Media files come to the items that their names state; collected files stay as they are."""

import os

import pytest

from affekt.core.errors import UsageError
from affekt.project.folder import Project
from affekt.project.ratings.page.media import medium_of
from affekt.project.records.media import import_media, place_of
from affekt.project.records.upsert import import_records
from affekt.project.settings.records import MediaSettings


@pytest.fixture
def project(tmp_path):
    made = Project.init(tmp_path / "news", labels="plutchik-wheel-8")
    (tmp_path / "records.csv").write_text("id\n1\n2\n3\n")
    import_records(made, tmp_path / "records.csv")
    return made


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "collected" / "may").mkdir(parents=True)
    for name in ("1.mp4", "1.srt", "1_vocals.wav", "may/2.MP4", "9.mp4", "notes.txt"):
        (tmp_path / "collected" / name).write_bytes(name.encode())
    return tmp_path / "collected"


def media(project):
    with project.database() as connection:
        rows = connection.execute("SELECT * FROM medium ORDER BY item_id, kind, name").fetchall()
    return [dict(row) for row in rows]


def test_each_file_is_linked_to_its_item_and_the_rest_is_reported(project, folder):
    report = import_media(project, folder)
    found = media(project)
    assert [(it["item_id"], it["kind"], it["name"]) for it in found] == [
        ("1", "audio", "voice"),
        ("1", "subtitle", "collected"),
        ("1", "video", ""),
        ("2", "video", ""),
    ]
    assert all(project.locate(it["path"]).is_symlink() for it in found)
    assert project.locate(found[3]["path"]).read_bytes() == b"may/2.MP4"
    assert sorted(one.kind for one in report.left_out) == ["media without records", "other files"]
    assert report.without_media == ["3"]


def test_a_copy_is_independent_of_the_collected_file(project, folder):
    file = project.path / "project.toml"
    file.write_text(file.read_text().replace('take = "link"', 'take = "copy"'))
    import_media(Project.open(project.path), folder)
    (folder / "1.mp4").unlink()
    assert project.locate(media(project)[2]["path"]).read_bytes() == b"1.mp4"


def test_importing_again_adds_nothing_and_a_changed_file_is_taken_anew(project, folder):
    import_media(project, folder)
    again = import_media(project, folder)
    assert (again.added, again.updated, again.unchanged) == (0, 0, 4)
    before = media(project)[2]
    (folder / "1.mp4").write_bytes(b"edited")
    changed = import_media(project, folder)
    after = media(project)[2]
    assert (changed.updated, changed.unchanged) == (1, 3)
    assert before["sha256"] != after["sha256"] and before["path"] != after["path"]


def test_a_second_file_of_an_item_never_replaces_the_first(project, folder, tmp_path):
    (folder / "may" / "1.mp4").write_bytes(b"another")
    report = import_media(project, folder)
    assert any("already" in str(one) and one.id == "1.mp4" for one in report.left_out)
    assert project.locate(media(project)[2]["path"]).read_bytes() == b"1.mp4"
    other = tmp_path / "other"
    other.mkdir()
    (other / "1.mp4").write_bytes(b"from elsewhere")
    report = import_media(project, other)
    assert "another video already" in str(report.left_out[0])
    assert project.locate(media(project)[2]["path"]).read_bytes() == b"1.mp4"


def test_the_name_states_id_and_stem():
    settings = MediaSettings(id_after="-", stems={"_karaoke": "accompaniment"})
    file = "people-7301_karaoke.flac"
    from pathlib import Path

    assert place_of(Path(file), settings) == ("7301", "audio", "accompaniment")
    assert place_of(Path("7301.ogg"), settings) == ("7301", "audio", "mix")
    assert place_of(Path("7301.doc"), settings) is None


def test_a_folder_that_is_not_there_is_an_error(project, tmp_path):
    with pytest.raises(UsageError, match="not a folder"):
        import_media(project, tmp_path / "none")


def test_a_folder_whose_name_is_not_utf8_is_collected(project, folder):
    strange = folder.rename(os.fsdecode(os.fsencode(folder) + b"\xe9"))
    assert import_media(project, strange).added == 4
    found = media(project)[2]
    assert found["origin"].endswith("collected\\udce9/1.mp4")
    with project.database() as connection:
        place, kind = medium_of(project, connection, found["path"])
    assert (place.read_bytes(), kind) == (b"1.mp4", "video/mp4")
