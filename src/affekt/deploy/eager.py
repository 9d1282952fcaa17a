"""Networks in PyTorch, from a run folder or one of its checkpoints."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from affekt.core import catalog
from affekt.core.answers.calibration import Calibration
from affekt.core.answers.prediction import Provenance
from affekt.core.claims.network import CheckpointDocument, preprocess_of, read_document
from affekt.core.files.assets import read_assets
from affekt.core.files.sealed import Sealed, read_sealed
from affekt.core.task import read_task
from affekt.deploy.runtime.predictor import Predictor
from affekt.engine.network import StoredModel, checkpoint_model, eager_network, encoded_input
from affekt.engine.runs.run import Run, open_run
from affekt.engine.weights.files import weights_sha256

log = logging.getLogger(__name__)


def open_eager(path: Path) -> Predictor:
    """A predictor that computes in PyTorch: the best epoch of a run, or the checkpoint itself.

    Raises:
        FolderError: There is no run or checkpoint, or it was altered.
    """
    if (path / "recipe.toml").is_file():
        run = open_run(path)
        if run.unfinished:
            log.warning("%s is an unfinished run: %s", path, run.unfinished)
        predictor = checkpoint_predictor(read_sealed(run.best, kind="checkpoint"), calibration_of(run))
        return replace(predictor, path=path)
    return checkpoint_predictor(read_sealed(path, kind="checkpoint"), Calibration())


def calibration_of(run: Run) -> Calibration:
    """What a run calibrated on validation samples, checked.

    Raises:
        FolderError: Its file holds impossible values.
    """
    return read_document(Calibration, run.calibration, run.path / "calibration.json")


def checkpoint_predictor(sealed: Sealed, calibration: Calibration) -> Predictor:
    """A predictor from a checkpoint that was read, and what its run calibrated on validation samples.

    Raises:
        FolderError: Its manifest holds impossible values, or its weights do not fit them.
    """
    document = read_document(CheckpointDocument, sealed.document, sealed.path)
    preprocess = preprocess_of(document, read_assets(sealed), sealed.path)
    model, task = checkpoint_model(sealed), read_task(document.task)
    return Predictor(
        preprocess=preprocess,
        network=eager_network(
            model,
            encoded=encoded_input(model, preprocess, task),
            stored=StoredModel(sealed.path.resolve(), sealed.sha256),
        ),
        labels=document.labels,
        task=task,
        modality=preprocess.spec.modality(catalog.method(document.method).card.modalities[0]),
        calibration=calibration,
        provenance=Provenance(document.method, weights_sha256(sealed.document), sealed.sha256[:12]),
        document=sealed.document,
        path=sealed.path,
    )
