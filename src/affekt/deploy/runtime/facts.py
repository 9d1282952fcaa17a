"""The facts that a bundle states about itself, to be read by people."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, get_args

from affekt.core.claims.invented import NOTE, is_invented
from affekt.core.claims.network import read_document
from affekt.core.files.sealed import read_sealed
from affekt.core.task import read_task
from affekt.deploy.backends.names import Engine
from affekt.deploy.runtime.manifest import BundleManifest
from affekt.engine.runs.evaluations import evaluations_in, scores_text
from affekt.engine.runs.facts import (
    Facts,
    calibration_text,
    config_text,
    data_text,
    files_text,
    method_text,
    pairs_text,
    parts_text,
)


def facts_of(path: Path) -> Facts:
    """What a bundle is, without loading its graph or its method.

    Raises:
        FolderError: The path is not a bundle, or the bundle is incomplete or altered.
    """
    sealed = read_sealed(path, kind="bundle")
    manifest, document = read_document(BundleManifest, sealed.document, path), sealed.document
    data, gate, split = (_table(document, name) for name in ("data", "gate", "split"))
    metrics = _table(document, "metrics")
    measured = _table(document, "preprocessing")
    rows: Facts = {
        "method": method_text(manifest.method),
        "task": read_task(manifest.task).name,
        "labels": ", ".join(manifest.labels.names),
        "decision": _at(document, "postprocessing", "decision"),
        "modality": manifest.modality,
        "inputs": [_input(one) for one in document.get("inputs") or () if isinstance(one, Mapping)],
        "preprocessing": f"by {manifest.method} with its config; "
        + (f"measured on training samples: {', '.join(measured)}" if measured else "nothing was measured"),
        "config": config_text(manifest.method, document.get("config")),
        "training data": data_text(data.get("name"), data.get("options")),
        "invented": NOTE if is_invented(document) else "",
        "parts": parts_text(document.get("data_identity")),
        "split": pairs_text(split),
        "scores": f"{scores_text(metrics)} ({metrics['split']})" if "split" in metrics else "",
        "evaluations": evaluations_in(path.with_name(path.name + "-evaluation")),
        "calibration": calibration_text(_table(document, "calibration")),
        "agrees with PyTorch": _gate(gate),
        "precision": manifest.precision,
        "engines": ", ".join(_engine(name) for name in get_args(Engine)),
        "files": files_text(document["files"]),
        "licence": _at(document, "licence"),
        "licence of the data": _at(document, "data_licence"),
        "for": _at(document, "intended_use"),
        "limits": _at(document, "limits"),
        "unfinished": _at(document, "unfinished"),
    }
    return {name: text for name, text in rows.items() if text}


def _input(stated: Mapping[str, Any]) -> str:
    shape = stated.get("shape")
    sizes = " x ".join("any" if size is None else str(size) for size in shape or ())
    meaning = stated.get("meaning")
    return f"{stated.get('name')}: {stated.get('dtype')} {sizes}{f'; {meaning}' if meaning else ''}"


def _gate(gate: Mapping[str, Any]) -> str:
    """How far the graph's outputs are from those of PyTorch, and what int8 costs."""
    if "max_difference" not in gate:
        return ""
    text = f"outputs differ by at most {_short(gate['max_difference'])} on {gate.get('on')}"
    int8 = gate.get("int8")
    if not isinstance(int8, Mapping) or not isinstance(int8.get("after"), Mapping):
        return text
    before = int8["before"] if isinstance(int8.get("before"), Mapping) else {}
    return (
        f"{text}; in int8 {scores_text(int8['after'])}, before {scores_text(before)} "
        f"({int8.get('samples')} validation samples)"
    )


def _short(value: Any) -> str:
    return f"{value:.1e}" if isinstance(value, float) else str(value)


def _engine(name: str) -> str:
    """An engine that computes bundles, and whether it is there; Jittor has an environment of its own."""
    if name == "jittor":
        return "jittor (affekt doctor jittor)"
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} (not installed)"


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    return found if isinstance(found, Mapping) else {}


def _at(document: Mapping[str, Any], *keys: str) -> str:
    """A text of the manifest; empty where it states none."""
    found: Any = document
    for key in keys:
        found = found.get(key, "") if isinstance(found, Mapping) else ""
    return found if isinstance(found, str) else ""
