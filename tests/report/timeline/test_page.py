"""The page of predicted clips: its content, and its display in a browser."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
import soundfile
from PIL import Image

from affekt.core.answers.prediction import Moment, Prediction, Provenance
from affekt.core.sample import Sample, Skipped
from affekt.core.segment import Point, Segment
from affekt.media.sound import Waveform
from affekt.media.video import VideoFrames
from affekt.media.video.write import write_clip
from affekt.report.timeline.media import clip_media, sound_envelope
from affekt.report.timeline.moments import clock, key_spans, percent, stretches
from affekt.report.timeline.page import write_timeline
from affekt.report.wording import printable

LABELS = ("anger", "fear", "joy")
HOSTILE = "<script>alert('x')</script>"


def answer(name="clip.mp4", moments=6, seconds=6.0, labels=LABELS, **changes) -> Prediction:
    """An answer whose most likely label changes from moment to moment; every third one has attention."""
    edges = np.linspace(0, seconds, moments + 1)
    each = []
    for number in range(moments):
        scores = np.full(len(labels), 0.4 / max(len(labels) - 1, 1))
        scores[number % len(labels)] = 0.6
        each.append(
            Moment(
                float(edges[number]),
                float(edges[number + 1]),
                float(number % 3 == 2),
                dict(zip(labels, scores.tolist(), strict=True)),
            )
        )
    weights = np.linspace(1, 2, len(labels))
    scores = dict(zip(labels, (weights / weights.sum()).tolist(), strict=True))
    best = labels[-1]
    source = Provenance("vaanet", "3f" * 32, "1")
    values = Prediction(name, best, scores, scores[best], "video+audio", source, (0.0, seconds), tuple(each))
    return replace(values, **changes)


def frames(seconds=6.0, count=30) -> VideoFrames:
    levels = np.linspace(10, 240, count).astype(np.uint8)
    pixels = np.broadcast_to(levels[:, None, None, None], (count, 48, 80, 3))
    return VideoFrames(np.ascontiguousarray(pixels), np.arange(count) * seconds / count, seconds)


def tone(seconds=6.0, rate_hz=8000) -> Waveform:
    """A tone that is silent in its first half."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return Waveform(
        (0.5 * np.sin(2 * np.pi * 220 * t) * (t >= seconds / 2))[None].astype(np.float32), rate_hz
    )


def sample(name="clip.mp4", **media) -> dict[str, Sample]:
    return {name: Sample(name, media or {"video": frames(), "audio": tone()})}


@pytest.fixture
def written(tmp_path):
    def write(*predictions, **options) -> str:
        write_timeline(tmp_path / "page.html", predictions, **options)
        return (tmp_path / "page.html").read_text()

    return write


# ---- content


def test_the_page_holds_all_its_media_and_loads_nothing(tags_of, written):
    text = written(answer(), samples=sample())
    tags = tags_of(text)
    assert tags.open == []
    assert len(tags.addresses) == 12
    assert all(address.startswith("data:image/jpeg;base64,") for address in tags.addresses)
    assert not re.search(r"https?://|//cdn|@import|url\(|fetch\(|XMLHttpRequest|\bimport\b", text)
    assert "default-src 'none'; img-src data:;" in text


@pytest.mark.parametrize("field", ["id", "notes", "label", "method"])
def test_hostile_text_is_shown_not_run(tags_of, written, field):
    one = answer(labels=(HOSTILE, "joy")) if field == "label" else answer()
    if field == "label":
        one = replace(one, label=HOSTILE)
    elif field == "method":
        one = replace(one, provenance=replace(one.provenance, method=HOSTILE))
    else:
        one = replace(one, **{field: HOSTILE if field == "id" else (HOSTILE,)})
    text = written(one, skipped=[Skipped(HOSTILE, HOSTILE)])
    assert HOSTILE not in text and "&lt;script&gt;" in text
    assert tags_of(text).open == [] and text.count("<script>") == 1


def test_the_answer_is_shown_with_each_score(written):
    text = written(answer())
    assert re.search(r'class="verdict">joy <span>44 %</span>', text)
    assert re.findall(r"--share: ([\d.]+)%", text) == ["22.2", "33.3", "44.4"]


def test_of_many_labels_the_highest_scores_are_shown(written):
    text = written(answer(labels=tuple(f"label {number}" for number in range(26))))
    assert text.count('class="bar"') == 10 and "and 16 more labels" in text


def test_key_stretches_are_marked_and_listed_with_their_label(written):
    text = written(answer())
    # attention is 1 from 2 to 3 s and from 5 to 6 s, where joy is most likely
    assert re.findall(r'class="key" style="left: ([\d.]+)%; width: ([\d.]+)%', text) == [
        ("33.333", "16.667"),
        ("83.333", "16.667"),
    ]
    assert "<b>0:02.0\N{EN DASH}0:03.0</b> joy 60 %" in text


def test_each_moment_is_in_a_table(written):
    rows = re.findall(r'<tr(?: class="salient")?><td>0:0', written(answer()))
    assert len(rows) == 6


def test_lines_are_drawn_for_all_labels_and_those_of_the_most_likely_ones_are_strong(written):
    text = written(answer(labels=("anger", "fear", "joy", "awe", "bliss", "calm", "disgust"), moments=3))
    lines = re.findall(r'<polyline class="([^"]*)"', text)
    assert len(lines) == 7 and lines.count("strong") == 4  # one for each moment, and the clip's own


def test_labels_beyond_the_colours_are_dashed(written):
    text = written(answer(labels=tuple("abcdefghij"), moments=2))
    assert text.count("dashed") == 2 + 1  # the lines of i and j, and the style


def test_names_at_the_ends_of_lines_do_not_overlap(written):
    text = written(answer(labels=tuple("abcdefgh"), moments=8))
    heights = sorted(float(top) for top in re.findall(r'class="end" style="top: ([\d.]+)%', text))
    assert len(heights) == 8 and min(np.diff(heights)) > 10 and heights[-1] <= 100


def test_attention_that_is_zero_throughout_marks_nothing(written):
    one = answer()
    flat = replace(one, moments=tuple(replace(moment, attention=0.0) for moment in one.moments))
    text = written(flat, samples=sample())
    assert 'class="key"' not in text and "Key moments" not in text and "nan" not in text


def test_a_single_moment_is_drawn(written):
    assert "nan" not in written(answer(moments=1), samples=sample())


def test_the_axis_has_round_times(written):
    text = written(answer(seconds=95.0))
    (axis,) = re.findall(r'<div class="plot axis">(.*?)</div>', text)
    assert re.findall(r">([\d:]+)<", axis) == ["0:00", "0:15", "0:30", "0:45", "1:00", "1:15", "1:30"]


def test_the_cursor_has_the_values_of_the_lines(written):
    (data,) = re.findall(r"data-moments='(.*?)'", written(answer(labels=('a"<b>', "joy"))))
    values = json.loads(unescape(data))
    assert values["labels"] == ['a"<b>', "joy"] and values["moments"][1] == [1.0, 2.0, 0.0, [0.4, 0.6]]


def test_notes_are_shown(written):
    note = "no sound track: the answer is based on the video alone"
    assert f"<li>{note}</li>" in written(answer(notes=(note,)))


def test_a_missing_file_is_noted_and_the_rest_is_drawn(written):
    text = written(answer("gone/clip.mp4"))
    assert "the file does not exist" in text and "<polyline" in text and "<img" not in text


def test_a_broken_file_is_noted_and_the_rest_is_drawn(written, tmp_path):
    (tmp_path / "bad.mp4").write_text("not a video")
    text = written(answer(str(tmp_path / "bad.mp4")))
    assert "its frames cannot be shown" in text and "<polyline" in text


def test_a_file_is_read_for_its_frames_and_its_sound(written, tmp_path):
    path = write_clip(tmp_path / "clip.mp4", frames(), tone())
    text = written(answer(str(path)))
    assert text.count("data:image/jpeg") == 12 and "envelope of the sound wave" in text
    assert 'class="notes"' not in text


def test_sound_that_the_network_does_not_use_is_marked(written):
    assert "<small>not used</small>" in written(answer(modality="video"), samples=sample())


def test_true_events_are_above_the_attention_in_the_colour_of_their_label(written):
    events = (Segment(1.5, 3.0, "joy"), Segment(4.5, 6.0, ""))
    known = {name: replace(one, segments=events) for name, one in sample().items()}
    text = written(answer(), samples=known, events="annotated")
    assert '<div class="what">events<small>annotated</small></div>' in text
    (lane,) = re.findall(r'<div class="plot events">(.*?)</div>', text, re.S)
    assert re.findall(r'style="([^"]*)"[^>]*>([^<]*)<', lane) == [
        (f"left: 25.0%; width: 25.000%; --class: var(--l{LABELS.index('joy')})", "joy"),
        ("left: 75.0%; width: 25.000%", ""),
    ]
    assert text.index('"plot events"') < text.index('"plot attention"')


def test_events_with_a_label_unknown_to_the_network_are_drawn_and_not_run(written):
    known = replace(sample()["clip.mp4"], segments=(Segment(0.0, 3.0, HOSTILE),))
    text = written(answer(), samples={"clip.mp4": known}, events=HOSTILE)
    assert HOSTILE not in text and 'class="plot events"' in text


def test_an_event_too_short_for_its_label_is_a_bar(written):
    known = replace(sample()["clip.mp4"], segments=(Segment(1.0, 1.2, "joy"),))
    text = written(answer(), samples={"clip.mp4": known})
    assert re.search(r'<span class="thin"[^>]*title="0:01.0\N{EN DASH}0:01.2 joy"></span>', text)


def test_annotated_moments_are_dots(written):
    known = replace(sample()["clip.mp4"], points=(Point(1.5, "fear"), Point(3.0, HOSTILE)))
    text = written(answer(), samples={"clip.mp4": known})
    assert '<div class="what">points<small>marked</small></div>' in text and HOSTILE not in text
    assert f'<i style="left: 25.0%; --class: var(--l{LABELS.index("fear")})" title="0:01.5 fear"></i>' in text


def test_without_known_events_there_is_no_lane_of_events(written):
    assert "plot events" not in written(answer(), samples=sample())


def test_a_clip_known_to_have_no_event_has_a_lane_that_says_so(written):
    known = replace(sample()["clip.mp4"], segments=())
    assert "<p>no event</p>" in written(answer(), samples={"clip.mp4": known})


def test_the_callers_introduction_is_before_the_instructions(written):
    text = written(answer(), lead="One & one.\n\nTwo.")
    assert re.findall(r'<p class="lead">([^<]{4,9})', text) == ["One &amp;", "Two.", "Marked st"]


def test_silence_is_marked(written):
    quiet = Waveform(np.zeros((1, 8000), np.float32), 8000)
    assert "<small>silent</small>" in written(answer(), samples=sample(video=frames(), audio=quiet))


def test_an_answer_to_sound_alone_has_no_frames(written, tmp_path):
    path = tmp_path / "voice.wav"
    soundfile.write(path, tone().samples.T, 8000)
    text = written(answer(str(path), modality="audio"))
    assert "envelope of the sound wave" in text and "<img" not in text and 'class="notes"' not in text


def test_a_picture_is_shown_with_its_scores(written, tmp_path):
    Image.new("RGB", (40, 30), "red").save(tmp_path / "face.png")
    text = written(answer(str(tmp_path / "face.png"), modality="image", moments=0, span_s=None))
    assert 'class="still"' in text and "<svg" not in text


def test_an_answer_without_time_is_shown_without_a_timeline(written):
    text = written(answer("walk.npz", modality="skeleton", moments=0, span_s=None))
    assert 'class="timeline"' not in text and 'class="bar"' in text and 'class="notes"' not in text


def test_items_without_times_are_a_grid_that_says_what_they_are(tags_of, written, tmp_path):
    Image.new("RGB", (40, 30), "red").save(tmp_path / "face.png")
    names = [str(tmp_path / "face.png"), "gone.png", "other.png"]
    pictures = [answer(name, modality="image", moments=0, span_s=None) for name in names]
    text = written(*pictures, skipped=[Skipped("broken.png", "it is damaged")])
    assert tags_of(text).open == [] and "<h1>3 pictures</h1>" in text
    assert text.count('<li class="tile"') == 3 and text.count("<article") == 0
    assert text.count('class="shown"') == 1 and "broken.png" in text
    assert "clip" not in re.sub(r"<style>.*?</style>|<script>.*?</script>|id=.clip-\d.", "", text, flags=re.S)


@pytest.mark.parametrize(
    ("modality", "noun"),
    [("image", "picture"), ("audio", "sound"), ("skeleton", "walk"), ("video+text", "clip")],
)
def test_a_page_says_what_its_items_are(written, modality, noun):
    many = [answer(f"{number}", modality=modality, moments=0, span_s=None) for number in range(5)]
    assert f"<h1>5 {noun}s</h1>" in (text := written(*many, full=4)) and f"<h2>1 more {noun}</h2>" in text


def test_scores_of_several_labels_at_once_are_no_shares_of_a_bar(written):
    one = answer("a.png", modality="image", moments=0, span_s=None)
    assert 'aria-hidden="true"><i style="--class' in written(one, one)
    several = replace(one, scores={"anger": 0.9, "fear": 0.2, "joy": 0.8})
    assert 'aria-hidden="true"><i style="--class' not in written(several, several)


def test_clips_beyond_the_limit_are_rows_of_a_table(written):
    text = written(*(answer(f"clip-{number}.mp4") for number in range(5)), full=2)
    assert text.count("<article") == 2
    assert "<h2>3 more clips</h2>" in text and "clip-4.mp4" in text
    assert "<h1>5 clips</h1>" in text and "joy</span><b>5</b>" in text


def test_skipped_inputs_are_listed_with_their_reasons(written):
    text = written(answer(), skipped=[Skipped("b.mp4", "it is empty")])
    assert "Not answered: 1" in text and "it is empty" in text


def test_a_page_without_answers_is_written(tags_of, written):
    assert tags_of(written()).open == []


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("affekt.report.timeline.page", {"torch", "matplotlib"}),
        ("affekt.deploy.runtime.output", {"torch", "matplotlib", "jinja2"}),
    ],
)
def test_slow_imports_are_made_only_where_they_are_needed(module, absent):
    code = f"import sys, {module}; sys.exit(len({absent} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# ---- moments in words


def test_consecutive_salient_moments_are_split_by_label():
    assert stretches(answer(labels=("joy", "fear"), moments=2)) == []
    one = answer(moments=3)
    alike = replace(one, moments=tuple(replace(m, attention=1.0) for m in one.moments))
    assert [s.label for s in stretches(alike)] == ["anger", "fear", "joy"]
    spans, _ = key_spans(alike)
    assert spans.tolist() == [[0.0, 6.0]]


def test_shares_are_not_rounded_to_certainty():
    assert [percent(share) for share in (0.0, 0.004, 0.5, 0.996, 1.0)] == [
        "0 %",
        "<1 %",
        "50 %",
        ">99 %",
        "100 %",
    ]


def test_times_carry_over():
    assert clock(59.96, places=1) == "1:00.0" and clock(3599.9) == "1:00:00"


def test_text_of_any_kind_can_be_printed():
    assert printable("a\x00\ud800\U0001f600é\n") == "a\ufffd\ufffd\U0001f600é\n"


# ---- media


def test_the_outline_of_a_sound_is_its_least_and_greatest_sample():
    envelope, span = sound_envelope(tone(), None, bins=12)
    assert span == (0.0, 6.0) and envelope.shape == (2, 12)
    np.testing.assert_allclose(envelope[:, :6], 0)
    np.testing.assert_allclose(envelope[:, 6:], np.array([[-0.5], [0.5]]) * np.ones(6), atol=0.01)


def test_a_bin_may_span_two_blocks():
    samples = np.random.default_rng(0).uniform(-1, 1, (1, 25_000)).astype(np.float32)
    envelope, _ = sound_envelope(Waveform(samples, 1000), (0.0, 25.0), bins=3)
    parts = np.split(samples[0], np.rint(np.array([1, 2]) * 25_000 / 3).astype(int))
    np.testing.assert_array_equal(envelope, [[p.min() for p in parts], [p.max() for p in parts]])


def test_the_outline_of_a_part_is_of_that_part_and_ends_with_the_sound():
    envelope, _ = sound_envelope(tone(), (2.0, 10.0), bins=8)
    assert abs(envelope[:, 0]).max() == 0 and envelope[1, 1] > 0.4
    assert np.isnan(envelope[:, 4:]).all() and not np.isnan(envelope[:, :4]).any()


def test_frames_are_spread_over_the_span():
    found = clip_media(frames(count=120), None, (3.0, 6.0))
    whole = clip_media(frames(count=120), None, None)
    assert len(found.frames) == len(whole.frames) == 12 and whole.span_s == (0.0, 6.0)
    assert found.frames[0] != whole.frames[0] and len(set(whole.frames)) == 12


def test_a_clip_of_few_frames_shows_each_once():
    found = clip_media(frames(count=4), None, (0.0, 6.0))
    assert len(found.frames) == 4 and len(set(found.frames)) == 4


def test_a_clip_without_sound_has_no_envelope_and_no_note(tmp_path):
    path = write_clip(tmp_path / "clip.mp4", frames(), None)
    found = clip_media(path, path, None)
    assert found.envelope is None and found.missing == () and len(found.frames) == 12


# ---- in a browser

CATCH = "<script>window.onerror = (text) => { document.documentElement.dataset.error = text }</script>"
LOOK = """<script>
const timeline = document.querySelector(".timeline");
const box = timeline.querySelector(".marks").getBoundingClientRect();
timeline.dispatchEvent(new PointerEvent("pointermove", {clientX: box.left + 0.4 * box.width}));
const facts = {
  wide: document.documentElement.scrollWidth - innerWidth,
  tip: timeline.querySelector(".tip").innerText,
  images: [...document.images].map((image) => image.naturalHeight),
  heights: [...document.querySelectorAll(".plot")].map((plot) => plot.getBoundingClientRect().height),
};
document.documentElement.dataset.facts = JSON.stringify(facts);
</script>"""


@pytest.mark.parametrize("width", [500, 1200])
def test_a_browser_shows_every_part_and_the_cursor_shows_the_moment(tmp_path, chromium, written, width):
    text = written(answer(), answer("other.mp4"), samples=sample())
    text = text.replace("<style>", f"{CATCH}<style>").replace("</body>", f"{LOOK}</body>")
    (tmp_path / "page.html").write_text(text)
    shown = chromium(
        f"--window-size={width},1200",
        "--dump-dom",
        (tmp_path / "page.html").as_uri(),
    )
    assert "data-error" not in shown
    (found,) = re.findall(r'data-facts="(.*?)"', shown)
    facts = json.loads(unescape(found))
    assert facts["wide"] <= 0
    # 0.4 of 6 s is in the third moment, which is joy
    assert facts["tip"].startswith("0:02.0 to 0:03.0") and "attention 100 %" in facts["tip"]
    assert facts["tip"].index("joy") < facts["tip"].index("60 %") < facts["tip"].index("anger")
    assert len(facts["images"]) == 12 and min(facts["images"]) > 0
    assert min(facts["heights"]) > 15


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_a_browser_paints_the_page_in_the_scheme_of_its_reader(tmp_path, chromium, written, scheme):
    written(answer(), samples=sample())
    chromium(
        f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}",
        "--window-size=1200,900",
        f"--screenshot={tmp_path / 'page.png'}",
        (tmp_path / "page.html").as_uri(),
    )
    with Image.open(tmp_path / "page.png") as image:
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    paper = np.median(pixels, axis=0)
    assert paper.max() < 60 if scheme == "dark" else paper.min() > 200
    # colours of lines, bars and dots: not all is grey
    assert (np.ptp(pixels.astype(int), axis=1) > 60).sum() > 2000
