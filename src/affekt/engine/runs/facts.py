"""What a run or a checkpoint is, to be read by people; no weights are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from affekt.core import catalog
from affekt.core.claims.invented import NOTE, is_invented
from affekt.core.claims.network import CheckpointDocument, WeightsDocument, read_document
from affekt.core.errors import AffektError
from affekt.core.files.json_file import read_json_object
from affekt.core.files.sealed import MANIFEST, MAX_MANIFEST_BYTES, Sealed
from affekt.core.settings import differing, dotted
from affekt.engine.runs.evaluations import evaluations_in, scores_text
from affekt.engine.runs.run import Run

Facts = dict[str, str | list[str]]


def facts_of_run(run: Run) -> Facts:
    """What a run folder holds: recipe, epochs, scores, calibration, checkpoints.

    Raises:
        ConfigError: Its recipe cannot be read.
        FolderError: One of its documents cannot be read.
    """
    recipe, result = run.recipe, run.result or {}
    identity, chosen = run.identity, result.get("best_epoch")
    changed = {
        name: value
        for name, value in dotted(differing(recipe)).items()
        if name.partition(".")[0] not in ("method", "data")
    }
    best = _document(run.best)
    return {
        "method": method_text(recipe.method),
        "task": str(best.get("task", "")) if isinstance(best.get("task"), str) else "",
        "labels": _names(best.get("labels")),
        "training data": data_text(recipe.data.name, recipe.data.options),
        "invented": NOTE if is_invented({"data": {"name": recipe.data.name}}) else "",
        "parts": parts_text(identity.document() if identity else {}),
        "recipe": pairs_text(changed),
        "epochs": f"{run.epochs_done} of {recipe.train.epochs}"
        + (f", unfinished: {run.unfinished}" if run.unfinished else ""),
        "chosen epoch": f"{chosen}, by {recipe.selection.metric} on validation samples"
        if chosen is not None and not recipe.selection.last_epoch
        else str(chosen or ""),
        "validation": scores_text(result.get("validation", {})),
        "evaluations": evaluations_in(run.path / "evaluation"),
        "calibration": calibration_text(run.calibration),
        "checkpoints": _checkpoints(run),
        "computed with": _versions(run.path / "environment.json"),
    }


def facts_of_checkpoint(sealed: Sealed) -> Facts:
    """What a checkpoint by itself holds, or converted weights.

    Raises:
        FolderError: The manifest lacks something, or states something impossible.
    """
    document = sealed.document
    model = CheckpointDocument if document.get("kind") == "checkpoint" else WeightsDocument
    read_document(model, document, sealed.path)
    data, metrics = document.get("data"), document.get("metrics")
    data = data if isinstance(data, Mapping) else {}
    return {
        "kind": str(document.get("kind")),
        "method": method_text(str(document["method"])),
        "config": config_text(str(document["method"]), document.get("config")),
        "labels": _names(document.get("labels")),
        "training data": data_text(data.get("name"), data.get("options")),
        "invented": NOTE if is_invented({"data": data}) else "",
        "epoch": str(document.get("epoch", "")),
        "scores": scores_text(metrics) if isinstance(metrics, Mapping) else "",
        "files": files_text(document["files"]),
    }


def method_text(name: str) -> str:
    """A method's name with the title of its card, where it is installed."""
    try:
        return f"{name}: {catalog.card(name).title}"
    except AffektError:
        return f"{name}, which this affekt does not have"


def config_text(method: str, config: Any) -> str:
    """The fields of a config that differ from their defaults; all, where the method is not installed."""
    values = config if isinstance(config, Mapping) else {}
    try:
        return pairs_text(dotted(differing(catalog.method(method).make_config(dict(values)))))
    except AffektError:
        return pairs_text(dotted(values))


def data_text(name: Any, options: Any) -> str:
    """A data set with its options."""
    chosen = pairs_text(dotted(options)) if isinstance(options, Mapping) else ""
    return f"{name}{f' ({chosen})' if chosen else ''}" if isinstance(name, str) else ""


def parts_text(identity: Any) -> str:
    """The samples of each part of the training data."""
    parts = identity.get("parts") if isinstance(identity, Mapping) else None
    if not isinstance(parts, Mapping):
        return ""
    sizes = {name: one.get("samples") for name, one in parts.items() if isinstance(one, Mapping)}
    return ", ".join(f"{size} {name}" for name, size in sizes.items())


def calibration_text(values: Mapping[str, Any]) -> str:
    """What was fitted on validation samples."""
    return pairs_text({name: value for name, value in dotted(values).items() if value not in (None, {}, [])})


def files_text(files: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line for each file of a sealed folder, with its size, and one for all."""
    lines = [f"{name}, {_size(one['bytes'])}" for name, one in files.items()]
    return (
        [*lines, f"in all {_size(sum(one['bytes'] for one in files.values()))}"] if len(lines) > 1 else lines
    )


def pairs_text(values: Mapping[str, Any]) -> str:
    """Plain values with their names."""
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in values.items()
    )


def _checkpoints(run: Run) -> list[str]:
    marks = {
        place.resolve().name: name
        for name, place in (("last", run.last), ("best", run.best))
        if place.exists()
    }
    lines = []
    for folder in sorted(run.checkpoints.glob("epoch-*"), key=lambda path: (len(path.name), path.name)):
        files = _document(folder).get("files")
        sizes = [one.get("bytes", 0) for one in files.values()] if isinstance(files, Mapping) else []
        mark = f", {marks[folder.name]}" if folder.name in marks else ""
        lines.append(f"{folder.name}{mark}, {_size(sum(sizes))}")
    return lines


def _document(folder: Path) -> dict[str, Any]:
    """The manifest of a checkpoint, whose files are not compared with it; empty if there is none."""
    file = folder / MANIFEST
    return read_json_object(file, limit=MAX_MANIFEST_BYTES) if file.is_file() else {}


def _names(labels: Any) -> str:
    names = labels.get("names") if isinstance(labels, Mapping) else None
    return ", ".join(map(str, names)) if isinstance(names, list | tuple) else ""


def _versions(file: Path) -> str:
    packages = read_json_object(file).get("packages") if file.is_file() else None
    return pairs_text(packages) if isinstance(packages, Mapping) else ""


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} KB"
