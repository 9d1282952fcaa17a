"""The run folder: where everything about one run lies, so that it can be repeated from there.

runs/training/emotion_gait--E/trainable--32--cross_entropy/1xE--G/<hash>--<seed>/
    recipe.toml  environment.json  data.json  samples.jsonl.gz  metrics.jsonl  log.txt  events/
    calibration.json  result.json
    checkpoints/epoch-N/  checkpoints/last -> epoch-N  checkpoints/best -> epoch-M  figures/
    evaluation/DATA--FINGERPRINT/PART/  evaluation/record.jsonl
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from affekt.core.errors import AffektError, FolderError
from affekt.core.files.sealed import MANIFEST
from affekt.core.files.whole import write_folder, write_text, write_whole
from affekt.core.recipe import Recipe
from affekt.engine.identity import DataIdentity, read_identity

_LETTERS = {"text": "T", "audio": "A", "video": "V", "image": "I", "skeleton": "G"}
_PACKAGES = (
    "affekt",
    "torch",
    "lightning",
    "numpy",
    "scipy",
    "safetensors",
    "onnx",
    "onnxruntime",
    "scikit-learn",
)


@dataclass(frozen=True)
class Run:
    """One run folder."""

    path: Path

    @classmethod
    def place(cls, runs: Path, recipe: Recipe, modalities: Sequence[str]) -> Run:
        """Where a recipe's run belongs: the same recipe and seed always have the same folder."""
        letters = "".join(_LETTERS.get(name, name[:1].upper()) for name in modalities)
        smoothing = f"-smooth{recipe.loss.label_smoothing:g}" if recipe.loss.label_smoothing else ""
        return cls(
            runs
            / "training"
            / f"{recipe.data.name}--E"
            / f"trainable--{recipe.train.batch_size}--cross_entropy{smoothing}"
            / f"{len(modalities)}xE--{letters}"
            / f"{recipe.digest()[:8]}--{recipe.seed}"
        )

    @property
    def recipe(self) -> Recipe:
        """The complete recipe of the run."""
        return Recipe.load([self.path / "recipe.toml"])

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def last(self) -> Path:
        """Checkpoint of the last complete epoch."""
        return self.checkpoints / "last"

    @property
    def best(self) -> Path:
        """Checkpoint of the epoch that validation chose."""
        return self.checkpoints / "best"

    @property
    def figures(self) -> Path:
        """Folder of the pictures."""
        return self.path / "figures"

    @property
    def result(self) -> dict[str, Any] | None:
        """What came out, once the run is finished."""
        file = self.path / "result.json"
        return json.loads(file.read_text()) if file.is_file() else None

    @property
    def calibration(self) -> dict[str, Any]:
        """What was fitted on validation samples: a `temperature`, or a `segment_bar`; empty before that."""
        file = self.path / "calibration.json"
        return json.loads(file.read_text()) if file.is_file() else {}

    @property
    def temperature(self) -> float:
        """What logits are divided by to be calibrated; 1 where nothing was fitted."""
        return float(self.calibration.get("temperature", 1.0))

    @property
    def identity(self) -> DataIdentity | None:
        """The data of the run, item by item; None where it was trained before such was stored."""
        return read_identity(self.path)

    @property
    def epochs_done(self) -> int:
        """Complete epochs, as the last checkpoint states them."""
        file = self.last / MANIFEST
        return int(json.loads(file.read_text())["epoch"]) if file.is_file() else 0

    @property
    def unfinished(self) -> str:
        """How far a run came that was stopped or is still training, as in `epoch 3 of 30`; else empty."""
        return "" if self.result is not None else f"epoch {self.epochs_done} of {self.recipe.train.epochs}"

    def evaluation(self, split: str = "test") -> Path:
        """Where an evaluation of a part of the run's own data lies, or will lie."""
        identity = self.identity
        own = evaluation_folder(identity.data, identity.sha256) if identity else ""
        return self.path / "evaluation" / own / split

    def start(self, recipe: Recipe) -> None:
        """Make the folder and write down what is run, and on what."""
        self.path.mkdir(parents=True, exist_ok=True)
        values = _without_none(recipe.model_dump(mode="json"))
        write_text(self.path / "recipe.toml", tomli_w.dumps(values))
        self.write_json("environment.json", environment())

    def write_json(self, name: str, values: Any) -> None:
        """Write one JSON file of the run, whole or not at all."""
        write_text(self.path / name, json.dumps(values, indent=1) + "\n")

    def metrics(self) -> list[dict[str, Any]]:
        """One row an epoch; a last line that a kill cut off is not counted."""
        file = self.path / "metrics.jsonl"
        rows: list[dict[str, Any]] = []
        for line in file.read_text().splitlines() if file.is_file() else []:
            try:
                rows.append(json.loads(line))
            except ValueError:
                break
        return rows

    def write_metrics(self, rows: Sequence[dict[str, Any]]) -> None:
        """Replace the rows."""
        write_text(self.path / "metrics.jsonl", "".join(json.dumps(row) + "\n" for row in rows))

    def link(self, name: str, epoch: int) -> None:
        """Point `last` or `best` at an epoch; the switch is one rename."""
        link = self.checkpoints / name
        try:
            with write_whole(link) as partial:
                partial.symlink_to(f"epoch-{epoch}", target_is_directory=True)
        except AffektError:  # a file system without links: keep a copy instead
            with write_folder(link) as copy:
                shutil.copytree(self.checkpoints / f"epoch-{epoch}", copy, dirs_exist_ok=True)

    def prune(self) -> None:
        """Remove checkpoints that neither `last` nor `best` points at, and what kills left behind."""
        kept = {link.resolve() for link in (self.last, self.best) if link.exists()}
        for folder in self.checkpoints.iterdir():
            if folder.is_dir() and not folder.is_symlink() and folder.resolve() not in kept:
                shutil.rmtree(folder)


def evaluation_folder(data: str, sha256: str) -> str:
    """Name of the folder in which evaluations on one state of a data set lie."""
    return f"{data}--{sha256[:8]}"


def open_run(path: Path) -> Run:
    """A run folder that exists.

    Raises:
        FolderError: It is none, or no epoch was completed in it.
    """
    if not (path / "recipe.toml").is_file():
        raise FolderError(f"{path} is no run folder: it has no recipe.toml")
    run = Run(path)
    if not run.best.exists():
        raise FolderError(
            f"{path} has no checkpoint yet: not one epoch was completed; train it with --resume"
        )
    return run


def check_free(run: Run) -> None:
    """Refuse to start over what exists.

    Raises:
        AffektError: The folder is there already.
    """
    if run.path.exists():
        state = "is finished: evaluate it" if run.result else "is unfinished: continue it with --resume"
        raise AffektError(f"{run.path} exists and {state}, or remove it to start over")


def environment() -> dict[str, Any]:
    """Machine and versions, for the record."""

    def version(name: str) -> str | None:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return None

    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def _without_none(values: Any) -> Any:
    """TOML has no null: what is unset is left out."""
    if isinstance(values, dict):
        return {key: _without_none(value) for key, value in values.items() if value is not None}
    return values
