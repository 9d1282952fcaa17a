"""Bundles: what leaves the workshop. A sealed folder (or `.affekt` zip) with a graph; no code, no pickle, no
torch.

walks.affekt/  affekt.json  model.onnx
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime

from affekt.core import catalog
from affekt.core.answering import Network
from affekt.core.errors import FolderError
from affekt.core.labels import LabelSet
from affekt.core.prediction import Provenance
from affekt.core.sealed import read_sealed
from affekt.deploy.predictor import Predictor

GRAPH_FILE = "model.onnx"
ANSWER = "logits"  # the output that predictions are made from, in every graph


def open_bundle(path: Path, *, threads: int | None = None) -> Predictor:
    """A predictor from a bundle that was checked byte for byte.

    Raises:
        FolderError: The bundle is incomplete, altered, from a newer affekt, or its method is not installed.
    """
    sealed = read_sealed(path, kind="bundle")
    document = sealed.document
    if document["method"] not in catalog.list_methods():
        raise FolderError(f"{path} needs the method {document['method']!r}, which this affekt does not have")
    room = catalog.method(document["method"])
    config = room.make_config(document["config"])
    return Predictor(
        preprocess=room.load("preprocess")(config, document["preprocessing"]),
        network=graph_network(sealed.read(GRAPH_FILE), threads=threads),
        labels=LabelSet.model_validate(document["labels"]),
        task=document["task"],
        modality=document["modality"],
        temperature=document["calibration"]["temperature"],
        provenance=Provenance(document["method"], document["weights_sha256"], sealed.sha256[:12]),
        document=document,
    )


def graph_network(graph: bytes, *, threads: int | None = None) -> Network:
    """An ONNX graph as a function of its inputs.

    Raises:
        FolderError: ONNX Runtime cannot load the graph.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only: warnings about unused initializers help nobody
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except (
        Exception
    ) as error:  # the runtime raises exceptions of its own C++ module, without a common public type
        raise FolderError(f"the graph cannot be loaded: {error}") from None

    def network(batch: Mapping[str, np.ndarray]) -> np.ndarray:
        (answer,) = session.run([ANSWER], dict(batch))
        return np.asarray(answer)

    return network
