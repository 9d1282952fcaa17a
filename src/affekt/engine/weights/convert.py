"""`convert`: turn a weight file of a method's authors into a sealed folder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor, nn

from affekt.core import catalog
from affekt.core.errors import ConfigError, FolderError, UsageError
from affekt.core.files.assets import write_assets
from affekt.core.files.lock import replacing_alone
from affekt.core.files.sealed import check_place, write_sealed
from affekt.core.labels import LabelSet, label_set, list_label_sets
from affekt.core.method import Method
from affekt.core.sample import TakesAssets
from affekt.core.settings import Settings
from affekt.core.weights import PublishedFile
from affekt.engine.runs.run import environment
from affekt.engine.weights.files import MODEL_FILE
from affekt.engine.weights.foreign import ForeignFile, read_foreign
from affekt.engine.weights.initial import parts_config, read_weights

_COUNTER = "num_batches_tracked"  # number of updates of a batch norm; old files lack it
_ENDINGS = re.compile(r"(\.(pth|pt|pkl|tar|safetensors))+$")
_SHOWN = 10


@dataclass(frozen=True)
class Converted:
    """A folder that was written, and the numbers of tensors.

    Attributes:
        part: The part of the network that the file contains; empty for all of it.
        matched: Tensors that were converted.
        filled: Counters that the file lacks; they start at zero.
        dropped: Tensors of the file that the network here does not use.
        unexpected: Unknown names in the file; the part is complete without them.
    """

    folder: Path
    title: str
    part: str
    matched: int
    filled: int
    dropped: int
    unexpected: tuple[str, ...]
    config: dict[str, Any]


def convert(
    method: str,
    file: Path | str,
    folder: Path | None = None,
    *,
    labels: str | LabelSet | None = None,
    config: Mapping[str, Any] | None = None,
    weights: Sequence[Path | str] = (),
) -> Converted:
    """Convert a file that a method's authors publish.

    A whole network becomes a checkpoint that `load` and `export` open; a part of one becomes weights that
    training can start from.

    Args:
        file: `.pth`, `.pt`, `.pkl`, `.tar` or `.safetensors`. No code of it is run.
        folder: Where the result goes; beside the file if not given.
        labels: Name of a published label set, or names in the order of the outputs, separated by commas.
        config: Fields of the method's config that cannot be read from the file.
        weights: Folders of converted parts that the file of a whole network lacks, such as the encoder of
            its features.

    Raises:
        DataError: The method's preprocessing needs files that can only be made from training samples.
        FolderError: The file is broken, of no known kind, or not complete; or the result cannot be written.
        UsageError: There is no such file or method, or the labels are missing or of the wrong number.

    Example:
        >>> convert("poster_v2", "epoch42.pth", labels="raf-7").folder  # doctest: +SKIP
    """
    entry = catalog.method(method)
    path = Path(file)
    target = folder or path.with_name(_ENDINGS.sub("", path.name) + f"-{entry.name}")
    check_place(target)  # before a large file is read
    inert = [name for source in entry.published_files for name in source.inert]
    foreign = read_foreign(path, inert=inert)
    source = _kind_of(foreign, entry)
    names = source.names.sort(foreign.tensors)
    ours = {key: foreign.tensors[theirs] for theirs, key in names.ours.items()}
    shapes = {key: tuple(value.shape) for key, value in ours.items()}
    parts = read_weights(() if source.part else weights)
    values = {**(parts_config(weights) if parts else {}), **source.config(shapes), **(config or {})}
    settings = _settings(foreign, source, entry, values)
    wanted = _wanted(entry, settings, source)
    for part in parts:
        ours |= {key: value for key, value in part.tensors.items() if key in wanted and key not in ours}
    _check(foreign, source, ours, wanted, [] if source.part else names.unknown)
    tensors = {
        # Copied, because tensors of a file may share memory, which safetensors does not allow.
        key: ours[key].to(like.dtype, copy=True, memory_format=torch.contiguous_format)
        if key in ours
        else torch.zeros_like(like, device="cpu")
        for key, like in wanted.items()
    }
    document: dict[str, Any] = {
        "kind": "weights" if source.part else "checkpoint",
        "method": entry.name,
        "config": values if source.part else settings.model_dump(mode="json"),
        "source": {
            "file": foreign.path.name,
            "sha256": foreign.sha256,
            "form": foreign.form,
            "title": source.title,
        },
        "environment": environment(),
    }
    if source.part:
        document["part"] = source.part
    else:
        classes = getattr(settings, "num_classes", None)
        chosen = _labels(foreign, source, labels, classes)
        document |= {
            "labels": chosen.model_dump(mode="json"),
            "task": entry.tasks[0],  # weight files do not state a task
            "preprocessing": {},
        }
    converted = Converted(
        target,
        source.title,
        source.part,
        matched=len(ours),
        filled=len(wanted) - len(ours),
        dropped=len(names.dropped),
        unexpected=tuple(names.unknown),
        config=document["config"],
    )
    document["counts"] = {name: getattr(converted, name) for name in ("matched", "filled", "dropped")}
    preprocess = entry.make_preprocess(settings) if entry.takes_assets and not source.part else None
    assets = preprocess.fit_assets([]) if isinstance(preprocess, TakesAssets) else {}
    with replacing_alone(target, work="converts to it"), write_sealed(target, document) as work:
        try:
            save_file(tensors, work / MODEL_FILE)
        except SafetensorError as error:  # as of a full disk
            raise FolderError(f"{target} cannot be written: {error}") from None
        write_assets(work, assets)
    return converted


def _kind_of(foreign: ForeignFile, entry: Method) -> PublishedFile:
    """The kind of file, by its keys."""
    fitting = [source for source in entry.published_files if source.fits(foreign.tensors)]
    if len(fitting) == 1:
        return fitting[0]
    known = "".join(f"\n  {source.title}: {_marks(source)}" for source in entry.published_files)
    what = "no known file" if not fitting else f"{len(fitting)} known kinds of file at once"
    raise FolderError(
        f"{foreign.path} matches {what} of {entry.name}. It contains {len(foreign.tensors)} tensors: "
        f"{foreign.shown}\nKnown files are{known}"
    )


def _marks(source: PublishedFile) -> str:
    return ", ".join(mark.replace("{}", "...") for mark in source.marks) or "any names"


def _settings(foreign: ForeignFile, source: PublishedFile, entry: Method, values: dict[str, Any]) -> Settings:
    try:
        return entry.make_config(values)
    except ConfigError as error:
        raise ConfigError(f"{foreign.path}, read as a {source.title},", error.problems) from None


def _wanted(entry: Method, settings: Settings, source: PublishedFile) -> dict[str, Tensor]:
    """The network's tensors that the file must contain, as meta tensors without memory."""
    with torch.device("meta"):
        model: nn.Module = entry.load("model")(settings)
    state: dict[str, Tensor] = model.state_dict()
    return {
        key: value
        for key, value in state.items()
        if key not in source.lacks and (not source.part or key.startswith(f"{source.part}."))
    }


def _check(
    foreign: ForeignFile,
    source: PublishedFile,
    ours: Mapping[str, Tensor],
    wanted: Mapping[str, Tensor],
    unknown: list[str],
) -> None:
    """Refuse a file that lacks tensors of the part or contains unknown ones."""
    needed = [key for key in wanted if not key.endswith(_COUNTER)]
    matched = [key for key in needed if key in ours and ours[key].shape == wanted[key].shape]
    problems = [f"{key}: is missing" for key in needed if key not in ours]
    problems += [
        f"{key}: has shape {_shape(ours[key])}, {_shape(wanted[key])} was expected"
        for key in wanted
        if key in ours and ours[key].shape != wanted[key].shape
    ]
    problems += [f"{key}: has no place in this network" for key in ours if key not in wanted]
    problems += [f"{key}: unknown name" for key in unknown]
    if problems:
        more = [f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        head = (
            f"{foreign.path}, read as a {source.title}, contains {len(matched)} of the {len(needed)} tensors "
            f"that {source.part or 'the network'} needs; nothing was written"
        )
        raise FolderError("\n  ".join([head, *problems[:_SHOWN], *more]))


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "of a single number"


def _labels(
    foreign: ForeignFile, source: PublishedFile, labels: str | LabelSet | None, classes: int | None
) -> LabelSet:
    """The labels of the outputs; weight files do not contain them."""
    known = ", ".join(list_label_sets(classes)) or "none"
    advice = f"label sets with {classes} classes: {known}; or give names, separated by commas"
    if source.note:
        advice += f". {source.note[0].upper()}{source.note[1:]}"
    if labels is None:
        raise UsageError(
            f"{foreign.path} has {classes} outputs and does not state their labels: give --labels. "
            f"Published {advice}"
        )
    if isinstance(labels, str) and "," not in labels:
        labels = label_set(labels)
    if isinstance(labels, str):
        names = [name.strip() for name in labels.split(",")]
        try:
            labels = LabelSet.of(*names)
        except ValidationError as error:
            reason = "; ".join(problem["msg"] for problem in error.errors())
            raise UsageError(f"--labels {','.join(names)}: {reason}") from None
    if classes not in (None, len(labels)):
        raise UsageError(
            f"--labels names {len(labels)} classes, {foreign.path} has {classes} outputs. Published {advice}"
        )
    return labels
