"""Tables as people save them: encodings, separators, line ends and headers give the same rows."""

import os

import pytest

from affekt.core.errors import DataError, MediaError
from affekt.data.layouts.manifest import read_manifest
from affekt.data.layouts.tables import csv_rows
from affekt.data.layouts.text_tables import read_text_table
from affekt.media.cell_rows import number_in
from affekt.media.skeleton import read_skeletons
from affekt.media.table_file import open_cells
from affekt.media.text import read_lines

ROWS = [["path", "label", "text"], ["ä/1.npz", "sad", "so, so"], ["ä/2.npz", "Freude", 'a "b"; c']]


def table(separator=",", ending="\n", encoding="utf-8", rows=ROWS, first=""):
    cells = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in rows]
    return (first + "".join(separator.join(row) + ending for row in cells)).encode(encoding)


FORMS = {
    "commas": table(),
    "semicolons": table(";"),
    "tabs": table("\t"),
    "CRLF": table(ending="\r\n"),
    "CR": table(ending="\r"),
    "a BOM": table(encoding="utf-8-sig"),
    "UTF-16": table(encoding="utf-16"),
    "UTF-16 with semicolons and CRLF": table(";", "\r\n", "utf-16"),
    "a header in capitals": table(rows=[[name.upper() for name in ROWS[0]], *ROWS[1:]]),
    "spaces in the header": table(rows=[[f" {name} " for name in ROWS[0]], *ROWS[1:]]),
    "a separator that a spreadsheet states": table(";", "\r\n", first="sep=;\r\n"),
    "empty lines": table(ending="\n\n"),
}


@pytest.fixture(params=FORMS)
def form(request, tmp_path):
    path = tmp_path / "manifest.csv"
    path.write_bytes(FORMS[request.param])
    return path


def test_every_reader_of_tables_reads_every_form(form, tmp_path):
    rows = list(csv_rows(form, ROWS[0]))
    assert [[row[name] for name in ROWS[0]] for _, row in rows] == ROWS[1:]
    assert [[*row.cells.values()] for row in read_text_table(form, ROWS[0]).rows] == ROWS[1:]
    assert [(line.text, line.label) for line in read_lines(form)] == [(row[2], row[1]) for row in ROWS[1:]]
    files = read_manifest(form).files
    assert [(file.path.relative_to(tmp_path).as_posix(), file.label) for file in files] == [
        (row[0], row[1]) for row in ROWS[1:]
    ]


WALK = "Root_X;root.y; ROOT_z \n0,5;1;2\n\n1;-1,25;3\n;;\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_walk_is_read_with_decimal_commas_and_any_header(tmp_path, encoding, ending, separator):
    path = tmp_path / "walk.csv"
    path.write_bytes(WALK.replace("\n", ending).replace(";", separator).encode(encoding))
    (walk,) = read_skeletons(path)
    assert walk.joints == ("root",)
    assert walk.positions.tolist() == [[[0.5, 1, 2]], [[1, -1.25, 3]]]


def test_a_number_with_two_commas_is_none():
    for cell in ("1,234,567", "1.234,5", "a"):
        with pytest.raises(ValueError):
            number_in(cell, ";")
    with pytest.raises(ValueError):
        number_in("0,5", ",")
    assert number_in("1,234", ";") == 1.234
    with pytest.raises(ValueError, match="1,234 may have a decimal comma, or group thousands"):
        number_in("1,234", "\t")


def test_numbers_of_lines_are_those_of_the_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('sep=,\n\na,b\n"x\ny",1\n\n2,3\n')
    assert [line for line, _ in csv_rows(path, ("a",))] == [5, 7]


def test_a_row_with_an_unquoted_separator_is_a_problem_of_a_manifest(tmp_path):
    path = tmp_path / "manifest.csv"
    path.write_text("path,label\na,b.png,happy\nc.png,sad,\n")
    with pytest.raises(DataError, match=r"has 1 problem\n  line 2: more cells than columns"):
        read_manifest(path)


@pytest.mark.parametrize(("label", "how"), [("sad", "as happy and sad"), ("happy", "as happy twice")])
def test_a_file_that_is_listed_twice_is_named_with_both_lines(tmp_path, label, how):
    path = tmp_path / "manifest.csv"
    path.write_text(f"path,label\na.png,happy\nb.png,sad\na.png,{label}\n")
    with pytest.raises(DataError, match=f"line 4: a.png is listed in line 2 already, {how}"):
        read_manifest(path)


def test_a_column_that_is_there_twice_is_refused(tmp_path):
    path = tmp_path / "manifest.csv"
    path.write_text("path,label,label\na.png,happy,sad\n")
    with pytest.raises(DataError, match="has the column label twice"):
        read_manifest(path)


def test_a_guessed_encoding_is_noted(tmp_path):
    path = tmp_path / "manifest.csv"
    path.write_bytes(table(encoding="cp1252"))
    assert "manifest.csv: its encoding is not stated: read as CP-1252" in read_manifest(path).problems


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04" + bytes(20), "ZIP container"),
        (b"a,b\n\0\0\0", "zero bytes"),
        (b'a,b\n"1,2\n', "line 2: unexpected end of data"),
    ],
)
def test_what_is_no_table_is_named(tmp_path, content, message):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(MediaError, match=message), open_cells(path) as (rows, _):
        list(rows)


@pytest.mark.parametrize(
    "read", [lambda path: list(csv_rows(path, ())), lambda path: read_text_table(path, ())]
)
def test_a_pipe_is_refused_at_once(tmp_path, read):
    os.mkfifo(tmp_path / "a.csv")
    with pytest.raises(DataError, match="pipe"):
        read(tmp_path / "a.csv")
