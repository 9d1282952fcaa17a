"""`convert`: a file of a method's authors to a sealed folder of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from safetensors.torch import save_file
from torch import Tensor, nn

from affekt.core import catalog
from affekt.core.errors import ConfigError, FolderError, UsageError
from affekt.core.files.sealed import write_sealed
from affekt.core.labels import LabelSet, label_set, list_label_sets
from affekt.core.method import Method
from affekt.core.settings import Settings
from affekt.core.weights import PublishedFile
from affekt.engine.run import environment
from affekt.engine.weights.checkpoint import MODEL_FILE
from affekt.engine.weights.foreign import ForeignFile, read_foreign
from affekt.engine.weights.initial import parts_config, read_weights

_COUNTER = "num_batches_tracked"  # how often a batch norm has looked; old files have none
_ENDINGS = re.compile(r"(\.(pth|pt|pkl|tar|safetensors))+$")
_SHOWN = 10


@dataclass(frozen=True)
class Converted:
    """A folder that was written, and what became of the file's tensors.

    Attributes:
        part: The part of the network that the file brought; empty for all of it.
        matched: Tensors that were taken over.
        filled: Counters that the file does not have; they start at zero.
        dropped: Tensors that nothing ever read, or that follow from others.
        unexpected: Names that nobody knows; the rest was complete without them.
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
        labels: Name of a published label set, or names in the order of the outputs, parted by commas.
        config: Fields of the method's config that the file does not tell.
        weights: Folders of parts that were converted before and that a whole network's file does not bring,
            such as the encoder that its features were made with.

    Raises:
        FolderError: The file is broken, of no known kind, or not complete.
        UsageError: There is no such file or method, or the labels are missing or too many.

    Example:
        >>> convert("poster_v2", "epoch42.pth", labels="raf-7").folder  # doctest: +SKIP
    """
    entry = catalog.method(method)
    inert = [name for source in entry.published_files for name in source.inert]
    found = read_foreign(Path(file), inert=inert)
    source = _kind_of(found, entry)
    names = source.names.sort(found.tensors)
    ours = {key: found.tensors[theirs] for theirs, key in names.ours.items()}
    shapes = {key: tuple(value.shape) for key, value in ours.items()}
    parts = read_weights(() if source.part else weights)
    values = {**(parts_config(weights) if parts else {}), **source.config(shapes), **(config or {})}
    settings = _settings(found, source, entry, values)
    wanted = _wanted(entry, settings, source)
    for part in parts:
        ours |= {key: value for key, value in part.tensors.items() if key in wanted and key not in ours}
    _check(found, source, ours, wanted, [] if source.part else names.unknown)
    tensors = {
        # A copy: tensors of a file may share memory, which safetensors does not allow.
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
            "file": found.path.name,
            "sha256": found.sha256,
            "form": found.form,
            "title": source.title,
        },
        "environment": environment(),
    }
    if source.part:
        document["part"] = source.part
    else:
        classes = getattr(settings, "num_classes", None)
        chosen = _labels(found, source, labels, classes)
        document |= {
            "labels": chosen.model_dump(mode="json"),
            "task": entry.tasks[0],  # files of weights never say it
            "preprocessing": {},
        }
    target = folder or found.path.with_name(_ENDINGS.sub("", found.path.name) + f"-{entry.name}")
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
    with write_sealed(target, document) as work:
        save_file(tensors, work / MODEL_FILE)
    return converted


def _kind_of(found: ForeignFile, entry: Method) -> PublishedFile:
    """The one kind of file that this is."""
    fitting = [source for source in entry.published_files if source.fits(found.tensors)]
    if len(fitting) == 1:
        return fitting[0]
    known = "".join(f"\n  {source.title}: {_marks(source)}" for source in entry.published_files)
    what = "no file that" if not fitting else f"{len(fitting)} kinds of file at once that"
    raise FolderError(
        f"{found.path} is {what} {entry.name} knows. It holds {len(found.tensors)} tensors: {found.shown}\n"
        f"Known are{known}"
    )


def _marks(source: PublishedFile) -> str:
    return ", ".join(mark.replace("{}", "...") for mark in source.marks) or "any names"


def _settings(found: ForeignFile, source: PublishedFile, entry: Method, values: dict[str, Any]) -> Settings:
    try:
        return entry.make_config(values)
    except ConfigError as error:
        raise ConfigError(f"{found.path}, read as a {source.title},", error.problems) from None


def _wanted(entry: Method, settings: Settings, source: PublishedFile) -> dict[str, Tensor]:
    """The network's tensors that the file has to bring, without memory behind them."""
    with torch.device("meta"):
        model: nn.Module = entry.load("model")(settings)
    state: dict[str, Tensor] = model.state_dict()
    return {
        key: value
        for key, value in state.items()
        if key not in source.lacks and (not source.part or key.startswith(f"{source.part}."))
    }


def _check(
    found: ForeignFile,
    source: PublishedFile,
    ours: Mapping[str, Tensor],
    wanted: Mapping[str, Tensor],
    unknown: list[str],
) -> None:
    """Refuse a file that does not bring the whole part, and nothing but it."""
    needed = [key for key in wanted if not key.endswith(_COUNTER)]
    matched = [key for key in needed if key in ours and ours[key].shape == wanted[key].shape]
    problems = [f"{key}: is missing" for key in needed if key not in ours]
    problems += [
        f"{key}: has shape {_shape(ours[key])}, {_shape(wanted[key])} was expected"
        for key in wanted
        if key in ours and ours[key].shape != wanted[key].shape
    ]
    problems += [f"{key}: has no place in this network" for key in ours if key not in wanted]
    problems += [f"{key}: nobody knows this name" for key in unknown]
    if problems:
        more = [f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        head = (
            f"{found.path}, read as a {source.title}, brings {len(matched)} of the {len(needed)} tensors "
            f"that {source.part or 'the network'} needs; nothing was written"
        )
        raise FolderError("\n  ".join([head, *problems[:_SHOWN], *more]))


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "of a single number"


def _labels(
    found: ForeignFile, source: PublishedFile, labels: str | LabelSet | None, classes: int | None
) -> LabelSet:
    """What the outputs mean; a file of weights never says it."""
    known = ", ".join(list_label_sets(classes)) or "none"
    advice = f"label sets with {classes} classes: {known}; or names parted by commas"
    if source.note:
        advice += f". {source.note[0].upper()}{source.note[1:]}"
    if labels is None:
        raise UsageError(
            f"{found.path} answers with {classes} numbers and does not say what they mean: give --labels. "
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
            f"--labels names {len(labels)} classes, {found.path} answers with {classes}. Published {advice}"
        )
    return labels
