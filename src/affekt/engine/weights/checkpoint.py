"""Checkpoints: sealed folders of safetensors and JSON, no pickle.

epoch-3/  affekt.json           method, config, labels, preprocessing, epoch, metrics, versions, hashes
          model.safetensors     the network's weights (their average, if averaging is on)
          frozen/  trained/     further files of them, by part: see `affekt.engine.weights.files`
          trainer.safetensors   tensors of objective, optimizer, schedule and loops
          trainer.json          their tree; where a tensor equals the network's, it names that one
          assets/               files that preprocessing needs, if any

With a store, files of weights are links to its objects (`affekt.engine.store`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save, save_file
from torch import Tensor

from affekt.core.errors import FolderError
from affekt.core.files.assets import write_assets
from affekt.core.files.sealed import Sealed, read_sealed, write_sealed
from affekt.engine.store.objects import Store
from affekt.engine.weights.files import MODEL_FILE, WEIGHTS, part_files
from affekt.engine.weights.parts import divide, join

TENSORS_FILE, TREE_FILE = "trainer.safetensors", "trainer.json"
_MODEL_PREFIX = "model."  # the network's attribute name in the engine's module


def write_checkpoint(
    path: Path,
    checkpoint: Mapping[str, Any],
    document: Mapping[str, Any],
    *,
    assets: Mapping[str, bytes] | None = None,
    files: Mapping[str, str] | None = None,
    store: Store | None = None,
) -> None:
    """Write the state of a training as a sealed folder.

    Args:
        checkpoint: The state, with the network's weights in `state_dict`.
        document: Entries of the manifest.
        assets: Files that preprocessing needs.
        files: File of each tensor of the network, as `parts.files_of` gives it; one file if not given.
        store: Keeps files of weights once for all checkpoints; without it the checkpoint has its own.

    Raises:
        FolderError: The disk is full, or the folder cannot be written; older checkpoints stay.
    """
    weights, rest = _split(checkpoint)
    manifest = {**document, "kind": "checkpoint"}
    parts = divide(weights, files or {})
    if len(parts) > 1:
        digest = hashlib.sha256(save(weights)).hexdigest()
        manifest[WEIGHTS] = {"sha256": digest, "parts": [name for name in parts if name != MODEL_FILE]}
    tensors: dict[str, Tensor] = {}
    tree = pack(rest, tensors, known=weights)
    try:
        with store.writing() if store else nullcontext(), write_sealed(path, manifest) as folder:
            for name, part in parts.items():
                _write(save(part), folder / name, store)
            save_file(tensors, folder / TENSORS_FILE)
            (folder / TREE_FILE).write_text(json.dumps(tree), encoding="utf-8")
            write_assets(folder, assets or {})
    except (OSError, SafetensorError, FolderError) as error:
        reason = str(error).removeprefix(f"{path} cannot be written: ")
        raise FolderError(
            f"the checkpoint {path} cannot be written: {reason}. Checkpoints that were complete are kept. "
            "If the disk is full, make space (affekt store gc) and continue with --resume"
        ) from None


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The state of a training, after the checkpoint's hashes were checked; nothing is unpickled.

    Raises:
        FolderError: It is truncated or altered, or is not a checkpoint of affekt.
    """
    sealed = read_sealed(path, kind="checkpoint")
    weights = model_weights(sealed)
    try:
        tree = json.loads(sealed.read(TREE_FILE))
        checkpoint = unpack(tree, _tensors(sealed, TENSORS_FILE), known=weights)
        checkpoint["state_dict"] |= {_MODEL_PREFIX + name: value for name, value in weights.items()}
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise FolderError(
            f"{path}: {TREE_FILE} is not the state of a training ({type(error).__name__}: {error})"
        ) from None
    return checkpoint


def model_weights(sealed: Sealed) -> dict[str, Tensor]:
    """The network's weights of a checkpoint, from all its files."""
    names = (MODEL_FILE, *part_files(sealed.document))
    return join({name: _tensors(sealed, name) for name in names})


def training_weights(path: Path) -> dict[str, Tensor]:
    """The network's weights with which training continues: if averaging is on, not their average.

    Raises:
        FolderError: The checkpoint is truncated or altered, or is not a checkpoint of affekt.
    """
    checkpoint = read_checkpoint(path)
    state: Mapping[str, Tensor] = checkpoint.get("current_model_state", checkpoint["state_dict"])
    return _split({"state_dict": state})[0]


def pack(value: Any, tensors: dict[str, Tensor], *, known: Mapping[str, Tensor] | None = None) -> Any:
    """A tree of dicts, lists, tuples, plain values and tensors as JSON; tensors are added to `tensors`.

    Args:
        known: The network's weights. An entry of a dict that is equal to the one of its name refers to it.

    Raises:
        TypeError: The tree holds anything else.
    """
    known = known or {}
    if isinstance(value, Tensor):
        name = str(len(tensors))
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {"tensor": name}
    if isinstance(value, Mapping):
        rows: list[Any] = []
        for key, item in value.items():
            name = key.removeprefix(_MODEL_PREFIX) if isinstance(key, str) else ""
            is_known = isinstance(item, Tensor) and name in known and _is_same(item, known[name])
            packed = {"weight": name} if is_known else pack(item, tensors, known=known)
            rows.append([pack(key, tensors), packed])
        return {"dict": rows}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [pack(item, tensors, known=known) for item in value]}
    if value is None or type(value) in (bool, int, float, str):
        return value
    raise TypeError(f"a {type(value).__name__} cannot be written to a checkpoint")


def unpack(tree: Any, tensors: Mapping[str, Tensor], *, known: Mapping[str, Tensor] | None = None) -> Any:
    """The inverse of `pack`."""
    if not isinstance(tree, dict):
        return tree
    ((kind, content),) = tree.items()
    match kind:
        case "tensor":
            return tensors[content]
        case "weight":
            return (known or {})[content].clone()
        case "dict":
            return {unpack(key, tensors): unpack(item, tensors, known=known) for key, item in content}
        case "list":
            return [unpack(item, tensors, known=known) for item in content]
        case "tuple":
            return tuple(unpack(item, tensors, known=known) for item in content)
    raise FolderError(f"a checkpoint contains an unknown kind of value, {kind!r}")


def _is_same(value: Tensor, other: Tensor) -> bool:
    """Whether two tensors agree in every bit; 0.0 and -0.0, or two NaN, may not."""
    if value.dtype != other.dtype or value.shape != other.shape:
        return False
    ours, theirs = (one.detach().cpu().contiguous().reshape(-1).view(torch.uint8) for one in (value, other))
    return torch.equal(ours, theirs)


def _split(checkpoint: Mapping[str, Any]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The network's weights under the network's names, and everything else."""
    state: Mapping[str, Tensor] = checkpoint["state_dict"]
    weights = {
        name.removeprefix(_MODEL_PREFIX): value.detach().cpu().contiguous().clone()
        for name, value in state.items()
        if name.startswith(_MODEL_PREFIX)
    }
    others = {name: value for name, value in state.items() if not name.startswith(_MODEL_PREFIX)}
    return weights, {**checkpoint, "state_dict": others}


def _tensors(sealed: Sealed, name: str) -> dict[str, Tensor]:
    try:
        return load(sealed.read(name))
    except SafetensorError as error:
        raise FolderError(f"{sealed.path}: {name} is not a safetensors file: {error}") from None


def _write(content: bytes, file: Path, store: Store | None) -> None:
    file.parent.mkdir(exist_ok=True)
    if store is None:
        file.write_bytes(content)
    else:
        store.put(content, file)
