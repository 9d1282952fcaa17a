"""Cells that begin like a formula are text for a spreadsheet, and are read back as they were."""

import csv

import pytest

from affekt.core.files.cells import plain_cell, safe_cell
from affekt.report.study.tables import as_csv

FORMULAS = ["=1+1", '=HYPERLINK("a")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''=1", "- Hello."]
PLAIN = ["happy", "'tis", "'", "", "a=1", "-0.5", "+1", "1e-5", "-inf", "'a", "''"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_text_and_is_read_back(text):
    cell = safe_cell(text)
    assert cell.startswith("'")
    assert plain_cell(cell) == text


@pytest.mark.parametrize("text", PLAIN)
def test_other_text_and_numbers_stay_as_they_are(text):
    assert safe_cell(text) == text
    assert plain_cell(text) == text


@pytest.mark.parametrize("number", [-0.5, 1, None, True])
def test_numbers_stay_numbers(number):
    assert safe_cell(number) is number


def test_a_table_of_a_study_has_no_formula():
    rows = list(csv.reader(as_csv(["=x"], [["=1+1"], [-0.5], [None]]).splitlines()))
    assert rows == [["'=x"], ["'=1+1"], ["-0.5"], [""]]


def test_names_of_files_are_no_formulas_in_the_table_of_predictions(tmp_path):
    from affekt.core.sample import Skipped
    from affekt.deploy.runtime.streams import stream_writer

    with stream_writer(tmp_path / "a.csv") as out:
        out.write(Skipped("=1+1.png", "@x is not a picture"))
    (row,) = csv.DictReader((tmp_path / "a.csv").read_text().splitlines())
    assert (row["id"], row["skipped"]) == ("'=1+1.png", "'@x is not a picture")
