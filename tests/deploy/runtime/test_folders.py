"""The files of a folder that are predicted, and those that are left out."""

import pytest

from affekt.core.errors import UsageError
from affekt.deploy.runtime.samples import find_files, survey

NAMES = {
    "image": ("1.PNG", "2.tiff"),
    "skeleton": ("1.NPZ", "2.Csv", "3.JSON"),
    "video": ("1.MTS", "2.m2ts", "3.qt", "4.3gp", "5.mxf"),
    "audio": ("1.weba", "2.m4b", "3.W64", "4.mp4"),
}


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


@pytest.mark.parametrize("modality", NAMES)
def test_files_of_the_modality_are_found_and_the_rest_is_counted(tmp_path, modality):
    touch(tmp_path, *NAMES[modality], "deep/notes.txt", ".hidden.png", ".ipynb_checkpoints/1.npz", "._1.MTS")
    found = survey([tmp_path], modality)
    assert found.files == [tmp_path / name for name in NAMES[modality]]
    assert [(item.id, item.kind) for item in found.left_out] == [(str(tmp_path / "deep/notes.txt"), ".txt")]
    assert found.hidden == 3


def test_links_are_followed_once(tmp_path):
    touch(tmp_path / "elsewhere", "1.png")
    root = touch(tmp_path / "in", "2.png")
    try:
        (root / "linked").symlink_to(tmp_path / "elsewhere")
        (root / "again").symlink_to(root)
        (root / "nothing.png").symlink_to(tmp_path / "none.png")
    except OSError as error:
        pytest.skip(f"this system cannot make links: {error}")
    found = survey([root], "image")
    assert found.files == [root / "2.png", root / "linked" / "1.png"]
    assert {item.kind for item in found.left_out} == {"links in a circle", "broken links"}


def test_a_file_that_is_given_by_its_path_is_used_with_any_suffix(tmp_path):
    touch(tmp_path, ".hidden.txt")
    assert find_files([tmp_path / ".hidden.txt"], "image") == [tmp_path / ".hidden.txt"]


def test_a_folder_without_a_file_stands_for_itself(tmp_path):
    touch(tmp_path, "notes.txt")
    assert find_files([tmp_path], "image") == [tmp_path]


def test_a_path_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        survey([tmp_path / "none"], "image")
