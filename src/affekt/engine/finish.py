"""After training: calibrate the chosen epoch on validation samples, draw the figures, write the result."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from affekt.core import catalog
from affekt.core.answering import answer_all, cell_logits
from affekt.core.dataset import Corpus
from affekt.core.errors import MediaError
from affekt.core.files.sealed import read_sealed
from affekt.core.recipe import Recipe
from affekt.core.sample import Localizing, Preprocess
from affekt.engine.identity import DataIdentity
from affekt.engine.loading import make_targets
from affekt.engine.network import EagerNetwork, checkpoint_model, eager_network, encoded_input
from affekt.engine.recording import best_epoch
from affekt.engine.run import Run
from affekt.engine.scoring import named_segments
from affekt.engine.splits import Parts
from affekt.metrics.calibration import (
    cell_calibration_error,
    expected_calibration_error,
    fit_cell_temperature,
    fit_temperature,
    sigmoid,
    softmax,
)
from affekt.metrics.classification import confusion_matrix
from affekt.metrics.multi_label import fit_thresholds, multi_label_per_class, multi_label_scores
from affekt.metrics.segment_threshold import best_threshold
from affekt.metrics.segments import Segments
from affekt.report.figures import draw_classes, draw_confusion, draw_curves

log = logging.getLogger(__name__)

_BAR_TIOU = 0.3  # the strictest overlap that TSL-Net's authors score


def finish(run: Run, recipe: Recipe, corpus: Corpus, parts: Parts, identity: DataIdentity) -> None:
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
        "data": identity.document(),
    }
    if identity.accepted:
        result["accepted_data"] = list(identity.accepted)
    if recipe.split.validate_on_test:
        result["selected_on"] = "test"
    fits = {"single_label": _fit_temperature, "multi_label": _fit_thresholds, "localization": _fit_bar}
    result["calibration"] = fits[corpus.task](run, recipe, corpus, parts)
    run.write_json("calibration.json", result["calibration"])
    run.write_json("result.json", result)


def _fit_temperature(run: Run, recipe: Recipe, corpus: Corpus, parts: Parts) -> dict[str, Any]:
    """Temperature of the chosen epoch, fitted on validation; its confusion matrix is drawn on the way."""
    preprocess, network = _chosen(run, recipe)
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


def _fit_thresholds(run: Run, recipe: Recipe, corpus: Corpus, parts: Parts) -> dict[str, Any]:
    """Temperature of the chosen epoch and the threshold of each class, fitted on validation in this order."""
    preprocess, network = _chosen(run, recipe)
    logits, used, _ = answer_all(parts.validation, preprocess, network, corpus.task)
    truth = make_targets(used, corpus.labels, corpus.task).numpy()
    logits = logits.astype(float)
    temperature = fit_cell_temperature(logits, truth)
    probability = sigmoid(logits / temperature)
    thresholds = fit_thresholds(truth, probability)
    rows = multi_label_per_class(truth, probability, corpus.labels.names, thresholds=thresholds)
    draw_classes(rows, run.figures / "classes-validation.png", title="validation")
    return {
        "temperature": temperature,
        "thresholds": dict(zip(corpus.labels.names, thresholds.tolist(), strict=True)),
        "samples": len(truth),
        "ece_before": cell_calibration_error(sigmoid(logits), truth),
        "ece_after": cell_calibration_error(probability, truth),
        "macro_f1": multi_label_scores(truth, probability, thresholds=thresholds)["macro_f1"],
    }


def _fit_bar(run: Run, recipe: Recipe, corpus: Corpus, parts: Parts) -> dict[str, Any]:
    """The score from which the chosen epoch's segments are worth telling: by F1 on validation."""
    preprocess, network = _chosen(run, recipe)
    assert isinstance(preprocess, Localizing)
    found: dict[str, Segments] = {}
    truths: dict[str, Segments] = {}
    for sample in parts.validation:
        try:
            logits = cell_logits(sample, preprocess, network)
        except MediaError as error:
            log.warning("the bar of segments is chosen without %s", error)
            continue
        found[sample.id] = named_segments(preprocess.localize(sample, logits), corpus.labels)
        truths[sample.id] = Segments.of(sample.segments or ())
    bar, f1 = best_threshold(found, truths, labels=corpus.labels.names, threshold=_BAR_TIOU)
    return {"segment_bar": bar, "f1": f1, "tiou": _BAR_TIOU, "samples": len(found)}


def _chosen(run: Run, recipe: Recipe) -> tuple[Preprocess, EagerNetwork]:
    """The network of the epoch that was kept, and what prepares its inputs."""
    sealed = read_sealed(run.best, kind="checkpoint")
    method = catalog.method(recipe.method)
    preprocess = method.load("preprocess")(
        method.make_config(recipe.config), sealed.document["preprocessing"]
    )
    model = checkpoint_model(sealed)
    return preprocess, eager_network(model, encoded=encoded_input(model, preprocess))
