from __future__ import annotations

import pytest

from affekt.core.errors import ConfigError, FolderError, UsageError
from affekt.core.timeline import Timeline
from affekt.core.timeline.parts import Box, Medium, Network, Person, Span, SpokenLine, Track
from affekt.core.timeline.read import read_timeline


@pytest.fixture
def timeline() -> Timeline:
    return Timeline(
        medium=Medium(path="clip.mp4", duration_s=4, width=64, height=48),
        persons=(Person(id="P1", name="Anna"), Person(id="P2")),
        networks=(Network(name="faces", method="faces", modality="face", labels=("happy", "sad")),),
        tracks=(
            Track(
                id="face-1",
                modality="face",
                person="P1",
                network="faces",
                spans=(
                    Span(
                        start_s=0, end_s=1, label="happy", scores={"happy": 0.8, "sad": 0.2}, confidence=0.8
                    ),
                    Span(start_s=1, end_s=2, label="sad", scores={"happy": 0.3, "sad": 0.7}, confidence=0.7),
                ),
                boxes=(Box(0.0, 0.1, 0.1, 0.3, 0.4, 0.9), Box(1.5, 0.1, 0.1, 0.3, 0.4)),
            ),
            Track(id="clip-1", modality="clip", spans=(Span(start_s=0, end_s=4, values={"valence": 0.4}),)),
        ),
        words=(SpokenLine(start_s=0.5, end_s=1.5, text="hello", person="P1"),),
    )


def test_a_timeline_reads_back_as_it_was_written(timeline, tmp_path):
    (tmp_path / "story.json").write_text(timeline.to_json(), encoding="utf-8")
    assert read_timeline(tmp_path / "story.json") == timeline


def test_other_files_are_refused_with_all_problems(tmp_path):
    file = tmp_path / "story.json"
    file.write_text('{"schema": 2, "persons": [{"name": "x"}]}', encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        read_timeline(file)
    assert "medium" in str(error.value)
    assert "persons" in str(error.value)
    with pytest.raises(FolderError):
        read_timeline(tmp_path / "none.json")


def test_rows_have_one_set_of_columns(timeline):
    rows = timeline.rows()
    assert len(rows) == 3
    assert {tuple(row) for row in rows} == {tuple(rows[0])}
    assert rows[0]["name"] == "Anna"
    assert rows[2]["value_valence"] == 0.4
    assert rows[2]["score_happy"] is None


def test_rows_are_a_table_of_pandas(timeline):
    frame = pytest.importorskip("pandas") and timeline.to_frame()
    assert frame.loc[frame["track"] == "face-1", "score_sad"].tolist() == [0.2, 0.7]


def test_a_filter_keeps_spans_that_overlap_its_times(timeline):
    found = timeline.filter(persons="Anna", modalities="face", start_s=1.2, end_s=3.0)
    assert [it.id for it in found.tracks] == ["face-1"]
    assert [it.label for it in found.tracks[0].spans] == ["sad"]
    assert [it.time_s for it in found.tracks[0].boxes] == [1.5]
    assert [it.text for it in found.words] == ["hello"]
    assert timeline.filter(persons=["P2"]).words == ()
    assert timeline.filter() == timeline


def test_who_or_what_is_not_there_is_named_with_what_is(timeline):
    with pytest.raises(UsageError, match="Anna"):
        timeline.filter(persons="Ana")
    with pytest.raises(UsageError, match="face"):
        timeline.filter(modalities="faces")
    with pytest.raises(UsageError, match="face-1"):
        timeline.track("face-2")
    assert timeline.track("clip-1").modality == "clip"


@pytest.mark.parametrize(
    "wrong",
    [
        {"persons": (Person(id="P1"), Person(id="P1"))},
        {"tracks": (Track(id="a", modality="face", person="P9"),)},
        {"tracks": (Track(id="a", modality="face", network="none"),)},
        {"tracks": (Track(id="a", modality="face"), Track(id="a", modality="voice"))},
        {"words": (SpokenLine(start_s=0, end_s=1, text="x", person="P9"),)},
    ],
)
def test_what_refers_to_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match=r"P1|P9|none|same id"):
        Timeline(medium=Medium(path="x", duration_s=1), **wrong)


def test_a_span_does_not_end_before_it_starts():
    with pytest.raises(ValueError, match="ends before it starts"):
        Span(start_s=2, end_s=1)


def test_faces_that_are_no_track_are_kept_by_time(timeline):
    more = timeline.model_copy(update={"other_faces": (Box(0.5, 0, 0, 1, 1, 0.6), Box(3.0, 0, 0, 1, 1, 0.6))})
    assert Timeline.model_validate_json(more.to_json()) == more
    assert [it.time_s for it in more.filter(start_s=1.0).other_faces] == [3.0]
    assert more.filter(persons="P1").other_faces == more.filter(modalities="voice").other_faces == ()
    assert more.rows() == timeline.rows()


def test_a_timeline_is_shown_in_one_line(timeline):
    assert repr(timeline) == str(timeline) == "Timeline('clip.mp4', 4 s, 2 persons, 2 tracks)"
