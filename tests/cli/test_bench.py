"""`affekt bench`: the tables of a report, and what cannot be asked; `tests/deploy/bench` measures."""

import json

import pytest
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.cli.speed.tables import show_report
from affekt.core.errors import UsageError
from affekt.deploy.bench import bench as module


@pytest.fixture
def report(make_report):
    return make_report(skipped=["32 rows at 1 thread: too long"], busy=3.0)


def bench(*arguments):
    done = CliRunner().invoke(app, ["bench", *map(str, arguments)])
    return done


def test_the_table_has_a_row_for_each_pair_and_says_what_was_skipped(report, capsys):
    show_report(report)
    shown = capsys.readouterr()
    rows = [line for line in shown.out.splitlines() if line.lstrip().startswith(("1 ", "2 "))]
    assert len(rows) == 2 and "4" in rows[0] and "250" in rows[0]
    assert "skipped: 32 rows at 1 thread: too long" in shown.err
    assert "the machine was busy: 3.0 processes for each core" in shown.err
    assert "one row is image 1x24x24" in shown.err


def test_memory_of_the_process_of_jittor_is_noted_as_missing(report, capsys):
    settings = report.settings.model_copy(update={"engine": "jittor f32"})
    show_report(report.model_copy(update={"settings": settings}))
    assert "without that of Jittor's own process" in capsys.readouterr().err


def test_a_saved_report_is_compared(report, make_report, tmp_path):
    report.save(tmp_path / "a.json")
    make_report(first_answer__total_s=0.1).save(tmp_path / "b.json")
    done = bench("--compare", tmp_path / "a.json", tmp_path / "b.json", "--json")
    assert done.exit_code == 0, done.output
    rows = {row["what"]: row["ratio"] for row in json.loads(done.stdout)["rows"]}
    assert rows["first answer, total"] == pytest.approx(4)


def test_a_measurement_is_saved_and_printed(report, monkeypatch, tmp_path):
    asked = {}
    monkeypatch.setattr(module, "bench", lambda bundle, **named: asked.update(named) or report)
    done = bench(tmp_path, "--threads", 1, "--threads", 2, "--save", tmp_path / "a.json", "--json")
    assert done.exit_code == 0, done.output
    assert list(asked["threads"]) == [1, 2]
    assert json.loads(done.stdout) == json.loads((tmp_path / "a.json").read_text())


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ((), "give a bundle to measure, or --compare"),
        (("b", "--compare", "a.json", "b.json"), "give a bundle to measure, or --compare"),
        (("--compare", "a.json", "b.json", "--batch", 3), "--batch measures: leave it out with --compare"),
        (("--compare", "a.json", "b.json"), "a.json cannot be read: No such file or directory"),
        (("no.affekt",), "no.affekt does not exist"),
    ],
)
def test_a_wrong_call_is_one_clear_error(arguments, what):
    done = bench(*arguments)
    assert isinstance(done.exception, UsageError) and what in str(done.exception)


def test_a_report_cannot_be_saved_in_a_folder_that_does_not_exist(tmp_path):
    done = bench(tmp_path, "--save", tmp_path / "no" / "a.json")
    assert isinstance(done.exception, UsageError) and "is not a folder" in str(done.exception)


def test_one_row_is_called_a_row(make_report, capsys):
    show_report(make_report())
    assert "multiply-adds of 1 row: " in capsys.readouterr().err
