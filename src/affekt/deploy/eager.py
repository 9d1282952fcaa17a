"""Networks in PyTorch, from a run folder or one of its checkpoints."""

from __future__ import annotations

from pathlib import Path

from affekt.core import catalog
from affekt.core.labels import LabelSet
from affekt.core.prediction import Provenance
from affekt.core.sealed import Sealed, read_sealed
from affekt.deploy.predictor import Predictor
from affekt.engine.checkpoint import MODEL_FILE
from affekt.engine.network import checkpoint_model, eager_network
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
    preprocess = room.load("preprocess")(config, document["preprocessing"])
    return Predictor(
        preprocess=preprocess,
        network=eager_network(checkpoint_model(sealed)),
        labels=LabelSet.model_validate(document["labels"]),
        task=document["task"],
        modality=preprocess.spec.modality(room.card.modalities[0]),
        temperature=temperature,
        provenance=Provenance(
            document["method"], document["files"][MODEL_FILE]["sha256"], sealed.sha256[:12]
        ),
        document=document,
    )
