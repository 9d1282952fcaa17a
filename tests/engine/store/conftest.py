"""Epochs of small networks that share a frozen encoder, written as a training writes them."""

from dataclasses import dataclass
from unittest.mock import Mock

import lightning.pytorch as pl
import pytest
import torch

from affekt.core.files.sealed import read_sealed
from affekt.core.recipe import SelectionSettings
from affekt.engine.loop.checkpoint_io import FolderCheckpointIO
from affekt.engine.runs.recording import EpochRecorder
from affekt.engine.runs.run import Run
from affekt.engine.store.objects import Store
from affekt.engine.weights.checkpoint import model_weights

FROZEN = "frozen/encoders.T.safetensors"
FILES = {"encoders.T.layer.weight": FROZEN}


@dataclass
class Training:
    """A run whose epochs are written without training anything."""

    runs: object
    name: str = "training/talks--E/frozen--8--cross_entropy/1xE--T/00000000--0"
    keep_all: bool = False

    def __post_init__(self):
        self.store = Store(self.runs)
        self.run = Run(self.runs / self.name)
        self.run.path.mkdir(parents=True, exist_ok=True)
        (self.run.path / "recipe.toml").write_text('method = "spcl"\ndata = {name = "talks"}\n')

    def epoch(self, number, *, score=None):
        """Write an epoch; the best one is the last one unless a score says otherwise."""
        recorder = EpochRecorder(
            self.run,
            {"labels": {"names": []}, "method": "spcl"},
            SelectionSettings(metric="uar"),
            {"uar": 1},
            keep_all=self.keep_all,
            store=self.store,
        )
        recorder.rows = [row for row in recorder.rows if row["epoch"] < number]
        files = FolderCheckpointIO(files=FILES, store=self.store)

        def save(path, storage_options):
            files.save_checkpoint(state(number), path, storage_options)

        trainer = Mock(
            spec=pl.Trainer,
            callback_metrics={"train/loss": 1.0, "validation/uar": number if score is None else score},
            current_epoch=number - 1,
            global_step=number,
            optimizers=[Mock(param_groups=[{"lr": 0.1}])],
            is_global_zero=True,
            save_checkpoint=save,
            max_epochs=9,
        )
        recorder.on_train_epoch_end(trainer, Mock(spec=pl.LightningModule))

    def read(self, which="last"):
        """The number of the epoch whose weights a checkpoint holds, after every byte was checked."""
        weights = model_weights(read_sealed(self.run.checkpoints / which, kind="checkpoint"))
        number = int(weights["head.weight"][0, 0])
        expected = {name.removeprefix("model."): value for name, value in state(number)["state_dict"].items()}
        assert weights.keys() == expected.keys()
        assert all(torch.equal(weights[name], expected[name]) for name in weights)
        return number

    def file(self, name, which="last"):
        """A file of a checkpoint."""
        return self.run.checkpoints / which / name

    @property
    def objects(self):
        """Hashes of all objects of the store."""
        return set(self.store.sizes())


def state(number):
    """What the trainer saves after an epoch: a frozen encoder, and a head that changes."""
    return {
        "state_dict": {
            "model.encoders.T.layer.weight": torch.arange(64.0).reshape(8, 8),
            "model.head.weight": torch.full((2, 8), float(number)),
        },
        "epoch": number,
    }


@pytest.fixture
def training(tmp_path):
    """A run without epochs."""
    return Training(tmp_path / "runs")


@pytest.fixture
def further(tmp_path):
    """A function that makes another run with the same encoder."""

    def make(number, **options):
        name = f"training/talks--E/frozen--8--cross_entropy/1xE--T/0000000{number}--0"
        return Training(tmp_path / "runs", name, **options)

    return make
