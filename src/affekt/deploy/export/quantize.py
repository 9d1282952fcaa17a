"""int8: weights of a graph in 8 bits, behind a gate of scores.

Which ones follows from what the graph holds. Convolutions take most of the time of an image network, and are
the least sensitive to rounding: theirs, with ranges of activations calibrated on training samples. A graph
without convolutions that multiplies tokens by weights is a text encoder: see `tokens`. Attention, norms and
the head stay in floating point.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from affekt.core import catalog
from affekt.core.dataset import Corpus
from affekt.core.errors import AffektError, ExportError, UsageError
from affekt.core.sample import Preprocess, Sample
from affekt.core.task import Answers
from affekt.data.open import open_dataset
from affekt.deploy.backends.names import Backend
from affekt.deploy.backends.network import graph_network
from affekt.deploy.export.tokens import has_token_products, with_token_products_in_8_bits
from affekt.deploy.runtime.predictor import Predictor
from affekt.engine.experiment import data_path
from affekt.engine.runs.data import parts_of_run
from affekt.engine.runs.run import Run

CONVOLUTIONS, TOKENS = "int8 (convolutions)", "int8 (token products, embeddings)"
ALLOWED_DROP = 0.01  # of each score of the gate: one point
CALIBRATION_VIEWS = 256
VIEWS_AT_ONCE = 8  # limited by memory: the ranges of all tensors are measured together
GATE_SAMPLES = 2000


@dataclass(frozen=True)
class Quantized:
    """A graph in int8, and what its gate measured.

    Attributes:
        precision: What is in 8 bits, as the manifest states it.
        calibration: Fitted on its own validation answers.
        gate: Calibration views if there were any, validation samples, and the scores before and after.
    """

    graph: bytes
    precision: str
    calibration: dict[str, Any]
    gate: dict[str, Any]


def quantize(graph: bytes, run: Run | None, predictor: Predictor, data_root: Path | str | None) -> Quantized:
    """The int8 version of a run's graph, if its scores on validation samples do not fall too far.

    Engines round differently: each installed one is scored, and the worst score counts.

    Raises:
        ExportError: The graph has nothing to quantize, or its int8 version scores more than one point lower.
        UsageError: There is no data to calibrate and to score on.
    """
    task, preprocess = predictor.task, predictor.preprocess
    if not task.gate:
        raise ExportError(f"int8 is not offered for {task.name}: it has no score for the gate")
    precision = _precision_of(graph)
    corpus, known, unseen = _samples(run, data_root)
    views = {}
    if precision == CONVOLUTIONS:
        batches = list(_calibration_batches(known, preprocess))
        views = {"calibration_views": sum(len(next(iter(batch.values()))) for batch in batches)}
        reduced = quantized_graph(graph, batches)
    else:
        reduced = with_token_products_in_8_bits(graph)
    answers = _answers(graph, "onnxruntime", unseen, preprocess, corpus)
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
            **views,
            "samples": used,
            "engines": engines,
            "before": before,
            "after": worst,
        },
    )


def _precision_of(graph: bytes) -> str:
    """What is put into 8 bits, by what the graph holds.

    Raises:
        ExportError: It holds neither.
    """
    held = onnx.load_from_string(graph).graph
    if any(node.op_type == "Conv" for node in held.node):
        return CONVOLUTIONS
    if has_token_products(held):
        return TOKENS
    raise ExportError(
        "the graph has no convolution, and no product of tokens with weights, so there is nothing to quantize"
    )


def _answers(
    graph: bytes, engine: Backend, samples: list[Sample], preprocess: Preprocess, corpus: Corpus
) -> Answers:
    """Answers of a graph to validation samples."""
    answers = corpus.task.answer(samples, preprocess, graph_network(graph, backend=engine))
    if not answers.used:
        raise ExportError("none of the validation samples could be used, so int8 cannot be compared with f32")
    return answers


def quantized_graph(graph: bytes, batches: list[dict[str, np.ndarray]]) -> bytes:
    """The graph with 8-bit convolutions: weights by channel, activations by tensor.

    Args:
        batches: Inputs that ranges are measured on.
    """
    with tempfile.TemporaryDirectory(prefix="affekt-int8-") as folder:
        whole, prepared, reduced = (
            Path(folder) / f"{name}.onnx" for name in ("whole", "prepared", "reduced")
        )
        whole.write_bytes(graph)
        # Shapes only: the exporter has folded constants, the optimizer would add other domains.
        quant_pre_process(whole, prepared, skip_symbolic_shape=True, skip_optimization=True)
        quantize_static(
            prepared,
            reduced,
            _Batches(batches),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,  # percentiles and entropy: not closer, and slower
            extra_options={"CalibStridedMinMax": 1},  # one batch of tensors in memory at a time
        )
        return reduced.read_bytes()


class _Batches(CalibrationDataReader):
    """Batches as the calibration of ONNX Runtime reads them."""

    def __init__(self, batches: list[dict[str, np.ndarray]]) -> None:
        self.batches = batches
        self.left = iter(batches)

    def __len__(self) -> int:
        return len(self.batches)

    def set_range(self, start_index: int, end_index: int) -> None:
        self.left = iter(self.batches[start_index:end_index])

    def get_next(self) -> Any:
        return next(self.left, None)  # None marks the end


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


def _calibration_batches(samples: list[Sample], preprocess: Preprocess) -> Iterator[dict[str, np.ndarray]]:
    """Views of samples in small batches; samples that cannot be read are left out."""
    views: list[dict[str, np.ndarray]] = []
    for sample in samples:
        try:
            views += preprocess.views(sample)
        except AffektError:
            continue
        if len(views) >= CALIBRATION_VIEWS:
            break
    for start in range(0, min(len(views), CALIBRATION_VIEWS), VIEWS_AT_ONCE):
        rows = views[start : min(start + VIEWS_AT_ONCE, CALIBRATION_VIEWS)]
        yield preprocess.spec.stack([preprocess.spec.complete(row) for row in rows])


def _check(before: dict[str, float], after: dict[str, float], samples: int) -> None:
    """Refuse int8 that lowers a score too far."""
    lost = [name for name in after if not before[name] - after[name] <= ALLOWED_DROP]
    if lost:
        falls = ", ".join(f"{name} falls from {before[name]:.3f} to {after[name]:.3f}" for name in lost)
        raise ExportError(
            f"in int8 {falls} on {samples} validation samples; at most {ALLOWED_DROP} is allowed, so no "
            "bundle was written: export without --int8"
        )
