"""Answers to lines of words as files: SRT, EAF, CSV, Parquet, JSON lines."""

import csv
import json
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from affekt.core.errors import UsageError
from affekt.core.sample import Skipped
from affekt.deploy.runtime.output import writer_for


def write(path, lines, skipped=()):
    writer_for(path)(path, lines, skipped)
    return path


# ---- SRT


def test_subtitles_keep_the_times_and_have_the_label_before_the_text(tmp_path, talk):
    assert write(tmp_path / "a.srt", talk).read_text() == (
        "1\n00:00:01,000 --> 00:00:02,500\n[anger 88 %] Ana: You left the stove on.\n\n"
        "2\n00:00:02,250 --> 00:00:03,000\n[neutral 40 %] Ben: Did I? No!\n\n"
        "3\n00:00:03,500 --> 00:00:04,000\n[anger 62 %] Ana: Smell it.\n"
    )


def test_a_cue_names_all_labels_of_a_line_and_nobody_where_no_speaker_is_stated(tmp_path, answer):
    both = answer(1, None, "Oh!", span=(0.0, 1.0), task="multi_label", labels=("joy", "anger"))
    none = answer(2, None, "Hm.", span=(1.0, 2.0), task="multi_label")
    cues = write(tmp_path / "a.srt", [both, none]).read_text()
    assert "[joy 75 %, anger 12 %] Oh!\n" in cues and "[no label] Hm.\n" in cues


def test_words_do_not_break_a_cue(tmp_path, answer):
    lines = [answer(1, "A\n\n", "x\n\n2\n00:00:05,000 --> 00:00:06,000\x00", span=(0.0, 1.0))]
    text = write(tmp_path / "a.srt", lines).read_text()
    assert len(text.strip().split("\n\n")) == 1 and text.count("-->") == 1


@pytest.mark.parametrize("suffix", [".srt", ".eaf"])
def test_lines_that_have_no_place_in_time_are_refused(tmp_path, talk, suffix):
    path = tmp_path / f"a{suffix}"
    with pytest.raises(UsageError, match=r"1 of 3 lines has none \(first: kitchen.srt:2\).*\.csv"):
        write(path, [talk[0], replace(talk[1], span_s=None), talk[2]])
    with pytest.raises(UsageError, match=r"2 dialogues, each with its own clock \(kitchen.srt, hall.srt\)"):
        write(path, [talk[0], replace(talk[1], dialogue="hall.srt")])
    with pytest.raises(UsageError, match=r"kitchen\.srt:2 is said from 3 s to 1 s"):
        write(path, [talk[0], replace(talk[1], span_s=(3.0, 1.0))])
    assert not path.exists()


# ---- EAF


def tiers(path):
    """By tier: start, end and text of each annotation; of a linked one, the start and end of its parent."""
    root = ElementTree.parse(path).getroot()
    times = {slot.attrib["TIME_SLOT_ID"]: int(slot.attrib["TIME_VALUE"]) for slot in root.iter("TIME_SLOT")}
    spans: dict[str, tuple[int, int]] = {}
    for one in root.iter("ALIGNABLE_ANNOTATION"):
        ends = (times[one.attrib["TIME_SLOT_REF1"]], times[one.attrib["TIME_SLOT_REF2"]])
        spans[one.attrib["ANNOTATION_ID"]] = ends
    return {
        tier.attrib["TIER_ID"]: [
            (
                *spans[one.attrib.get("ANNOTATION_REF") or one.attrib["ANNOTATION_ID"]],
                one.findtext("ANNOTATION_VALUE"),
            )
            for one in (*tier.iter("ALIGNABLE_ANNOTATION"), *tier.iter("REF_ANNOTATION"))
        ]
        for tier in root.iter("TIER")
    }


def test_an_elan_document_has_words_and_linked_labels_of_each_speaker(tmp_path, talk):
    found = tiers(write(tmp_path / "a.eaf", talk))
    assert found == {
        "Ana": [(1000, 2500, "You left the stove on."), (3500, 4000, "Smell it.")],
        "label@Ana": [(1000, 2500, "anger"), (3500, 4000, "anger")],
        "confidence@Ana": [(1000, 2500, "0.88"), (3500, 4000, "0.62")],
        "notes@Ana": [(3500, 4000, "1 of 2 words is unknown")],
        "Ben": [(2250, 3000, "Did I?\nNo!")],
        "label@Ben": [(2250, 3000, "neutral")],
        "confidence@Ben": [(2250, 3000, "0.40")],
    }


def test_linked_tiers_follow_the_rules_of_elan(tmp_path, talk):
    root = ElementTree.parse(write(tmp_path / "a.eaf", talk)).getroot()
    tags = list(dict.fromkeys(child.tag for child in root))
    assert tags == ["HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE", "CONSTRAINT"]
    types = {kind.attrib["LINGUISTIC_TYPE_ID"]: kind.attrib for kind in root.iter("LINGUISTIC_TYPE")}
    (constraint,) = root.iter("CONSTRAINT")
    written: list[str] = []
    for tier in root.iter("TIER"):
        kind, parent = types[tier.attrib["LINGUISTIC_TYPE_REF"]], tier.attrib.get("PARENT_REF")
        assert tier.attrib["PARTICIPANT"] in ("Ana", "Ben")
        if parent is None:
            assert "CONSTRAINTS" not in kind and kind["TIME_ALIGNABLE"] == "true"
        else:
            assert parent in written and kind["CONSTRAINTS"] == constraint.attrib["STEREOTYPE"]
            assert kind["TIME_ALIGNABLE"] == "false" and not list(tier.iter("ALIGNABLE_ANNOTATION"))
            parents = [one.attrib["ANNOTATION_REF"] for one in tier.iter("REF_ANNOTATION")]
            assert len(set(parents)) == len(parents)
        written.append(tier.attrib["TIER_ID"])
    names = [
        one.attrib["ANNOTATION_ID"]
        for one in (*root.iter("ALIGNABLE_ANNOTATION"), *root.iter("REF_ANNOTATION"))
    ]
    assert len(set(names)) == len(names)


def test_lines_of_one_speaker_that_overlap_are_in_tiers_of_their_own(tmp_path, answer):
    spans = [(0.0, 3600.0), (1.0, 2.0), (1.9996, 3.0), (2.0, 2.0), (5.0, 6.0)]
    lines = [answer(number, "Ana", str(number), span=span) for number, span in enumerate(spans)]
    found = tiers(write(tmp_path / "a.eaf", lines))
    words = [annotations for name, annotations in found.items() if "@" not in name]
    # Rounded to milliseconds, the third begins where the second ends; the fourth has no duration.
    assert words == [
        [(0, 3600000, "0")],
        [(1000, 2000, "1"), (2000, 3000, "2"), (5000, 6000, "4")],
        [(2000, 2001, "3")],
    ]
    assert list(found)[::3] == ["Ana", "Ana (2)", "Ana (3)"]


def test_no_two_tiers_have_one_name(tmp_path, answer):
    names = [None, "words", "label@words", "Ana", "Ana ", "Ana\x00", "Ana\x01", "<b>&\"']]></b>"]
    lines = [
        answer(number, name, "x", span=(float(number), number + 1.0)) for number, name in enumerate(names)
    ]
    root = ElementTree.parse(write(tmp_path / "a.eaf", lines)).getroot()
    found = [tier.attrib["TIER_ID"] for tier in root.iter("TIER")]
    assert len(set(found)) == len(found) == 3 * len(names)


# ---- tables


def read(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_rows_have_columns_for_words_before_the_label(tmp_path, talk):
    rows = read(write(tmp_path / "a.csv", talk, [Skipped("kitchen.srt:4", "it is empty")]))
    first = ["id", "dialogue", "turn", "speaker", "start_s", "end_s", "text", "label", "confidence"]
    assert list(rows[0])[: len(first)] == first
    assert [rows[1][name] for name in first] == [
        *("kitchen.srt:2", "kitchen.srt", "2", "Ben", "2.25", "3.0", "Did I?\nNo!", "neutral", "0.4")
    ]
    assert rows[3]["text"] == "" and rows[3]["skipped"] == "it is empty"


def test_tables_of_answers_to_other_inputs_have_no_such_columns(tmp_path, talk):
    still = replace(talk[0], text=None, modality="image")
    assert not {"text", "turn", "speaker"} & set(read(write(tmp_path / "a.csv", [still]))[0])


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table_keeps_words_that_only_some_inputs_have(tmp_path, talk, suffix):
    path = write(tmp_path / f"a{suffix}", [replace(talk[0], text=None), talk[1]])
    if suffix == ".csv":
        rows = read(path)
    else:
        rows = pytest.importorskip("pyarrow.parquet").read_table(path).to_pylist()
    assert [row["text"] or "" for row in rows] == ["", "Did I?\nNo!"]


def test_json_lines_hold_words_of_any_script(tmp_path, answer):
    words = '我们走吧 "\u202e\n لا'
    (row,) = map(json.loads, write(tmp_path / "a.jsonl", [answer(1, "小明", words)]).read_text().splitlines())
    assert (row["text"], row["speaker"], row["turn"]) == (words, "小明", 1)
