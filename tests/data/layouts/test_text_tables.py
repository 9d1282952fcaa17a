"""Tables of lines: separators, quotes, encodings, and rows that are not what the header says."""

import pytest

from affekt.core.errors import DataError
from affekt.data.layouts.text_tables import read_text_table

WANTED = ("text", "label")


@pytest.fixture
def table(tmp_path):
    """A function that writes a file and reads its rows."""

    def read(content, name="lines.csv", columns=WANTED, **values):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_text_table(path, columns, **values)

    return read


def cells(found):
    return [tuple(row.cells.values()) for row in found.rows]


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_separator_is_the_one_that_gives_the_columns(table, sign):
    found = table(f'label{sign}text\njoy{sign}"one{sign} two"\n')
    assert cells(found) == [("joy", f"one{sign} two")]
    assert len(found.notes) == (sign != ",")


def test_a_separator_in_the_text_of_the_header_row_does_not_decide(table):
    assert cells(table("text;label;a,b,c,d\nhi, there;joy;x\n")) == [("hi, there", "joy", "x")]


def test_a_missing_column_is_named_with_those_that_exist_and_what_to_do(table):
    with pytest.raises(DataError, match=r"lacks the column label; found text, mood; say so"):
        table("text;mood\nhi;joy\n", hint="say so")


def test_a_row_of_another_length_is_skipped_because_its_text_may_be_cut(table):
    found = table("text,label\nWell, hello,joy\nfine,joy\nlost\n")
    assert cells(found) == [("fine", "joy")]
    assert [str(item) for item in found.skipped] == [
        "lines.csv line 2: it has 3 cells, the header 2: quote cells that hold the separator",
        "lines.csv line 4: it has 1 cell, the header 2: quote cells that hold the separator",
    ]


def test_empty_lines_are_skipped_and_counted(table):
    found = table("text,label\n\nhi,joy\n,\n   \n")
    assert cells(found) == [("hi", "joy")]
    assert [item.kind for item in found.skipped] == ["empty lines"] * 3


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("utf-8-sig", "café"),
        ("utf-16", "café"),
        ("cp1252", "It\u2019s a café"),
        ("gb18030", "我不知道你在说什么"),
    ],
)
def test_encodings_are_found(table, encoding, words):
    assert cells(table(f"text,label\n{words},joy\n".encode(encoding))) == [(words, "joy")]


def test_a_stated_encoding_is_used_and_a_wrong_one_refused(table):
    content = "text,label\nおはようございます,joy\n".encode("shift_jis")
    assert cells(table(content, encoding="shift_jis")) == [("おはようございます", "joy")]
    with pytest.raises(DataError, match="is not valid utf-8"):
        table(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"encoding of lines.csv is not recognised"):
        table(content)


def test_a_workbook_is_refused_as_what_it_is(table):
    with pytest.raises(DataError, match="is not text but a ZIP container"):
        table(b"PK\x03\x04" + bytes(40))


@pytest.mark.parametrize("name", ["lines.csv", "lines.tsv", "lines.jsonl"])
def test_an_empty_file_is_refused(table, name):
    with pytest.raises(DataError, match=f"{name} is empty"):
        table("\n", name)


def test_wrong_quotes_are_an_error_that_names_the_line(table):
    with pytest.raises(DataError, match="line 3"):
        table('text,label\nfine,joy\n"no" he said,joy\n')


def test_quotes_in_a_tsv_need_not_be_doubled(table):
    found = table('text\tlabel\n"Hi\tjoy\n"He said ""no""."\tsad\n"a" or "b"\tjoy\n', "lines.tsv")
    assert cells(found) == [('"Hi', "joy"), ('He said "no".', "sad"), ('"a" or "b"', "joy")]


def test_only_line_feeds_and_carriage_returns_end_a_line_of_a_tsv(table):
    assert cells(table("text\tlabel\r\none\x85two\u2028three\tjoy\r\n", "lines.tsv")) == [
        ("one\x85two\u2028three", "joy")
    ]


def test_broken_lines_of_jsonl_are_skipped_with_their_numbers(table):
    found = table('{"Text": "hi", "label": null}\n{"text": \n\n[1]\n{"text": "ho", "label": 3}', "a.jsonl")
    assert [dict(row.cells) for row in found.rows] == [
        {"text": "hi", "label": None},
        {"text": "ho", "label": 3},
    ]
    assert [item.id for item in found.skipped] == [f"a.jsonl line {number}" for number in (2, 3, 4)]


def test_columns_are_recognised_in_any_case_and_repeated_ones_are_refused(table):
    assert table("TEXT,Label\nhi,joy\n").columns == ("text", "label")
    with pytest.raises(DataError, match="the column label twice"):
        table("text,label,label\nhi,joy,sad\n")


def test_a_cell_longer_than_the_limit_of_the_csv_module_is_read(table):
    words = "word " * 40_000
    assert cells(table(f"text,label\n{words},joy\n")) == [(words, "joy")]
