"""After training: calibrate the chosen epoch on validation samples, draw the figures, write the result."""

from __future__ import annotations

from typing import Any

import numpy as np

from affekt.core import catalog
from affekt.core.answering import answer_all
from affekt.core.dataset import Corpus
from affekt.core.recipe import Recipe
from affekt.core.sealed import read_sealed
from affekt.engine.loading import make_targets
from affekt.engine.network import checkpoint_model, eager_network
from affekt.engine.recording import best_epoch
from affekt.engine.run import Run
from affekt.engine.splits import Parts
from affekt.metrics.calibration import expected_calibration_error, fit_temperature, softmax
from affekt.metrics.classification import confusion_matrix
from affekt.report.figures import draw_confusion, draw_curves


def finish(run: Run, recipe: Recipe, corpus: Corpus, parts: Parts) -> None:
    """Everything that is known of a run once its last epoch is done."""
    rows = run.metrics()
    chosen = best_epoch(rows, recipe.selection)
    draw_curves(rows, run.figures / "curves.png")
    result: dict[str, Any] = {
        "epochs": len(rows),
        "best_epoch": chosen,
        "validation": {
            name.removeprefix("validation/"): value
            for name, value in rows[chosen - 1].items()
            if name.startswith("validation/")
        },
        "samples": {"train": len(parts.train), "validation": len(parts.validation), "test": len(parts.test)},
        "skipped": len(corpus.skipped),
    }
    if corpus.task == "single_label":
        result["calibration"] = _calibrate(run, recipe, corpus, parts)
        run.write_json("calibration.json", result["calibration"])
    run.write_json("result.json", result)


def _calibrate(run: Run, recipe: Recipe, corpus: Corpus, parts: Parts) -> dict[str, Any]:
    """Temperature of the chosen epoch, fitted on validation; its confusion matrix is drawn on the way."""
    sealed = read_sealed(run.best, kind="checkpoint")
    room = catalog.method(recipe.method)
    preprocess = room.load("preprocess")(room.make_config(recipe.config), sealed.document["preprocessing"])
    network = eager_network(checkpoint_model(sealed))
    logits, used, _ = answer_all(parts.validation, preprocess, network, corpus.task)
    targets = make_targets(used, corpus.labels, corpus.task).numpy()
    truth: np.ndarray = targets.argmax(axis=1) if targets.ndim == 2 else targets
    confusion = confusion_matrix(truth, logits.argmax(axis=1), len(corpus.labels))
    file = run.figures / "confusion-validation.png"
    draw_confusion(confusion, corpus.labels.names, file, title="validation")
    temperature = fit_temperature(logits, truth)
    return {
        "temperature": temperature,
        "samples": len(truth),
        "ece_before": expected_calibration_error(softmax(logits), truth),
        "ece_after": expected_calibration_error(softmax(logits / temperature), truth),
    }
