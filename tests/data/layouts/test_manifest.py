"""What a manifest says of files."""

import pytest

from affekt.core.errors import DataError
from affekt.data.layouts.manifest import find_manifest, read_manifest
from affekt.data.layouts.tables import csv_rows, leaves_folder, raise_problems


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
    one, two = read_manifest(manifest(tmp_path, *rows)).files
    assert one == ("one", tmp_path / "a/1.x", "sad", "anna", "validation")
    assert two == ("a/2.x", tmp_path / "a/2.x", None, None, None)


def test_files_of_a_manifest_need_not_exist_to_be_listed(tmp_path):
    assert len(read_manifest(manifest(tmp_path, "path,label", "none.x,sad")).files) == 1


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
    assert leaves_folder(name) is out


def test_rows_are_read_one_by_one(tmp_path):
    (tmp_path / "a.csv").write_text(" number , name\n1,x\n2,y\n")
    rows = csv_rows(tmp_path / "a.csv", ("number",))
    assert next(rows) == (2, {"number": "1", "name": "x"})
    rows.close()


def test_a_table_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"a\.csv cannot be read"):
        list(csv_rows(tmp_path / "a.csv", ()))


def test_no_problems_are_no_error(tmp_path):
    assert raise_problems(tmp_path, []) is None


def test_splits_are_read_in_any_usual_spelling(tmp_path):
    rows = (
        "path,label,split",
        "1.x,sad,Train",
        "2.x,sad,val",
        "3.x,sad,TESTING",
        "4.x,sad,dev",
        "5.x,sad,nan",
    )
    assert [line.split for line in read_manifest(manifest(tmp_path, *rows)).files] == [
        "train",
        "validation",
        "test",
        "validation",
        None,
    ]


def test_an_unknown_split_is_refused_until_an_option_names_it(tmp_path):
    table = manifest(tmp_path, "path,label,split", "1.x,sad,train", "2.x,sad,heldout", "3.x,sad,later")
    with pytest.raises(DataError, match=r"line 3: unknown split 'heldout'(.|\n)*options\.splits"):
        read_manifest(table)
    listed = read_manifest(table, stated={"heldout": "test", "later": "ignore"})
    assert [(line.id, line.split) for line in listed.files] == [("1.x", "train"), ("2.x", "test")]
    assert [(item.id, item.kind) for item in listed.skipped] == [("3.x", "ignored splits")]


def test_words_for_nothing_are_no_subject_and_no_id(tmp_path):
    (line,) = read_manifest(manifest(tmp_path, "path,label,subject,id", "1.x,sad,nan,None")).files
    assert (line.id, line.subject) == ("1.x", None)


def test_columns_are_found_in_capitals(tmp_path):
    (line,) = read_manifest(manifest(tmp_path, "Path,LABEL,Split", "1.x,sad,test")).files
    assert (line.id, line.label, line.split) == ("1.x", "sad", "test")


def test_folders_that_contradict_the_manifest_are_reported(tmp_path):
    rows = ("path,label,split", "train/sad/1.x,happy,test", "train/happy/2.x,happy,train", "new/3.x,sad,test")
    problems = read_manifest(manifest(tmp_path, *rows)).problems
    assert len(problems) == 2
    assert "1 row has a file in a folder named after another label" in problems[0]
    assert "named after another split" in problems[1] and "train/sad/1.x (test)" in problems[1]


def test_an_unknown_split_on_many_lines_is_one_problem(tmp_path):
    rows = [f"{number}.x,sad,{'heldout' if number % 2 else 'train'}" for number in range(40)]
    with pytest.raises(
        DataError, match=r"has 1 problem\n  line 3 \(and 19 more lines\): .*'heldout'"
    ) as caught:
        read_manifest(manifest(tmp_path, "path,label,split", *rows))
    assert '{heldout = "test"}' in str(caught.value)


@pytest.mark.parametrize("name", ["Manifest.csv", "manifest.CSV", "MANIFEST.PARQUET"])
def test_a_manifest_is_found_in_capitals(tmp_path, name):
    (tmp_path / name).write_text("")
    found = find_manifest(tmp_path)
    assert found is not None and found.name == name


def test_the_manifest_as_documented_wins_over_one_in_capitals(tmp_path):
    for name in ("MANIFEST.csv", "Manifest.csv"):
        (tmp_path / name).write_text("")
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this file system does not tell capitals from small letters")
    with pytest.raises(DataError, match=r"holds MANIFEST.csv and Manifest.csv: keep one"):
        find_manifest(tmp_path)
    (tmp_path / "manifest.csv").write_text("")
    assert find_manifest(tmp_path) == tmp_path / "manifest.csv"
