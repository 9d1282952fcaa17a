"""The page of predicted clips for localization answers."""

import json
import re
from dataclasses import replace
from html import unescape
from itertools import pairwise

import numpy as np
import pytest

from affekt.core.answers.prediction import Moment, Prediction, Provenance
from affekt.core.sample import Sample
from affekt.core.segment import Point, Segment
from affekt.media.sound import Waveform
from affekt.media.video import VideoFrames
from affekt.media.video.write import write_clip
from affekt.report.timeline.moments import key_spans, scored, without_overlaps
from affekt.report.timeline.page import write_timeline
from affekt.report.timeline.parts import when

LABELS = ("negative", "positive")
HOSTILE = "<script>alert('x')</script>"
SEGMENTS = (
    Segment(2.0, 5.0, "positive", 0.9),
    Segment(6.0, 9.0, "negative", 0.5),
    Segment(4.0, 6.5, "positive", 0.25),
)


def answer(
    name="clip.mp4", seconds=10.0, cells=20, segments=SEGMENTS, labels=LABELS, **changes
) -> Prediction:
    """Scores that do not sum to 1: the last label's rises, as does that of any event; the others fall."""
    edges = np.linspace(0, seconds, cells + 1).tolist()
    rising = np.linspace(0.1, 0.9, cells).tolist()
    moments = tuple(
        Moment(start, end, rise, {name: rise if name == labels[-1] else 0.7 - rise / 2 for name in labels})
        for (start, end), rise in zip(pairwise(edges), rising, strict=True)
    )
    scores = {name: 0.8 if name == labels[-1] else 0.6 for name in labels}
    source = Provenance("tsl_net", "3f" * 32, "1")
    values = Prediction(
        name, labels[-1], scores, 0.8, "video+audio", source, (0.0, seconds), moments, segments=segments
    )
    return replace(values, **changes)


def media(seconds=10.0, count=50) -> dict:
    levels = np.linspace(10, 240, count).astype(np.uint8)
    pixels = np.ascontiguousarray(np.broadcast_to(levels[:, None, None, None], (count, 48, 80, 3)))
    tone = np.sin(np.arange(round(seconds * 8000)) / 6)[None].astype(np.float32)
    return {
        "video": VideoFrames(pixels, np.arange(count) * seconds / count, seconds),
        "audio": Waveform(0.5 * tone, 8000),
    }


@pytest.fixture
def written(tmp_path):
    def write(*predictions, **options) -> str:
        write_timeline(tmp_path / "page.html", predictions, **options)
        return (tmp_path / "page.html").read_text()

    return write


def bars(text: str) -> list[tuple[str, str]]:
    """Row and title of each bar, label by label."""
    return re.findall(r'<i class="(r\d)"[^>]*title="([^"]*)"', text)


# ---- content


def test_segments_are_bars_by_label_and_overlapping_ones_of_lower_score_are_below(written):
    text = written(answer())
    assert bars(text) == [
        ("r0", "0:06.0\N{EN DASH}0:09.0 negative 0.50"),
        ("r0", "0:02.0\N{EN DASH}0:05.0 positive 0.90"),
        ("r1", "0:04.0\N{EN DASH}0:06.5 positive 0.25"),
    ]
    assert '<i class="r0" style="left: 20.0%; width: 30.000%; --strength: 91%"' in text
    assert re.findall(r"<small>(\d detected)</small>", text) == ["1 detected", "2 detected"]


def test_the_strength_of_a_bar_grows_with_the_score(written):
    found = tuple(
        Segment(2.0 * n, 2.0 * n + 1, "positive", score) for n, score in enumerate((1.3, 0.5, -0.2))
    )
    assert re.findall(r"--strength: (\d+)%", written(answer(segments=found))) == ["14", "57", "100"]


def test_bars_that_are_not_drawn_are_counted(written):
    found = tuple(Segment(1.0, 2.0 + n, "positive", 0.9 - n / 10) for n in range(7))
    text = written(answer(segments=found))
    assert len(bars(text)) == 4 and "<small>7 detected, 3 not drawn</small>" in text


def test_the_list_is_in_order_of_score(written):
    items = re.findall(
        r'data-at="([\d.]+)"><b>([^<]*)</b> <span class="tag"[^>]*>(\w+)</span>.*?"score">([\d.]*)<',
        written(answer()),
    )
    assert items == [
        ("2.000", "0:02.0\N{EN DASH}0:05.0", "positive", "0.90"),
        ("6.000", "0:06.0\N{EN DASH}0:09.0", "negative", "0.50"),
        ("4.000", "0:04.0\N{EN DASH}0:06.5", "positive", "0.25"),
    ]


def test_the_curves_of_all_labels_and_of_any_event_share_a_lane(written):
    text = written(answer())
    assert text.count('<polyline class="strong"') == 2 and text.count('<path class="any"') == 1
    assert "negative up to 65 % at 0:00, positive up to 90 % at 0:10" in text
    assert 'class="plot attention"' not in text and 'class="key"' not in text


def test_scores_of_labels_need_not_sum_to_one(written):
    text = written(answer())
    assert "<caption>score of occurring anywhere in the clip</caption>" in text
    assert re.findall(r"--share: ([\d.]+)%\"></span></td><td>(\d+ %)", text) == [
        ("60.0", "60 %"),
        ("80.0", "80 %"),
    ]
    assert "3 segments: 2 positive, 1 negative" in text


def test_true_events_and_points_are_above_the_detected_segments(written):
    known = Sample(
        "clip.mp4", media(), segments=(Segment(1.0, 6.0, "positive"),), points=(Point(3.0, "positive"),)
    )
    text = written(answer(), samples={"clip.mp4": known}, events="annotated")
    places = [
        text.index(f'"plot {lane}') for lane in ("strip", "sound", "events", "points", "bars", "curves")
    ]
    assert places == sorted(places)


@pytest.mark.parametrize("field", ["label", "id"])
def test_hostile_text_is_shown_not_run(tags_of, written, field):
    one = (
        answer(name=HOSTILE)
        if field == "id"
        else answer(
            labels=("calm", HOSTILE),
            segments=(Segment(1.0, 2.0, HOSTILE, 0.5), Segment(3.0, 4.0, "odd\"'", 0.2)),
        )
    )
    text = written(one)
    assert HOSTILE not in text and "&lt;script&gt;" in text
    assert tags_of(text).open == [] and text.count("<script>") == 1


def test_without_segments_the_curves_are_drawn(tags_of, written):
    text = written(answer(segments=()))
    assert "no segment detected" in text and "<polyline" in text and tags_of(text).open == []
    assert 'class="segments"' not in text and bars(text) == []


def test_an_answer_without_cells_is_a_list(tags_of, written):
    text = written(answer(moments=(), span_s=None), answer(moments=()))
    assert text.count('class="segments"') == 2 and "<polyline" not in text and tags_of(text).open == []


def test_the_table_of_further_clips_lists_the_segments_with_the_highest_scores(written):
    text = written(
        answer(), answer("other.mp4", segments=(*SEGMENTS, Segment(9.0, 9.5, "negative", 0.1))), full=1
    )
    assert "0:02.0\N{EN DASH}0:05.0 positive 0.90, " in text and " and 1 more</td>" in text


# ---- long clips


def test_an_hour_stays_a_small_page_that_a_browser_can_draw(written):
    found = [Segment(3.0 * n, 3.0 * n + 8, LABELS[n % 2], 1 - n / 1200) for n in range(1190)]
    known = Sample(
        "clip.mp4", media(3600.0, 400) | {"audio": Waveform(np.zeros((1, 3_600_000), np.float32), 1000)}
    )
    text = written(answer(seconds=3600.0, cells=6750, segments=tuple(found)), samples={"clip.mp4": known})
    assert len(text) < 3e6 and text.count('<img src="data:image/jpeg') == 40
    for line in re.findall(r'points="([^"]*)"', text):
        assert len(line.split()) <= 1502  # the curve, constant up to both ends
    assert text.count("data-at=") == 300 and "and 890 with lower scores" in text


def test_short_steps_of_long_curves_are_averaged(written):
    text = written(answer(cells=3000))
    (data,) = re.findall(r"data-segments='(.*?)'", text)
    values = json.loads(unescape(data))
    assert len(values["edges"]) == 1501 and [len(curve) for curve in values["curves"]] == [1500, 1500]
    assert values["curves"][1][0] == 10 and values["curves"][1][-1] == 90
    assert values["labels"] == list(LABELS)


# ---- the player


def test_a_clip_that_is_a_file_is_played_from_that_file(tags_of, written, tmp_path):
    (tmp_path / "a clip").mkdir()
    path = write_clip(tmp_path / "a clip" / "50 % #1.mp4", *media().values())
    text = written(answer(str(path)))
    others = [address for address in tags_of(text).addresses if not address.startswith("data:image/jpeg")]
    assert others == ["./a%20clip/50%20%25%20%231.mp4"] and 'preload="none"' in text
    assert "default-src 'none'; img-src data:;" in text and "media-src 'self' file: blob:" in text
    assert re.search(r'<video [^>]*poster="data:image/jpeg', text)


def test_a_clip_that_is_not_a_file_has_no_player(tags_of, written):
    text = written(answer(), samples={"clip.mp4": Sample("clip.mp4", media())})
    assert "<video" not in text and 'class="playback alone"' in text
    assert all(address.startswith("data:image/jpeg") for address in tags_of(text).addresses)


def test_pages_without_segments_may_load_no_media(written):
    assert "media-src" not in written(answer(segments=None))


# ---- segments in words


def test_of_overlapping_segments_of_a_label_the_one_with_the_highest_score_is_kept():
    chain = [
        Segment(0.0, 4.0, "joy", 0.5),
        Segment(3.0, 7.0, "joy", 0.9),
        Segment(6.0, 9.0, "joy", 0.4),
        Segment(
            7.0, 8.0, "joy", 0.1
        ),  # touches the one with the highest score, and overlaps none that is kept
        Segment(3.0, 7.0, "fear", 0.2),
    ]
    assert without_overlaps(chain) == [chain[1], chain[4], chain[3]]


def test_kept_segments_do_not_overlap_and_each_other_one_overlaps_one_of_higher_score():
    rng = np.random.default_rng(0)
    starts, lengths, scores = rng.uniform(0, 60, 200), rng.uniform(0.1, 9, 200), rng.normal(0, 1, 200)
    found = [
        Segment(start, start + length, "joy", score)
        for start, length, score in zip(starts.tolist(), lengths.tolist(), scores.tolist(), strict=True)
    ]
    kept = without_overlaps(found)
    assert all(one.end_s <= other.start_s for one, other in pairwise(kept))
    for one in set(found) - set(kept):
        meets = [other for other in kept if one.start_s < other.end_s and other.start_s < one.end_s]
        assert max(scores_of(meets)) >= scores_of([one])[0]


def scores_of(segments) -> list[float]:
    return [segment.score for segment in segments]


def test_the_key_stretches_of_a_localization_answer_are_its_segments():
    spans, scores = key_spans(answer())
    assert spans.tolist() == [[2.0, 5.0], [6.0, 9.0], [4.0, 6.5]] and scores.tolist() == [0.9, 0.5, 0.25]
    spans, scores = key_spans(answer(segments=()))
    assert spans.shape == (0, 2) and scores.shape == (0,)


def test_segments_are_listed_in_words():
    assert when(answer(segments=SEGMENTS[:1])) == "0:02.0\N{EN DASH}0:05.0 positive 0.90"
    assert scored(Segment(0.0, 1.0, "joy", -0.004)) == "joy 0.00" and when(answer(segments=())) == ""


# ---- in a browser

LOOK = """<script>
const facts = { errors: [] }, root = document.documentElement;
onerror = (text) => facts.errors.push(text);
document.addEventListener("securitypolicyviolation", (event) => facts.errors.push(event.violatedDirective));
addEventListener("load", () => {
  const timeline = document.querySelector(".timeline"), playhead = timeline.querySelector(".playhead");
  const box = timeline.querySelector(".marks").getBoundingClientRect();
  const player = document.querySelector("video"), notFound = document.querySelector(".not-found");
  const at = () => Number(playhead.getAttribute("aria-valuenow"));
  const point = (kind, share) => {
    timeline.dispatchEvent(new PointerEvent(kind, { clientX: box.left + share * box.width }));
  };
  facts.first = at();
  point("pointermove", 0.3);
  facts.tip = timeline.querySelector(".tip").innerText;
  point("pointerdown", 0.7);
  dispatchEvent(new PointerEvent("pointerup"));
  facts.clicked = at();
  playhead.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft" }));
  facts.stepped = at();
  facts.text = playhead.getAttribute("aria-valuetext");
  facts.here = [...document.querySelectorAll(".segments .here b")].map((name) => name.textContent);
  facts.wide = root.scrollWidth - innerWidth;
  const parts = [...document.querySelectorAll(".plot, .segments ol")];
  facts.heights = parts.map((part) => part.getBoundingClientRect().height);
  root.dataset.facts = JSON.stringify(facts);
  if (!player) return;
  player.muted = true;
  // Virtual time runs ahead while a file is decoded, unless the page is busy.
  const busy = setInterval(() => { for (let n = 0; n < 3e6; n++) Math.sqrt(n); }, 10);
  const report = (name, value) => { root.dataset[name] = value; clearInterval(busy); };
  player.addEventListener("error", () => report("failed", !notFound.hidden));
  player.addEventListener("playing", () => report("playing", player.currentTime));
  document.querySelectorAll(".segments button")[1].click();
});
</script>"""


def facts_of(shown: str) -> dict:
    (facts,) = re.findall(r'data-facts="(.*?)"', shown)
    return json.loads(unescape(facts))


@pytest.mark.parametrize("width", [500, 1200])
def test_a_click_and_an_arrow_key_move_the_playhead(tmp_path, chromium, written, width):
    text = written(answer(), samples={"clip.mp4": Sample("clip.mp4", media())})
    (tmp_path / "page.html").write_text(text.replace("</body>", f"{LOOK}</body>"))
    facts = facts_of(chromium(f"--window-size={width},1400", "--dump-dom", (tmp_path / "page.html").as_uri()))
    assert facts["errors"] == [] and facts["wide"] <= 0 and min(facts["heights"]) > 10
    assert facts["first"] == 2.0, "the playhead is at the segment with the highest score"
    assert (
        facts["tip"].startswith("0:03.0") and "positive 0.90 \N{MIDDLE DOT} 0:02.0 to 0:05.0" in facts["tip"]
    )
    assert facts["clicked"] == pytest.approx(7.0, abs=0.05)
    assert facts["stepped"] == pytest.approx(6.0, abs=0.05)
    assert facts["text"].startswith("0:06.0, positive 61 %, negative 40 %, in negative 0.50 from 0:06.0")
    assert facts["here"] == ["0:06.0\N{EN DASH}0:09.0", "0:04.0\N{EN DASH}0:06.5"]


def test_an_entry_of_the_list_plays_the_clip_from_there(tmp_path, chromium, written):
    path = write_clip(tmp_path / "clip.mp4", *media().values())
    text = written(answer(str(path))).replace("</body>", f"{LOOK}</body>")
    (tmp_path / "page.html").write_text(text)
    shown = chromium("--virtual-time-budget=20000", "--dump-dom", (tmp_path / "page.html").as_uri())
    assert facts_of(shown)["errors"] == [] and "data-failed" not in shown
    (playing,) = re.findall(r'data-playing="([\d.]+)"', shown)
    assert float(playing) == pytest.approx(6.0, abs=0.5)


def test_a_page_in_another_folder_asks_for_the_file(tmp_path, chromium, written):
    path = write_clip(tmp_path / "clip.mp4", *media().values())
    text = written(answer(str(path))).replace("</body>", f"{LOOK}</body>")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "page.html").write_text(text)
    page = (tmp_path / "elsewhere" / "page.html").as_uri()
    assert 'data-failed="true"' in chromium("--virtual-time-budget=20000", "--dump-dom", page)
