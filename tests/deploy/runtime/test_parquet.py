"""Predictions as Parquet."""

import pyarrow.parquet
import pytest

from affekt.core.answers.prediction import Prediction, Provenance
from affekt.core.errors import UsageError
from affekt.core.sample import Skipped
from affekt.deploy.runtime.output import writer_for


def prediction(name):
    return Prediction(name, "sad", {"sad": 0.75, "glad": 0.25}, 0.75, "skeleton", Provenance("m", "w", "b"))


def test_parquet_holds_predictions_and_skipped_items(tmp_path):
    file = tmp_path / "a.parquet"
    writer_for(file)(file, [prediction("one")], [Skipped("two", "it is empty")])
    rows = pyarrow.parquet.read_table(file).to_pylist()
    assert [row["id"] for row in rows] == ["one", "two"]
    assert rows[0]["score_sad"] == 0.75 and rows[1]["skipped"] == "it is empty"


def test_an_unknown_suffix_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"not as \.xlsx"):
        writer_for(tmp_path / "a.xlsx")
