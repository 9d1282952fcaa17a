"""A trained network that another one learns from. It is neither trained nor saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from affekt.core.claims.network import CheckpointDocument, read_document
from affekt.core.dataset import Corpus
from affekt.core.errors import ConfigError
from affekt.core.files.sealed import read_sealed
from affekt.core.labels import LabelSet
from affekt.core.recipe import Recipe
from affekt.core.sample import Preprocess
from affekt.core.spec import InputSpec
from affekt.engine.experiment import objective_kind, preprocess_of
from affekt.engine.network import checkpoint_model
from affekt.engine.runs.run import checkpoint_of
from affekt.engine.weights.files import weights_sha256

DIGITS = 16  # of the hash of the weights (`files.weights_sha256`), that a recipe states
ENTRY = "teacher.{}"  # of a batch: an output of the teacher that was computed before
IS_THERE = "is_there"  # whether it answered a sample


class Teacher:
    """Outputs of a trained network for a student's batches: in eval mode, without gradient.

    It is not an `nn.Module`: neither the state of the objective nor the optimizer contains its weights.

    Attributes:
        digest: First digits of the SHA-256 of its weights.
        checkpoint: SHA-256 of the manifest of its checkpoint: of weights, config and preprocessing.
        labels: What its logits are called.
        inputs: Names of the batch's entries that it reads.
        preprocess: Its own, which makes these of a sample.
    """

    def __init__(
        self, model: nn.Module, preprocess: Preprocess, labels: LabelSet, digest: str, checkpoint: str
    ) -> None:
        self._model = model.eval().requires_grad_(False)
        self.preprocess, self.spec = preprocess, preprocess.spec
        self.labels, self.digest, self.checkpoint = labels, digest, checkpoint
        self.inputs = self.spec.names
        self._device: torch.device | None = None

    def __call__(self, batch: Mapping[str, Any]) -> Any:
        """What it says of a student's batch: answers that the batch holds, else the output of the network.

        Raises:
            ConfigError: The batch lacks an input of the teacher.
        """
        prefix = ENTRY.format("")
        kept = {name.removeprefix(prefix): batch[name] for name in batch if name.startswith(prefix)}
        return SimpleNamespace(**kept) if kept else self.answer(batch)

    def answered(self, batch: Mapping[str, Any]) -> Tensor | None:
        """The samples (b,) of which the batch holds an answer; None where the network itself is asked."""
        return batch.get(ENTRY.format(IS_THERE))

    def answer(self, batch: Mapping[str, Any]) -> Any:
        """The output of the network, a NamedTuple of tensors, on the batch's device.

        Raises:
            ConfigError: The batch lacks an input of the teacher.
        """
        _check_names(self.inputs, batch)
        given: dict[str, Tensor] = {name: batch[name] for name in self.inputs}
        device = next(iter(given.values())).device
        if device != self._device:
            self._model.to(device)
            self._device = device
        with torch.no_grad():
            return self._model(**given)

    def rest(self) -> None:
        """Free the device: its answers are kept, so that the network is not asked again."""
        self._model.to("cpu")
        self._device = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Teacher:
        """Itself: weight averaging copies the whole training module, which the teacher is not part of."""
        return self

    def check(self, student: InputSpec, *, cached: Sequence[str] = ()) -> None:
        """Refuse a student whose batches the teacher cannot read, where it has to read them.

        Args:
            cached: Entries of the student's batches that hold features in place of inputs.

        Raises:
            ConfigError: Listing the inputs that are missing or differ.
        """
        theirs = {tensor.name: tensor for tensor in student.inputs}
        _check_names(self.inputs, theirs)
        problems = [
            f"the teacher reads {tensor.name} as {tensor.dtype} {tensor.shape}, the student's batches hold "
            f"{theirs[tensor.name].dtype} {theirs[tensor.name].shape}"
            for tensor in self.spec.inputs
            if (tensor.dtype, tensor.shape) != (theirs[tensor.name].dtype, theirs[tensor.name].shape)
        ]
        if features := sorted(set(self.inputs) & set(cached)):
            problems.append(
                f"the teacher reads {', '.join(features)}, of which train.cached_views keeps features only: "
                "set train.cached_views = 0"
            )
        if problems:
            raise ConfigError("teacher", problems)


def read_teacher(path: Path | str) -> Teacher:
    """The best epoch of a run, or a checkpoint.

    Raises:
        FolderError: It is neither, or was altered.
    """
    path = Path(path)
    checkpoint = checkpoint_of(path)
    sealed = read_sealed(checkpoint, kind="checkpoint")
    digest = weights_sha256(sealed.document)[:DIGITS]
    labels = read_document(CheckpointDocument, sealed.document, sealed.path).labels
    return Teacher(checkpoint_model(sealed), preprocess_of(sealed), labels, digest, sealed.sha256)


def name_teacher(recipe: Recipe, teacher: Teacher | None) -> Recipe:
    """The recipe with the digest of the teacher.

    Raises:
        ConfigError: It states another one, or states one that is not given.
    """
    given = teacher.digest if teacher else ""
    if recipe.teacher and recipe.teacher != given:
        found = f"the given one is {given}" if given else "none is given"
        raise ConfigError(
            "recipe",
            [
                f"teacher: the recipe states the teacher {recipe.teacher}, {found}: give the run or "
                "checkpoint that it learned from with --teacher"
            ],
        )
    return recipe.model_copy(update={"teacher": given})


def check_takes_teacher(recipe: Recipe, corpus: Corpus, teacher: Teacher | None) -> None:
    """Refuse a teacher that the objective does not take, and an objective whose teacher is missing.

    Raises:
        ConfigError: Either.
    """
    takes = getattr(objective_kind(recipe, corpus.task, corpus.labels), "takes_teacher", False)
    if takes and teacher is None:
        problem = "its objective learns from a teacher: give a run or a checkpoint with --teacher"
    elif teacher is not None and not takes:
        problem = "its objective takes no teacher: leave out --teacher"
    else:
        return
    raise ConfigError(f"recipe for {recipe.method}", [problem])


def _check_names(wanted: Sequence[str], found: Mapping[str, Any]) -> None:
    missing = [name for name in wanted if name not in found]
    if missing:
        raise ConfigError(
            "teacher",
            [f"the teacher reads {', '.join(missing)}, which the student's batches lack: {sorted(found)}"],
        )
