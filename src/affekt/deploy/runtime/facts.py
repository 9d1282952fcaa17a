"""The facts that a bundle states about itself, to be read by people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from affekt.core.claims.network import read_document
from affekt.core.files.sealed import read_sealed
from affekt.deploy.runtime.manifest import BundleManifest


def facts_of(path: Path) -> dict[str, str]:
    """What a bundle is, without loading its graph or its method.

    Raises:
        FolderError: The path is not a bundle, or the bundle is incomplete or altered.
    """
    sealed = read_sealed(path, kind="bundle")
    manifest, document = read_document(BundleManifest, sealed.document, path), sealed.document
    rows = {
        "method": manifest.method,
        "answers": ", ".join(manifest.labels.names),
        "decision": _at(document, "postprocessing", "decision"),
        "modality": manifest.modality,
        "precision": manifest.precision,
        "data": _at(document, "data", "name"),
        "scores": _scores(document),
        "files": ", ".join(
            f"{name} ({one['bytes'] / 1e6:.1f} MB)" for name, one in document["files"].items()
        ),
        "licence": _at(document, "licence"),
        "licence of the data": _at(document, "data_licence"),
        "for": _at(document, "intended_use"),
        "limits": _at(document, "limits"),
        "unfinished": _at(document, "unfinished"),
    }
    return {name: text for name, text in rows.items() if text}


def _at(document: Mapping[str, Any], *keys: str) -> str:
    """A text of the manifest; empty where it states none."""
    found: Any = document
    for key in keys:
        found = found.get(key, "") if isinstance(found, Mapping) else ""
    return found if isinstance(found, str) else ""


def _scores(document: Mapping[str, Any]) -> str:
    metrics = document.get("metrics", {})
    numbers = [f"{name} {value:.3f}" for name, value in metrics.items() if isinstance(value, float)]
    return f"{', '.join(numbers)} ({metrics['split']})" if numbers and "split" in metrics else ""
