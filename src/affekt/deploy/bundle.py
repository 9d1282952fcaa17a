"""Bundles: what leaves the workshop. A sealed folder (or `.affekt` zip) with a graph; no code, no pickle, no
torch.

walks.affekt/  affekt.json  model.onnx  encoder.onnx (of long video: what looks at each cell)
               samples.json (hashes by which an evaluation recognises what was trained on)
"""

from __future__ import annotations

from pathlib import Path

from affekt.core import catalog
from affekt.core.errors import FolderError
from affekt.core.labels import LabelSet
from affekt.core.prediction import Provenance
from affekt.core.sealed import read_sealed
from affekt.deploy.backends import ANSWER as ANSWER
from affekt.deploy.backends import (
    Backend,
    GraphNetwork,
    PartedGraphNetwork,
    Precision,
    graph_network,
)
from affekt.deploy.predictor import Predictor

GRAPH_FILE, ENCODER_FILE = "model.onnx", "encoder.onnx"


def open_bundle(
    path: Path,
    *,
    backend: Backend = "onnxruntime",
    precision: Precision = "f32",
    threads: int | None = None,
    expected: int | None = None,
) -> Predictor:
    """A predictor from a bundle that was checked byte for byte; the other arguments as in `graph_network`.

    Raises:
        FolderError: The bundle is incomplete, altered, from a newer affekt, or its method is not installed.
        UsageError: The backend is not installed, or does not compute in that precision.
    """
    sealed = read_sealed(path, kind="bundle")
    document = sealed.document
    if document["method"] not in catalog.list_methods():
        raise FolderError(f"{path} needs the method {document['method']!r}, which this affekt does not have")
    room = catalog.method(document["method"])
    config = room.make_config(document["config"])

    def graph(file: str) -> GraphNetwork:
        return graph_network(
            sealed.read(file), backend=backend, precision=precision, threads=threads, expected=expected
        )

    network = graph(GRAPH_FILE)
    if "encoder" in document:
        network = PartedGraphNetwork(network, graph(ENCODER_FILE), document["encoder"]["input"])
    reduced = document.get("precision", "f32")
    return Predictor(
        preprocess=room.load("preprocess")(config, document["preprocessing"]),
        network=network,
        labels=LabelSet.model_validate(document["labels"]),
        task=document["task"],
        modality=document["modality"],
        temperature=document["calibration"]["temperature"],
        segment_bar=document["calibration"].get("segment_bar"),
        provenance=Provenance(document["method"], document["weights_sha256"], sealed.sha256[:12]),
        document=document,
        backend=network.name if reduced == "f32" else f"{network.name}, {reduced}",
    )
