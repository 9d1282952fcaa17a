"""Labels that the encoded modalities of a project contradict."""

import json

from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core.errors import UsageError


def call(*arguments):
    return CliRunner().invoke(app, ["project", "agreement", *map(str, arguments)])


def test_encoded_vectors_judge_the_labels_of_a_project(finished):
    folder = finished[0] / "news"
    done = call(folder, "--encoded", "--json")
    assert done.exit_code == 0, done.output
    suspects = json.loads(done.stdout)["suspects"]
    assert suspects["items"] > 20 and suspects["without"] >= 0
    assert 0 <= suspects["noise"] < 1


def test_vectors_are_stated_once(finished, tmp_path):
    done = call(finished[0] / "news", "--encoded", "--features", tmp_path / "v.npz")
    assert isinstance(done.exception, UsageError) and "leave out one" in str(done.exception)


def test_features_that_are_not_there_are_an_error(finished, tmp_path):
    done = call(finished[0] / "news", "--features", tmp_path / "v.npz")
    assert "v.npz cannot be read" in str(done.exception)
