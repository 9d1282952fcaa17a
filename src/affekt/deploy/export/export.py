"""`export`: a run or a checkpoint to a bundle, behind a gate."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from affekt import __version__
from affekt.core import catalog
from affekt.core.answers.calibration import Calibration
from affekt.core.claims.invented import INVENTED
from affekt.core.dataset import Dataset
from affekt.core.errors import AffektError, ExportError, UsageError
from affekt.core.files.assets import read_assets, write_assets
from affekt.core.files.lock import replacing_alone
from affekt.core.files.sealed import check_place, read_sealed, write_sealed
from affekt.core.recipe import Recipe
from affekt.core.sample import as_localizing
from affekt.data.open import data_path, open_dataset
from affekt.deploy.eager import calibration_of, checkpoint_predictor
from affekt.deploy.export.graphs import Exportable, make_graphs, max_difference, random_batch
from affekt.deploy.export.jittor import jittor_difference, write_graph_files
from affekt.deploy.export.quantize import quantize
from affekt.deploy.runtime.bundle import ANSWER, ENCODER_FILE, GRAPH_FILE
from affekt.deploy.runtime.predictor import Predictor
from affekt.deploy.trained_on import KEYS_FILE, bundle_keys
from affekt.engine.network import EagerNetwork, checkpoint_model
from affekt.engine.runs.data import parts_of_run
from affekt.engine.runs.names import find_run
from affekt.engine.runs.run import Run, open_run
from affekt.engine.weights.files import holds_weights, weights_sha256

Target = Literal["onnx", "jittor"]
TARGETS: tuple[str, ...] = get_args(Target)
TOLERANCE = 1e-3  # on logits; above this no bundle is written
GATE_SAMPLES = 32
GATE_VIDEOS = 8  # compared by their first cells only: each is decoded from its file
GATE_BATCHES = (1, 2, 5)  # other sizes than the traced one: a fixed batch axis fails here
GATE_CELLS = (9, 31, 8)  # the same for axes of any size

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Exported:
    """A bundle, and what its gate measured.

    Attributes:
        max_difference: Largest difference of a logit from eager PyTorch.
        gate: Inputs that the two were compared on.
        int8: What the gate of int8 measured, before and after; None for a graph in floating point.
        unfinished: Epoch of a run whose training did not finish, as in `epoch 3 of 30`.
    """

    bundle: Path
    max_difference: float
    gate: str
    bytes: int
    seconds: float
    int8: dict[str, Any] | None = None
    unfinished: str = ""


def export(
    run: Path | str,
    folder: Path | None = None,
    *,
    to: Target = "onnx",
    int8: bool = False,
    data_root: Path | str | None = None,
) -> Exported:
    """Write the best epoch of a run, or a checkpoint by itself, as a bundle.

    A checkpoint by itself, as `convert` writes it, states no data: the gate uses random inputs, the
    temperature stays 1 and the bundle has no metrics.

    Args:
        run: A run by its folder or name, or the folder of a checkpoint.
        to: `jittor` adds the graph files that Jittor's importer reads, and compares its answers as well, if
            Jittor is set up.
        folder: Where the bundle goes; `bundle` inside the run, or beside the checkpoint, if not given.
        int8: Weights in 8 bits: of convolutions, calibrated on training samples, or of a text encoder. A
            second gate compares scores on validation samples.
        data_root: Where the run's data lies; with it the gate compares on validation samples, else on random
            inputs. int8 needs it.

    Raises:
        ExportError: The graph's answers drift from eager PyTorch, or int8 lowers a score by over a point;
            nothing is written.
        FolderError: There is no such run or checkpoint, or the bundle cannot be written there.
        UsageError: There is no such target, or another process exports to the same folder.

    Example:
        >>> export("latest", Path("walks.affekt"))  # doctest: +SKIP
    """
    if to not in TARGETS:
        raise UsageError(f"a run can be exported to {' or '.join(TARGETS)}; {to!r} is not known")
    start = time.perf_counter()
    path = find_run(run)
    source = None if holds_weights(path) else open_run(path)
    target = folder or (path / "bundle" if source else path.with_name(path.name + "-bundle"))
    check_place(target)  # before minutes of work
    with replacing_alone(target, work="exports to it"):
        return _export(path, source, target, to=to, int8=int8, data_root=data_root, start=start)


def _export(
    path: Path,
    source: Run | None,
    target: Path,
    *,
    to: Target,
    int8: bool,
    data_root: Path | str | None,
    start: float,
) -> Exported:
    if unfinished := source.unfinished if source else "":
        log.warning("%s is an unfinished run: %s; the bundle states this", path, unfinished)
    sealed = read_sealed(source.best if source else path, kind="checkpoint")
    model = checkpoint_model(sealed)
    predictor = checkpoint_predictor(sealed, calibration_of(source) if source else Calibration())
    whole = model.for_export() if isinstance(model, Exportable) else model
    graphs = make_graphs(whole, predictor.preprocess, predictor.task)
    batches, gate = _gate_batches(source, predictor, data_root)
    drift = max_difference(EagerNetwork(model), graphs.network(), batches, outputs=predictor.task.answers)
    if not drift <= TOLERANCE:
        raise ExportError(
            f"the graph's logits differ from eager PyTorch by up to {drift:.2e} on {gate}; "
            f"at most {TOLERANCE} is allowed, so no bundle was written"
        )
    measured: dict[str, Any] = {"max_difference": drift, "on": gate}
    name = f"the graph of {predictor.provenance.method}"
    if to == "jittor":
        found = jittor_difference(
            EagerNetwork(model), graphs, batches, predictor.task, name, tolerance=TOLERANCE
        )
        measured |= {"max_difference_jittor": found} if found is not None else {}
    document = _document(source, sealed.document, predictor, measured)
    if graphs.encoded:
        document["encoder"] = {"input": graphs.encoded}
    reduced = quantize(graphs, source, predictor, data_root) if int8 else None
    if reduced:
        graphs = reduced.graphs
        document |= {"precision": reduced.precision, "gate": {**document["gate"], "int8": reduced.gate}}
        document["calibration"] = reduced.calibration
    identity = source.identity if source else None
    with write_sealed(target, document) as work:
        (work / GRAPH_FILE).write_bytes(graphs.main)
        if graphs.encoder is not None:
            (work / ENCODER_FILE).write_bytes(graphs.encoder)
        if to == "jittor":
            write_graph_files(work, graphs, name)
        write_assets(work, read_assets(sealed))
        if identity is not None:
            (work / KEYS_FILE).write_text(bundle_keys(identity), encoding="utf-8")
    seconds = time.perf_counter() - start
    size = len(graphs.main) + len(graphs.encoder or b"")
    return Exported(target, drift, gate, size, seconds, reduced.gate if reduced else None, unfinished)


def _gate_batches(
    run: Run | None, predictor: Predictor, data_root: Path | str | None
) -> tuple[list[dict[str, np.ndarray]], str]:
    """Batches of several sizes: of validation samples where the data can be read, else of random numbers."""
    root = data_path(data_root)
    preprocess, by_cells = predictor.preprocess, predictor.task.by_cells
    if run is None or (catalog.dataset(run.recipe.data.name).needs_root and root is None):
        sizes = zip(GATE_BATCHES, GATE_CELLS, strict=True)
        return [random_batch(preprocess.spec, n, seed=n, open_size=t) for n, t in sizes], "random inputs"
    recipe = run.recipe
    adapter = catalog.dataset(recipe.data.name)
    parts = parts_of_run(run, open_dataset(adapter, root, recipe.data.options))
    samples = parts.validation[: GATE_VIDEOS if by_cells else GATE_SAMPLES]
    rows: list[dict[str, np.ndarray]] = []
    for sample in samples:
        try:
            rows.append(next(as_localizing(preprocess).parts(sample)) if by_cells else preprocess(sample))
        except AffektError as error:
            log.warning("the gate skips %s: %s", sample.id, error)
    if by_cells:  # each has its own length
        batches = [{name: row[name][None] for name in preprocess.spec.names} for row in rows]
        return batches, f"the first cells of {len(rows)} validation samples"
    stacked = preprocess.spec.stack([preprocess.spec.complete(row) for row in rows])
    sizes = [*(n for n in GATE_BATCHES if n < len(rows)), len(rows)]
    return [
        {name: values[:n] for name, values in stacked.items()} for n in sizes
    ], f"{len(rows)} validation samples"


def _document(
    run: Run | None, checkpoint: dict[str, Any], predictor: Predictor, gate: dict[str, Any]
) -> dict[str, Any]:
    """The manifest of a bundle."""
    card = catalog.card(checkpoint["method"])
    data = _data(run.recipe) if run else []
    kept = ("method", "config", "labels", "task", "preprocessing")
    return {
        "kind": "bundle",
        "affekt": __version__,
        **{name: checkpoint[name] for name in kept},
        "modality": predictor.modality,
        "inputs": [tensor.model_dump(mode="json") for tensor in predictor.preprocess.spec.inputs],
        "postprocessing": {
            "answer": ANSWER,
            "scores": predictor.task.postprocessing,
            **({"decision": predictor.decision} if predictor.decision else {}),
        },
        "calibration": {"temperature": 1.0},
        "gate": gate,
        "weights_sha256": weights_sha256(checkpoint),
        "licence": card.licence,
        "intended_use": card.intended_use,
        "limits": card.limits_on(
            *(one.name for one in data), is_own=any(one.own is not None for one in data)
        ),
        **({"source": checkpoint["source"]} if "source" in checkpoint else {}),
        **(_training(run, checkpoint) if run else {}),
    }


def _training(run: Run, checkpoint: dict[str, Any]) -> dict[str, Any]:
    """What the manifest states about the run."""
    recipe, result, identity = run.recipe, run.result or {}, run.identity
    return {
        **({"unfinished": run.unfinished} if run.unfinished else {}),
        **({"data_identity": identity.document()} if identity else {}),
        "data": checkpoint["data"],
        "split": recipe.split.model_dump(mode="json"),
        "calibration": Calibration.model_validate(run.calibration).model_dump(mode="json"),
        "metrics": {
            "data": recipe.data.name,
            "split": "validation",
            "epoch": checkpoint["epoch"],
            **result.get("validation", {}),
        },
        "recipe": recipe.digest(),
        "seed": recipe.seed,
        "data_licence": data_licence(_data(recipe)),
        INVENTED: any(data.invented for data in _data(recipe)),
    }


def _data(recipe: Recipe) -> list[Dataset]:
    return catalog.sources(recipe.data.name, recipe.data.options)


def data_licence(data: Sequence[Dataset]) -> str:
    """The licence of the data; of several, each with the name of its data set."""
    if len(data) == 1:
        return data[0].licence
    return "; ".join(f"{one.name}: {one.licence}" for one in data)
