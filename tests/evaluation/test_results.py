"""Results of an evaluation: written by one process, whole or not at all."""

import json
import os

import pytest

import affekt
from affekt.core.errors import AffektError, UsageError
from affekt.core.files.lock import replacing_alone, writing_alone
from affekt.deploy.export.export import export
from affekt.engine.runs.looks import FILE, looks_at, record_look
from affekt.tasks.single_label import SingleLabel

pytestmark = pytest.mark.xdist_group("bundle")


def never(*given, **options):
    pytest.fail("it was computed")


def test_two_evaluations_into_one_folder_are_refused_before_the_work(trained_run, tmp_path, monkeypatch):
    monkeypatch.setattr(SingleLabel, "evaluate", never)
    with (
        writing_alone(tmp_path, work="writes an evaluation here"),
        pytest.raises(UsageError, match="another thread of this process writes an evaluation here"),
    ):
        affekt.evaluate(trained_run, folder=tmp_path)


def test_two_exports_to_one_bundle_are_refused_before_the_work(trained_run, tmp_path, monkeypatch):
    monkeypatch.setattr("affekt.deploy.export.export.make_graphs", never)
    with (
        replacing_alone(tmp_path / "bundle", work="exports to it"),
        pytest.raises(UsageError, match="bundle: another thread of this process exports to it"),
    ):
        export(trained_run, tmp_path / "bundle")


def test_earlier_results_and_other_files_stay_until_new_ones_are_complete(trained_run, tmp_path, monkeypatch):
    for name in ("scores.json", "notes.txt"):
        (tmp_path / name).write_text("old")
    with monkeypatch.context() as patch:

        def full(descriptor):
            raise OSError(28, "No space left on device")

        patch.setattr(os, "fsync", full)
        with pytest.raises(AffektError, match="cannot be written: No space left on device"):
            affekt.evaluate(trained_run, folder=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "scores.json"]
    assert (tmp_path / "scores.json").read_text() == "old"
    result = affekt.evaluate(trained_run, folder=tmp_path)
    assert json.loads((tmp_path / "scores.json").read_text())["scores"] == result.scores
    assert (tmp_path / "notes.txt").read_text() == "old"
    names = {path.name for path in tmp_path.iterdir()}
    assert names >= {"predictions.csv", "predictions.parquet", "confusion.png"}
    assert not [name for name in names if name.startswith(".")]


def test_a_record_survives_a_line_that_a_kill_cut_off(tmp_path):
    document = {"data": "walkers", "split": "test", "folder": "x", "scores": {}}
    record_look(tmp_path, "first", document)
    with (tmp_path / FILE).open("a") as stream:
        stream.write('{"when": "2026')
    record_look(tmp_path, "second", document)
    assert [look.command for look in looks_at(tmp_path, "test")] == ["first", "second"]


def test_a_record_that_cannot_be_written_is_said_and_no_error(tmp_path, caplog):
    (tmp_path / FILE).mkdir(parents=True)
    record_look(tmp_path, "first", {"split": "test"})
    assert "this evaluation is not on record" in caplog.text
