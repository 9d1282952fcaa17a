"""Subtitle tracks inside of video files."""

import av
import pytest

from affekt.core.errors import MediaError, UsageError
from affekt.core.sample import Skipped
from affekt.media.subtitle_tracks import read_subtitle_track, subtitle_tracks
from affekt.media.text import Line

# What encoders ask for before they are opened; packets are written as they are.
HEADER = (
    b"[Script Info]\nScriptType: v4.00+\n[V4+ Styles]\nFormat: Name\nStyle: Default\n[Events]\n"
    b"Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
)


def write(path, *tracks):
    """A file with subtitle tracks: (codec, [(start_ms, length_ms, content)], metadata)."""
    with av.open(str(path), "w") as out:
        streams = []
        for codec, _, metadata in tracks:
            stream = out.add_stream(codec)
            stream.metadata.update(metadata)
            stream.codec_context.subtitle_header = HEADER
            streams.append(stream)
        out.start_encoding()
        for stream, (_, cues, _) in zip(streams, tracks, strict=True):
            for start, length, content in cues:
                packet = av.Packet(content)
                packet.stream, packet.time_base = stream, stream.time_base
                packet.pts = packet.dts = round(start / 1000 / stream.time_base)
                packet.duration = round(length / 1000 / stream.time_base)
                out.mux(packet)
    return path


def lines(path, number=0):
    return [
        (item.text, item.speaker, item.span_s)
        for item in read_subtitle_track(path, number)
        if isinstance(item, Line)
    ]


@pytest.fixture(scope="module")
def matroska(tmp_path_factory):
    return write(
        tmp_path_factory.mktemp("tracks") / "film.mkv",
        ("subrip", [(1000, 1500, b"- <i>Hi.</i>\n- Who is there?"), (4000, 0, b"Me.")], {"language": "eng"}),
        (
            "ass",
            [
                (500, 1000, b"0,0,Default,Anna,0,0,0,,{\\an8}So\\Nwhat?"),
                (2000, 1000, b"1,0,Default,,0,0,0,,{\\p1}m 0 0 l 9 9"),
            ],
            {"language": "ger", "title": "alles"},
        ),
        ("webvtt", [(0, 1000, b"<v Ben>Well."), (2000, 500, "Früh.".encode())], {}),
    )


def test_tracks_are_listed_with_what_the_file_states(matroska):
    found = subtitle_tracks(matroska)
    assert [(one.codec, one.language, one.title, one.problem) for one in found] == [
        ("srt", "eng", "", ""),
        ("ssa", "ger", "alles", ""),
        ("webvtt", "", "", ""),
    ]
    assert found[1].shown == "subtitle track 2 (ssa, ger, alles)"


def test_turns_of_a_cue_become_lines_and_an_unstated_end_is_bounded(matroska):
    assert lines(matroska) == [
        ("Hi.", None, (1.0, 2.5)),
        ("Who is there?", None, (1.0, 2.5)),
        ("Me.", None, (4.0, 11.0)),
    ]


def test_names_of_ass_are_speakers_and_drawings_are_no_words(matroska):
    assert lines(matroska, 1) == [("So what?", "Anna", (0.5, 1.5))]


def test_voices_of_webvtt_are_speakers(matroska):
    assert lines(matroska, 2) == [("Well.", "Ben", (0.0, 1.0)), ("Früh.", None, (2.0, 2.5))]


def test_timed_text_of_mp4_is_read(tmp_path):
    content = "Größe.".encode()
    path = write(
        tmp_path / "film.mp4",
        ("mov_text", [(1000, 1000, len(content).to_bytes(2, "big") + content), (2000, 500, b"\0\0")], {}),
    )
    assert lines(path) == [("Größe.", None, (pytest.approx(1.0), pytest.approx(2.0)))]


def test_pictures_are_refused_by_their_name(matroska, tmp_path):
    path = write(tmp_path / "disc.mkv", ("dvd_subtitle", [(0, 1000, b"\0" * 8)], {}))
    (track,) = subtitle_tracks(path)
    assert "pictures of a DVD (VobSub), not text" in track.problem
    with pytest.raises(MediaError, match="give subtitles as text"):
        list(read_subtitle_track(path, 0))
    with pytest.raises(UsageError, match="has 1 subtitle tracks; track 5 was asked for"):
        list(read_subtitle_track(path, 5))


def test_a_video_without_subtitles_has_no_track(clip_files):
    assert subtitle_tracks(clip_files / "clip0.mp4") == []


def test_a_track_without_words_is_refused(tmp_path):
    path = write(tmp_path / "empty.mkv", ("subrip", [(0, 1000, b" ")], {}))
    with pytest.raises(MediaError, match="holds no words"):
        [item for item in read_subtitle_track(path, 0) if not isinstance(item, Skipped)]
