"""Checkpoints of other projects: tensors by name; all other content of the file is ignored.

A `.pth` file is a pickle, and unpickling can run any code. Here no code of it is run: PyTorch's restricted
reader builds tensors and plain values, and known objects of training scripts are replaced by empty ones. A
file that needs other classes or functions is refused.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from affekt.core.errors import FolderError, UsageError
from affekt.core.files.sealed import Sealed, kind_of, read_sealed
from affekt.engine.weights.checkpoint import model_weights
from affekt.engine.weights.files import MODEL_FILE, part_files, weights_sha256

# Names by which numpy arrays are pickled. Training files keep curves in arrays, never weights.
_NUMPY = (
    "numpy.dtype",
    "numpy.ndarray",
    "numpy.core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar",
    "numpy._core.numeric._frombuffer",
    "numpy.core.numeric._frombuffer",
)
_SHOWN = 6


@dataclass(frozen=True)
class ForeignFile:
    """The content of a file.

    Attributes:
        tensors: By the file's own names, without the prefix of a parallel wrapper.
        form: `safetensors` or `torch`.
    """

    path: Path
    tensors: dict[str, Tensor]
    sha256: str
    form: str

    @property
    def shown(self) -> str:
        """The first names, for a message."""
        names = list(self.tensors)
        return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


class _Nothing:
    """Replaces a pickled object that is not needed: accepts any state and drops it."""

    def __new__(cls, *arguments: Any, **options: Any) -> _Nothing:
        return super().__new__(cls)

    def __init__(self, *arguments: Any, **options: Any) -> None: ...

    def __setstate__(self, state: Any) -> None: ...


def read_foreign(path: Path, *, inert: Iterable[str] = ()) -> ForeignFile:
    """Read a `.pth`, `.pt`, `.tar` or `.safetensors` file; no code of it is run.

    `model.safetensors` in a checkpoint of affekt stands for all its weights, also where they have more files.

    Args:
        inert: Full names of further classes that the file may contain and that are ignored.

    Raises:
        FolderError: It is not a checkpoint, is truncated, contains no weights, or needs code.
        UsageError: There is no such file.
    """
    if not path.is_file():
        raise UsageError(f"{path} {'is a folder' if path.exists() else 'does not exist'}: give a file")
    form = "safetensors" if path.suffix == ".safetensors" else "torch"
    if (own := _in_parts(path)) is not None:
        return ForeignFile(path, model_weights(own), weights_sha256(own.document), form)
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    content = _read_safetensors(path) if form == "safetensors" else _read_torch(path, inert)
    return ForeignFile(path, _tensors(path, content), sha256, form)


def _in_parts(path: Path) -> Sealed | None:
    """The checkpoint of affekt whose first file of weights this is, if it has several."""
    if path.name != MODEL_FILE or kind_of(path.parent) != "checkpoint":
        return None
    sealed = read_sealed(path.parent, kind="checkpoint")
    return sealed if part_files(sealed.document) else None


def _read_safetensors(path: Path) -> Any:
    try:
        return safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise FolderError(f"{path} is not a safetensors file, or is truncated: {error}") from None


def _read_torch(path: Path, inert: Iterable[str]) -> Any:
    names: list[Any] = [(_Nothing, name) for name in (*_NUMPY, *inert)]
    try:
        with torch.serialization.safe_globals(names), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about old file formats, which the caller cannot change
            return torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # a damaged pickle can cause any exception in the reader
        refused = re.search(r"GLOBAL ([\w.]+)", str(error))
        if refused:
            name = refused[1].removesuffix(".")
            raise FolderError(
                f"{path} asks for {name}, which weights do not need: the file was refused and no code of it "
                "was run. If you trust the file, save only its state_dict, with the code that wrote it"
            ) from None
        raise FolderError(f"{path} is not a PyTorch checkpoint, or is truncated: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    """The reader's error, without its advice to load the file with weights_only=False."""
    text = str(error)
    if "weights_only" in text:
        detail = re.search(r"WeightsUnpickler error: (.+)", text)
        text = detail[1] if detail and "weights_only" not in detail[1] else "its pickle cannot be read"
    return text.partition("\n")[0].partition(". ")[0] or "it ends too early"


def _tensors(path: Path, content: Any) -> dict[str, Tensor]:
    """The tensors of a state_dict, at the top level or under the key `state_dict`."""
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping):
        kind = "pickled object" if isinstance(content, _Nothing) else type(content).__name__
        raise FolderError(f"{path} contains a {kind} and no named tensors: it is not a checkpoint")
    if "param_groups" in content:
        raise FolderError(
            f"{path} contains the state of an optimizer and no weights. Some training scripts save it as "
            "their best model by mistake: convert the checkpoint of an epoch instead"
        )
    tensors = {key: value for key, value in content.items() if isinstance(key, str) and _is_plain(value)}
    if not tensors:
        keys = ", ".join(map(str, list(content)[:_SHOWN])) or "nothing"
        raise FolderError(f"{path} contains no named tensors: its keys are {keys}")
    if all(key.startswith("module.") for key in tensors):  # from training on several GPUs
        tensors = {key.removeprefix("module."): value for key, value in tensors.items()}
    return tensors


def _is_plain(value: Any) -> bool:
    """Whether a value is a tensor of real numbers that are all stored in the file."""
    if not isinstance(value, Tensor) or value.layout != torch.strided:
        return False
    if value.is_quantized or value.is_complex():
        return False
    return value.numel() * value.element_size() <= value.untyped_storage().nbytes()
