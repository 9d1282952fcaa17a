"""Files of lines: plain text, tables and JSON lines, and streams."""

from __future__ import annotations

import io
import time
import tracemalloc

import pytest

from affekt.core.errors import MediaError, UsageError
from affekt.core.sample import Skipped
from affekt.media.text import Line, read_lines, read_stream


@pytest.fixture
def read(tmp_path):
    """A function that writes a file and reads its lines."""

    def read_it(name, content, **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(read_lines(path, **options))

    return read_it


def said(items):
    return [(item.speaker, item.text) for item in items if isinstance(item, Line)]


def reasons(items):
    return [item.reason for item in items if isinstance(item, Skipped)]


def test_names_before_a_colon_are_speakers_where_the_file_is_consistent(read):
    found = read(
        "a.txt", "Ann: hello\n\nDr. Green (smiling): at 12:30\nAnn: http://x.y: no\nwell\nBen: one\n"
    )
    assert said(found) == [
        ("Ann", "hello"),
        ("Dr. Green", "at 12:30"),
        ("Ann", "http://x.y: no"),
        (None, "well"),
        ("Ben", "one"),
    ]
    assert [line.number for line in found] == [1, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "lines",
    [
        ["he said: no", "Note: this", "nothing else", "is named"],
        ["http://a.b", "https://c.d/e: f"],
        ["12:30 is late", "at 3:15: lunch"],
        ["I told you: go", "You know what I mean: yes"],
        ["Really?: yes", '"Ann": she said'],
    ],
)
def test_other_colons_are_words(read, lines):
    assert said(read("a.txt", "\n".join(lines))) == [(None, line) for line in lines]


def test_a_name_without_words_is_skipped(read):
    assert reasons(read("a.txt", "Ann: hi\nBen:\n")) == ["Ben says nothing"]


def test_a_table_is_read_by_its_columns_whatever_separates_them(read):
    rows = [("Speaker", "Utterance", "Dialogue_ID", "Utterance_ID", "StartTime", "EndTime", "Emotion")]
    rows += [("Ann", "hi, there", "7", "0", "00:00:01,500", "2.5", "joy")]
    for separator in ",;\t|":
        text = "\n".join(separator.join(f'"{cell}"' for cell in row) for row in rows)
        assert read("a.csv", text) == [Line("hi, there", 2, "Ann", 0, "7", (1.5, 2.5), label="joy")]


def test_a_table_of_a_spreadsheet_in_an_old_encoding_is_read_and_the_guess_is_noted(read):
    content = 'Text;Speaker\r\n"Où est-il ?";Zoé\r\nok;\r\n;\r\n"two\r\nlines";Zoé\r\n'.encode("cp1252")
    first, second, third = read("a.csv", content)
    assert (first.text, first.speaker) == ("Où est-il ?", "Zoé")
    assert first.notes == ("its encoding is not stated: read as CP-1252",)
    assert (second.text, second.speaker, second.notes) == ("ok", None, ())
    assert (third.text, third.number) == ("two lines", 5)


BAD_TABLES = {
    "no column of words": ("a,b\n1,2\n", r"has no column of words: found 'a', 'b'; name the column"),
    "a quote that is not closed": ('text\n"open\n', "not a valid table"),
    "an empty file": ("", "holds no lines with words"),
    "a header alone": ("text\n", "holds no lines with words"),
    "a document": (b"PK\x03\x04" + bytes(40), "ZIP container"),
    "an unknown encoding": (
        "text\n안녕하세요 반갑습니다\n".encode("euc_kr"),
        "encoding of .* is not recognised",
    ),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_a_table_that_cannot_be_used_is_one_error_that_says_why(read, case):
    content, message = BAD_TABLES[case]
    with pytest.raises(MediaError, match=message):
        read("a.csv", content)


def test_rows_that_do_not_fit_the_header_are_skipped(read):
    found = read("a.csv", "text,speaker\nhi, there,Ann\nhi\nwell,Ben\n,Ann\n")
    assert said(found) == [("Ben", "well")]
    assert [item.id.rpartition(":")[2] for item in found if isinstance(item, Skipped)] == ["2", "3", "5"]
    assert "3 cells and the header 2" in reasons(found)[0]


def test_unusable_numbers_and_times_of_a_row_are_noted(read):
    (line,) = read("a.csv", "text,turn,start,end\nhi,u1,9,3\n")
    assert (line.turn, line.span_s) == (None, None)
    assert line.notes == (
        "its turn 'u1' is not a number: it is counted instead",
        "its times 9 to 3 cannot be read: it has none",
    )


def test_json_lines_are_objects_or_strings_and_others_are_skipped(read):
    found = read(
        "a.jsonl",
        '{"text": "hi", "speaker": "Ann", "turn": 3, "span_s": [1, 2.5]}\n"well"\n\n'
        '{"words": 1}\n{bad\n[1]\n',
    )
    assert found[:2] == [Line("hi", 1, "Ann", 3, span_s=(1.0, 2.5)), Line("well", 2)]
    assert [reason.partition(":")[0] for reason in reasons(found)] == [
        "the object has no string of words",
        "the line is not valid JSON (Expecting property name enclosed in double quotes",
        "the line holds a JSON list, not an object with `text`",
    ]


def test_dots_that_were_read_as_a_control_character_stay_at_the_end_of_a_line(read):
    (line,) = read("a.csv", "text\nIt\x92s\x85\n")
    assert line.text == "It\u2019s\u2026"


def test_what_no_terminal_or_tokenizer_can_take_is_replaced(read):
    (line,) = read("a.jsonl", '{"text": "x \\ud83d\\u001b[2J y"}')
    assert line.text == "x \ufffd[2J y"
    assert "wrong encoding" in line.notes[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_lines_are_the_same_in_every_encoding(read, encoding):
    lines = ["你好,你在做什么?", "我不知道。", "ok"]
    assert [line.text for line in read("a.txt", "\r\n".join(lines).encode(encoding))] == lines


def test_a_file_of_another_kind_is_refused_by_its_name(read):
    with pytest.raises(MediaError, match=r"not a file of lines by its name: read are \.txt"):
        read("a.ass", "[Script Info]")


def test_a_line_that_no_file_of_lines_has_is_an_error(read):
    with pytest.raises(MediaError, match="line 2 has more than 1000000 characters"):
        read("a.txt", "ok\n" + "x" * 1_000_001)


def test_three_times_as_many_lines_need_no_more_memory(tmp_path):
    path = tmp_path / "a.txt"
    peaks = []
    for count in (1200, 3600):
        path.write_text(f"Ann: {'words ' * 100}\n" * count)
        tracemalloc.start()
        assert sum(1 for _ in read_lines(path)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_each_line_of_a_stream_is_there_before_the_next_is_read():
    class Slow(io.BytesIO):
        asked = 0

        def readline(self, size=-1):
            self.asked += 1
            return super().readline(size)

    stream = Slow("Ann: hi\nBen: Où?\n\x00\nno\n".encode("cp1252"))
    lines = read_stream(stream, "stdin")
    assert (next(lines).text, stream.asked) == ("hi", 1)
    second = next(lines)
    assert (second.speaker, second.text, stream.asked) == ("Ben", "Où?", 2)
    assert "CP-1252" in second.notes[1]
    broken, last = lines
    assert broken == Skipped("stdin:3", "the line is binary (it holds zero bytes), not text")
    assert (last.speaker, last.text) == (None, "no")


def stream(*lines, encoding="utf-8", **options):
    return list(read_stream(io.BytesIO("\n".join(lines).encode(encoding)), "stdin", **options))


def test_a_line_of_a_stream_has_a_speaker_if_it_shows_a_name_and_the_first_time_is_noted():
    found = stream("well", "Ann: hi", "Note: no", "Warning: no", "Ann: ok", "ben: a", "ben: b")
    assert said(found) == [
        (None, "well"),
        ("Ann", "hi"),
        (None, "Note: no"),
        (None, "Warning: no"),
        ("Ann", "ok"),
        (None, "ben: a"),
        ("ben", "b"),
    ]
    assert [len(line.notes) for line in found] == [0, 1, 0, 0, 0, 0, 1]
    assert found[1].notes == ("'Ann' before the colon is read as the name of its speaker",)
    assert said(stream("Ann: hi", "ok", encoding="utf-16")) == [("Ann", "hi"), (None, "ok")]


@pytest.mark.parametrize(
    "line",
    ["\u5c0f\u660e:\u4f60\u597d", "Bob:I am", "[Bob]: I am", "<b>Bob</b>: I am", "**Bob:** I am",
     "\u3010Bob\u3011:I am"],
)  # fmt: skip
def test_a_name_in_brackets_or_markup_or_without_a_space_after_it_is_split_everywhere(read, line):
    name, words = ("Bob", "I am") if "Bob" in line else tuple(line.split(":"))
    assert said(read("a.txt", line)) == said(stream(line)) == [(name, words)]


def test_names_on_some_lines_only_stay_words_and_one_note_counts_them(read):
    first, second, *rest = read("a.txt", "well\nAnn: hi\nBen: no\nyes\nyes\n")
    assert (second.speaker, second.text) == (None, "Ann: hi")
    assert second.notes == ("names are not split from words: 2 of 5 lines begin with one",)
    assert not any(line.notes for line in (first, *rest))


@pytest.mark.parametrize(
    ("lines", "form"),
    [
        (["1", "00:00:00,000 --> 00:00:01,000", "hi"], "srt"),
        (["WEBVTT", "", "00:00.000 --> 00:01.000", "hi"], "vtt"),
        (['{"text": "hi"}'], "jsonl"),
        (["turn,text", "1,hi"], "csv"),
        (["turn\ttext", "1\thi"], "tsv"),
    ],
)
def test_a_stream_of_another_format_is_refused_until_its_format_is_stated(lines, form):
    with pytest.raises(UsageError, match=f"State --format {form}, or --format txt"):
        stream(*lines)
    assert said(stream(*lines, form=form)) == [(None, "hi")]
    assert [line.text for line in stream(*lines, form="txt")] == [line for line in lines if line]


def test_objects_and_rows_of_a_stream_are_there_one_by_one_and_a_lone_number_is_words():
    assert [line.text for line in stream("1")] == ["1"]
    assert [line.text for line in stream("1", "2")] == ["1", "2"]
    found = read_stream(io.BytesIO(b'{"text": "a"}\n{bad\n{"text": "b"}\n'), "stdin", form="jsonl")
    assert next(found).text == "a"
    broken, last = found
    assert broken.id == "stdin:2" and (last.text, last.number) == ("b", 3)


def test_the_first_line_beyond_ascii_decides_the_encoding_of_a_stream():
    first = "\u4f60\u597d,\u4f60\u5728\u505a\u4ec0\u4e48?"
    # By itself, the second line is valid UTF-8 and the third is not recognised.
    others = ["\u8054\u901a", "\u9e93"]
    found = stream("ok", first, *others, encoding="gb18030")
    assert [line.text for line in found] == ["ok", first, *others]
    assert all("GB18030" in line.notes[0] for line in found[1:])
    assert [
        line.text for line in read_stream(io.BytesIO(others[1].encode("gb18030")), "s", encoding="gb18030")
    ] == others[1:]


@pytest.mark.parametrize("part", ["*", "<b>", "a ", "[", "a*", "<b>*"])
def test_a_long_line_of_markup_takes_no_time(part):
    begin = time.perf_counter()
    assert len(stream(part * 50_000)) == 1
    assert time.perf_counter() - begin < 2
