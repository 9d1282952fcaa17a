"""Bytes to text: the encoding of a file."""

from __future__ import annotations

import codecs

import pytest

from affekt.core.errors import MediaError, UsageError
from affekt.media.text.decode import decode_text, find_encoding

CHINESE = "你好,你在做什么?\r\n我不知道,可能是他来了。\r\n谢谢你。\r\n"
FRENCH = "Ça va très bien, merci.\r\nL\u2019été… c\u2019est fini.\r\n"


@pytest.mark.parametrize(
    ("text", "encoding", "guessed"),
    [
        ("Plain words.\n", "ascii", False),
        (FRENCH, "utf-8", False),
        (FRENCH, "utf-8-sig", False),
        (CHINESE, "utf-16", False),
        (CHINESE, "utf-32", False),
        ("Café?\nNo.\n", "utf-16-le", True),
        (CHINESE, "utf-16-be", True),
        (CHINESE, "gb18030", True),
        ("It\u2019s \u201cwell\u201d\u2026\n", "gb18030", True),
        (FRENCH, "cp1252", True),
        ("\u00a1\u00c9l no!\n", "cp1252", True),
    ],
)
def test_text_is_read_in_its_encoding_and_a_guess_is_noted(text, encoding, guessed):
    decoded = decode_text(text.encode(encoding), "a.txt")
    assert decoded.text == text
    assert bool(decoded.notes) == guessed


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("こんにちは。元気ですか。", "shift_jis"),
        ("Привет, как дела?", "cp1251"),
        ("你好,你在做什麼?", "big5"),
        ("안녕하세요 반갑습니다", "euc_kr"),
    ],
)
def test_an_encoding_that_is_not_recognised_is_refused_unless_it_is_stated(text, encoding):
    with pytest.raises(MediaError, match=r"encoding of a\.txt is not recognised"):
        decode_text(text.encode(encoding), "a.txt")
    assert decode_text(text.encode(encoding), "a.txt", encoding=encoding).text == text


def test_a_wrong_stated_encoding_is_an_error_that_names_the_byte():
    with pytest.raises(MediaError, match=r"not valid utf-8.*byte 1"):
        decode_text("Où?".encode("cp1252"), "a.txt", encoding="utf-8")
    with pytest.raises(UsageError, match="not an encoding"):
        decode_text(b"", "a.txt", encoding="ansi-nonsense")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\x03\x04" + bytes(50), "docx"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"{\\rtf1 hello}", "Rich Text"),
        (bytes(range(256)) * 4, "binary"),
        (b"text " * 10 + b"\0\0\0\0\xff", "binary"),
    ],
)
def test_files_that_are_not_text_are_refused(content, kind):
    with pytest.raises(MediaError, match=kind):
        decode_text(content, "a.txt")


def test_a_few_broken_bytes_of_utf_8_are_replaced_and_counted():
    content = (FRENCH * 20).encode() + b"\xe9.\n"
    decoded = decode_text(content, "a.txt")
    assert decoded.text.endswith("\ufffd.\n")
    assert "1 byte is not valid UTF-8" in decoded.notes[0]


def test_blocks_are_judged_as_the_whole_file_is():
    for encoding in ("utf-8", "gb18030"):
        content = ("English first.\n" * 20 + CHINESE).encode(encoding)
        blocks = [content[start : start + 7] for start in range(0, len(content), 7)]
        assert find_encoding(blocks, "a.txt") == find_encoding([content], "a.txt")
    assert codecs.lookup(find_encoding([], "empty.txt").name).name == "utf-8"
