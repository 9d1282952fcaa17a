import json
import re
from dataclasses import replace

import numpy as np
import pytest

from affekt.core.errors import UsageError
from affekt.media.skeleton import JOINT_ORDERS, Skeleton
from affekt.report.run.page import Command, Figure, Page, Walk, write_page

LABELS = ("happy", "sad")
HOSTILE = "<script>alert('x')</script>"


def skeleton(joints=JOINT_ORDERS["bpm_gcn"], cycle: int | None = 20) -> Skeleton:
    return Skeleton(np.random.default_rng(0).normal(size=(30, len(joints), 3)), joints, cycle_frames=cycle)


def answer(name: str, true: str, predicted: str) -> dict:
    return {"id": name, "true": true, "predicted": predicted, "confidence": 0.75, "happy": 0.75, "sad": 0.25}


def epoch(number: int, **values: float) -> dict:
    given = {"loss": 1 / number, "accuracy": 0.5, "uar": 0.4, **values}
    return {
        "epoch": number,
        "train/loss": 2 / number,
        **{f"validation/{name}": v for name, v in given.items()},
    }


@pytest.fixture
def page() -> Page:
    return Page(
        title="Two walks",
        lead="Answers of a network.",
        labels=LABELS,
        figures=[Figure("accuracy", "50 %", "of two")],
        walks=[
            Walk("walk-a", skeleton(), "happy", {"happy": 0.75, "sad": 0.25}, "happy"),
            Walk("walk-b", skeleton(), "happy", {"happy": 0.6, "sad": 0.4}, "sad"),
        ],
        epochs=[epoch(1), epoch(2), epoch(3)],
        best_epoch=2,
        confusion=np.array([[3, 1], [2, 2]]),
        per_class=[
            {"class": "happy", "precision": 0.6, "count": 4},
            {"class": "sad", "precision": 2 / 3, "count": 4},
        ],
        predictions=[answer("walk-a", "happy", "happy"), answer("walk-b", "sad", "happy")],
        commands=[Command("affekt predict walks.affekt walk.npz", "Ask again.")],
        facts={"licence": "none & nobody's"},
    )


@pytest.fixture
def written(tmp_path):
    def write(page: Page) -> str:
        write_page(tmp_path / "report.html", page)
        return (tmp_path / "report.html").read_text()

    return write


def movements(text: str) -> list[dict]:
    found = re.search(r'<script type="application/json" id="movements">(.*?)</script>', text, re.S)
    assert found
    return json.loads(found[1])


def test_the_page_names_no_address_outside_of_itself(tags_of, written, page):
    assert all(address.startswith("data:image/png") for address in tags_of(written(page)).addresses)


def test_style_and_script_load_nothing(written, page):
    assert not re.search(r"https?://|//cdn|@import|url\(|fetch\(|XMLHttpRequest|\bimport\b", written(page))


def test_the_content_policy_refuses_every_request(written, page):
    assert "default-src 'none'; img-src data:;" in written(page)


def test_every_element_is_closed(tags_of, written, page):
    assert tags_of(written(page)).open == []


@pytest.mark.parametrize("field", ["title", "lead", "samples"])
def test_hostile_text_is_shown_not_run(written, page, field):
    text = written(replace(page, **{field: HOSTILE}))
    assert HOSTILE not in text
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in text


def test_a_hostile_label_is_shown_not_run(written, page):
    bad = '"><img src=x onerror=alert(1)>'
    rows = [{**answer("a", bad, bad), bad: 0.5}]
    walk = Walk(bad, skeleton(), bad, {bad: 1.0}, bad)
    text = written(
        replace(
            page, labels=(bad, "sad"), walks=[walk], predictions=rows, per_class=[{"class": bad, bad: bad}]
        )
    )
    assert "<img src=x" not in text


def test_a_hostile_joint_name_does_not_end_the_script(written, page):
    joints = (*JOINT_ORDERS["bpm_gcn"], "</script><b>")
    walk = Walk("a", skeleton(joints), "happy", {"happy": 1.0})
    assert written(replace(page, walks=[walk])).count("</script>") == written(page).count("</script>")


def test_one_cycle_of_each_walk_is_played(written, page):
    for move in movements(written(page)):
        assert len(move["frames"]) == 20 * 16 * 3


def test_a_walk_without_cycle_is_played_whole(written, page):
    walk = Walk("a", skeleton(cycle=None), "happy", {"happy": 1.0})
    assert len(movements(written(replace(page, walks=[walk])))[0]["frames"]) == 30 * 16 * 3


def test_a_walk_without_feet_is_played_on_still_ground(written, page):
    joints = ("root", "spine", "neck", "head")
    walk = Walk("a", skeleton(joints), "happy", {"happy": 1.0})
    assert movements(written(replace(page, walks=[walk])))[0]["pace"] == 0


def test_without_scripts_each_walk_has_a_picture_for_light_and_for_dark_pages(written, page):
    assert written(page).count("data:image/png;base64,") == 2 * 2


def test_a_wrong_answer_states_the_label_of_the_walk(written, page):
    assert "wrong: the walk is labelled <b>sad</b>" in written(page)


def test_the_answer_to_an_unlabelled_walk_is_neither_correct_nor_wrong(written, page):
    text = written(replace(page, walks=[Walk("a", skeleton(), "happy", {"happy": 1.0})]))
    assert re.findall(r'<p class="truth">\s*(.*?)\s*</p>', text) == ["this walk is not labelled"]


def test_wrong_answers_are_counted(written, page):
    assert "2 answers, 1 of them wrong." in written(page)


def test_the_confusion_matrix_shows_shares_of_each_true_class(written, page):
    assert re.findall(r'<td style="--share: ([\d.]+)%"', written(page)) == ["75.0", "25.0", "50.0", "50.0"]


def test_a_class_without_samples_has_a_row_of_zeros(written, page):
    text = written(replace(page, confusion=np.array([[0, 0], [2, 2]])))
    assert re.findall(r'<td style="--share: ([\d.]+)%"', text) == ["0.0", "0.0", "50.0", "50.0"]


def test_a_confusion_matrix_of_another_size_is_refused(tmp_path, page):
    with pytest.raises(UsageError, match="does not fit 2 labels"):
        write_page(tmp_path / "report.html", replace(page, confusion=np.eye(3, dtype=int)))


def test_curves_give_the_value_of_the_chosen_epoch(written, page):
    assert "validation <tspan>0.500</tspan>" in written(page)


def test_equal_curves_are_one_line(written, page):
    text = written(replace(page, epochs=[epoch(1, uar=0.5), epoch(2, uar=0.5)]))
    assert "accuracy = UAR <tspan>" in text


def test_a_single_epoch_can_be_drawn(written, page):
    assert written(replace(page, epochs=[epoch(1)], best_epoch=1)).count("<polyline") == 4


def test_empty_parts_are_left_out(written):
    assert "<section" not in written(Page(title="Nothing yet", lead="", labels=LABELS))


def test_the_same_page_is_the_same_file(written, page):
    assert written(page) == written(page)
