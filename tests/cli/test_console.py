"""Consoles and pipes of any encoding take all that is printed."""

import io
import os
import sys

import pytest

from affekt.cli.show import any_text, as_json
from affekt.cli.tables import as_table
from affekt.cli.words.table import write_line

NAME = os.fsdecode(b"caf\xe9.png")
TEXT = "ü → 你好"


@pytest.fixture
def printed(monkeypatch):
    """A function that prints with a standard output of an encoding, and gives back the bytes."""

    def to(encoding, errors, show):
        out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=errors)
        monkeypatch.setattr(sys, "stdout", out)
        any_text()
        show()
        out.flush()
        return out.buffer.getvalue()

    return to


def show_table():
    as_table((TEXT, "score"), [(NAME, 0.5)], title=TEXT)


def show_line():
    write_line(f"{NAME} {TEXT}")


def show_json():
    as_json({NAME: TEXT})


@pytest.mark.parametrize("show", [show_table, show_line, show_json])
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8", "cp437"])
def test_each_kind_of_output_has_an_answer_in_each_encoding(printed, encoding, show):
    text = printed(encoding, "strict", show).decode(encoding)
    assert "caf\\udce9.png" in text
    if encoding == "ascii":
        assert "\\u4f60" in text


def test_the_c_locale_keeps_the_bytes_of_a_name(printed):
    text = printed("ascii", "surrogateescape", show_line)
    assert text == b"caf\xe9.png \\xfc \\u2192 \\u4f60\\u597d\n"
