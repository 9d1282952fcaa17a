"""Import of ratings from tables: nothing twice, nothing lost, nothing replaced."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from affekt.core.errors import DataError, FolderError, UsageError
from affekt.project.folder import Project
from affekt.project.ratings.upsert import CONTRADICTION, UNKNOWN_ITEM, UNKNOWN_LABEL, import_ratings
from affekt.project.records.upsert import import_records

LONG = (
    "item,rater,label,rated_at,seconds,round\n"
    "i01,anna,Joy,2026-03-09T23:16:08+01:00,4.2,1\n"
    "i01,ben,fear,9 March,,1\n"
    'i02,anna,trust,,"3,5",2\n'
)


def rows(project, table="rating", order="item_id, rater, round"):
    with project.database() as connection:
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY {order}")]


def left_out(project):
    return [
        (row["item"], row["rater"], row["label"], row["kind"])
        for row in rows(project, "rating_left_out", "id")
    ]


def test_every_rating_of_a_table_is_kept_with_time_and_round(project, rated):
    report = rated(project, LONG)
    assert (report.added, report.left_out) == (3, [])
    first, second, third = rows(project)
    assert (first["label"], first["rated_at"], first["seconds"]) == ("joy", "2026-03-09T22:16:08+00:00", 4.2)
    assert (second["rated_at"], second["seconds"]) == ("9 March", None)
    assert (third["round"], third["seconds"]) == (2, 3.5)


def test_a_column_for_each_rater_is_read_and_other_columns_are_named(project, rated):
    text = "item,title,label,anna,ben\ni01,Joy of news,joy,joy,\ni02,Flood,fear,fear,fear\n"
    report = rated(project, text)
    assert report.added == 3
    assert any("raters are the columns anna, ben; title, label are left out" in it for it in report.notes)


def test_the_same_file_adds_nothing(project, rated):
    rated(project, LONG)
    before = rows(project)
    report = rated(project, LONG)
    assert (report.added, report.unchanged) == (0, 3)
    assert rows(project) == before


def test_what_cannot_be_taken_is_listed_and_kept(project, rated):
    text = "item,rater,label\ni01,anna,joy\ni99,anna,joy\ni02,anna,bored\ni01,anna,fear\ni03,,joy\n"
    report = rated(project, text)
    assert report.added == 1
    assert [one.kind for one in report.left_out] == [
        "rows that cannot be used", UNKNOWN_ITEM, UNKNOWN_LABEL, CONTRADICTION,
    ]  # fmt: skip
    assert left_out(project) == [
        ("i99", "anna", "joy", UNKNOWN_ITEM),
        ("i02", "anna", "bored", UNKNOWN_LABEL),
        ("i01", "anna", "fear", CONTRADICTION),
    ]
    assert "the file states no rounds" in str(report.left_out[-1])
    rated(project, text)
    assert len(left_out(project)) == 3


def test_a_later_file_never_replaces_a_rating(project, rated):
    rated(project, "item,rater,label\ni01,anna,joy\n")
    report = rated(project, "item,rater,label\ni01,anna,fear\n", name="later.csv")
    assert (report.added, report.left_out[0].kind) == (0, CONTRADICTION)
    assert [row["label"] for row in rows(project)] == ["joy"]
    again = rated(project, "item,rater,label\ni01,anna,fear\n", name="later.csv", round=2)
    assert again.added == 1
    assert [(row["round"], row["label"]) for row in rows(project)] == [(1, "joy"), (2, "fear")]


def test_ratings_of_unknown_items_are_taken_once_the_items_are_there(project, rated, tmp_path):
    text = "item,rater,label\ni99,anna,joy\ni02,anna,froh\n"
    assert rated(project, text).added == 0
    (tmp_path / "more.csv").write_text("id\ni99\n")
    import_records(project, tmp_path / "more.csv")
    file = project.path / "project.toml"
    file.write_text(f'{file.read_text()}\n[label_names]\nfroh = "joy"\n')
    report = rated(Project.open(project.path), text)
    assert (report.added, report.left_out) == (2, [])
    assert left_out(project) == []


def test_a_file_of_one_rater_needs_the_name(project, rated):
    text = "item,label\ni01,joy\n"
    assert rated(project, text, rater="anna").added == 1
    assert rows(project)[0]["rater"] == "anna"


def test_rounds_and_seconds_that_are_no_numbers_are_reported(project, rated):
    report = rated(project, "item,rater,label,seconds,round\ni01,anna,joy,fast,1\ni02,anna,joy,1,second\n")
    assert report.added == 1
    assert "'second' is not a round" in str(report.left_out[0])
    assert any("'fast' is not a number of seconds" in note for note in report.notes)


def test_names_that_differ_in_case_only_are_noted(project, rated):
    report = rated(project, "item,rater,label\ni01,anna,joy\ni01,Anna,joy\n")
    assert "Anna and anna count as different raters" in report.notes


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("no_item.csv", "clip,anna\ni01,joy\n", "lacks the column item"),
        ("no_labels.csv", "item,title\ni01,Flood\n", "neither a table of ratings"),
        ("broken.csv", 'item,rater,label\n"i01,anna,joy\n', "cannot be read"),
        ("empty.csv", "", "is empty"),
    ],
)
def test_a_file_that_is_no_table_of_ratings_is_an_error_and_changes_nothing(project, rated, name, text, said):
    with pytest.raises(DataError, match=said):
        rated(project, text, name=name)
    assert rows(project) == []


def test_an_unknown_form_lists_the_known_ones(project, rated):
    with pytest.raises(UsageError, match=r"\.csv.*Label Studio"):
        rated(project, "x", name="ratings.docx")


def test_a_rounded_id_is_not_taken_for_another_item(project, rated):
    report = rated(project, "item,rater,label\n7.3E+18,anna,joy\n")
    assert report.left_out[0].kind == UNKNOWN_ITEM


@pytest.mark.skipif(
    not hasattr(os, "seteuid") or os.geteuid() != 0, reason="needs another user to be locked out"
)
def test_a_folder_that_cannot_be_written_is_one_error_and_nothing_changes():
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        project = Project.init(home / "news", labels="plutchik-wheel-8")
        (home / "r.csv").write_text("id\ni01\n")
        import_records(project, home / "r.csv")
        (home / "ratings.csv").write_text("item,rater,label\ni01,anna,joy\n")
        home.chmod(0o755)
        try:
            os.seteuid(65534)
            with pytest.raises(FolderError, match=r"project\.sqlite cannot be"):
                import_ratings(project, home / "ratings.csv")
        finally:
            os.seteuid(0)
        assert rows(project) == []


PROGRAM = """
import sys
from pathlib import Path
from affekt.project.folder import Project
from affekt.project.ratings import upsert
take = upsert._Import._take_one
def stop(self, rating):
    take(self, rating)
    if rating.items == ("i06",):
        print("inside", flush=True)
        sys.stdin.readline()
if sys.argv[3] == "stop":
    upsert._Import._take_one = stop
upsert.import_ratings(Project.open(Path(sys.argv[1])), Path(sys.argv[2]))
"""


def started(project, file, what):
    """An import in another process; with `stop`, it waits for a line after six ratings."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(project.path), str(file), what],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    if what == "stop":
        assert process.stdout.readline() == "inside\n"
    return process


@pytest.fixture
def twelve(tmp_path):
    lines = "".join(f"i{number:02d},anna,joy\n" for number in range(1, 13))
    (tmp_path / "twelve.csv").write_text(f"item,rater,label\n{lines}i99,anna,joy\n")
    return tmp_path / "twelve.csv"


def test_a_kill_in_the_middle_of_an_import_leaves_nothing_and_the_next_one_takes_all(project, twelve):
    process = started(project, twelve, "stop")
    process.kill()
    process.communicate()
    assert (rows(project), left_out(project), rows(project, "source", "id")[1:]) == ([], [], [])
    assert import_ratings(project, twelve).added == 12
    assert len(rows(project)) == 12 and len(left_out(project)) == 1


def test_two_processes_at_once_take_each_rating_once(project, twelve):
    first = started(project, twelve, "stop")
    second = started(project, twelve, "go on")
    time.sleep(1.5)
    assert second.poll() is None, "the second waits for the first"
    first.communicate("go on\n", timeout=60)
    second.communicate(timeout=60)
    assert (first.returncode, second.returncode) == (0, 0)
    assert len(rows(project)) == 12 and len(left_out(project)) == 1
