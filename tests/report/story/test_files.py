"""Files of a timeline, read back by other programs."""

import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import av
import pandas
import pytest

from affekt.core import errors
from affekt.core.errors import ConfigError, MissingExtra, UsageError
from affekt.core.timeline import Timeline
from affekt.core.timeline.parts import Medium, Person, Span, Track
from affekt.core.timeline.read import read_timeline
from affekt.media.text.read import read_lines
from affekt.report.story.write import SUFFIXES, check_story_suffix, write_story

EMPTY = Timeline(medium=Medium(path="no.mp4", duration_s=3.0))


def cues_of(path):
    """Start, end and text of each cue, as FFmpeg decodes them."""
    found = []
    with av.open(str(path)) as container:
        (stream,) = container.streams.subtitles
        for packet in container.demux(stream):
            for cue in packet.decode():
                start = float(packet.pts * packet.time_base)
                text = cue.ass.decode() if cue.type == b"ass" else cue.text.decode()
                found.append(
                    (start, start + float(packet.duration * packet.time_base), text.split(",", 8)[-1])
                )
    return found


# ---- JSON


def test_a_timeline_is_read_back_from_json_as_it_was(timeline, tmp_path):
    timeline.save(tmp_path / "a.json")
    assert read_timeline(tmp_path / "a.json") == timeline


def test_json_of_another_version_is_refused_with_its_field(timeline, tmp_path):
    write_story(timeline, tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text()
    (tmp_path / "b.json").write_text(text.replace('"schema":1', '"schema":2'))
    with pytest.raises(ConfigError, match=r"schema = 2"):
        read_timeline(tmp_path / "b.json")


# ---- tables


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table_has_a_row_for_each_span(timeline, tmp_path, suffix):
    write_story(timeline, tmp_path / f"a{suffix}")
    read = pandas.read_csv if suffix == ".csv" else pandas.read_parquet
    table = read(tmp_path / f"a{suffix}")
    assert list(table.columns) == timeline.columns() and len(table) == len(timeline.rows()) == 14
    voice = table[(table.person == "P1") & (table.modality == "voice")]
    assert voice.label.tolist() == ["anger", "happiness"] and voice.score_anger.tolist()[0] == 0.8
    assert voice.score_happy.isna().all() and voice["name"].tolist() == ["Ann", "Ann"]
    assert table.notes.dropna().tolist() == ["the face is small"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table_without_answers_has_its_columns(tmp_path, suffix):
    write_story(EMPTY, tmp_path / f"a{suffix}")
    read = pandas.read_csv if suffix == ".csv" else pandas.read_parquet
    table = read(tmp_path / f"a{suffix}")
    assert len(table) == 0 and list(table.columns) == EMPTY.columns()


def test_numbers_in_parquet_are_numbers_where_no_row_has_one(tmp_path):
    track = Track(id="a", modality="gait", spans=(Span(start_s=0, end_s=1, values={"valence": 0.5}),))
    write_story(EMPTY.model_copy(update={"tracks": (track,)}), tmp_path / "a.parquet")
    table = pandas.read_parquet(tmp_path / "a.parquet")
    assert table.confidence.dtype == float and table.value_valence.tolist() == [0.5]


def test_parquet_without_pyarrow_names_the_extra_before_any_work(tmp_path, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(errors.importlib, "import_module", missing)
    with pytest.raises(MissingExtra, match=r"affekt\[parquet\]"):
        check_story_suffix(tmp_path / "a.parquet")


# ---- subtitles


@pytest.mark.parametrize("suffix", [".srt", ".vtt"])
def test_ffmpeg_reads_words_with_label_and_speaker(timeline, tmp_path, suffix):
    write_story(timeline, tmp_path / f"a{suffix}")
    cues = cues_of(tmp_path / f"a{suffix}")
    assert [cue[:2] for cue in cues] == sorted(cue[:2] for cue in cues)
    (said,) = [cue for cue in cues if "Well, hello." in cue[2]]
    assert said[:2] == (1.0, 5.0) and "[happiness 55 %]" in said[2]  # of 20 % for 2 s, then 90 % for 2 s
    assert any("She said" in text and "left." in text for _, _, text in cues)


def test_the_label_of_each_stretch_is_shown_where_nobody_speaks(timeline, tmp_path):
    write_story(timeline, tmp_path / "a.srt")
    texts = [(start, text) for start, _, text in cues_of(tmp_path / "a.srt")]
    assert (0.0, "Ann: neutral 60 %") in texts and (9.0, "Ann: happiness 70 %") in texts
    assert (5.0, "Ann: happiness 90 %") in texts


def test_webvtt_states_who_speaks(timeline, tmp_path):
    write_story(timeline, tmp_path / "a.vtt")
    text = (tmp_path / "a.vtt").read_text()
    assert text.startswith("WEBVTT\n\nNOTE\naffekt 1.0")
    assert "00:00:01.000 --> 00:00:05.000\n<v Ann>[happiness 55 %] Well, hello.\n" in text
    assert '<v P2>[angry 55 %] She said "&lt;no&gt;" --&gt; &amp; left.' in text


def test_our_own_reader_takes_the_speaker_of_webvtt(timeline, tmp_path):
    write_story(timeline, tmp_path / "a.vtt")
    assert {line.speaker for line in read_lines(tmp_path / "a.vtt")} == {"Ann", "P2"}


@pytest.mark.parametrize("suffix", [".srt", ".vtt"])
def test_subtitles_of_nothing_have_one_cue_that_says_so(tmp_path, suffix):
    write_story(EMPTY, tmp_path / f"a{suffix}")
    assert cues_of(tmp_path / f"a{suffix}") == [(0.0, 3.0, "nothing was found")]


# ---- ELAN


def tiers_of(path):
    """Annotations of each tier, their times resolved, as ELAN resolves them."""
    root = ElementTree.parse(path).getroot()
    slots = {it.get("TIME_SLOT_ID"): int(it.get("TIME_VALUE")) / 1000 for it in root.iter("TIME_SLOT")}
    found = {}
    for tier in root.iter("TIER"):
        values = []
        for one in tier.iter("ALIGNABLE_ANNOTATION"):
            ends = (slots[one.get("TIME_SLOT_REF1")], slots[one.get("TIME_SLOT_REF2")])
            values.append((*ends, one.find("ANNOTATION_VALUE").text))
        values += [one.find("ANNOTATION_VALUE").text for one in tier.iter("REF_ANNOTATION")]
        found[tier.get("TIER_ID")] = values
    return found


def test_elan_has_tiers_by_person_and_modality(timeline, tmp_path):
    write_story(timeline, tmp_path / "a.eaf")
    tiers = tiers_of(tmp_path / "a.eaf")
    assert tiers["face@Ann"] == [
        (0.0, 3.0, "neutral"),
        (3.0, 6.0, "happy"),
        (6.0, 7.0, "unsure"),
        (7.0, 12.0, "happy"),
    ]
    assert tiers["confidence of face@Ann"] == ["0.70", "0.80", "0.34", "0.60"]
    assert tiers["said@Ann"] == [(1.0, 5.0, "Well, hello.")]
    assert tiers["shots"] == [(0.0, 5.0, "1"), (5.0, 12.0, "2")]
    assert tiers["missing"] == [(0.0, 12.0, "gait: no joints were given")]
    assert tiers["missing (2)"] == [(8.0, 12.0, "face: the face is turned away")]
    assert tiers["disagreement@Ann"][0][:2] == (1.0, 3.0)


def test_annotations_of_a_tier_do_not_overlap(timeline, tmp_path):
    write_story(timeline, tmp_path / "a.eaf")
    tiers = tiers_of(tmp_path / "a.eaf")
    assert tiers["voice@P2"] == [(6.0, 9.0, "anger")] and tiers["voice@P2 (2)"] == [(8.0, 11.0, "neutral")]
    for values in tiers.values():
        timed = [it for it in values if isinstance(it, tuple)]
        assert all(one[1] <= other[0] for one, other in pairwise(timed))


def test_two_persons_of_one_name_have_tiers_of_their_own(timeline, tmp_path):
    twins = tuple(person.model_copy(update={"name": "Ann"}) for person in timeline.persons)
    write_story(timeline.model_copy(update={"persons": twins}), tmp_path / "a.eaf")
    assert {"face@Ann", "face@Ann (2)"} <= set(tiers_of(tmp_path / "a.eaf"))


def test_elan_names_the_video_unless_it_is_redacted(filmed, tmp_path):
    write_story(filmed, tmp_path / "a.eaf")
    assert (
        "talk.mp4" in (tmp_path / "a.eaf").read_text()
        and "MEDIA_DESCRIPTOR" in (tmp_path / "a.eaf").read_text()
    )
    write_story(filmed, tmp_path / "b.eaf", redact=True)
    assert "MEDIA_DESCRIPTOR" not in (tmp_path / "b.eaf").read_text()


# ---- all


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_takes_a_timeline_without_anything(tmp_path, suffix):
    write_story(EMPTY, tmp_path / f"a{suffix}")
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_takes_a_picture(tmp_path, suffix):
    face = Track(id="face-1", modality="face", person="P1", spans=(Span(start_s=0, end_s=0, label="joy"),))
    still = Timeline(
        medium=Medium(path="a.png", duration_s=0, width=8, height=8),
        persons=(Person(id="P1"),),
        tracks=(face,),
    )
    write_story(still, tmp_path / f"a{suffix}")
    assert "joy" in (tmp_path / f"a{suffix}").read_bytes().decode("latin1")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_redacted_file_does_not_hold_the_path_of_the_medium(filmed, tmp_path, suffix):
    write_story(filmed, tmp_path / f"a{suffix}", redact=True)
    folder = filmed.medium.path.removesuffix("talk.mp4")
    assert folder not in (tmp_path / f"a{suffix}").read_bytes().decode("latin1")


def test_an_unknown_suffix_lists_the_known_ones(timeline, tmp_path):
    with pytest.raises(
        UsageError, match=r"\.html.*\.json.*\.csv.*\.parquet.*\.srt.*\.vtt.*\.eaf.*not as \.xml"
    ):
        timeline.save(tmp_path / "a.xml")
    with pytest.raises(UsageError, match="has no suffix"):
        check_story_suffix(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["talk.srt", "link.csv"])
def test_the_analyzed_file_is_not_replaced(timeline, tmp_path, name):
    (tmp_path / "talk.srt").write_text("words")
    (tmp_path / "link.csv").symlink_to(tmp_path / "talk.srt")
    medium = timeline.medium.model_copy(update={"path": str(tmp_path / "talk.srt")})
    with pytest.raises(UsageError, match="is an input"):
        timeline.model_copy(update={"medium": medium}).save(tmp_path / name)
    assert (tmp_path / "talk.srt").read_text() == "words"
