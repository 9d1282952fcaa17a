"""The run folder: all files of one run, so that it can be repeated from there.

runs/.../<hash>--<seed>/                    its path: see `affekt.engine.runs.folder`
    recipe.toml  environment.json  data.json  samples.jsonl.gz  metrics.jsonl  log.txt  events/
    calibration.json  result.json
    checkpoints/epoch-N/  checkpoints/last -> epoch-N  checkpoints/best -> epoch-M  figures/
                                            their weights are links to the store: see `affekt.engine.store`
    evaluation/DATA--FINGERPRINT/PART/  evaluation/record.jsonl
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import NonNegativeInt

from affekt.core.answers.calibration import Calibration
from affekt.core.claims.network import DocumentPart, read_document
from affekt.core.errors import AffektError, FolderError
from affekt.core.files.json_file import read_json_object
from affekt.core.files.sealed import MANIFEST, MAX_MANIFEST_BYTES
from affekt.core.files.whole import is_partial, link_or_copy, write_folder, write_text, write_whole
from affekt.core.labels import LabelSet
from affekt.core.recipe import Recipe
from affekt.engine.runs.folder import find_folder, folder_of
from affekt.engine.runs.identity import DataIdentity, read_identity
from affekt.engine.store.links import objects_of_checkpoint

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


class _Epoch(DocumentPart):
    """What is read of a checkpoint without checking its files."""

    epoch: NonNegativeInt


@dataclass(frozen=True)
class Run:
    """One run folder."""

    path: Path

    @classmethod
    def place(cls, runs: Path, recipe: Recipe, labels: LabelSet, *, criterion: str = "cross_entropy") -> Run:
        """The run of a recipe: the same recipe and seed always have the same folder.

        A run that exists is found wherever an older version put it; else this is the folder to make.

        Args:
            labels: Of the data set as it was read.
            criterion: Name of the classification loss that the engine passes to the objective.

        Raises:
            ConfigError: The recipe of a run that exists cannot be read.
        """
        return cls(find_folder(runs, recipe) or runs / folder_of(recipe, labels, criterion=criterion))

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
        """Checkpoint of the selected epoch."""
        return self.checkpoints / "best"

    @property
    def figures(self) -> Path:
        """Folder of the figures."""
        return self.path / "figures"

    @property
    def result(self) -> dict[str, Any] | None:
        """The contents of `result.json`; None if the run is not finished."""
        file = self.path / "result.json"
        return read_json_object(file) if file.is_file() else None

    @property
    def calibration(self) -> dict[str, Any]:
        """What was fitted on validation samples, such as a `temperature`; empty before that."""
        file = self.path / "calibration.json"
        return read_json_object(file) if file.is_file() else {}

    @property
    def temperature(self) -> float:
        """Divisor of the logits that calibrates them; 1 if none was fitted."""
        return read_document(Calibration, self.calibration, self.path / "calibration.json").temperature

    @property
    def identity(self) -> DataIdentity | None:
        """The data of the run, item by item; None for runs of versions that did not store this."""
        return read_identity(self.path)

    @property
    def epochs_done(self) -> int:
        """Number of complete epochs, from the last checkpoint."""
        file = self.last / MANIFEST
        if not file.is_file():
            return 0
        return read_document(_Epoch, read_json_object(file, limit=MAX_MANIFEST_BYTES), self.last).epoch

    @property
    def unfinished(self) -> str:
        """State of a run that was stopped or is still training, as in `epoch 3 of 30`; else empty."""
        return "" if self.result is not None else f"epoch {self.epochs_done} of {self.recipe.train.epochs}"

    def evaluation(self, split: str = "test") -> Path:
        """Folder of an evaluation on a part of the data of the run; it may not exist yet."""
        identity = self.identity
        own = evaluation_folder(identity.data, identity.sha256) if identity else ""
        return self.path / "evaluation" / own / split

    def start(self, recipe: Recipe, more: Mapping[str, str] | None = None) -> None:
        """Make the folder and write the recipe and the environment.

        Args:
            more: Versions beside those that `environment` finds.
        """
        import tomli_w  # of the extra `train`: runs are listed without it

        self.path.mkdir(parents=True, exist_ok=True)
        values = _without_none(recipe.model_dump(mode="json"))
        write_text(self.path / "recipe.toml", tomli_w.dumps(values))
        self.write_json("environment.json", environment(more))

    def remove(self, runs: Path) -> None:
        """Remove the folder, and those above it that are then empty, up to the folder of all runs."""
        shutil.rmtree(self.path, ignore_errors=True)  # Windows keeps the lock until it is freed
        for folder in self.path.parents:
            if folder == runs or not folder.is_relative_to(runs) or next(folder.iterdir(), None):
                return
            folder.rmdir()

    def write_json(self, name: str, values: Any) -> None:
        """Write one JSON file of the run atomically."""
        write_text(self.path / name, json.dumps(values, indent=1) + "\n")

    def metrics(self) -> list[dict[str, Any]]:
        """One row for each epoch; an incomplete last line is ignored."""
        return read_rows(self.path / "metrics.jsonl")

    def write_metrics(self, rows: Sequence[dict[str, Any]]) -> None:
        """Replace the rows."""
        write_text(self.path / "metrics.jsonl", "".join(json.dumps(row) + "\n" for row in rows))

    def link(self, name: str, epoch: int) -> set[str]:
        """Link `last` or `best` to an epoch; the link is replaced by one rename.

        Returns:
            Hashes of files of a folder that was replaced, where links to folders are refused.
        """
        link = self.checkpoints / name
        replaced = objects_of_checkpoint(link) if link.is_dir() and not link.is_symlink() else set[str]()
        try:
            with write_whole(link) as partial:
                partial.symlink_to(f"epoch-{epoch}", target_is_directory=True)
        except AffektError:  # a file system without links to folders: keep one with the same files instead
            with write_folder(link) as copy:
                source = self.checkpoints / f"epoch-{epoch}"
                shutil.copytree(source, copy, dirs_exist_ok=True, copy_function=link_or_copy)
        return replaced

    def prune(self) -> set[str]:
        """Remove checkpoints that neither `last` nor `best` links to, and incomplete ones.

        Returns:
            Hashes of their files, of which some may be objects of the store that nothing needs any more.
        """
        dropped: set[str] = set()
        kept = {link.resolve() for link in (self.last, self.best) if link.exists()}
        for folder in self.checkpoints.iterdir():
            if folder.is_symlink() and is_partial(folder):
                folder.unlink()
            elif folder.is_dir() and not folder.is_symlink() and folder.resolve() not in kept:
                dropped |= objects_of_checkpoint(folder)
                shutil.rmtree(folder)
        return dropped - {name for link in kept for name in objects_of_checkpoint(link)}


def read_rows(file: Path) -> list[dict[str, Any]]:
    """Rows of a file of JSON lines that is appended to; lines that a kill cut off are ignored."""
    rows: list[dict[str, Any]] = []
    for line in file.read_bytes().splitlines() if file.is_file() else []:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows


def evaluation_folder(data: str, sha256: str) -> str:
    """Name of the folder of all evaluations on one state of a data set."""
    return f"{data}--{sha256[:8]}"


def open_run(path: Path) -> Run:
    """A run folder that exists.

    Raises:
        FolderError: It is not a run folder, or has no complete epoch.
    """
    if not (path / "recipe.toml").is_file():
        raise FolderError(f"{path} is not a run folder: it has no recipe.toml")
    run = Run(path)
    if not run.best.exists():
        raise FolderError(
            f"{path} has no checkpoint yet, because no epoch is complete: continue it with --resume"
        )
    return run


def checkpoint_of(path: Path) -> Path:
    """The checkpoint of the selected epoch if `path` is a run; else `path`.

    Raises:
        FolderError: No epoch of the run is complete.
    """
    return open_run(path).best if (path / "recipe.toml").is_file() else path


def check_free(run: Run, root: Path | None = None) -> None:
    """Refuse to train a run again of which an epoch is complete.

    Args:
        root: Folder of the data: a run is named by its recipe, which does not state where the data lie.

    Raises:
        AffektError: There is a complete epoch.
    """
    if run.last.exists() or run.result:
        state = "is finished: evaluate it" if run.result else "is unfinished: continue it with --resume"
        other = run.identity.root if run.identity else ""
        if root is not None and other and Path(other) != root.resolve():
            state = f"was trained on {other}, with the same recipe: --runs DIR keeps runs on {root} apart"
        raise AffektError(f"{run.path} exists and {state}, or remove it to start over")


def environment(more: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Machine and versions, as the run folder and its checkpoints record them.

    Args:
        more: Versions of what lies outside of this environment.
    """

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
        "packages": {name: version(name) for name in _PACKAGES} | dict(more or {}),
    }


def _without_none(values: Any) -> Any:
    """TOML has no null: unset values are left out."""
    if isinstance(values, dict):
        return {key: _without_none(value) for key, value in values.items() if value is not None}
    return values
