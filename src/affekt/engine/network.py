"""Networks of checkpoints, and networks as functions of numpy arrays."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import torch
from torch import nn

from affekt.core import catalog
from affekt.core.claims.network import CheckpointDocument, config_of, read_document
from affekt.core.errors import ConfigError, FolderError
from affekt.core.files.sealed import Sealed, read_sealed
from affekt.core.sample import Preprocess
from affekt.core.task import Task
from affekt.engine.weights.checkpoint import model_weights
from affekt.engine.weights.claimed import SizeOf


def checkpoint_model(sealed: Sealed) -> nn.Module:
    """The network of a checkpoint, in evaluation mode.

    Raises:
        FolderError: Its manifest holds impossible values, or its weights do not fit them.
    """
    document = read_document(CheckpointDocument, sealed.document, sealed.path)
    config = config_of(document, sealed.path)
    try:
        weights = model_weights(sealed)
        with SizeOf(weights):
            model: nn.Module = catalog.method(document.method).load("model")(config)
        model.load_state_dict(weights)
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise FolderError(
            f"{sealed.path}: its weights do not fit the config of {document.method} ({str(error)[:300]})"
        ) from None
    return model.eval()


def check_outputs(model: nn.Module, names: Sequence[str], method: str) -> None:
    """Refuse a network whose `forward` states another NamedTuple than one with these fields.

    Raises:
        ConfigError: Naming the outputs that are missing.
    """
    try:
        stated = getattr(get_type_hints(type(model).forward).get("return"), "_fields", None)
    except NameError:  # a type that is only imported for type checking
        return
    missing = [name for name in names if stated is not None and name not in stated]
    if missing:
        raise ConfigError(
            "recipe",
            [f"the network of {method} has no output {', '.join(missing)}; it has {', '.join(stated or ())}"],
        )


@dataclass(frozen=True)
class StoredModel:
    """A network that is read from its checkpoint.

    Attributes:
        checkpoint: Absolute path.
        sha256: Digest of the checkpoint's manifest, which contains the digests of its files.
    """

    checkpoint: Path
    sha256: str

    def read(self) -> nn.Module:
        """The network.

        Raises:
            FolderError: The checkpoint was removed or replaced.
        """
        if not self.checkpoint.exists():
            raise FolderError(f"{self.checkpoint} is gone, so its network cannot be read in this process")
        sealed = read_sealed(self.checkpoint, kind="checkpoint")
        if sealed.sha256 != self.sha256:
            raise FolderError(
                f"{self.checkpoint} was replaced since it was loaded, so its network cannot be read in this "
                "process: load it again"
            )
        return checkpoint_model(sealed)


class EagerNetwork:
    """A PyTorch network as a function of numpy arrays.

    If it has a checkpoint, pickling stores only its path, and the network is read at the first use;
    otherwise the weights are pickled. Copies share the network.

    Args:
        model: The network; None to read it from `stored` at the first use.
        stored: The checkpoint from which other processes read it.
    """

    def __init__(self, model: nn.Module | None, *, stored: StoredModel | None = None) -> None:
        self.stored = stored
        self._model = model
        self._reading = threading.Lock()
        self._process = os.getpid()

    @property
    def model(self) -> nn.Module:
        """The network; it is read at the first use.

        Raises:
            FolderError: Its checkpoint was removed or replaced.
        """
        if self._process != os.getpid():
            # In a forked process PyTorch would wait forever for threads that only the parent has.
            torch.set_num_threads(1)
            self._reading = threading.Lock()  # a thread of the parent may have held it
            self._process = os.getpid()
        if self._model is None:
            with self._reading:
                if self._model is None:
                    assert self.stored is not None, "a network without weights needs a checkpoint"
                    self._model = self.stored.read()
        return self._model

    def __call__(self, batch: Mapping[str, np.ndarray]) -> np.ndarray:
        return self.outputs(batch)["logits"]

    def outputs(self, batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """All outputs of the network, by name."""
        return self._run(self.model, batch)

    def _run(self, network: Any, batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        with torch.inference_mode():
            output = network(**{name: torch.from_numpy(array) for name, array in batch.items()})
        return {name: value.numpy() for name, value in output._asdict().items()}

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (None if self.stored else self._model, self.stored, None)

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.stored.checkpoint if self.stored else 'in memory'})"


class StagedEagerNetwork(EagerNetwork):
    """A localization network whose frozen encoder can be run separately (see `StagedNetwork`)."""

    def __init__(self, model: Any, encoded: str, *, stored: StoredModel | None = None) -> None:
        super().__init__(model, stored=stored)
        self.encoded = encoded

    def encode(self, cells: np.ndarray) -> np.ndarray:
        """Features (t, d) of cells (t, ...)."""
        network: Any = self.model
        with torch.inference_mode():
            return network.features(torch.from_numpy(cells)[None])[0].numpy()

    def outputs(self, batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """All outputs of the network for features, by name."""
        network: Any = self.model
        return self._run(network.from_features, batch)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (None if self.stored else self._model, self.stored, self.encoded)


def eager_network(
    model: nn.Module | None, *, encoded: str | None = None, stored: StoredModel | None = None
) -> EagerNetwork:
    """A PyTorch network as a function of numpy arrays.

    Args:
        encoded: The input of a frozen encoder, if the encoder is to be run once per cell (`encoded_input`).
        stored: The checkpoint from which other processes read it.
    """
    if encoded is None:
        return EagerNetwork(model, stored=stored)
    return StagedEagerNetwork(model, encoded, stored=stored)


def _restore(model: nn.Module | None, stored: StoredModel | None, encoded: str | None) -> EagerNetwork:
    """An unpickled network."""
    return eager_network(model, encoded=encoded, stored=stored)


def encoded_input(model: nn.Module, preprocess: Preprocess, task: Task) -> str | None:
    """The input that a frozen encoder reads per time cell; None if there is no such encoder."""
    if not task.by_cells:
        return None
    names = [name for name in getattr(model, "cached", ()) if name in preprocess.spec.names]
    return names[0] if names else None
