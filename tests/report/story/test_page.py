"""The page of a timeline: its content, and its behaviour in a browser."""

import base64
import io
import json
import re
import shutil
from html import unescape

import numpy as np
import pytest
from PIL import Image

from affekt.core.timeline import Timeline
from affekt.core.timeline.parts import Box, Medium, Missing, Network, Person, Span, SpokenLine, Track
from affekt.report.story.video import write_annotated
from affekt.report.story.write import write_story

HOSTILE = "</script><script>alert('x')</script>"


@pytest.fixture
def written(tmp_path):
    def write(timeline, **options) -> str:
        write_story(timeline, tmp_path / "page.html", **options)
        return (tmp_path / "page.html").read_text()

    return write


def data_of(text):
    (data,) = re.findall(r'<script type="application/json" id="story">(.*?)</script>', text, re.S)
    return json.loads(data)


# ---- content


def test_the_page_loads_nothing_but_the_video(tags_of, written, filmed):
    tags = tags_of(written(filmed))
    assert tags.open == []
    (address,) = [it for it in tags.addresses if not it.startswith("data:image/jpeg;base64,")]
    assert address.startswith("./") or address.startswith("../") or address.startswith("./../")
    assert address.endswith("talk.mp4")
    assert not re.search(r"https?://|@import|url\(|fetch\(|XMLHttpRequest|\bimport\b", written(filmed))


@pytest.mark.parametrize("field", ["label", "name", "words", "note", "network", "reason", "path"])
def test_hostile_text_is_shown_not_run(tags_of, written, timeline, field):
    changed = {
        "label": {
            "tracks": (
                Track(
                    id="a", modality="voice", person="P1", spans=(Span(start_s=0, end_s=2, label=HOSTILE),)
                ),
            )
        },
        "name": {"persons": (Person(id="P1", name=HOSTILE, notes=(HOSTILE,)), Person(id="P2"))},
        "words": {"words": (SpokenLine(start_s=0, end_s=1, text=HOSTILE),)},
        "note": {"notes": (HOSTILE,), "settings": {"a": HOSTILE}},
        "network": {"networks": (*timeline.networks, Network(name=HOSTILE, method=HOSTILE, modality="face"))},
        "reason": {"missing": (Missing(modality="face", reason=HOSTILE, start_s=1, end_s=2),)},
        "path": {"medium": timeline.medium.model_copy(update={"path": "<script>alert('x')"})},
    }[field]
    text = written(timeline.model_copy(update=changed))
    assert HOSTILE not in text and "<script>alert" not in text and "alert(" in text
    assert tags_of(text).open == [] and text.count("<script") == 2


def test_the_summary_says_who_is_there_and_how(written, timeline):
    text = re.sub(r"<[^>]+>", "", written(timeline)[written(timeline).index("<body>") :])
    text = " ".join(unescape(text).split())
    assert "2 persons in 0:12 of video, 2 shots, 2 lines of words." in text
    assert "Ann seen 0:12, heard 0:04 happiness 67 % neutral 25 %" in text
    assert "unsure for 8 % of 0:12; modalities disagree for 0:02; from face, voice and words" in text
    assert "P2 seen 0:08, heard 0:05 angry 100 %" in text and "face and voice are joined: <b>" in text
    assert "No face (0:08\N{EN DASH}0:12): the face is turned away" in text
    assert "No gait: no joints were given" in text
    assert "Trained on pictures that were posed or searched for." in text


def test_the_fused_lane_is_first_and_unsure_and_missing_stretches_are_marked(written, timeline):
    text = written(timeline)
    lanes = re.findall(r'<div class="what">(.*?)</div><div class="plot bands', text)
    assert [re.sub("<small>.*", "", lane) for lane in lanes] == [
        "fused", "face", "voice", "words", "face", "voice", "gait",
    ]  # fmt: skip
    assert re.search(
        r'<i class="un" style="left: 50.0%; width: 8.333%" title="0:06.0\N{EN DASH}0:07.0 unsure">', text
    )
    assert '<i class="gone" style="left: 66.667%; width: 33.333%" title="the face is turned away">' in text
    assert text.count('<i class="cut"') == 1


def test_a_stronger_colour_means_a_higher_confidence(written, timeline):
    text = written(timeline)
    levels = dict(
        re.findall(r'<i class="c\d+ o(\d)"[^>]*title="[^"]*?(neutral 60 %|happiness 90 %)"', text)[::-1]
    )
    assert {name: int(level) for level, name in levels.items()} == {"neutral 60 %": 4, "happiness 90 %": 6}


def test_synonyms_of_two_networks_have_one_colour_and_their_own_names(written, timeline):
    data = data_of(written(timeline))
    color = dict(zip(data["labels"], data["colors"], strict=True))
    assert color["happy"] == color["happiness"] == color["joy"] != color["neutral"]
    face = next(lane for lane in data["lanes"] if (lane["who"], lane["name"]) == ("Ann", "face"))
    assert [data["labels"][n] if n >= 0 else "" for n in face["label"]] == ["neutral", "happy", "", "happy"]


def test_boxes_follow_people_in_thousandths_and_milliseconds(written, filmed):
    runs = data_of(written(filmed))["boxes"]
    first = next(run for run in runs if run["track"] == "face-1")
    assert first["at"][0] == 0 and first["box"][:4] == [125, 275, 150, 250]
    assert sum(len(run["at"]) for run in runs) < 12, "boxes on a straight way are left out"


def test_a_redacted_page_holds_no_picture_and_no_address(tags_of, written, filmed, tmp_path):
    text = written(filmed, redact=True)
    assert tags_of(text).addresses == [] and "data:image" not in text and "<video" not in text
    assert "holds no picture of anyone" in text and "Well, hello." in text


def test_a_redacted_page_plays_the_redacted_video_only(tags_of, written, filmed, tmp_path):
    text = written(filmed, redact=True, video=tmp_path / "blurred.mp4")
    assert tags_of(text).addresses == ["./blurred.mp4"] and data_of(text)["boxes"] == []
    assert "Faces that were not found are not" in text


def test_a_long_lane_is_thinned_and_the_page_says_so(written, timeline):
    names = ("angry", "happy", "neutral")
    spans = tuple(
        Span(start_s=n, end_s=n + 1, label=names[n // 3 % 3], confidence=n % 7 / 10 + 0.3)
        for n in range(1800)
    )
    medium = timeline.medium.model_copy(update={"duration_s": 1800.0})
    faces = timeline.tracks[1].model_copy(update={"spans": spans, "boxes": ()})
    text = written(timeline.model_copy(update={"tracks": (faces,), "medium": medium, "words": ()}))
    assert 500 < text.count('<i class="c') <= 700 and len(text) < 200_000
    assert "each band is the answer that lasts longest in its stretch; .json and .csv hold" in text
    assert len(data_of(text)["lanes"][0]["from"]) == 1800, "the script knows each answer"


def test_of_too_many_boxes_the_tolerance_is_stated(written, filmed, monkeypatch):
    monkeypatch.setattr("affekt.report.story.page.boxes.MOST", 8)
    text = written(filmed)
    assert "Boxes are simplified to 0.8 % of the picture" not in text
    shaken = tuple(
        it._replace(left=it.left + 0.03 * (n % 2), right=it.right + 0.03 * (n % 2))
        for n, it in enumerate(filmed.tracks[1].boxes)
    )
    track = filmed.tracks[1].model_copy(update={"boxes": shaken})
    text = written(filmed.model_copy(update={"tracks": (track,)}))
    assert "Boxes are simplified to 3.2 % of the picture" in text


def test_of_many_persons_those_who_are_there_longest_have_lanes(written, timeline):
    persons = tuple(Person(id=f"P{number}") for number in range(1, 31))
    tracks = tuple(
        Track(id=it.id, modality="face", person=it.id, spans=(Span(start_s=0, end_s=n / 10, label="joy"),))
        for n, it in enumerate(persons, 1)
    )
    text = written(
        timeline.model_copy(update={"persons": persons, "tracks": tracks, "words": (), "missing": ()})
    )
    assert text.count('<div class="group">') == 12 and "not for 18 persons" in text
    assert (
        text.index("<bdi>P30</bdi>") < text.index("<bdi>P29</bdi>")
        and text.count('<li class="person">') == 30
    )


def test_sound_alone_has_a_player_and_its_wave(written, tmp_path):
    import soundfile

    soundfile.write(tmp_path / "a.wav", np.sin(np.arange(16000) / 10) / 2, 8000)
    voice = Track(id="v", modality="voice", person="P1", spans=(Span(start_s=0, end_s=2, label="joy"),))
    heard = Timeline(
        medium=Medium(path=str(tmp_path / "a.wav"), duration_s=2, has_sound=True),
        persons=(Person(id="P1"),),
        tracks=(voice,),
    )
    text = written(heard)
    assert "<audio controls" in text and "envelope of the sound wave" in text and "<video" not in text


def test_a_file_that_browsers_do_not_play_has_a_sentence(written, filmed, tmp_path):
    shutil.copyfile(filmed.medium.path, tmp_path / "a.avi")
    medium = filmed.medium.model_copy(update={"path": str(tmp_path / "a.avi")})
    text = written(filmed.model_copy(update={"medium": medium}))
    assert "browsers do not play .avi: write an annotated MP4" in text and "<video" not in text


def test_nothing_found_is_a_page_that_says_why(written):
    empty = Timeline(
        medium=Medium(path="no.mp4", duration_s=3, width=64, height=48),
        missing=(Missing(modality="face", reason="no face was found in 75 frames"),),
    )
    text = written(empty)
    assert (
        "Nobody was found in 0:03 of video without sound." in text
        and "no face was found in 75 frames" in text
    )


@pytest.fixture
def photo(tmp_path):
    """A picture of many faces."""
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 120, 3), np.uint8)).save(
        tmp_path / "p.png"
    )
    persons = tuple(Person(id=f"P{number}") for number in range(1, 21))
    tracks = tuple(
        Track(
            id=it.id, modality="face", person=it.id,
            spans=(Span(start_s=0, end_s=0, label="joy", scores={"joy": 0.8}, confidence=0.8),),
            boxes=(Box(0, 0.04 * n, 0.2, 0.04 * n + 0.03, 0.4),),
        )
        for n, it in enumerate(persons)
    )  # fmt: skip
    medium = Medium(path=str(tmp_path / "p.png"), duration_s=0, width=120, height=90)
    return Timeline(medium=medium, persons=persons, tracks=tracks)


def test_a_picture_is_shown_with_the_box_of_each_face(tags_of, written, photo):
    text = written(photo)
    assert tags_of(text).open == [] and text.count('<span class="box"') == 20 and "joy 80 %" in text
    assert (
        "20 persons in a picture of 120 x 90 pixels: 20 joy." in text and '<div class="timeline"' not in text
    )


def test_a_redacted_picture_is_not_kept(written, photo):
    text = written(photo, redact=True)
    assert "data:image" not in text and text.count('<span class="box"') == 20


def test_a_redacted_picture_is_shown_blurred_if_there_is_one(written, photo, tmp_path):
    large = photo.tracks[0].model_copy(update={"boxes": (Box(0.0, 0.3, 0.3, 0.7, 0.9),)})
    photo = photo.model_copy(update={"tracks": (large,)})
    write_annotated(photo, tmp_path / "p.png", tmp_path / "blurred.png", redact=True)
    text = written(photo, redact=True, video=tmp_path / "blurred.png")
    (held,) = re.findall(r"data:image/jpeg;base64,([^\"]+)", text)
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(held)))).astype(int)
    true = np.asarray(Image.open(tmp_path / "p.png")).astype(int)
    detail, kept = (np.abs(np.diff(it[40:75, 45:75], axis=1)).mean() for it in (true, shown))
    assert kept < 0.1 * detail
    assert '<span class="box"' not in text and "Faces that were not found are not" in text


def test_an_annotated_picture_keeps_the_faces_beside_the_names(written, photo, tmp_path):
    photo = photo.model_copy(update={"persons": photo.persons[:2], "tracks": photo.tracks[:2]})
    write_annotated(photo, tmp_path / "p.png", tmp_path / "marked.png")
    assert written(photo, video=tmp_path / "marked.png").count('<img class="face"') == 2
    assert '<img class="face"' not in written(photo, redact=True, video=tmp_path / "marked.png")


def test_lines_that_were_only_read_are_not_heard(written, timeline):
    text = written(timeline.model_copy(update={"tracks": timeline.tracks[3:4]}))
    assert "words 0:04" in text and "heard 0:04" not in text  # given lines, and no voice
    assert "heard 0:03" in text  # a recognised line


def test_words_alone_have_no_player_and_nothing_is_missing(written, timeline, tmp_path):
    (tmp_path / "a.srt").write_text("")
    medium = Medium(path=str(tmp_path / "a.srt"), duration_s=12.0)
    text = written(
        timeline.model_copy(update={"medium": medium, "tracks": timeline.tracks[3:4], "missing": ()})
    )
    assert "2 persons in 0:12 of words, 2 shots" in text and "cannot be" not in text.partition("<script")[0]
    assert "<audio" not in text and "browsers do not play" not in text


# ---- in a browser

LOOK = """<script>{
const facts = { errors: [], wide: document.documentElement.scrollWidth - innerWidth };
addEventListener("error", (event) => facts.errors.push(event.message));
const done = () => { document.body.dataset.facts = JSON.stringify(facts); };
const boxOf = () =>
  [...document.querySelectorAll(".overlay .box")].map((box) => [parseFloat(box.style.left), box.innerText]);
const player = document.querySelector("video");
const lane = document.querySelector(".story .bands"), area = lane.getBoundingClientRect();
const at = (share) => ({ clientX: area.left + share * area.width, clientY: area.top + 5, bubbles: true });
const key = (name, more = {}) =>
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, ...more }));
const now = () => Number(document.querySelector(".playhead").getAttribute("aria-valuenow"));
const line = () => document.querySelector(".said .here .text")?.textContent ?? "";
lane.dispatchEvent(new PointerEvent("pointermove", at(0.3)));
facts.tip = document.querySelector(".tip").innerText;
lane.dispatchEvent(new PointerEvent("pointerdown", at(0.25)));
dispatchEvent(new PointerEvent("pointerup"));
facts.clicked = now();
facts.boxes = boxOf();
facts.line = line();
key("ArrowRight"); facts.stepped = now();
key("ArrowRight", { shiftKey: true }); facts.far = now(); facts.gone = boxOf();
document.querySelectorAll(".said button")[1].click(); facts.words = now(); facts.second = line();
document.querySelector(".jump").click(); facts.apart = now();
key("m"); facts.muted = player?.muted;
setTimeout(() => { facts.playing = player?.currentTime; facts.size = player?.videoWidth; done(); }, 1500);
}</script>"""


def looked(chromium, page, text, *flags):
    page.write_text(text.replace("</body>", f"{LOOK}</body>"))
    shown = chromium(*flags, "--virtual-time-budget=8000", "--dump-dom", page.as_uri())
    (facts,) = re.findall(r'data-facts="(.*?)"', shown)
    return json.loads(unescape(facts))


@pytest.mark.parametrize("width", [500, 1200])
def test_clicks_and_keys_move_boxes_and_words(tmp_path, chromium, written, filmed, width):
    facts = looked(chromium, tmp_path / "page.html", written(filmed), f"--window-size={width},1600")
    assert facts["errors"] == [] and facts["wide"] <= 0
    assert "0:03.6" in facts["tip"] and "happiness 90 %" in facts["tip"] and "Well, hello." in facts["tip"]
    assert facts["clicked"] == pytest.approx(3.0, abs=0.1) and facts["line"] == "Well, hello."
    assert facts["boxes"][0] == [pytest.approx(24.5, abs=0.3), "Ann happiness 90 %"]
    assert facts["boxes"][1][1] == "P2 angry 55 %"
    assert facts["stepped"] == pytest.approx(4.0, abs=0.1) and facts["far"] == 12.0
    assert facts["gone"] == [[pytest.approx(58.5, abs=0.3), "Ann happiness 70 %"]], "P2 has left"
    assert facts["words"] == 6.0 and facts["second"].startswith("She said")
    assert facts["apart"] == pytest.approx(1.0, abs=0.1) and facts["muted"] is True
    assert facts["size"] == 160


def test_without_a_player_the_lanes_still_answer(tmp_path, chromium, written, timeline):
    facts = looked(chromium, tmp_path / "page.html", written(timeline))
    assert facts["errors"] == [] and facts["clicked"] == pytest.approx(3.0, abs=0.1)
    assert facts["line"] == "Well, hello." and facts["boxes"] == []
