"""Answers over time as files: SRT, EAF, JSON, CSV, HTML."""

import csv
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from affekt.cli.media.table import _when
from affekt.core.answers.prediction import Moment, Prediction, Provenance
from affekt.core.errors import UsageError
from affekt.core.sample import Skipped
from affekt.core.segment import Segment
from affekt.deploy.runtime.output import writer_for
from affekt.report.timeline.one_clip import check_one_clip

HOSTILE = "<b>&\"']]></b>"


def moment(start, end, attention, joy):
    return Moment(float(start), float(end), float(attention), {"joy": joy, "fear": 1 - joy})


def answer(moments, *, name="clip.mp4", notes=(), span=(0.0, 6.0)) -> Prediction:
    scores = {"joy": 0.75, "fear": 0.25}
    source = Provenance("vaanet", "3f" * 32, "1")
    return Prediction(name, "joy", scores, 0.75, "video+audio", source, span, tuple(moments), tuple(notes))


@pytest.fixture
def clip():
    """Attention reaches the threshold of 0.7 from 0 to 2 s (joy), 2 to 3 s (fear) and 4 to 6 s (fear)."""
    rows = [(0, 1, 0.9, 0.7), (1, 2, 0.8, 0.9), (2, 3, 1.0, 0.2), (3, 4, 0.0, 0.2), (4, 6, 0.8, 0.4)]
    return answer([moment(*row) for row in rows])


def write(path, *predictions, skipped=()):
    writer_for(path)(path, predictions, skipped)
    return path


# ---- SRT


def test_subtitles_have_a_cue_for_each_stretch_of_one_label(tmp_path, clip):
    assert write(tmp_path / "clip.srt", clip).read_text() == (
        "1\n00:00:00,000 --> 00:00:02,000\njoy 80 %\n\n"
        "2\n00:00:02,000 --> 00:00:03,000\nfear 80 %\n\n"
        "3\n00:00:04,000 --> 00:00:06,000\nfear 60 %\n"
    )


def test_subtitles_of_long_clips_count_hours(tmp_path):
    late = answer([moment(3725.0004, 3726.9996, 1, 0.9)])
    assert "01:02:05,000 --> 01:02:07,000" in write(tmp_path / "clip.srt", late).read_text()


def test_without_attention_the_answer_is_one_cue_over_the_clip(tmp_path):
    flat = answer([moment(0, 3, 0, 0.1), moment(3, 6, 0, 0.1)])
    text = write(tmp_path / "clip.srt", flat).read_text()
    assert text == "1\n00:00:00,000 --> 00:00:06,000\njoy 75 %\n"


def test_a_label_does_not_break_a_cue(tmp_path):
    bad = Moment(0.0, 1.0, 1.0, {"a\n\n2 --> b": 1.0})
    blocks = write(tmp_path / "clip.srt", answer([bad])).read_text().strip().split("\n\n")
    assert len(blocks) == 1 and blocks[0].count("-->") == 1


# ---- localization


@pytest.fixture
def localized():
    """Two segments of joy overlap, one of fear overlaps both and has the highest score."""
    cells = [moment(second, second + 1, 0.5, 0.3) for second in range(6)]
    segments = (
        Segment(2.0, 5.0, "fear", 0.9),
        Segment(3.0, 4.5, "joy", 0.625),
        Segment(0.0, 3.25, "joy", 0.1),
        Segment(5.0, 6.0, "joy", -0.25),
    )
    return replace(answer(cells), segments=segments, task="localization")


def test_subtitles_of_a_localization_answer_are_its_segments_without_overlaps_of_lower_score(
    tmp_path, localized
):
    assert write(tmp_path / "clip.srt", localized).read_text() == (
        "1\n00:00:02,000 --> 00:00:05,000\nfear 0.90\n\n"
        "2\n00:00:03,000 --> 00:00:04,500\njoy 0.62\n\n"
        "3\n00:00:05,000 --> 00:00:06,000\njoy -0.25\n"
    )


def test_without_segments_one_cue_says_so(tmp_path, localized):
    text = write(tmp_path / "clip.srt", replace(localized, segments=())).read_text()
    assert text == "1\n00:00:00,000 --> 00:00:06,000\nno segment detected\n"


def test_an_elan_document_of_a_localization_answer_has_a_tier_for_each_label(tmp_path, localized):
    assert tiers(write(tmp_path / "clip.eaf", localized)) == {
        "joy": [(3000, 4500, "joy 0.62"), (5000, 6000, "joy -0.25")],
        "fear": [(2000, 5000, "fear 0.90")],
    }
    empty = tiers(write(tmp_path / "clip.eaf", replace(localized, segments=())))
    assert empty == {"joy": [], "fear": []}


@pytest.mark.parametrize("suffix", [".srt", ".eaf"])
def test_a_label_of_a_segment_does_not_break_a_file(tmp_path, localized, suffix):
    label = HOSTILE + "\n\n2 --> \x00"
    path = write(tmp_path / f"clip{suffix}", replace(localized, segments=(Segment(1.0, 2.0, label, 0.5),)))
    if suffix == ".eaf":
        kept = label.replace("\x00", "\N{REPLACEMENT CHARACTER}")
        assert tiers(path) == {"joy": [], "fear": [], kept: [(1000, 2000, f"{kept} 0.50")]}
    else:
        assert len(path.read_text().strip().split("\n\n")) == 1 and path.read_text().count("-->") == 1


def test_csv_has_one_row_for_each_segment_and_keeps_clips_without_segments(tmp_path, localized):
    nothing = replace(localized, id="quiet.mp4", segments=())
    path = write(tmp_path / "a.csv", localized, nothing, skipped=[Skipped("c.mp4", "is empty")])
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    shown = [(row["id"], row["start_s"], row["end_s"], row["label"], row["score"]) for row in rows]
    assert shown == [
        ("clip.mp4", "2.0", "5.0", "fear", "0.9"),
        ("clip.mp4", "3.0", "4.5", "joy", "0.625"),
        ("clip.mp4", "0.0", "3.25", "joy", "0.1"),
        ("clip.mp4", "5.0", "6.0", "joy", "-0.25"),
        ("quiet.mp4", "", "", "", ""),
        ("c.mp4", "", "", "", ""),
    ]
    assert rows[-1]["skipped"] == "is empty" and rows[0]["method"] == "vaanet"


def test_parquet_has_numbers_for_the_ends_of_segments(tmp_path, localized):
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = parquet.read_table(write(tmp_path / "a.parquet", localized)).to_pylist()
    assert [(row["start_s"], row["score"]) for row in rows] == [
        (2.0, 0.9),
        (3.0, 0.625),
        (0.0, 0.1),
        (5.0, -0.25),
    ]


def test_json_holds_each_segment_and_each_cell(tmp_path, localized):
    (row,) = json.loads(write(tmp_path / "a.json", localized).read_text())["predictions"]
    assert row["segments"][1] == {"start_s": 3.0, "end_s": 4.5, "label": "joy", "score": 0.625}
    assert len(row["segments"]) == 4 and len(row["moments"]) == 6


def test_the_table_of_answers_shows_the_segment_with_the_highest_score(localized, clip):
    assert _when(localized) == "0:02\N{EN DASH}0:05 fear"
    assert _when(replace(localized, segments=())) == ""
    assert _when(clip) == "0:00\N{EN DASH}0:03"


# ---- EAF

# From the schema: the elements of a document, in this order.
ORDER = [
    *("LICENSE", "HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE", "LOCALE", "LANGUAGE", "CONSTRAINT"),
    *("CONTROLLED_VOCABULARY", "LEXICON_REF", "REF_LINK_SET", "EXTERNAL_REF"),
]
HEADER_ORDER = ["MEDIA_DESCRIPTOR", "LINKED_FILE_DESCRIPTOR", "PROPERTY"]


def tiers(path) -> dict[str, list[tuple[int, int, str]]]:
    """Start and end in milliseconds and text of each annotation, by tier."""
    root = ElementTree.parse(path).getroot()
    times = {slot.attrib["TIME_SLOT_ID"]: int(slot.attrib["TIME_VALUE"]) for slot in root.iter("TIME_SLOT")}
    return {
        tier.attrib["TIER_ID"]: [
            (
                times[one.attrib["TIME_SLOT_REF1"]],
                times[one.attrib["TIME_SLOT_REF2"]],
                one.findtext("ANNOTATION_VALUE") or "",
            )
            for one in tier.iter("ALIGNABLE_ANNOTATION")
        ]
        for tier in root.iter("TIER")
    }


def test_an_elan_document_has_a_tier_for_answer_attention_and_moments(tmp_path, clip):
    found = tiers(write(tmp_path / "clip.eaf", clip))
    assert found["emotion"] == [(0, 6000, "joy 75 %")]
    # mean attention of 0.9, 0.8 and 1.0 in three seconds, of a peak of 1
    assert found["attention"] == [(0, 3000, "0.90"), (4000, 6000, "0.80")]
    assert found["moments"] == [
        (0, 1000, "joy 70 %"),
        (1000, 2000, "joy 90 %"),
        (2000, 3000, "fear 80 %"),
        (3000, 4000, "fear 80 %"),
        (4000, 6000, "fear 60 %"),
    ]


def test_elements_are_in_the_order_of_the_schema(tmp_path, clip):
    (tmp_path / "clip.mp4").touch()
    root = ElementTree.parse(
        write(tmp_path / "clip.eaf", replace(clip, id=str(tmp_path / "clip.mp4"), notes=("cut off",)))
    ).getroot()
    for element, order in ((root, ORDER), (root.find("HEADER"), HEADER_ORDER)):
        assert element is not None
        places = [order.index(child.tag) for child in element]
        assert places == sorted(places)
    assert set(root.attrib) >= {"AUTHOR", "DATE", "VERSION", "FORMAT"} and root.attrib["FORMAT"] == "3.0"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", root.attrib["DATE"])
    types = {kind.attrib["LINGUISTIC_TYPE_ID"] for kind in root.iter("LINGUISTIC_TYPE")}
    assert {tier.attrib["LINGUISTIC_TYPE_REF"] for tier in root.iter("TIER")} == types


def test_each_annotation_and_each_end_of_one_has_its_own_name(tmp_path, clip):
    root = ElementTree.parse(write(tmp_path / "clip.eaf", clip)).getroot()
    annotations = [one.attrib for one in root.iter("ALIGNABLE_ANNOTATION")]
    names = [one["ANNOTATION_ID"] for one in annotations]
    ends = [one[end] for one in annotations for end in ("TIME_SLOT_REF1", "TIME_SLOT_REF2")]
    slots = [slot.attrib["TIME_SLOT_ID"] for slot in root.iter("TIME_SLOT")]
    assert len(set(names)) == len(names) and sorted(ends) == sorted(slots) and len(set(slots)) == len(slots)
    times = [int(slot.attrib["TIME_VALUE"]) for slot in root.iter("TIME_SLOT")]
    assert times == sorted(times)
    last = [p.text for p in root.iter("PROPERTY") if p.attrib["NAME"] == "lastUsedAnnotationId"]
    assert last == [str(len(names))]


def test_an_elan_document_states_the_path_of_the_clip(tmp_path, clip):
    (tmp_path / "clips").mkdir()
    media = tmp_path / "clips" / "a & b.mp4"
    media.touch()
    root = ElementTree.parse(write(tmp_path / "clip.eaf", replace(clip, id=str(media)))).getroot()
    (descriptor,) = root.iter("MEDIA_DESCRIPTOR")
    assert descriptor.attrib == {
        "MEDIA_URL": f"file://{media.as_posix()}",
        "MIME_TYPE": "video/mp4",
        "RELATIVE_MEDIA_URL": "./clips/a & b.mp4",
    }


def test_decoded_media_have_no_path(tmp_path, clip):
    root = ElementTree.parse(write(tmp_path / "clip.eaf", replace(clip, id="input-0"))).getroot()
    assert not list(root.iter("MEDIA_DESCRIPTOR"))


@pytest.mark.parametrize("name", [f"{HOSTILE}.mp4".replace("/", ""), os.fsdecode(b"\xff\x07.mp4")])
def test_any_name_and_label_gives_well_formed_xml(tmp_path, name):
    media = tmp_path / name
    media.touch()
    bad = Moment(0.0, 1.0, 1.0, {HOSTILE + "\x00": 1.0})
    path = write(tmp_path / "clip.eaf", answer([bad], name=str(media), notes=(HOSTILE,)))
    assert tiers(path)["moments"] == [(0, 1000, f"{HOSTILE}\N{REPLACEMENT CHARACTER} 100 %")]


def test_moments_shorter_than_a_millisecond_are_left_out(tmp_path):
    short = answer([moment(0, 1, 0, 0.5), moment(1, 1.0002, 1, 0.5), moment(1.0002, 2, 0, 0.5)])
    found = tiers(write(tmp_path / "clip.eaf", short))
    assert found["attention"] == [] and len(found["moments"]) == 2


# ---- inputs that are refused


@pytest.mark.parametrize("suffix", [".srt", ".eaf"])
def test_files_of_one_clip_refuse_several(tmp_path, clip, suffix):
    path = tmp_path / f"clip{suffix}"
    with pytest.raises(UsageError, match=r"one clip, but there are 2 inputs.*\.html or \.json"):
        write(path, clip, clip)
    with pytest.raises(UsageError, match="one clip, but there are 3 inputs"):
        check_one_clip(path, inputs=3, modality="video+audio")
    assert not path.exists()


@pytest.mark.parametrize("suffix", [".srt", ".eaf"])
@pytest.mark.parametrize("modality", ["skeleton", "image"])
def test_files_of_moments_refuse_answers_that_have_none(tmp_path, clip, suffix, modality):
    path = tmp_path / f"clip{suffix}"
    still = replace(clip, moments=(), span_s=None, modality=modality)
    with pytest.raises(UsageError, match=rf"modality {modality}, which have no moments: write \.json"):
        write(path, still)
    with pytest.raises(UsageError, match="has no moments"):
        write(path, replace(still, modality="video"))
    assert not path.exists()


def test_other_files_hold_any_number_of_anything(tmp_path):
    for suffix in (".json", ".csv", ".html", ".parquet"):
        check_one_clip(tmp_path / f"a{suffix}", inputs=100, modality="image")


@pytest.mark.xdist_group("bundle")
def test_an_unwritable_file_of_one_clip_is_refused_before_computing(bundle, walks, tmp_path):
    code = "from affekt.cli.main import run; run()"
    arguments = ["predict", bundle, walks / "walk0.npz", "--output", tmp_path / "a.srt"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "modality skeleton, which have no moments" in done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / "a.srt").exists()


# ---- JSON, CSV, HTML


def test_json_holds_each_moment_and_the_notes(tmp_path, clip):
    path = write(tmp_path / "a.json", replace(clip, notes=("no sound track",)))
    (row,) = json.loads(path.read_text())["predictions"]
    assert row["notes"] == ["no sound track"] and len(row["moments"]) == 5
    assert row["moments"][2] == {
        "start_s": 2.0,
        "end_s": 3.0,
        "attention": 1.0,
        "scores": {"joy": 0.2, "fear": 0.8},
    }


def test_csv_has_one_row_for_each_clip_with_its_notes(tmp_path, clip):
    path = write(
        tmp_path / "a.csv", replace(clip, notes=("one", "two")), clip, skipped=[Skipped("c.mp4", "is empty")]
    )
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["notes"] for row in rows] == ["one; two", "", ""]
    assert rows[2]["id"] == "c.mp4" and rows[2]["skipped"] == "is empty"


def test_an_answer_to_a_name_of_undecodable_bytes_is_written(tmp_path, clip):
    named = replace(clip, id=os.fsdecode(b"\xff.mp4"))
    for suffix in (".csv", ".json", ".srt", ".eaf", ".html"):
        assert write(tmp_path / f"a{suffix}", named).stat().st_size > 0


def test_html_shows_clips_and_skipped_inputs(tmp_path, clip):
    text = write(tmp_path / "a.html", clip, skipped=[Skipped("c.mp4", "is empty")]).read_text()
    assert text.startswith("<!doctype html>") and "is empty" in text
