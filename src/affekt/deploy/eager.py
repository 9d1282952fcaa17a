"""Networks in PyTorch, from a run folder or one of its checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import nn

from affekt.core import catalog
from affekt.core.labels import LabelSet
from affekt.core.prediction import Provenance
from affekt.core.sealed import Sealed, read_sealed
from affekt.deploy.predictor import Network, Predictor
from affekt.engine.checkpoint import MODEL_FILE, model_weights
from affekt.engine.run import open_run


def open_eager(path: Path) -> Predictor:
    """A predictor that computes in PyTorch: the best epoch of a run, or the checkpoint itself.

    Raises:
        FolderError: There is no run or checkpoint, or it was altered.
    """
    if (path / "recipe.toml").is_file():
        run = open_run(path)
        sealed, temperature = read_sealed(run.best, kind="checkpoint"), run.temperature
    else:
        sealed, temperature = read_sealed(path, kind="checkpoint"), 1.0
    return checkpoint_predictor(sealed, temperature)


def checkpoint_predictor(sealed: Sealed, temperature: float) -> Predictor:
    """A predictor from a checkpoint that was read."""
    document = sealed.document
    room = catalog.method(document["method"])
    config = room.make_config(document["config"])
    return Predictor(
        preprocess=room.load("preprocess")(config, document["preprocessing"]),
        network=eager_network(checkpoint_model(sealed)),
        labels=LabelSet.model_validate(document["labels"]),
        task=document["task"],
        modality=room.card.modalities[0],
        temperature=temperature,
        provenance=Provenance(
            document["method"], document["files"][MODEL_FILE]["sha256"], sealed.sha256[:12]
        ),
        document=document,
    )


def checkpoint_model(sealed: Sealed) -> nn.Module:
    """The network of a checkpoint, ready to answer."""
    room = catalog.method(sealed.document["method"])
    model: nn.Module = room.load("model")(room.make_config(sealed.document["config"]))
    model.load_state_dict(model_weights(sealed))
    return model.eval()


def eager_network(model: nn.Module) -> Network:
    """A PyTorch network as a function of numpy arrays."""

    def network(batch: Mapping[str, np.ndarray]) -> np.ndarray:
        with torch.inference_mode():
            return model(**{name: torch.from_numpy(array) for name, array in batch.items()}).logits.numpy()

    return network
