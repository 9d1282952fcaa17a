"""Bundles: a trained network to use elsewhere. A sealed folder (or `.affekt` zip) with a graph; no code, no
pickle, no torch.

walks.affekt/  affekt.json  model.onnx  encoder.onnx (of long video: the encoder of each cell)
               assets/ (files that preprocessing needs, such as a vocabulary)
               samples.json (hashes by which an evaluation recognises what was trained on)
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from affekt.core.answers.calibration import Calibration
from affekt.core.answers.networks import WholeNetwork
from affekt.core.answers.prediction import Provenance
from affekt.core.claims.network import preprocess_of, read_document
from affekt.core.files.assets import read_assets
from affekt.core.files.sealed import read_sealed
from affekt.core.labels import LabelSet
from affekt.core.sample import Preprocess
from affekt.core.task import Task, read_task
from affekt.deploy.backends.graph_contract import GraphContract, contracts
from affekt.deploy.backends.names import Backend, Precision
from affekt.deploy.backends.network import ANSWER as ANSWER
from affekt.deploy.backends.network import BundleGraph, GraphNetwork, StagedGraphNetwork, graph_network
from affekt.deploy.runtime.manifest import BundleManifest, check_preprocess

GRAPH_FILE, ENCODER_FILE = "model.onnx", "encoder.onnx"


class OpenBundle(NamedTuple):
    """The parts of a bundle that make a predictor; see `affekt.deploy.runtime.predictor.Predictor`."""

    preprocess: Preprocess
    network: WholeNetwork
    labels: LabelSet
    task: Task
    modality: str
    calibration: Calibration
    provenance: Provenance
    document: Mapping[str, Any]
    backend: str
    path: Path


def open_bundle(
    path: Path,
    *,
    backend: Backend = "onnxruntime",
    precision: Precision = "f32",
    threads: int | None = None,
    expected: int | None = None,
) -> OpenBundle:
    """The parts of a bundle, checked byte for byte; for the other arguments see `graph_network`.

    Raises:
        FolderError: The bundle is incomplete, altered, from a newer affekt, its method is not installed, its
            manifest holds impossible values, or its graphs do not fit it.
        UsageError: The backend is not installed, or does not compute in that precision.
    """
    sealed = read_sealed(path, kind="bundle")
    manifest = read_document(BundleManifest, sealed.document, path)
    preprocess = preprocess_of(manifest, read_assets(sealed), path)
    check_preprocess(manifest, preprocess, path)
    encoded = manifest.encoder.input if manifest.encoder else None
    task = read_task(manifest.task)
    main, encoder = contracts(task, preprocess, len(manifest.labels), encoded)

    def graph(file: str, contract: GraphContract) -> GraphNetwork:
        return graph_network(
            sealed.read(file),
            backend=backend,
            precision=precision,
            threads=threads,
            expected=expected,
            contract=contract,
            source=BundleGraph(path.resolve(), sealed.sha256, file, manifest.method),
        )

    network = graph(GRAPH_FILE, main)
    if encoded and encoder:
        network = StagedGraphNetwork(network, graph(ENCODER_FILE, encoder), encoded)
    return OpenBundle(
        preprocess=preprocess,
        network=network,
        labels=manifest.labels,
        task=task,
        modality=manifest.modality,
        calibration=manifest.calibration,
        provenance=Provenance(manifest.method, manifest.weights_sha256, sealed.sha256[:12]),
        document=sealed.document,
        backend=network.name if manifest.precision == "f32" else f"{network.name}, {manifest.precision}",
        path=path,
    )
