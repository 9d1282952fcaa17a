"""int8: weights of a graph in 8 bits, behind a gate of scores.

Which ones follows from what the graph holds. Convolutions take most of the time of an image or video network,
and are the least sensitive to rounding: see `convolutions`, with ranges of activations calibrated on training
samples. A graph without convolutions that multiplies tokens by weights is a text encoder: see `tokens`.
Attention, norms and the head stay in floating point.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from affekt.core import catalog
from affekt.core.dataset import Corpus
from affekt.core.errors import ExportError, UsageError
from affekt.core.sample import Preprocess, Sample
from affekt.core.task import Answers
from affekt.data.open import data_path, open_dataset
from affekt.deploy.backends.names import Backend
from affekt.deploy.export.calibration import calibration_batches, calibration_views
from affekt.deploy.export.convolutions import has_convolutions, with_convolutions_in_8_bits
from affekt.deploy.export.graphs import Graphs
from affekt.deploy.export.tokens import has_token_products, with_token_products_in_8_bits
from affekt.deploy.runtime.predictor import Predictor
from affekt.engine.runs.data import parts_of_run
from affekt.engine.runs.run import Run

CONVOLUTIONS, TOKENS = "int8 (convolutions)", "int8 (token products, embeddings)"
ALLOWED_DROP = 0.01  # of each score of the gate: one point
GATE_SAMPLES = 2000


@dataclass(frozen=True)
class Quantized:
    """Graphs in int8, and what their gate measured.

    Attributes:
        precision: What is in 8 bits, as the manifest states it.
        calibration: Fitted on their own validation answers.
        gate: Where ranges were calibrated, if they were; validation samples, and the scores before and after.
    """

    graphs: Graphs
    precision: str
    calibration: dict[str, Any]
    gate: dict[str, Any]


def quantize(
    graphs: Graphs, run: Run | None, predictor: Predictor, data_root: Path | str | None
) -> Quantized:
    """The int8 version of a run's graphs, if its scores on validation samples do not fall too far.

    Engines round differently: each installed one is scored, and the worst score counts.

    Raises:
        ExportError: The graphs have nothing to quantize, or their int8 version scores more than one point
            lower.
        UsageError: There is no data to calibrate and to score on.
    """
    task, preprocess = predictor.task, predictor.preprocess
    if not task.gate:
        raise ExportError(f"int8 is not offered for {task.name}: it has no score for the gate")
    precision = _precision_of(graphs)
    corpus, known, unseen = _samples(run, data_root)
    calibrated = {}
    if precision == CONVOLUTIONS:
        found = calibration_views(known, preprocess, by_cells=task.by_cells)
        calibrated = {"calibration_views": len(found.views), "calibration_samples": found.document()}
        main, cells = calibration_batches(found, preprocess, graphs, by_cells=task.by_cells)
        reduced = graphs._replace(
            main=_reduced(graphs.main, main),
            encoder=None if graphs.encoder is None else _reduced(graphs.encoder, cells),
        )
    else:
        reduced = graphs._replace(main=with_token_products_in_8_bits(graphs.main))
    answers = _answers(graphs, "onnxruntime", unseen, preprocess, corpus)
    before, used = task.gate_scores(answers, corpus.labels), len(answers.used)
    engines: list[Backend] = ["onnxruntime", *(["openvino"] if find_spec("openvino") else [])]
    reduced_answers = [_answers(reduced, engine, unseen, preprocess, corpus) for engine in engines]
    after = [task.gate_scores(answers, corpus.labels) for answers in reduced_answers]
    worst = {name: min(scores[name] for scores in after) for name in task.gate}
    _check(before, worst, used)
    return Quantized(
        reduced,
        precision,
        task.calibrate(reduced_answers[0], preprocess, corpus.labels).document,
        {
            **calibrated,
            "samples": used,
            "engines": engines,
            "before": before,
            "after": worst,
        },
    )


def _precision_of(graphs: Graphs) -> str:
    """What is put into 8 bits, by what the graphs hold.

    Raises:
        ExportError: They hold neither.
    """
    if any(has_convolutions(one) for one in (graphs.main, graphs.encoder) if one is not None):
        return CONVOLUTIONS
    if has_token_products(onnx.load_from_string(graphs.main).graph):
        return TOKENS
    raise ExportError(
        "the graph has no convolution, and no product of tokens with weights, so there is nothing to quantize"
    )


def _reduced(graph: bytes, batches: list[dict[str, np.ndarray]]) -> bytes:
    return with_convolutions_in_8_bits(graph, batches) if has_convolutions(graph) else graph


def _answers(
    graphs: Graphs, engine: Backend, samples: list[Sample], preprocess: Preprocess, corpus: Corpus
) -> Answers:
    """Answers of graphs to validation samples."""
    answers = corpus.task.answer(samples, preprocess, graphs.network(engine))
    if not answers.used:
        raise ExportError("none of the validation samples could be used, so int8 cannot be compared with f32")
    return answers


def _samples(run: Run | None, data_root: Path | str | None) -> tuple[Corpus, list[Sample], list[Sample]]:
    """The run's data set, and its training and validation samples in random order."""
    if run is None:
        raise UsageError(
            "int8 needs samples to calibrate and to score on, and a checkpoint by itself states no data: "
            "export the run folder, or leave out --int8"
        )
    adapter, root = catalog.dataset(run.recipe.data.name), data_path(data_root)
    if adapter.needs_root and root is None:
        raise UsageError(
            f"int8 needs samples to calibrate and to score on: give the folder of "
            f"{run.recipe.data.name} with --data-root"
        )
    corpus = open_dataset(adapter, root, run.recipe.data.options)
    parts = parts_of_run(run, corpus)
    rng = np.random.default_rng(0)
    known, unseen = (
        [samples[place] for place in rng.permutation(len(samples))]
        for samples in (parts.train, parts.validation)
    )
    return corpus, known, unseen[:GATE_SAMPLES]


def _check(before: dict[str, float], after: dict[str, float], samples: int) -> None:
    """Refuse int8 that lowers a score too far."""
    lost = [name for name in after if not before[name] - after[name] <= ALLOWED_DROP]
    if lost:
        falls = ", ".join(f"{name} falls from {before[name]:.3f} to {after[name]:.3f}" for name in lost)
        raise ExportError(
            f"in int8 {falls} on {samples} validation samples; at most {ALLOWED_DROP} is allowed, so no "
            "bundle was written: export without --int8"
        )
