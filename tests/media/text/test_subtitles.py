r"""Subtitles as real files hold them."""

from __future__ import annotations

import pytest

from affekt.core.errors import MediaError
from affekt.core.sample import Skipped
from affekt.media.text import Line, read_lines


@pytest.fixture
def read(tmp_path):
    """A function that writes subtitles and reads their lines."""

    def read_it(content, suffix=".srt"):
        path = tmp_path / f"a{suffix}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(read_lines(path))

    return read_it


def cue(payload, times="00:00:01,000 --> 00:00:02,500", number=1):
    return f"{number}\n{times}\n{payload}\n\n"


PAYLOADS = {
    "<i>Hi.</i> <font color=\"red\">You</font>": ["Hi. You"],
    "{\\an8}{y:i}Up here": ["Up here"],
    "I <3 you, a < b & c": ["I <3 you, a < b & c"],
    "- Hi.\n- Who is there?": ["Hi.", "Who is there?"],
    "Hi.\n\N{EN DASH} Who?": ["Hi.", "Who?"],
    "-- and then\nit broke": ["-- and then it broke"],
    "[DOOR SLAMS] Come (sighs)\nin": ["Come in"],
    "- [SIGHS]\n- Well.": ["Well."],
    ">> ANN: Hi.\n>> BEN: No.": ["ANN|Hi.", "BEN|No."],
    "DR. GREEN:\nHi.": ["DR. GREEN|Hi."],
    "JOHN: I love you.\nMARY: I hate you.": ["JOHN|I love you.", "MARY|I hate you."],
    "JOHN: I love\nyou. MARY: no\nWARNING: wet": ["JOHN|I love you. MARY: no WARNING: wet"],
    "- Hi.\n- [Ben]: No. [SIGHS]": ["Hi.", "Ben|No."],
    "Wait: no": ["Wait: no"],
    "\N{EIGHTH NOTE} la la \N{EIGHTH NOTE}": ["la la"],
    "one\\Ntwo&amp;three": ["one two&three"],
}  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_speech_of_a_cue_is_read_without_markup(read, payload):
    # A cue without a name, so that names in small letters are not consistent.
    items = read(cue(payload) + cue("other words", "00:00:09,000 --> 00:00:10,000", 2))
    found = [f"{line.speaker}|{line.text}" if line.speaker else line.text for line in items]
    assert found == [*PAYLOADS[payload], "other words"]
    assert all(line.span_s == (1.0, 2.5) for line in items[:-1])


def test_turns_that_share_a_cue_and_descriptions_that_are_left_out_are_noted(read):
    first, second = read(cue("- Hi. [DOOR SLAMS]\n- Who?"))
    assert first.span_s == second.span_s == (1.0, 2.5)
    assert (first.number, second.number) == (3, 4)
    assert first.notes == second.notes
    assert first.notes == (
        "sound descriptions left out: [DOOR SLAMS]",
        "2 turns share the times of a subtitle",
    )


@pytest.mark.parametrize("payload", ["JOHN: Hi.\nMARY: No.", "<b>John</b>: Hi.\n<b>Mary</b>: No."])
def test_two_names_in_one_cue_are_two_turns_that_share_its_times(read, payload):
    first, second = read(cue(payload))
    assert [first.speaker.title(), second.speaker.title()] == ["John", "Mary"]
    assert (first.number, second.number) == (3, 4)
    assert first.notes == second.notes == ("2 turns share the times of a subtitle",)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ("", "the subtitle has no words"),
        ("<i> </i>", "the subtitle has no words"),
        ("[MUSIC]\n(laughs)", "no speech: [MUSIC] (laughs)"),
        ("\N{EIGHTH NOTE}\N{EIGHTH NOTE}", "the subtitle has no words"),
    ],
)
def test_cues_without_speech_are_skipped(read, payload, reason):
    (item,) = read(cue(payload))
    assert item.reason == reason and item.id.endswith("a.srt:2")


def test_cues_are_sorted_and_overlaps_long_cues_and_reversed_times_are_noted(read):
    items = read(
        cue("late", "00:00:10,000 --> 01:00:10,000")
        + cue("early", "00:00:05,000 --> 00:00:06,000", 2)
        + cue("inside", "00:00:11,000 --> 00:00:12,000", 3)
        + cue("reversed", "02:00:11,000 --> 02:00:01,000", 4)
    )
    assert [line.text for line in items] == ["early", "late", "inside", "reversed"]
    early, late, inside, reversed_ = (" ".join(line.notes) for line in items)
    assert "out of order" in early
    assert "lasts 3600 s" in late
    assert "before an earlier one ends" in inside
    assert "ends before it begins" in reversed_ and items[3].span_s == (7211.0, 7211.0)


def test_damaged_numbers_missing_and_double_empty_lines_do_no_harm(read):
    text = (
        "\ufeff1\r\n00:00:01,000 --> 00:00:02,000\r\none\r\n2\r\n"
        "00:00:03.5 --> 00:00:04 X1:10\r\n\r\ntwo\r\n\r\n\r\n"
        "x7\r\n0:05,0 --> 0:06,0\r\nthree\r\n\r\n00:00:07,000 -> 00:00:08,000\r\n42\r\n"
    )
    items = read(text)
    assert [line.text for line in items] == ["one", "two", "three", "42"]
    assert [line.span_s for line in items] == [(1, 2), (3.5, 4), (5, 6), (7, 8)]


@pytest.mark.parametrize(
    "times", ["00:00:0l,000 --> 00:00:09,000", "00:00:01,000 00:00:09,000", "99:00:00,0 --> 99:00:01,0"]
)
def test_a_cue_with_damaged_times_is_skipped_with_its_words(read, times):
    items = read(cue("before") + cue("lost", times, 2) + cue("after", "00:00:20,000 --> 00:00:21,000", 3))
    assert [item.text for item in items if isinstance(item, Line)] == ["before", "after"]
    (skipped,) = (item for item in items if isinstance(item, Skipped))
    assert "its times" in skipped.reason and skipped.id.endswith(":6")


def test_webvtt_has_voices_settings_comments_and_styles(read):
    text = """WEBVTT - a title
Kind: captions

STYLE
::cue { color: red }

NOTE a comment
00:09.000 --> 00:10.000 of two lines

intro
00:01.000 --> 00:02.000 align:start position:10%
<v Ann>Hi &lt;there&gt;</v> <v.loud Ben>No!

00:03.000 --> 00:04.000
<c.red>word</c> <00:03.500>two
"""
    items = read(text, ".vtt")
    assert [(line.speaker, line.text, line.span_s) for line in items] == [
        ("Ann", "Hi <there>", (1, 2)),
        ("Ben", "No!", (1, 2)),
        (None, "word two", (3, 4)),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "gb18030", "cp1252"])
def test_subtitles_are_read_in_the_encodings_that_they_come_in(read, encoding):
    words = "Où est-il ? — L'été…" if encoding == "cp1252" else "你好,你在做什么?"
    (line,) = read(cue(words).encode(encoding))
    assert line.text == words


def test_names_in_small_letters_are_speakers_where_all_cues_have_them(read):
    text = "".join(
        cue(f"Ann: {word}", f"00:00:0{n},000 --> 00:00:0{n},500", n) for n, word in enumerate("abcd")
    )
    assert {line.speaker for line in read(text)} == {"Ann"}


def test_a_file_without_any_times_is_an_error_that_says_what_is_expected(read):
    with pytest.raises(MediaError, match="no line has the form 00:00:01,000 --> 00:00:02,500"):
        read("just\nlines\n")
