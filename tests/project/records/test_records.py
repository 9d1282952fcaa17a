"""Records come in once, whole, and with ids that keep their digits."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from affekt.core.errors import ConfigError, DataError, FolderError, UsageError
from affekt.project.database.connect import connect
from affekt.project.folder import Project
from affekt.project.records.read import read_records
from affekt.project.records.upsert import import_records
from affekt.project.settings.records import RecordSettings

SETTINGS = """
labels = "plutchik-wheel-8"
label_names = { "信任" = "trust" }
[records]
id_after = "-"
[records.columns]
id = "视频"
title = "标题"
label = "情感"
"""
ROWS = "视频,标题,情感,likes\npeople-7000000000000000001,暴雨后的救援,信任,12\nxinhua-7000000000000000002,b,joy,3\n"


@pytest.fixture
def project(tmp_path):
    made = Project.init(tmp_path / "news", labels="plutchik-wheel-8")
    (made.path / "project.toml").write_text(SETTINGS, encoding="utf-8")
    return made


def write(folder, text, name="records.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def items(project):
    with project.database() as connection:
        return [dict(row) for row in connection.execute("SELECT * FROM item ORDER BY id")]


def test_a_row_becomes_an_item_with_its_columns_by_meaning(project, tmp_path):
    report = import_records(project, write(tmp_path, ROWS))
    first, second = items(project)
    assert (report.added, report.skipped) == (2, [])
    assert (first["id"], first["title"], first["label"]) == ("7000000000000000001", "暴雨后的救援", "trust")
    assert json.loads(first["extra"]) == {"likes": "12"}
    assert second["label"] == "joy"


def test_the_same_file_again_changes_nothing(project, tmp_path):
    path = write(tmp_path, ROWS)
    import_records(project, path)
    before = items(project)
    report = import_records(project, path)
    assert (report.added, report.updated, report.unchanged) == (0, 0, 2)
    assert items(project) == before


def test_a_later_file_fills_in_and_corrects_but_never_empties(project, tmp_path):
    import_records(project, write(tmp_path, ROWS))
    later = "视频,标题,情感,shares\n7000000000000000001,new title,,5\n7000000000000000003,c,fear,\n"
    report = import_records(project, write(tmp_path, later, "later.csv"))
    first = items(project)[0]
    assert (report.added, report.updated) == (1, 1)
    assert (first["title"], first["label"]) == ("new title", "trust")
    assert json.loads(first["extra"]) == {"likes": "12", "shares": "5"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("7.02E+18,x,joy,1", "rounded by a spreadsheet"),
        (",x,joy,1", "no id"),
        ("people-,x,joy,1", "is empty"),
        ("7000000000000000001,other,joy,1", "already, with another title"),
        ("../escape,x,joy,1", "not usable as a name"),
    ],
)
def test_a_row_that_cannot_be_used_is_listed_and_the_others_are_taken(project, tmp_path, row, reason):
    report = import_records(project, write(tmp_path, ROWS + row + "\n"))
    assert [reason in str(one) for one in report.skipped] == [True]
    assert len(items(project)) == 2


def test_a_label_outside_the_set_is_kept_as_text_and_noted(project, tmp_path):
    report = import_records(project, write(tmp_path, ROWS.replace("joy", "boring")))
    second = items(project)[1]
    assert second["label"] is None
    assert json.loads(second["extra"])["情感"] == "boring"
    assert any("'boring' is not in the label set" in note for note in report.notes)


def test_the_same_records_are_read_from_json_lines_sqlite_and_parquet(project, tmp_path):
    rows = [("7000000000000000001", "a"), ("7000000000000000002", "b")]
    lines = "".join(json.dumps({"视频": int(key), "标题": title}) + "\n" for key, title in rows)
    files = [write(tmp_path, lines, "a.jsonl"), tmp_path / "b.sqlite", tmp_path / "c.parquet"]
    with sqlite3.connect(files[1]) as database:
        database.execute("CREATE TABLE people (视频 INTEGER, 标题 TEXT)")
        database.executemany("INSERT INTO people VALUES (?, ?)", [(int(key), title) for key, title in rows])
    database.close()
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns = {"视频": [int(key) for key, _ in rows], "标题": [title for _, title in rows]}
    parquet.write_table(arrow.table(columns), files[2])
    for file in files:
        found = read_records(file, project.settings.records)
        assert [(row.cells["视频"], row.cells["标题"]) for row in found.rows] == rows


def test_floating_point_ids_of_a_table_are_refused_row_by_row(tmp_path):
    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("CREATE TABLE t (id REAL, title TEXT)")
        database.executemany("INSERT INTO t VALUES (?, ?)", [(7.0e18, "lost"), (5.0, "kept")])
    database.close()
    found = read_records(tmp_path / "a.db", RecordSettings())
    assert [row.cells["id"] for row in found.rows] == ["5"]
    assert "cannot hold all digits" in str(found.skipped[0])


def test_a_file_without_ids_names_the_setting(project, tmp_path):
    with pytest.raises(DataError, match=r"records\.columns"):
        import_records(project, write(tmp_path, "标题\na\n"))
    with sqlite3.connect(tmp_path / "two.db") as database:
        database.execute("CREATE TABLE a (x)")
        database.execute("CREATE TABLE b (x)")
    database.close()
    with pytest.raises(DataError, match="tables a, b"):
        import_records(project, tmp_path / "two.db")
    with pytest.raises(UsageError, match="records are"):
        import_records(project, write(tmp_path, "x", "records.docx"))


def test_all_problems_of_the_settings_are_listed_at_once(project):
    (project.path / "project.toml").write_text(
        'labels = "plutchik-8"\nlabel_names = { glad = "gladness" }\n[media]\ntake = "move"\nsteal = 1\n'
    )
    with pytest.raises(ConfigError, match=r"2 problems(.|\n)*take(.|\n)*steal"):
        _ = Project.open(project.path).settings
    (project.path / "project.toml").write_text('labels = "plutchik-8"\nlabel_names = { glad = "gladness" }\n')
    with pytest.raises(ConfigError, match="gladness"):
        _ = Project.open(project.path).settings


def test_a_database_of_a_newer_version_or_of_others_is_refused_unchanged(project, tmp_path):
    newer = project.path / "project.sqlite"
    with sqlite3.connect(newer) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(FolderError, match="schema 99"), project.database():
        raise AssertionError("it was opened")
    with sqlite3.connect(tmp_path / "other.sqlite") as database:
        database.execute("CREATE TABLE mine (x)")
    database.close()
    with pytest.raises(FolderError, match="not of a project"), connect(tmp_path / "other.sqlite"):
        raise AssertionError("it was opened")
    (tmp_path / "text.sqlite").write_text("no database at all, but text\n" * 50)
    with pytest.raises(FolderError, match="cannot be used"), connect(tmp_path / "text.sqlite"):
        raise AssertionError("it was opened")


def test_a_folder_with_content_becomes_no_project(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(UsageError, match="not empty"):
        Project.init(tmp_path, labels="plutchik-8")
    with pytest.raises(FolderError, match="affekt project init"):
        Project.open(tmp_path / "none")


IMPORT = """
import sys
from pathlib import Path
from affekt.project.folder import Project
from affekt.project.records.upsert import import_records
print("begun", flush=True)
import_records(Project.open(Path(sys.argv[1])), Path(sys.argv[2]))
"""


def importing(project, path):
    return subprocess.Popen(
        [sys.executable, "-c", IMPORT, str(project.path), str(path)], stdout=subprocess.PIPE, env=os.environ
    )


def many(tmp_path, count=4000):
    return write(tmp_path, "视频,标题\n" + "".join(f"{n},title {n}\n" for n in range(count)))


def test_a_killed_import_leaves_all_of_a_file_or_nothing(project, tmp_path):
    path = many(tmp_path)
    for delay in (0.0, 0.03, 0.08):
        process = importing(project, path)
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert len(items(project)) in (0, 4000)
    import_records(project, path)
    assert len(items(project)) == 4000


def test_two_imports_at_once_add_each_item_once(project, tmp_path):
    path = many(tmp_path)
    processes = [importing(project, path) for _ in range(2)]
    for process in processes:
        assert process.wait() == 0
        process.stdout.close()
    with project.database() as connection:
        assert connection.execute("SELECT count(*) FROM item").fetchone()[0] == 4000
        assert connection.execute("SELECT count(*) FROM source").fetchone()[0] == 1
