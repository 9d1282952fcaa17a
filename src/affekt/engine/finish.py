"""After training: calibrate the selected epoch on validation samples, draw figures, write the result."""

from __future__ import annotations

import logging
from typing import Any

from affekt.core.answers.skip_reasons import skip_lines
from affekt.core.files.sealed import read_sealed
from affekt.engine.experiment import Experiment, preprocess_of
from affekt.engine.network import checkpoint_model, eager_network, encoded_input
from affekt.engine.runs.identity import DataIdentity
from affekt.engine.runs.recording import best_epoch
from affekt.engine.runs.run import Run
from affekt.report.figures import draw_curves

log = logging.getLogger(__name__)


def finish(run: Run, experiment: Experiment, identity: DataIdentity) -> None:
    """Write result, calibration and figures of a run after its last epoch."""
    recipe, corpus, parts = experiment.recipe, experiment.corpus, experiment.parts
    rows = run.metrics()
    selected = best_epoch(rows, recipe.selection, experiment.task.metrics)
    draw_curves(rows, run.figures / "curves.png", chosen=selected)
    result: dict[str, Any] = {
        "epochs": len(rows),
        "best_epoch": selected,
        "validation": {
            name.removeprefix("validation/"): value
            for name, value in rows[selected - 1].items()
            if name.startswith("validation/")
        },
        "samples": {"train": len(parts.train), "validation": len(parts.validation), "test": len(parts.test)},
        "skipped": len(corpus.skipped),
        "data": identity.document(),
        **({"notes": list(corpus.notes)} if corpus.notes else {}),
    }
    if identity.accepted:
        result["accepted_data"] = list(identity.accepted)
    if recipe.split.validate_on_test:
        result["selected_on"] = "test"
    result["calibration"] = _calibrate(run, experiment)
    run.write_json("calibration.json", result["calibration"])
    run.write_json("result.json", result)


def _calibrate(run: Run, experiment: Experiment) -> dict[str, Any]:
    """Fit the task's calibration for the selected epoch on validation samples, and draw its figures."""
    task = experiment.task
    sealed = read_sealed(run.best, kind="checkpoint")
    preprocess, model = preprocess_of(sealed), checkpoint_model(sealed)
    network = eager_network(model, encoded=encoded_input(model, preprocess, task))
    answers = task.answer(experiment.parts.validation, preprocess, network)
    for line in skip_lines(answers.skipped):
        log.warning("calibration: %s", line)
    fitted = task.calibrate(answers, preprocess, experiment.labels)
    fitted.draw(run.figures)
    return fitted.document
