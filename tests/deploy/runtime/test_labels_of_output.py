"""Files of answers with several labels have a column for them."""

import csv

from affekt.core.answers.prediction import Prediction, Provenance
from affekt.deploy.runtime.output import writer_for


def answer(scores, labels=None):
    best = max(scores, key=scores.__getitem__)
    task = "single_label" if labels is None else "multi_label"
    provenance = Provenance("m", "0", "0")
    return Prediction("a", best, scores, scores[best], "skeleton", provenance, labels=labels or (), task=task)


def rows(path, *answers):
    writer_for(path)(path, answers, [])
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_table_of_several_labels_holds_the_labels_above_their_thresholds(tmp_path):
    found = rows(
        tmp_path / "a.csv",
        answer({"happy": 0.6, "sad": 0.5}, ("happy", "sad")),
        answer({"happy": 0.2, "sad": 0.1}, ()),
    )
    assert [row["labels"] for row in found] == ["happy|sad", ""]


def test_a_table_of_single_labels_has_no_such_column(tmp_path):
    assert "labels" not in rows(tmp_path / "a.csv", answer({"happy": 0.6, "sad": 0.4}))[0]
