"""The page of a conversation."""

import json
import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
from PIL import Image

from affekt.core.sample import Skipped
from affekt.deploy.runtime.output import writer_for
from affekt.report.conversation.course import BARS

HOSTILE = "</p><script>document.documentElement.dataset.hit = 1</script>\" onload='x' \x00\u202e"


@pytest.fixture
def written(tmp_path):
    """A function that writes the page of answers and returns its text."""

    def write(lines, skipped=()):
        path = tmp_path / "page.html"
        writer_for(path)(path, lines, skipped)
        return path.read_text(encoding="utf-8")

    return write


def items(text):
    """The element of each line."""
    return re.findall(r'<li id="d\d+-\d+".*?</details>', text, re.DOTALL)


def classes(item):
    (found,) = re.findall(r'<li id="[^"]*" class="([^"]*)"', item)
    return found.split()


def test_speakers_are_on_two_sides_and_named_where_they_begin(written, talk, answer):
    lines = items(
        written([*talk, answer(4, "Ana", "Well?"), answer(5, "Cleo", "Hm."), answer(6, "Ben", "!")])
    )
    assert [classes(line)[0] for line in lines] == ["left", "right", "left", "left", "left", "right"]
    assert ["new" in classes(line) for line in lines] == [True, True, True, False, True, True]
    assert re.findall(r'disc (t\d)"[^>]*>(\w+)<', "".join(lines)) == [
        *(("t0", "A"), ("t1", "B"), ("t0", "A"), ("t2", "C"), ("t1", "B"))
    ]


def test_a_line_without_a_speaker_does_not_stand_under_the_name_of_the_one_before(written, talk, answer):
    nobody = [answer(number, None, "A door.", span=(4.0 + number, 5.0 + number)) for number in (4, 5)]
    found = items(written([*talk, *nobody]))
    assert ["no speaker stated" in item for item in found] == [False, False, False, True, False]
    assert "no speaker stated" not in "".join(items(written(nobody)))


def test_each_line_has_its_label_confidence_scores_time_and_notes(written, talk):
    first, second, third = items(written(talk))
    assert "You left the stove on." in first and "anger</span> <b>88 %</b>" in first and "0:01" in first
    assert re.findall(r"<li style[^>]*>(\w+ \d+ %)", first) == ["anger 88 %", "joy 6 %", "neutral 6 %"]
    assert "1 note" in third and "1 of 2 words is unknown" in third and "note" not in first
    # the stronger the band, the higher the confidence; below a half it is hollow
    assert "--strength: 88%" in first and "--strength: 40%" in second
    assert ["unsure" in classes(line) for line in (first, second, third)] == [False, True, False]


def test_lines_are_in_the_order_of_their_turns(written, talk):
    numbers = [re.findall(r"(stove|Did|Smell)", line)[0] for line in items(written(talk[::-1]))]
    assert numbers == ["stove", "Did", "Smell"]


def test_the_course_has_a_lane_for_each_speaker_with_a_bar_at_each_line(written, talk):
    text = written(talk)
    lanes = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    bars = [
        re.findall(r'href="#(d1-\d)".*? x="([\d.]+)".*? width="([\d.]+)" height="([\d.]+)"', lane)
        for lane in lanes
    ]
    # three seconds over 1000 units: from 1.0 to 4.0 s
    assert bars == [
        [("d1-1", "0.0", "500.0", "87.5"), ("d1-3", "833.3", "166.7", "62.5")],
        [("d1-2", "416.7", "250.0", "40.0")],
    ]
    assert 'aria-label="Ana: 2 lines; 2 anger"' in lanes[0] and "at its time" in text


def test_without_times_the_course_is_over_turns(written, talk):
    text = written([replace(line, span_s=None) for line in talk])
    assert re.findall(r' x="([\d.]+)"', text) == ["0.0", "666.7", "333.3"]
    assert '<p class="unit">turn</p>' in text and ">turn 3<" in text and "0:01" not in text


def test_a_long_course_is_counted_in_stretches(written, answer):
    lines = [answer(n, "Ana", "x", ("anger", "joy")[n > BARS]) for n in range(1, 2 * BARS + 1)]
    text = written(lines)
    assert "<rect" not in text and "in stretches of 6 turns" in text
    shapes = re.findall(r"<title>(\w+)</title><path[^>]* d=\"([^\"]*)\"", text)
    assert {label: shape.count("M") for label, shape in shapes} == {"anger": 25, "joy": 25}
    assert all("v100.0h" in shape for _, shape in shapes)


def test_lines_that_are_no_conversation_have_no_course(written, answer):
    lines = [replace(answer(n, None, "x"), dialogue=None, turn=None) for n in range(3)]
    text = written(lines)
    assert "<svg" not in text and len(items(text)) == 3 and "speaker" not in text.split("</style>")[1]


def test_each_dialogue_has_its_own_section_and_sides(written, talk, answer):
    text = written([*talk, answer(1, "Ben", "Hello?", dialogue="hall.srt")])
    assert re.findall(r'<section class="talk" id="(d\d)">', text) == ["d1", "d2"]
    assert re.findall(r'<a href="#(d\d)"><bdi>(.*?)</bdi>', text) == [
        ("d1", "kitchen.srt"),
        ("d2", "hall.srt"),
    ]
    assert classes(items(text)[-1])[0] == "left"


def test_a_speakers_row_has_lines_time_and_shares_of_labels(written, talk):
    rows = re.findall(r"<tr><td.*?</tr>", written(talk), re.DOTALL)
    shown = [re.findall(r"<td>([^<]*)</td>", row) for row in rows[:2]]
    assert shown == [["2", "0:02", "75 %", "100 %", ""], ["1", "0:01", "40 %", "", "100 %"]]


def test_several_labels_of_a_line_are_all_shown(written, answer):
    both = answer(1, "Ana", "Oh!", task="multi_label", labels=("joy", "anger"))
    none = answer(2, "Ben", "Hm.", task="multi_label")
    first, second = items(written([both, none]))
    assert re.findall(r"(\w+)</span> <b>", first) == ["joy", "anger"]
    assert "no label" in second and "unsure" in classes(second)


def test_hostile_words_names_labels_and_notes_are_text(written, tags_of, answer, chromium, tmp_path):
    bad = answer(1, HOSTILE, HOSTILE, dialogue=HOSTILE, notes=(HOSTILE,), span=(0.0, 1.0))
    bad = replace(bad, label=HOSTILE, scores={HOSTILE: 1.0})
    text = written([bad, replace(bad, turn=2), replace(bad, dialogue="b")], [Skipped(HOSTILE, HOSTILE)])
    tags = tags_of(text)
    assert tags.open == [] and all(address.startswith("#d") for address in tags.addresses)
    assert "<script" not in text and "\x00" not in text and "default-src 'none'" in text
    assert "data-hit" not in chromium("--dump-dom", (tmp_path / "page.html").as_uri()).split("</style>")[0]


def test_words_of_any_script_keep_their_direction_to_themselves(written, answer):
    text = written([answer(1, "ليلى", "لا أصدق!\u202e"), answer(2, "小明", "走吧")])
    assert '<p dir="auto">لا أصدق!\u202e</p>' in text and "<bdi>ليلى</bdi>" in text and ">小<" in text


def test_skipped_lines_are_listed_with_their_reasons(written, talk):
    text = written(talk, [Skipped("kitchen.srt:9", "it has no words")])
    assert "Not answered: 1" in text and "it has no words" in text


LOOK = """<script>
const places = [...document.querySelectorAll('.said')].map((one) => one.getBoundingClientRect());
document.documentElement.dataset.facts = JSON.stringify({
  left: places.map((place) => place.left), right: places.map((place) => innerWidth - place.right),
  height: Math.min(...places.map((place) => place.height)),
  wide: document.documentElement.scrollWidth - innerWidth,
});
</script>"""


@pytest.mark.parametrize("width", [500, 1200])
def test_a_browser_shows_speakers_left_and_right_within_its_width(
    tmp_path, chromium, written, talk, answer, width
):
    text = written([*talk, answer(4, "Ben " * 40, "W" + "o" * 500 + "w", span=(4.0, 5.0))])
    # scripts are forbidden on the page itself
    text = text.replace("style-src", "script-src 'unsafe-inline'; style-src").replace(
        "</body>", f"{LOOK}</body>"
    )
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    shown = chromium(f"--window-size={width},1200", "--dump-dom", (tmp_path / "page.html").as_uri())
    (found,) = re.findall(r'data-facts="(.*?)"', shown)
    facts = json.loads(unescape(found))
    assert facts["wide"] <= 0 and facts["height"] > 25
    ana, ben = 0, 1
    assert facts["left"][ana] < 70 + max(0, (width - 960) / 2) and facts["right"][ana] > facts["left"][ana]
    assert facts["right"][ben] < 70 + max(0, (width - 960) / 2) and facts["left"][ben] > facts["right"][ben]


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_a_browser_paints_bands_in_the_scheme_of_its_reader(tmp_path, chromium, written, talk, scheme):
    written(talk)
    chromium(
        f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}",
        "--window-size=1200,1300",
        f"--screenshot={tmp_path / 'page.png'}",
        (tmp_path / "page.html").as_uri(),
    )
    with Image.open(tmp_path / "page.png") as image:
        pixels = np.asarray(image.convert("RGB"))
    paper = np.median(pixels.reshape(-1, 3), axis=0)
    assert paper.max() < 60 if scheme == "dark" else paper.min() > 200
    lines = pixels[700:].reshape(-1, 3).astype(int)
    assert (np.ptp(lines, axis=1) > 60).sum() > 300
