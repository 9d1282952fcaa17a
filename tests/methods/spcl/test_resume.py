"""A run on words that was killed in its second epoch and resumed ends like one that was not, bit for bit."""

import json
import shutil
import subprocess
import sys

import pytest
import torch

from affekt.core.answers.prediction import Prediction
from affekt.core.files.sealed import read_sealed
from affekt.core.recipe import Recipe
from affekt.data.open import open_dataset
from affekt.deploy.export.export import export
from affekt.deploy.load import load
from affekt.encoders.adapters import merged
from affekt.engine.experiment import preprocess_of
from affekt.engine.loop.checkpoint_io import FolderCheckpointIO
from affekt.engine.network import checkpoint_model
from affekt.engine.train import train
from affekt.layers.contrast.prototypes import class_means
from affekt.testing.encoders import save_tiny_encoder

pytestmark = pytest.mark.xdist_group("spcl-runs")

# Trains each recipe in a process of its own, which kills itself in the second step of the second epoch.
PROGRAM = """
import json, os, signal, sys
from affekt.core.recipe import Recipe
from affekt.engine.loop.module import TrainingModule
from affekt.engine.train import train
from affekt.engine.loop.checkpoint_io import FolderCheckpointIO
step = TrainingModule.training_step
def killed(self, batch, batch_idx):
    loss = step(self, batch, batch_idx)
    if self.current_epoch == 1 and batch_idx == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return loss
TrainingModule.training_step = killed
for folder, values in json.load(sys.stdin)["recipes"].items():
    child = os.fork()
    if child == 0:
        train(Recipe.from_values(values), data_root=sys.argv[1], runs=folder, progress=False)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
"""
SPCL = {
    "config__curriculum": {"order": "easy_to_hard"},
    "config__encoders__T__pooling": "own mean and max",
    "train__weight_average": 0.5,
    "train__drop_last": True,
    "train__batch_size": 5,
}
APCL = {
    "config__losses__contrast": {"kind": "apcl"},
    "config__decision": "classifier",
    "config__losses__classification": {"detached": False},
    "optimizer__sam": {"rho": 0.05},
}
LORA = {
    "config__encoders__T__mode": "lora",
    "config__encoders__T__lora": {"rank": 2, "dropout": 0.1},
    "config__context__query": True,
    "config__encoders__T__pooling": "mask",
    "train__precision": "bf16-mixed",
    "train__accumulate": 2,
    "optimizer__rates": {"*.lora_*": 10.0},
    "optimizer__decay_all": False,
    "optimizer__weight_decay": 0.1,
}
FROZEN = {
    "config__losses__contrast": {"kind": "spdcl", "pool_size": 8, "support": 4},
    "config__curriculum": {"order": "easy_to_hard"},
    "config__encoders__T__mode": "frozen",
    "config__projection": True,
    "config__projection_width": 6,
    "config__encoders__T__layers": "all",
    "train__cached_views": 1,
}
KINDS = {"spcl": SPCL, "apcl": APCL, "lora": LORA, "frozen": FROZEN}


@pytest.fixture(scope="module")
def runs(talks, words_recipe, tmp_path_factory):
    """For each kind a straight run, and one that was killed and resumed without the encoder's folder."""
    root = tmp_path_factory.mktemp("words")
    source = save_tiny_encoder(root / "encoder")
    recipes = {kind: words_recipe(source, **changes) for kind, changes in KINDS.items()}
    straight = {
        kind: train(recipe, data_root=talks, runs=root / kind / "straight", progress=False)
        for kind, recipe in recipes.items()
    }
    given = {str(root / kind / "killed"): recipe.model_dump(mode="json") for kind, recipe in recipes.items()}
    subprocess.run(
        [sys.executable, "-c", PROGRAM, str(talks)],
        input=json.dumps({"recipes": given}),
        text=True,
        check=True,
    )
    shutil.rmtree(source)
    resumed = {}
    for kind, recipe in recipes.items():
        shutil.rmtree(root / kind / "cache", ignore_errors=True)
        folder = next((root / kind / "killed").rglob("recipe.toml")).parent
        assert len((folder / "metrics.jsonl").read_text().splitlines()) == 1
        resumed[kind] = train(
            recipe, data_root=talks, runs=root / kind / "killed", resume=True, progress=False
        )
    return straight, resumed


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_run_ends_bit_for_bit_like_one_that_was_not(runs, kind):
    straight, resumed = (found[kind].path for found in runs)
    names = ["metrics.jsonl"]
    names += [
        f"checkpoints/{one}/{file}.safetensors" for one in ("best", "last") for file in ("model", "trainer")
    ]
    for name in names:
        assert (straight / name).read_bytes() == (resumed / name).read_bytes(), name


def test_the_state_of_the_objective_is_part_of_the_checkpoint(runs):
    state = {
        kind: FolderCheckpointIO().load_checkpoint(run.last)["state_dict"] for kind, run in runs[0].items()
    }
    assert state["spcl"]["objective.contrast.pools.members"].abs().sum() > 0
    assert len(state["spcl"]["objective.curriculum.chosen"]) > 0
    assert state["apcl"]["objective.contrast.momenta"].abs().sum() > 0


def test_prototypes_are_those_of_the_averaged_weights_that_are_saved(runs, talks):
    sealed = read_sealed(runs[0]["spcl"].last, kind="checkpoint")
    model, preprocess = checkpoint_model(sealed), preprocess_of(sealed)
    samples = [one for one in open_dataset("dialogues", talks).samples if one.split == "train"]
    names = [*sealed.document["labels"]["names"]]
    labels = torch.tensor([names.index(sample.label) for sample in samples])
    rows = [{key: torch.from_numpy(value)[None] for key, value in preprocess(one).items()} for one in samples]
    with torch.inference_mode():
        vectors = torch.cat([model(**row).embedding for row in rows])
    means, is_there = class_means(vectors, labels, 3)
    assert is_there.all() and torch.equal(model.has_prototype, is_there)
    torch.testing.assert_close(model.prototypes, means, rtol=1e-5, atol=1e-5)


def test_a_trained_lora_run_is_exported_without_adapters(runs, talks, tmp_path):
    run = runs[0]["lora"]
    model = checkpoint_model(read_sealed(run.best, kind="checkpoint"))
    adapters = {name: value for name, value in model.state_dict().items() if "lora_B" in name}
    assert adapters and all(value.abs().sum() > 0 for value in adapters.values())
    whole = merged(model)
    assert not any("lora" in name for name in whole.state_dict())
    exported = export(run.path, tmp_path / "words.affekt", data_root=talks)
    assert exported.max_difference < 1e-4 and "validation samples" in exported.gate
    samples = [one for one in open_dataset("dialogues", talks).samples if one.split == "test"][:4]
    bundle, eager = load(exported.bundle), load(run.path)
    for sample in samples:
        ours, theirs = bundle(sample), eager(sample)
        assert isinstance(ours, Prediction) and isinstance(theirs, Prediction)
        assert ours.scores == pytest.approx(theirs.scores, abs=1e-4)
        assert (ours.text, ours.speaker) == (sample.media["text"], sample.speaker)


def test_a_run_knows_the_recipe_that_names_its_encoder(runs):
    for run in runs[1].values():
        assert isinstance(run.recipe, Recipe)
        document = read_sealed(run.best, kind="checkpoint").document["config"]["encoders"]["T"]
        assert document["architecture"]["hidden_size"] == 16 and document["weights_sha256"]
