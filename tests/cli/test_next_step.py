"""The line that a command prints for the next step can be run as it is."""

import shlex

from typer.testing import CliRunner

from affekt.cli.main import app

RECIPE = """
method = "compact_face"
data = {name = "images"}
config = {num_classes = 3, size = 16, width = 4, units = 1}
train = {epochs = 1, batch_size = 8, threads = 1}
"""


def train(tmp_path, root, *more):
    recipe = tmp_path / "mine.toml"
    recipe.write_text(RECIPE)
    words = ["train", str(recipe), "--data-root", str(root), "--runs", str(tmp_path / "my runs"), *more]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    return shlex.split(done.output.partition("next: ")[2])


def evaluate(words):
    done = CliRunner().invoke(app, words[1:])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_folder_of_pictures_is_trained_on_and_evaluated_with_the_printed_line(
    draw_folder, tmp_path, caplog
):
    root = draw_folder(tmp_path / "my pictures", {".": 8})
    words = train(tmp_path, root)
    assert words[:2] == ["affekt", "evaluate"] and words[3:5] == ["--split", "validation"]
    assert "nothing is held out" in caplog.text
    assert "were used to select the epoch" in evaluate(words)


def test_the_printed_line_evaluates_the_share_that_is_held_out(draw_folder, tmp_path, monkeypatch):
    root = draw_folder(tmp_path / "my pictures", {".": 8})
    monkeypatch.setenv("AFFEKT_DATA", str(root))
    words = train(tmp_path, root, "--hold-out", "0.25")
    assert len(words) == 3  # the environment gives the folder of the data
    output = evaluate(words)
    assert "6 samples of images, test" in output and "warning" not in output
    assert "12 samples of images, test" in evaluate([*words, "--set", "split.test_share=0.5"])
