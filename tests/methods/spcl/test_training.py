"""Training on words from the command line, and with the frozen sentence encoder of a package."""

import sys
from pathlib import Path

import pytest

from affekt.assets.errors import MissingAsset
from affekt.assets.places import asset_files
from affekt.cli import main
from affekt.core.errors import ConfigError, UsageError
from affekt.data.open import open_dataset
from affekt.deploy.export.export import export
from affekt.deploy.load import load
from affekt.encoders import source
from affekt.engine.train import train
from affekt.testing.encoders import save_tiny_encoder

pytestmark = pytest.mark.xdist_group("spcl-runs")

RECIPE = """
method = "spcl"
data = {{name = "dialogues"}}
[config]
num_classes = 3
encoders.T.source = "{source}"
"""


@pytest.fixture
def command(talks, tmp_path, monkeypatch, capsys):
    """A function that runs `affekt train` with an encoder; gives the exit code and what it said."""

    def run(name, *words):
        file = tmp_path / "recipe.toml"
        file.write_text(RECIPE.format(source=name))
        argv = [
            "affekt",
            "train",
            str(file),
            "--data-root",
            str(talks),
            "--runs",
            str(tmp_path / "runs"),
            *words,
        ]
        monkeypatch.setattr(sys, "argv", argv)
        with pytest.raises(SystemExit) as ended:
            main.run()
        return ended.value.code, capsys.readouterr().err

    return run


def test_a_wrong_encoder_ends_the_command_with_one_message(command, tmp_path):
    folder = save_tiny_encoder(tmp_path / "pickled")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    code, said = command(folder)
    assert code == 1 and "only as pytorch_model.bin" in said and "Traceback" not in said
    code, said = command(tmp_path / "nowhere")
    assert code == 2 and "nor a folder that exists" in said and "Traceback" not in said
    code, said = command(folder, "--set", "config.encoders.T.mod=lora")
    assert code == 2 and "did you mean mode?" in said
    assert not (tmp_path / "runs").exists()


def test_download_is_the_only_option_that_lets_a_name_of_the_hub_be_fetched(command, monkeypatch):
    asked = []

    def from_hub(name):
        asked.append((name, source._downloads.get()))
        raise UsageError("nothing is fetched in a test")

    monkeypatch.setattr(source, "_from_hub", from_hub)
    assert command("owner/tiny")[0] == command("owner/tiny", "--download")[0] == 2
    assert asked == [("owner/tiny", False), ("owner/tiny", True)]


@pytest.fixture(scope="module")
def use():
    """The asset `use`; tests are skipped without its package."""
    try:
        asset_files("use")
    except MissingAsset as error:
        pytest.skip(str(error))


def test_the_universal_sentence_encoder_is_trained_exported_and_answers(use, talks, words_recipe, tmp_path):
    recipe = words_recipe(
        "use",
        config__encoders__T__mode="frozen",
        config__projection=True,
        train__cached_views=1,
        train__epochs=2,
    )
    run = train(recipe, data_root=talks, runs=tmp_path / "runs", progress=False)
    exported = export(run.path, tmp_path / "use.affekt", data_root=talks)
    assert exported.max_difference < 1e-3
    samples = [one for one in open_dataset("dialogues", talks).samples if one.split == "test"][:3]
    ours, theirs = load(exported.bundle), load(run.path)
    for sample in samples:
        assert ours(sample).scores == pytest.approx(theirs(sample).scores, abs=1e-3)


def test_the_universal_sentence_encoder_can_only_be_frozen(use, talks, words_recipe, tmp_path):
    with pytest.raises(ConfigError, match="mode: it can only be frozen"):
        train(words_recipe("use"), data_root=talks, runs=tmp_path, progress=False)
    assert not list(Path(tmp_path).rglob("recipe.toml"))
