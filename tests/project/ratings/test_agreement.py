"""Agreement of raters: planted confusions are recovered, and what is not defined is said to be."""

import json

import numpy as np
import pytest

from affekt.core.errors import AffektError
from affekt.core.labels import label_set
from affekt.project.folder import Project
from affekt.project.ratings.agreement.measure import as_values, measure_agreement
from affekt.project.ratings.agreement.thresholds import check_thresholds, enforce
from affekt.project.ratings.agreement.votes import vote_agreement
from affekt.project.records.upsert import import_records

WHEEL = label_set("plutchik-wheel-8")


def measured(project):
    with project.database() as connection:
        return measure_agreement(project, connection)


@pytest.fixture(scope="module")
def planted():
    """400 items, three raters: one reliable, one who takes fear for surprise, one who guesses."""
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 8, 400)
    fear, surprise = WHEEL.index("fear"), WHEEL.index("surprise")

    def answer(right, accuracy, takes=None):
        wrong = (right + rng.integers(1, 8)) % 8
        other = takes.get(right, wrong) if takes else wrong
        return right if rng.random() < accuracy else other

    ratings = np.array(
        [
            [answer(one, 0.95), answer(one, 0.9 if one != fear else 0.2, {fear: surprise}), answer(one, 0.4)]
            for one in truth
        ]
    )
    return truth, ratings


@pytest.fixture(scope="module")
def project(planted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    made = Project.init(folder / "news", labels="plutchik-wheel-8")
    truth, ratings = planted
    (folder / "records.csv").write_text("id\n" + "".join(f"c{row:03d}\n" for row in range(len(truth))))
    import_records(made, folder / "records.csv")
    lines = [
        f"c{row:03d},{rater},{WHEEL.names[ratings[row, place]]},{2.0 if rater != 'carla' else 0.4},1\n"
        for row in range(len(truth))
        for place, rater in enumerate(("anna", "ben", "carla"))
    ]
    # anna again: 40 items, half of them with another label.
    lines += [f"c{row:03d},anna,{WHEEL.names[(ratings[row, 0] + row % 2) % 8]},1.0,2\n" for row in range(40)]
    (folder / "ratings.csv").write_text("item,rater,label,seconds,round\n" + "".join(lines))
    from affekt.project.ratings.upsert import import_ratings

    assert import_ratings(made, folder / "ratings.csv").added == 1240
    return made


@pytest.fixture(scope="module")
def found(project):
    return measured(project)


def test_the_planted_confusion_of_a_rater_is_the_largest_of_the_model(found):
    ben = next(one for one in found.raters if one.name == "ben")
    apart = ben.confusions - np.diag(np.diag(ben.confusions))
    place = np.unravel_index(apart.argmax(), apart.shape)
    assert [WHEEL.names[it] for it in place] == ["fear", "surprise"]
    assert apart.max() == pytest.approx(0.8, abs=0.15)


def test_raters_are_ranked_by_their_planted_accuracy(found):
    by_name = {one.name: one for one in found.raters}
    assert by_name["anna"].accuracy > by_name["ben"].accuracy > by_name["carla"].accuracy
    assert by_name["carla"].accuracy == pytest.approx(0.4, abs=0.1)
    assert by_name["anna"].kappa > by_name["carla"].kappa


def test_speed_and_change_between_rounds_are_measured_for_each_rater(found):
    by_name = {one.name: one for one in found.raters}
    assert (by_name["ben"].median_s, by_name["carla"].median_s) == (2.0, 0.4)
    (drift,) = found.drifts
    assert (drift.rater, drift.rounds, drift.items, drift.same) == ("anna", (1, 2), 40, 0.5)
    assert drift.seconds == (2.0, 1.0)
    assert list(found.rounds) == [1, 2] and found.rounds[2].items == 40


def test_values_are_those_of_the_library_krippendorff(planted, found):
    library = pytest.importorskip("krippendorff")
    _, ratings = planted
    last = ratings.copy()
    last[:40, 0] = (ratings[:40, 0] + np.arange(40) % 2) % 8
    expected = library.alpha(
        reliability_data=last.T.astype(float), value_domain=np.arange(8.0), level_of_measurement="nominal"
    )
    assert found.votes.alpha == pytest.approx(expected, abs=1e-12)
    assert found.votes.fleiss_items == 400


def test_the_most_confused_pair_of_labels_is_the_planted_one(found):
    apart = found.votes.confusions - np.diag(np.diag(found.votes.confusions))
    place = np.unravel_index(apart.argmax(), apart.shape)
    assert {WHEEL.names[it] for it in place} == {"fear", "surprise"}
    assert found.votes.confusions.sum() == pytest.approx(found.votes.votes)


def test_thresholds_warn_and_block_and_what_is_forced_is_recorded(project):
    crossed = check_thresholds(project)
    texts = "\n".join(f"{level}: {text}" for level, text in crossed)
    assert "warning: Krippendorff's alpha is 0.4" in texts and "below least_alpha = 0.667" in texts
    assert "anna gave 50% of 40 items the same label in rounds 1 and 2" in texts
    assert "carla needed 0.4 s" in texts
    file = project.path / "project.toml"
    before = file.read_text()
    try:
        file.write_text(before + "\n[ratings]\nleast_alpha = 0.9\nblock_below = 0.9\n")
        crossed = check_thresholds(Project.open(project.path))
    finally:
        file.write_text(before)
    assert crossed[0].level == "block" and "block_below = 0.9" in crossed[0].text
    with project.database() as connection:
        with pytest.raises(AffektError, match="release is refused; --force goes on"):
            enforce(connection, "release", crossed)
        assert connection.execute("SELECT count(*) FROM override").fetchone()[0] == 0
        enforce(connection, "release", crossed, force=True)
        row = connection.execute("SELECT * FROM override").fetchone()
    assert (row["step"], row["text"]) == ("release", crossed[0].text)


def test_all_values_are_json_without_nan(found):
    values = json.loads(json.dumps(as_values(found), allow_nan=False))
    assert values["raters"][0]["name"] == "anna" and len(values["kappas"]["values"]) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no item has a rating"),
        ("i01,anna,joy\n", "no item has two ratings"),
        ("i01,anna,joy\ni01,ben,joy\ni02,anna,joy\ni02,ben,joy\n", "all ratings name one label"),
    ],
)
def test_agreement_that_is_not_defined_is_said_to_be(tmp_path, text, said):
    project = small(tmp_path, text)
    crossed = check_thresholds(project)
    assert said in crossed[0].text
    found = measured(project)
    assert found.votes.alpha is None
    json.dumps(as_values(found), allow_nan=False)


def test_a_rater_of_one_item_and_one_of_one_label_break_nothing(tmp_path):
    lines = "".join(f"i{n:02d},anna,{WHEEL.names[n % 8]}\ni{n:02d},ben,joy\n" for n in range(1, 13))
    project = small(tmp_path, f"{lines}i01,carla,trust\n")
    found = measured(project)
    carla = next(one for one in found.raters if one.name == "carla")
    assert (carla.ratings, carla.shared, carla.median_s) == (1, 1, None)
    assert carla.kappa is None or np.isfinite(carla.kappa)
    texts = [text for _, text in check_thresholds(project)]
    assert "ben gave all 12 items the same label" in texts
    json.dumps(as_values(found), allow_nan=False)


def test_votes_of_another_number_of_labels_are_refused():
    with pytest.raises(ValueError, match="column for each of 8 labels"):
        vote_agreement(np.ones((3, 4), int), WHEEL)


def test_vote_agreement_by_hand():
    found = vote_agreement(np.array([[2, 0], [1, 1], [0, 2], [1, 0], [0, 0]]), label_set("tsl-2"))
    assert (found.items, found.shared, found.votes) == (4, 3, 7)
    assert found.alpha == pytest.approx(4 / 9)  # observed 1/3, expected 2 * 3 * 3 / (6 * 5)
    assert (found.alpha_ring, found.fleiss_items, found.fleiss_votes) == (None, 3, 2)
    assert found.unanimous == pytest.approx(2 / 3)
    assert found.mean_entropy == pytest.approx(np.log(2) / 3)
    assert np.isnan(found.entropy[4])
    assert found.confusions.tolist() == [[2, 1], [1, 2]]


def small(folder, ratings):
    """Twelve items and ratings."""
    from affekt.project.ratings.upsert import import_ratings

    project = Project.init(folder / "news", labels="plutchik-wheel-8")
    (folder / "records.csv").write_text("id\n" + "".join(f"i{number:02d}\n" for number in range(1, 13)))
    import_records(project, folder / "records.csv")
    if ratings:
        (folder / "ratings.csv").write_text(f"item,rater,label\n{ratings}")
        import_ratings(project, folder / "ratings.csv")
    return project


def test_values_are_those_of_the_shared_case(shared):
    case = np.load(shared / "parity" / "chfen" / "case_label_quality.npz")
    found = vote_agreement(case["vote_counts"], WHEEL)
    assert found.alpha == pytest.approx(float(case["krippendorff_alpha_nominal"]), abs=1e-8)
    assert found.alpha_ring == pytest.approx(float(case["krippendorff_alpha_ring"]), abs=1e-8)
    assert found.entropy == pytest.approx(case["vote_entropy"], abs=1e-6, nan_ok=True)
