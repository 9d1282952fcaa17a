"""Checkpoints: sealed folders of safetensors and JSON, no pickle.

epoch-3/  affekt.json           method, config, labels, preprocessing, epoch, metrics, versions, hashes
          model.safetensors     the network's weights (their average, if averaging is on)
          trainer.safetensors   tensors of objective, optimizer, schedule and loops
          trainer.json          their tree
          assets/               files that preprocessing needs, if any
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch.plugins import CheckpointIO
from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import Tensor

from affekt.core.errors import FolderError
from affekt.core.files.assets import write_assets
from affekt.core.files.sealed import Sealed, read_sealed, write_sealed

MODEL_FILE, TENSORS_FILE, TREE_FILE = "model.safetensors", "trainer.safetensors", "trainer.json"
_MODEL_PREFIX = "model."  # the network's attribute name in the engine's module


class FolderCheckpointIO(CheckpointIO):
    """Lets Lightning save and load its whole state as a sealed folder.

    Args:
        assets: Files that preprocessing needs, written into each checkpoint.
    """

    def __init__(self, assets: Mapping[str, bytes] | None = None) -> None:
        self.assets = assets or {}

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None
    ) -> None:
        """Write `checkpoint`; `storage_options` are further entries of the manifest."""
        weights, rest = _split(checkpoint)
        tensors: dict[str, Tensor] = {}
        tree = pack(rest, tensors)
        with write_sealed(Path(path), {**(storage_options or {}), "kind": "checkpoint"}) as folder:
            save_file(weights, folder / MODEL_FILE)
            save_file(tensors, folder / TENSORS_FILE)
            (folder / TREE_FILE).write_text(json.dumps(tree))
            write_assets(folder, self.assets)

    def load_checkpoint(
        self, path: Any, map_location: Any | None = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Read a checkpoint after its hashes were checked; nothing is unpickled.

        Raises:
            FolderError: It is truncated or altered, or is not a checkpoint of affekt.
        """
        sealed = read_sealed(Path(path), kind="checkpoint")
        checkpoint = unpack(json.loads(sealed.read(TREE_FILE)), _tensors(sealed, TENSORS_FILE))
        checkpoint["state_dict"] |= {
            _MODEL_PREFIX + name: value for name, value in model_weights(sealed).items()
        }
        return checkpoint

    def remove_checkpoint(self, path: Any) -> None:
        """Refused: the run folder removes checkpoints, because it knows which ones links point to."""
        raise FolderError(f"{path} is not removed through the trainer")


def model_weights(sealed: Sealed) -> dict[str, Tensor]:
    """The network's weights of a checkpoint."""
    return _tensors(sealed, MODEL_FILE)


def training_weights(path: Path) -> dict[str, Tensor]:
    """The network's weights with which training continues: if averaging is on, not their average.

    Raises:
        FolderError: The checkpoint is truncated or altered, or is not a checkpoint of affekt.
    """
    checkpoint = FolderCheckpointIO().load_checkpoint(path)
    state: Mapping[str, Tensor] = checkpoint.get("current_model_state", checkpoint["state_dict"])
    return _split({"state_dict": state})[0]


def pack(value: Any, tensors: dict[str, Tensor]) -> Any:
    """A tree of dicts, lists, tuples, plain values and tensors as JSON; tensors are added to `tensors`.

    Raises:
        TypeError: The tree holds anything else.
    """
    if isinstance(value, Tensor):
        name = str(len(tensors))
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {"tensor": name}
    if isinstance(value, Mapping):
        return {"dict": [[pack(key, tensors), pack(item, tensors)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [pack(item, tensors) for item in value]}
    if value is None or type(value) in (bool, int, float, str):
        return value
    raise TypeError(f"a {type(value).__name__} cannot be written to a checkpoint")


def unpack(tree: Any, tensors: Mapping[str, Tensor]) -> Any:
    """The inverse of `pack`."""
    if not isinstance(tree, dict):
        return tree
    ((kind, content),) = tree.items()
    match kind:
        case "tensor":
            return tensors[content]
        case "dict":
            return {unpack(key, tensors): unpack(item, tensors) for key, item in content}
        case "list":
            return [unpack(item, tensors) for item in content]
        case "tuple":
            return tuple(unpack(item, tensors) for item in content)
    raise FolderError(f"a checkpoint contains an unknown kind of value, {kind!r}")


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
