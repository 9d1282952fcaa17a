"""Graphs as files that Jittor's importer reads, and its answers at the gate."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from affekt.core.answers.networks import WholeNetwork
from affekt.core.errors import ExportError, MissingExtra
from affekt.core.task import Task
from affekt.deploy.backends.jittor.engine import graph_file
from affekt.deploy.export.graphs import Graphs, max_difference

GRAPH_FILE, ENCODER_FILE = "model.graph.safetensors", "encoder.graph.safetensors"

log = logging.getLogger(__name__)


def write_graph_files(folder: Path, graphs: Graphs, name: str) -> None:
    """Write the files of a network's graphs: data, without code and without pickle.

    Args:
        name: Name of the graph in errors.

    Raises:
        FolderError: The importer does not know an operator.
    """
    (folder / GRAPH_FILE).write_bytes(graph_file(graphs.main, name))
    if graphs.encoder is not None:
        (folder / ENCODER_FILE).write_bytes(graph_file(graphs.encoder, f"{name}, encoder"))


def jittor_difference(
    eager: WholeNetwork,
    graphs: Graphs,
    batches: list[dict[str, np.ndarray]],
    task: Task,
    name: str,
    *,
    tolerance: float,
) -> float | None:
    """Largest difference of a logit between PyTorch and Jittor; None where Jittor is not set up.

    Args:
        name: Name of the graph in errors.
        tolerance: The largest difference that is allowed.

    Raises:
        ExportError: It is too large.
        FolderError: The importer does not know an operator, or Jittor cannot compute.
    """
    graph_file(graphs.main, name)  # the operators, before anything is compiled
    try:
        network = graphs.network("jittor")
    except MissingExtra as error:
        log.warning("the graph files are written without a comparison: %s", error)
        return None
    drift = max_difference(eager, network, batches, outputs=task.answers)
    if not drift <= tolerance:
        raise ExportError(
            f"Jittor's logits differ from eager PyTorch by up to {drift:.2e}; at most {tolerance} is "
            "allowed, so no bundle was written"
        )
    return drift
