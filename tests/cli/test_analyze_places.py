from __future__ import annotations

import pytest

from affekt.cli.analysis.places import media_of, places_of
from affekt.core.errors import UsageError


@pytest.fixture
def folder(tmp_path):
    for name in ("a.jpg", "sub/a.jpg", "b.mp4", "b.srt", "lonely.srt", "notes.docx"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(b"x")
    return tmp_path / "in"


def test_a_folder_stands_for_its_media_and_the_rest_is_named(folder):
    media, left_out = media_of([folder])
    assert [file.relative_to(folder).as_posix() for file in media] == ["a.jpg", "b.mp4", "sub/a.jpg"]
    assert [line.partition(": ")[0].rpartition("/")[2] for line in left_out] == ["lonely.srt", "notes.docx"]


def test_media_of_one_name_get_files_of_their_own(folder, tmp_path):
    media, _ = media_of([folder])
    places = places_of(media, [tmp_path / "out"], None, several=True)
    pages = [places[medium][0].name for medium in media]
    assert pages == ["in-a.jpg.html", "b.html", "sub-a.jpg.html"]


def test_a_folder_without_media_is_refused(tmp_path):
    (tmp_path / "a.docx").write_bytes(b"x")
    with pytest.raises(UsageError, match="holds no photo"):
        media_of([tmp_path])


def test_several_media_take_one_folder(folder, tmp_path):
    media, _ = media_of([folder])
    with pytest.raises(UsageError, match="one folder"):
        places_of(media, [tmp_path / "story.html"], None, several=True)
