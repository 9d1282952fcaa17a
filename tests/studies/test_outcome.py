"""Numbers and files of a study, from invented answers."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from affekt.cli.show import progress
from affekt.core.errors import AffektError, UsageError
from affekt.metrics.intervals import score_intervals
from affekt.report.study.tables import Cell, Table, as_latex, as_markdown
from affekt.studies.compare import _match
from affekt.studies.outcome.answers import Answers, common_items, pooled
from affekt.studies.outcome.documents import comparisons_csv, scores_csv, summary_document
from affekt.studies.outcome.gather import RowRuns
from affekt.studies.outcome.shown import comparison_table, score_table, verdict
from affekt.studies.outcome.summary import pairs, summarize

LABELS = ("happy", "sad")
TRUTH = np.random.default_rng(0).integers(0, 2, 300)


def answers(accuracy, seed, *, items=range(300), subjects=None):
    rng = np.random.default_rng(seed)
    said = np.where(rng.random(300) < accuracy, TRUTH, 1 - TRUTH)
    rows = {
        f"item-{number}": {
            "id": f"item-{number}",
            "subject": subjects[number] if subjects else "",
            "true": LABELS[TRUTH[number]],
            "predicted": LABELS[said[number]],
        }
        for number in items
    }
    return Answers("single_label", LABELS, rows, {"accuracy": 0.0, "nll": accuracy})


def row(name, accuracies, **changes):
    found = {seed: answers(it, 10 * seed + round(100 * it), **changes) for seed, it in enumerate(accuracies)}
    return RowRuns(name, "", (), found, ())


@pytest.fixture(scope="module")
def summary():
    rows = [row("base", (0.7, 0.7, 0.7)), row("same", (0.7, 0.71, 0.69)), row("better", (0.9, 0.91, 0.89))]
    return summarize(rows, ("uar", "accuracy", "nll"), "base")


def test_mean_and_deviation_are_over_seeds(summary):
    score = summary.rows[1].scores["nll"]
    assert score.mean == pytest.approx(0.7) and score.deviation == pytest.approx(0.01)
    low, high = stats.t.interval(0.95, 2, 0.7, 0.01 / np.sqrt(3))
    assert score.over_seeds == (pytest.approx(low), pytest.approx(high))
    assert score.over_items is None  # it is not known item by item


def test_an_interval_over_seeds_takes_three_and_stays_within_the_bounds_of_the_score():
    found = summarize([row("a", (0.6, 0.8)), row("b", (0.3, 0.6, 0.98))], ("accuracy",), "")
    two, three = (one.scores["accuracy"].over_seeds for one in found.rows)
    assert two is None and three is not None and three[1] == 1.0
    assert "takes 3 seeds" in score_table(found, "", link="").note
    alone = score_table(summarize([row("a", (0.6,))], ("accuracy",), ""), "", link="")
    assert alone.columns == ("row", "seeds", "accuracy", "95 % over items")
    assert alone.note == "Scores of 300 items."


def test_a_warning_of_one_row_is_said_with_its_name():
    seen = "72 of 300 samples were trained on: these scores do not hold for new data"
    one, other = row("a", (0.7,)), row("b", (0.8,))
    warned = replace(one, by_seed={0: replace(one.by_seed[0], warnings=(seen,))})
    found = summarize([warned, other], ("accuracy",), "")
    assert f"a: warning: {seen}" in found.notes
    assert [it["warnings"] for it in summary_document(found)["rows"]] == [[seen], []]
    assert f"warning: {seen}" in summarize([warned], ("accuracy",), "").notes


def test_a_counter_that_begins_anew_has_no_rate_below_zero(capsys, monkeypatch):
    monkeypatch.setattr("affekt.cli.show.time.monotonic", iter(range(100)).__next__)
    with progress("evaluating") as step:
        for done in (8, 16, 4, 8, 16):
            step(done, 16)
    said = capsys.readouterr().err
    assert said.count("evaluating: 16 of 16, ") == 2 and "-" not in said


def test_the_interval_over_items_is_that_of_the_metrics(summary):
    base = row("base", (0.7, 0.7, 0.7)).by_seed
    items = sorted(base[0].rows)
    truth = np.array([LABELS.index(base[0].rows[it]["true"]) for it in items])
    said = np.array([[LABELS.index(one.rows[it]["predicted"]) for it in items] for one in base.values()])
    expected = score_intervals(truth, said, 2).ranges["uar"]
    assert summary.rows[0].scores["uar"].over_items == pytest.approx(expected)


def test_rows_are_distinguishable_where_they_differ(summary):
    family = len(summary.comparisons)
    found = {(it.one, it.difference.score): verdict(it.difference, family) for it in summary.comparisons}
    assert found == {
        ("same", "uar"): "not distinguishable",
        ("same", "accuracy"): "not distinguishable",
        ("better", "uar"): "higher",
        ("better", "accuracy"): "higher",
    }


def test_p_values_are_corrected_over_the_whole_study(summary):
    raw = sorted(it.difference.p for it in summary.comparisons)
    corrected = sorted(it.difference.p_holm for it in summary.comparisons)
    assert corrected[0] == pytest.approx(4 * raw[0])


def test_tables_have_a_cell_for_each_number(summary, tmp_path):
    table = score_table(summary, "", link="index.html")
    assert len(table.columns) == 2 + 4 * 3 and len(table.rows) == 3
    assert table.rows[2][0] == Cell("better", "index.html#runs-better")
    assert " ± " in table.rows[2][2].text
    assert len(comparison_table(summary).rows) == 4
    assert len(scores_csv(summary, tmp_path).splitlines()) == 1 + 9
    assert comparisons_csv(summary).splitlines()[0].startswith("data,row,against,score,difference")


def test_subjects_are_the_units_of_dependent_items():
    subjects = [f"s{number % 10}" for number in range(300)]
    found = summarize(
        [row("a", (0.7,), subjects=subjects), row("b", (0.8,), subjects=subjects)], ("accuracy",), ""
    )
    (comparison,) = found.comparisons
    assert (comparison.over, comparison.difference.units) == ("subjects", 10)
    assert comparison.difference.test == "permutation"


def test_too_few_subjects_for_so_many_tests_are_stated():
    subjects = [f"s{number % 6}" for number in range(300)]
    rows = [row("base", (0.6,), subjects=subjects), row("better", (0.95,), subjects=subjects)]
    found = summarize(rows, ("accuracy", "uar"), "base")
    assert {verdict(it.difference, 2) for it in found.comparisons} == {"too few units (6)"}
    assert any("with 6 subjects no difference could be shown" in note for note in found.notes)
    # A single test of the same answers is possible: 2 of 2^6 exchanges are as far apart.
    alone = summarize(rows, ("accuracy",), "base")
    assert verdict(alone.comparisons[0].difference, 1) == "higher" and not alone.notes


def test_rows_with_other_items_are_compared_on_the_common_ones_with_a_note():
    found = summarize([row("a", (0.7,)), row("b", (0.8,), items=range(250))], ("accuracy",), "")
    assert found.comparisons[0].difference.units == 250
    assert any("compared on 250 items; 50 items" in note for note in found.notes)


def test_each_pair_is_tested_once():
    rows = summarize([row(name, (0.7,)) for name in "abc"], (), "").rows
    assert [(one.name, other.name) for one, other in pairs(rows, "all")] == [
        ("b", "a"),
        ("c", "a"),
        ("c", "b"),
    ]
    assert [(one.name, other.name) for one, other in pairs(rows, "b")] == [("a", "b"), ("c", "b")]


def test_folds_of_a_seed_are_scored_together():
    whole = pooled([answers(0.7, 0, items=range(100)), answers(0.7, 1, items=range(100, 300))])
    assert len(whole.rows) == 300
    with pytest.raises(AffektError, match="100 items are in two folds"):
        pooled([answers(0.7, 0, items=range(100)), answers(0.7, 1)])


def test_another_truth_is_refused():
    one, other = answers(0.7, 0), answers(0.7, 1)
    item = next(iter(other.rows))
    other.rows[item]["true"] = LABELS[1 - LABELS.index(other.rows[item]["true"])]
    with pytest.raises(AffektError, match="1 item has another truth"):
        common_items([one, other])


def test_networks_with_other_test_items_are_refused_unless_common_ones_are_asked_for():
    found = {"a": [answers(0.7, 0)], "b": [answers(0.7, 1, items=range(250))]}
    with pytest.raises(UsageError, match=r"250 items are common to all: --common"):
        _match(found, common=False)
    (note,) = _match(found, common=True)
    assert "250 items that all networks have; 50 are left out" in note and len(found["a"][0].rows) == 250
    with pytest.raises(AffektError, match="no test item in common"):
        _match(
            {"a": [answers(0.7, 0, items=range(9))], "b": [answers(0.7, 1, items=range(9, 20))]}, common=True
        )


def test_special_characters_are_escaped():
    table = Table("50 %", ("a_b",), [[Cell("x|y & z", "a b.html")]])
    assert "[x\\|y & z](a%20b.html)" in as_markdown(table)
    assert r"a\_b \\" in as_latex(table) and r"x|y \& z \\" in as_latex(table)
