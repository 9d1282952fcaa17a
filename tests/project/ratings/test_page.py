"""The page about agreement, and the commands that print and check it."""

import json
from html.parser import HTMLParser

import numpy as np
import pytest
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core.labels import label_set
from affekt.project.ratings.agreement.page.figures import draw_wheel, vote_patterns

WHEEL = label_set("plutchik-wheel-8")


class Parts(HTMLParser):
    """Elements that are open at the end, the text, and all addresses."""

    EMPTY = ("meta", "link")

    def __init__(self, text):
        super().__init__()
        self.open, self.addresses, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.addresses += [value for name, value in attrs if name in ("src", "href")]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.addresses += [value for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def call(*arguments):
    return CliRunner().invoke(app, ["project", *map(str, arguments)])


@pytest.fixture
def disputed(project, rated):
    """Three raters, one of whom confuses trust with fear; a rater whose name is markup."""
    lines = []
    for number in range(1, 13):
        label = WHEEL.names[number % 8]
        other = {"trust": "fear"}.get(label, label)
        lines += [
            f"i{number:02d},anna,{label}",
            f"i{number:02d},<i>ben</i>,{other}",
            f"i{number:02d},carla,{label}",
        ]
    rated(project, "item,rater,label\n" + "\n".join(lines) + "\ni99,anna,joy\n")
    return project


def test_the_page_is_one_well_formed_file_that_loads_nothing(disputed, tmp_path):
    page = tmp_path / "agreement.html"
    assert call("agreement", disputed.path, "--page", page).exit_code == 0
    parts = Parts(page.read_text())
    assert (parts.open, parts.addresses) == ([], [])
    words = " ".join(parts.words)
    assert "<i>ben</i>" in words
    assert "trust and fear" in words and "ratings of unknown items (1)" in words


def test_json_holds_the_numbers_and_the_thresholds(disputed):
    done = call("agreement", disputed.path, "--json")
    values = json.loads(done.stdout)
    assert values["votes"]["alpha"] == pytest.approx(0.878, abs=0.01)
    assert [one["level"] for one in values["thresholds"]] == ["warning"]


def test_a_blocked_project_fails_the_check_unless_it_is_forced(disputed, stated):
    project = stated(disputed, least_alpha=0.95, block_below=0.95)
    assert call("agreement", project.path).exit_code == 0
    refused = call("agreement", project.path, "--check")
    assert refused.exit_code == 1 and "block_below = 0.95" in str(refused.exception)
    assert call("agreement", project.path, "--check", "--force").exit_code == 0
    with project.database() as connection:
        (row,) = connection.execute("SELECT step, text FROM override").fetchall()
    assert row["step"] == "agreement" and "block_below" in row["text"]


def test_features_list_labels_that_they_contradict(disputed, tmp_path):
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "v.npz",
        ids=np.array([f"i{number:02d}" for number in range(1, 12)]),
        vectors=rng.normal(size=(11, 4)),
    )
    done = call("agreement", disputed.path, "--features", tmp_path / "v.npz", "--json")
    suspects = json.loads(done.stdout)["suspects"]
    assert (suspects["items"], suspects["without"]) == (11, 1)
    page = tmp_path / "page.html"
    assert call("agreement", disputed.path, "--features", tmp_path / "v.npz", "--page", page).exit_code == 0
    assert Parts(page.read_text()).open == []


def test_a_project_without_ratings_has_a_page_and_a_table(project, tmp_path):
    done = call("agreement", project.path, "--page", tmp_path / "page.html")
    assert done.exit_code == 0, done.output
    assert Parts((tmp_path / "page.html").read_text()).open == []


def test_commands_import_and_export_ratings(project, tmp_path):
    (tmp_path / "r.csv").write_text("item,rater,label\ni01,anna,joy\ni99,anna,joy\n")
    done = call("ratings", "import", project.path, tmp_path / "r.csv", "--json")
    assert json.loads(done.stdout)[0]["added"] == 1
    done = call("ratings", "export", project.path, "--to", "ratings", "--out", tmp_path / "out", "--json")
    assert json.loads(done.stdout)["items"] == 1
    assert (tmp_path / "out" / "ratings.csv").read_text().splitlines()[1].startswith("i01,anna,joy")


def test_the_wheel_joins_the_labels_that_are_confused_by_the_widest_line():
    confusions = np.eye(8) * 10
    confusions[1, 2] = confusions[2, 1] = 4
    confusions[0, 4] = confusions[4, 0] = 1
    wheel = draw_wheel(confusions, WHEEL)
    assert [chord.text for chord in wheel.chords] == [
        "joy and sadness: 2.2% of the votes", "trust and fear: 8.9% of the votes",
    ]  # fmt: skip
    assert wheel.chords[0].width < wheel.chords[1].width
    # Opposites lie opposite each other.
    joy, sadness = wheel.spots[0], wheel.spots[4]
    assert (joy.x + sadness.x, joy.y + sadness.y) == (520, 520)
    assert draw_wheel(confusions[:7, :7], label_set("ekman-7")) is None
    assert draw_wheel(np.zeros((8, 8)), WHEEL) is None


def test_votes_fall_in_patterns():
    counts = np.array([[3, 0], [2, 1], [1, 2], [1, 0], [0, 0]])
    assert vote_patterns(counts) == [("2 : 1", 2, 1.0), ("3", 1, 0.5)]
