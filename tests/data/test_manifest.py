"""What is said of files: by a manifest, or by the folders they lie in."""

import pytest

from affekt.core.errors import DataError
from affekt.data._manifest import (
    check_label_names,
    csv_rows,
    find_manifest,
    leads_out,
    make_label_set,
    read_manifest,
    refuse,
    walk_classes,
    walk_parts,
)


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def manifest(folder, *rows):
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder / "manifest.csv"


def test_a_manifest_is_found_by_its_name_csv_first(tmp_path):
    assert find_manifest(tmp_path) is None
    touch(tmp_path, "manifest.parquet")
    assert find_manifest(tmp_path) == tmp_path / "manifest.parquet"
    touch(tmp_path, "manifest.csv")
    assert find_manifest(tmp_path) == tmp_path / "manifest.csv"


def test_a_row_becomes_a_line(tmp_path):
    rows = ("path, label ,subject,split,id", "a/1.x, sad ,anna,validation,one", "a/2.x,,,,")
    one, two = read_manifest(manifest(tmp_path, *rows))
    assert one == ("one", tmp_path / "a/1.x", "sad", "anna", "validation")
    assert two == ("a/2.x", tmp_path / "a/2.x", None, None, None)


def test_files_of_a_manifest_need_not_exist_to_be_listed(tmp_path):
    assert len(read_manifest(manifest(tmp_path, "path,label", "none.x,sad"))) == 1


def test_a_parquet_manifest_lacking_a_column_is_refused(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"file": ["a"], "label": ["sad"]}), tmp_path / "manifest.parquet")
    with pytest.raises(DataError, match="lacks the column path; found file, label"):
        read_manifest(tmp_path / "manifest.parquet")


@pytest.mark.parametrize(
    ("name", "out"), [("a/b.png", False), ("../a", True), ("a/../b", True), ("/a", True), ("a..b/c", False)]
)
def test_a_path_leads_out_by_its_parts(name, out):
    assert leads_out(name) is out


def test_rows_are_read_one_by_one(tmp_path):
    (tmp_path / "a.csv").write_text(" number , name\n1,x\n2,y\n")
    rows = csv_rows(tmp_path / "a.csv", ("number",))
    assert next(rows) == {"number": "1", "name": "x"}
    rows.close()


def test_a_table_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"a\.csv cannot be read"):
        list(csv_rows(tmp_path / "a.csv", ()))


def test_no_problems_are_no_error(tmp_path):
    assert refuse(tmp_path, []) is None


def test_classes_are_folders_and_files_may_lie_deeper(tmp_path):
    touch(tmp_path, "happy/a.x", "sad/monday/sub-ben_b.x", "sad/.hidden", "stray.x", ".git/config")
    assert [(line.id, line.label, line.subject) for line in walk_classes(tmp_path, tmp_path)] == [
        ("happy/a.x", "happy", None),
        ("sad/monday/sub-ben_b.x", "sad", "ben"),
    ]


def test_folders_of_parts_are_recognised_by_every_usual_name(tmp_path):
    touch(tmp_path, "Train/happy/a.x", "valid/sad/b.x", "val/sad/b.x", "validation/sad/b.x", "test/sad/c.x")
    assert {line.id.split("/")[0]: (line.label, line.split) for line in walk_parts(tmp_path)} == {
        "Train": ("happy", "train"),
        "val": ("sad", "validation"),
        "valid": ("sad", "validation"),
        "validation": ("sad", "validation"),
        "test": ("sad", "test"),
    }


def test_one_folder_of_another_name_makes_all_of_them_classes(tmp_path):
    touch(tmp_path, "train/happy/a.x", "boat/b.x")
    assert {line.label for line in walk_parts(tmp_path)} == {"train", "boat"}
    assert {line.split for line in walk_parts(tmp_path)} == {None}


def test_a_file_in_place_of_a_folder_is_refused(tmp_path):
    touch(tmp_path, "a")
    with pytest.raises(DataError, match="is no folder"):
        list(walk_parts(tmp_path / "a"))


def test_labels_are_those_chosen_or_those_found(tmp_path):
    touch(tmp_path, "sad/a.x", "happy/b.x")
    lines = list(walk_parts(tmp_path))
    assert make_label_set(tmp_path, lines, ()).names == ("happy", "sad")
    assert make_label_set(tmp_path, lines, ("sad", "calm", "happy")).names == ("sad", "calm", "happy")
    with pytest.raises(DataError, match="labels happy are not among"):
        make_label_set(tmp_path, lines, ("sad", "calm"))


@pytest.mark.parametrize("names", [("a",), ("a", "a")])
def test_names_that_make_no_set_are_refused(names):
    with pytest.raises(ValueError, match="at least two names"):
        check_label_names(names)
