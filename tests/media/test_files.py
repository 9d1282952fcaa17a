"""Files below a folder: links, hidden files, and what is left out with its reason."""

import os

import pytest

from affekt.media import image, skeleton, sound, video
from affekt.media.files import has_suffix, is_hidden, other_kinds, walk


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def link(path, target):
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.symlink_to(target)
    except OSError as error:
        pytest.skip(f"this system makes no links: {error}")


def names(root, found):
    return [path.relative_to(root).as_posix() for path in found.files]


def test_files_come_sorted_as_by_their_paths(tmp_path):
    touch(tmp_path, "b/2.png", "a.png", "b/1.png", "b/c/3.png", "B.png")
    assert walk(tmp_path).files == sorted(path for path in tmp_path.rglob("*") if path.is_file())


def test_hidden_and_system_files_are_counted_and_not_read(tmp_path):
    touch(tmp_path, "a.png", "._a.png", ".ipynb_checkpoints/a.png", "__MACOSX/x/a.png", "b/Thumbs.db")
    found = walk(tmp_path)
    assert names(tmp_path, found) == ["a.png"]
    assert (found.left_out, found.hidden) == ([], 4)


def test_a_folder_that_lies_in_a_hidden_one_is_read(tmp_path):
    home = touch(tmp_path / ".cache" / "data", "a.png")
    assert names(home, walk(home)) == ["a.png"]


def test_linked_folders_and_files_are_read_under_the_name_of_the_link(tmp_path):
    elsewhere = touch(tmp_path / "elsewhere", "x/1.png", "2.png")
    root = touch(tmp_path / "root", "own.png")
    link(root / "linked", elsewhere / "x")
    link(root / "file.png", elsewhere / "2.png")
    assert names(root, walk(root)) == ["file.png", "linked/1.png", "own.png"]


def test_circular_links_are_left_out(tmp_path):
    touch(tmp_path, "a/1.png", "b/2.png")
    link(tmp_path / "a" / "up", tmp_path)
    link(tmp_path / "a" / "to_b", tmp_path / "b")
    link(tmp_path / "b" / "to_a", tmp_path / "a")
    link(tmp_path / "self", tmp_path / "self")
    found = walk(tmp_path)
    assert names(tmp_path, found) == ["a/1.png", "b/2.png"]
    assert {item.id: item.kind for item in found.left_out} == {
        "a/up": "links in a circle",
        "a/to_b": "folders linked twice",
        "b/to_a": "folders linked twice",
        "self": "broken links",
    }


def test_circular_links_outside_of_the_folder_are_left_out(tmp_path):
    outside = touch(tmp_path / "outside", "1.png")
    link(outside / "again", outside)
    link(tmp_path / "root" / "out", outside)
    found = walk(tmp_path / "root")
    assert names(tmp_path / "root", found) == ["out/1.png"]
    assert [item.id for item in found.left_out] == ["out/again"]


def test_a_file_keeps_its_own_path_where_a_link_leads_to_its_folder(tmp_path):
    touch(tmp_path, "z/1.png")
    link(tmp_path / "a", tmp_path / "z")
    found = walk(tmp_path)
    assert names(tmp_path, found) == ["z/1.png"]
    assert "z, which is read" in found.left_out[0].reason


def test_a_broken_link_is_counted(tmp_path):
    link(tmp_path / "a.png", tmp_path / "none.png")
    (item,) = walk(tmp_path).left_out
    assert (item.id, item.kind) == ("a.png", "broken links")


def test_a_folder_that_cannot_be_read_is_counted_with_the_reason(tmp_path, monkeypatch):
    touch(tmp_path, "closed/1.png", "open/2.png")
    listing = os.scandir

    def refuse(path):
        if os.fspath(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return listing(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = walk(tmp_path)
    assert names(tmp_path, found) == ["open/2.png"]
    assert [(item.id, item.kind) for item in found.left_out] == [("closed", "folders that cannot be read")]
    assert "Permission denied" in found.left_out[0].reason


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_a_file(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    assert [item.kind for item in walk(tmp_path).left_out] == ["pipes, sockets and devices"]


def test_files_of_other_kinds_are_counted_by_suffix_in_lower_case(tmp_path):
    touch(tmp_path, "a.PNG", "b.TXT", "README")
    items = other_kinds(tmp_path, walk(tmp_path).files, image.SUFFIXES, "picture")
    assert {item.id: item.kind for item in items} == {"README": "without a suffix", "b.TXT": ".txt"}


@pytest.mark.parametrize(
    ("name", "suffixes"),
    [
        *((name, video.SUFFIXES) for name in ("a.MTS", "a.m2ts", "a.qt", "a.3gp", "a.mxf", "a.VOB", "a.m4v")),
        *((name, sound.SUFFIXES) for name in ("a.weba", "a.M4B", "a.w64", "a.aifc", "a.mp2", "a.WAVE")),
        *((name, skeleton.SUFFIXES) for name in ("a.NPZ", "a.Csv", "a.JSON")),
    ],
)
def test_a_suffix_that_can_be_read_is_found(tmp_path, name, suffixes):
    assert has_suffix(tmp_path / name, suffixes)


def test_a_class_folder_may_have_any_name():
    assert not any(map(is_hidden, ("macosx", "happy", "_private", "thumbs")))
