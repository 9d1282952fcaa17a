"""`export`: a run or a checkpoint to a bundle, behind a gate."""

from __future__ import annotations

import logging
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from affekt import __version__
from affekt.core import catalog
from affekt.core.errors import AffektError, ExportError, UsageError
from affekt.core.sealed import check_place, read_sealed, write_sealed
from affekt.core.spec import InputSpec
from affekt.deploy.bundle import ANSWER, GRAPH_FILE, graph_network
from affekt.deploy.eager import checkpoint_predictor
from affekt.deploy.quantize import PRECISION, quantize
from affekt.engine.checkpoint import MODEL_FILE
from affekt.engine.network import checkpoint_model, eager_network
from affekt.engine.run import Run, open_run
from affekt.engine.splits import part
from affekt.engine.train import data_path

TOLERANCE = 1e-3  # on logits; a bundle that drifts further is not written
OPSET = 18
GATE_SAMPLES = 32
GATE_BATCHES = (1, 2, 5)  # other sizes than the traced one: a batch axis that was frozen shows here

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Exported:
    """A bundle, and what its gate measured.

    Attributes:
        max_difference: Largest difference of a logit from eager PyTorch.
        gate: What the two were compared on.
        int8: What the gate of int8 measured, before and after; None for a graph in floating point.
    """

    bundle: Path
    max_difference: float
    gate: str
    bytes: int
    seconds: float
    int8: dict[str, Any] | None = None


def export(
    run: Path | str,
    folder: Path | None = None,
    *,
    to: str = "onnx",
    int8: bool = False,
    data_root: Path | str | None = None,
) -> Exported:
    """Write the best epoch of a run, or a checkpoint by itself, as a bundle.

    A checkpoint alone, as `convert` makes it, knows no data: the gate draws random inputs, the temperature
    stays 1 and the bundle has no metrics.

    Args:
        run: Folder of a run or of a checkpoint.
        folder: Where the bundle goes; `bundle` inside the run, or beside the checkpoint, if not given.
        int8: Put convolutions into eight bits, calibrated on training samples. A second gate compares scores
            on validation samples.
        data_root: Where the run's data lies; with it the gate compares on validation samples, else on random
            inputs. int8 cannot do without.

    Raises:
        ExportError: The graph's answers drift from eager PyTorch, or int8 costs more than a point of score;
            nothing is written.
        FolderError: There is no such run or checkpoint.
        UsageError: There is no such target.

    Example:
        >>> export("runs/.../0f6cf0c3--0", Path("walks.affekt"))  # doctest: +SKIP
    """
    if to != "onnx":
        raise UsageError(f"a run can be exported to onnx; {to!r} is not known")
    start = time.perf_counter()
    path = Path(run)
    source = None if (path / MODEL_FILE).is_file() else open_run(path)
    target = folder or (path / "bundle" if source else path.with_name(path.name + "-bundle"))
    check_place(target)  # before minutes of work
    sealed = read_sealed(source.best if source else path, kind="checkpoint")
    model = checkpoint_model(sealed)
    predictor = checkpoint_predictor(sealed, source.temperature if source else 1.0)
    graph = make_graph(model, predictor.preprocess.spec)
    batches, gate = _gate_batches(source, predictor.preprocess, data_root)
    drift = max_difference(model, graph, batches)
    if not drift <= TOLERANCE:
        raise ExportError(
            f"the graph's logits differ from eager PyTorch by up to {drift:.2e} on {gate}; "
            f"at most {TOLERANCE} is allowed, so no bundle was written"
        )
    document = _document(
        source, sealed.document, predictor.preprocess.spec, {"max_difference": drift, "on": gate}
    )
    reduced = quantize(graph, source, predictor.preprocess, data_root) if int8 else None
    if reduced:
        graph = reduced.graph
        document |= {"precision": PRECISION, "gate": {**document["gate"], "int8": reduced.gate}}
        if reduced.temperature is not None:
            document["calibration"] = {"temperature": reduced.temperature}
    with write_sealed(target, document) as work:
        (work / GRAPH_FILE).write_bytes(graph)
    seconds = time.perf_counter() - start
    return Exported(target, drift, gate, len(graph), seconds, reduced.gate if reduced else None)


def make_graph(model: nn.Module, spec: InputSpec) -> bytes:
    """The network as an ONNX graph: inputs named as in the spec, outputs as its `_fields`, any batch size."""
    batch = torch.export.Dim("b", min=1)
    example = {name: torch.from_numpy(array) for name, array in random_batch(spec, 2, seed=0).items()}
    output = model.eval()(**example)
    quiet = logging.getLogger("torch.onnx")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter warns about its own inner workings
            program = torch.onnx.export(
                model,
                (),
                kwargs=example,
                dynamo=True,
                opset_version=OPSET,
                input_names=list(spec.names),
                output_names=list(output._fields),
                dynamic_shapes={name: {0: batch} for name in spec.names},
                verbose=False,
            )
    finally:
        quiet.setLevel(level)
    assert program is not None
    return program.model_proto.SerializeToString()


def max_difference(model: nn.Module, graph: bytes, batches: list[dict[str, np.ndarray]]) -> float:
    """Largest difference of a logit between eager PyTorch and the graph; NaN counts as infinite."""
    eager, runtime = eager_network(model), graph_network(graph)
    worst = max(float(np.abs(eager(batch) - runtime(batch)).max()) for batch in batches)
    return worst if np.isfinite(worst) else float("inf")


def random_batch(spec: InputSpec, size: int, *, seed: int) -> dict[str, np.ndarray]:
    """Standard normal inputs of the spec's shapes; open axes get four places."""
    rng = np.random.default_rng(seed)
    return {
        tensor.name: rng.standard_normal((size, *(n or 4 for n in tensor.shape))).astype(tensor.dtype)
        for tensor in spec.inputs
    }


def _gate_batches(
    run: Run | None, preprocess: Any, data_root: Path | str | None
) -> tuple[list[dict[str, np.ndarray]], str]:
    """Batches of several sizes: of validation samples where the data can be read, else of random numbers."""
    root = data_path(data_root)
    if run is None or (catalog.dataset(run.recipe.data.name).needs_root and root is None):
        return [random_batch(preprocess.spec, n, seed=n) for n in GATE_BATCHES], "random inputs"
    recipe = run.recipe
    adapter = catalog.dataset(recipe.data.name)
    samples = part(adapter.open(root, recipe.data.options).samples, recipe.split).validation[:GATE_SAMPLES]
    rows: list[dict[str, np.ndarray]] = []
    for sample in samples:
        try:
            rows.append(preprocess(sample))
        except AffektError as error:
            log.warning("the gate skips %s: %s", sample.id, error)
    stacked = {name: np.stack([row[name] for row in rows]) for name in preprocess.spec.names}
    sizes = [*(n for n in GATE_BATCHES if n < len(rows)), len(rows)]
    return [
        {name: values[:n] for name, values in stacked.items()} for n in sizes
    ], f"{len(rows)} validation samples"


def _document(
    run: Run | None, checkpoint: dict[str, Any], spec: InputSpec, gate: dict[str, Any]
) -> dict[str, Any]:
    """All a bundle says of itself."""
    card = catalog.card(checkpoint["method"])
    kept = ("method", "config", "labels", "task", "preprocessing")
    return {
        "kind": "bundle",
        "affekt": __version__,
        **{name: checkpoint[name] for name in kept},
        "modality": spec.modality(card.modalities[0]),
        "inputs": [tensor.model_dump(mode="json") for tensor in spec.inputs],
        "postprocessing": {
            "answer": ANSWER,
            "scores": "softmax" if checkpoint["task"] == "single_label" else "sigmoid",
        },
        "calibration": {"temperature": 1.0},
        "gate": gate,
        "weights_sha256": checkpoint["files"][MODEL_FILE]["sha256"],
        "licence": card.licence,
        "intended_use": card.intended_use,
        "limits": card.limits,
        **({"source": checkpoint["source"]} if "source" in checkpoint else {}),
        **(_training(run, checkpoint) if run else {}),
    }


def _training(run: Run, checkpoint: dict[str, Any]) -> dict[str, Any]:
    """What a bundle says of the run it comes from."""
    recipe, result = run.recipe, run.result or {}
    return {
        "data": checkpoint["data"],
        "split": recipe.split.model_dump(mode="json"),
        "calibration": {"temperature": run.temperature, **result.get("calibration", {})},
        "metrics": {
            "data": recipe.data.name,
            "split": "validation",
            "epoch": checkpoint["epoch"],
            **result.get("validation", {}),
        },
        "recipe": recipe.digest(),
        "seed": recipe.seed,
        "data_licence": catalog.dataset(recipe.data.name).licence,
    }
