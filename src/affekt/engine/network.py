"""Networks of checkpoints, and networks as functions of numpy arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from affekt.core import catalog
from affekt.core.sample import Localizing, Preprocess
from affekt.core.sealed import Sealed
from affekt.engine.checkpoint import model_weights


def checkpoint_model(sealed: Sealed) -> nn.Module:
    """The network of a checkpoint, ready to answer."""
    room = catalog.method(sealed.document["method"])
    model: nn.Module = room.load("model")(room.make_config(sealed.document["config"]))
    model.load_state_dict(model_weights(sealed))
    return model.eval()


class EagerNetwork:
    """A PyTorch network as a function of numpy arrays."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    def __call__(self, batch: Mapping[str, np.ndarray]) -> np.ndarray:
        return self.outputs(batch)["logits"]

    def outputs(self, batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """All that the network answers with, by name."""
        with torch.inference_mode():
            answer = self.model(**{name: torch.from_numpy(array) for name, array in batch.items()})
        return {name: value.numpy() for name, value in answer._asdict().items()}


class PartedEagerNetwork(EagerNetwork):
    """A localization network whose frozen encoder is asked by itself (see `PartedNetwork`)."""

    def __init__(self, model: Any, encoded: str) -> None:
        super().__init__(model)
        self.parted, self.encoded = model, encoded

    def encode(self, cells: np.ndarray) -> np.ndarray:
        """Features (t, d) of cells (t, ...)."""
        with torch.inference_mode():
            return self.parted.features(torch.from_numpy(cells)[None])[0].numpy()

    def outputs(self, batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """All that the network answers with, by name, to features."""
        with torch.inference_mode():
            answer = self.parted.from_features(
                **{name: torch.from_numpy(array) for name, array in batch.items()}
            )
        return {name: value.numpy() for name, value in answer._asdict().items()}


def eager_network(model: nn.Module, *, encoded: str | None = None) -> EagerNetwork:
    """A PyTorch network as a function of numpy arrays.

    Args:
        encoded: The input that a frozen encoder reads, where cells are to pass it once (`encoded_input`).
    """
    return EagerNetwork(model) if encoded is None else PartedEagerNetwork(model, encoded)


def encoded_input(model: nn.Module, preprocess: Preprocess) -> str | None:
    """The input of a localization network that its frozen encoder reads; None where it has no encoder."""
    if not isinstance(preprocess, Localizing):
        return None
    names = [name for name in getattr(type(model), "cached", ()) if name in preprocess.spec.names]
    return names[0] if names else None
