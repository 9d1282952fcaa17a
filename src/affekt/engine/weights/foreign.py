"""Checkpoints of other people's code: tensors by name, whatever else the file holds is passed over.

A `.pth` file is a pickle, and a pickle may run anything. Here nothing of it runs: PyTorch's restricted reader
builds tensors and plain values, and what training scripts have pickled beside them becomes objects that keep
nothing. A file that asks for more is refused.
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

# What numpy arrays are pickled as: training files keep curves in them, never weights.
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
    """What was found in a file.

    Attributes:
        tensors: Under the file's own names, without the prefix of a parallel wrapper.
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
    """Stands for a pickled object that nobody needs: takes everything, keeps nothing."""

    def __new__(cls, *arguments: Any, **options: Any) -> _Nothing:
        return super().__new__(cls)

    def __init__(self, *arguments: Any, **options: Any) -> None: ...

    def __setstate__(self, state: Any) -> None: ...


def read_foreign(path: Path, *, inert: Iterable[str] = ()) -> ForeignFile:
    """Read a `.pth`, `.pt`, `.tar` or `.safetensors` file; no code of it is run.

    Args:
        inert: Full names of further classes that may be pickled in it and are passed over.

    Raises:
        FolderError: It is no checkpoint, is truncated, holds no weights, or asks for code.
        UsageError: There is no such file.
    """
    if not path.is_file():
        raise UsageError(
            f"{path} {'is a folder' if path.exists() else 'does not exist'}: a file is converted"
        )
    form = "safetensors" if path.suffix == ".safetensors" else "torch"
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    content = _read_safetensors(path) if form == "safetensors" else _read_torch(path, inert)
    return ForeignFile(path, _tensors(path, content), sha256, form)


def _read_safetensors(path: Path) -> Any:
    try:
        return safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise FolderError(f"{path} is no safetensors file, or is truncated: {error}") from None


def _read_torch(path: Path, inert: Iterable[str]) -> Any:
    names: list[Any] = [(_Nothing, name) for name in (*_NUMPY, *inert)]
    try:
        with torch.serialization.safe_globals(names), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the file's age, which is not the caller's fault
            return torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # a damaged pickle can make the reader stumble in any way
        refused = re.search(r"GLOBAL ([\w.]+)", str(error))
        if refused:
            name = refused[1].removesuffix(".")
            raise FolderError(
                f"{path} asks for {name}, which a file of weights has no need of: it was refused and nothing "
                "of it was run. If you trust the file, save its state_dict alone with the code that wrote it"
            ) from None
        raise FolderError(f"{path} is no PyTorch checkpoint, or is truncated: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    """What the reader stumbled over, without its advice to read the file with all doors open."""
    text = str(error)
    if "weights_only" in text:
        found = re.search(r"WeightsUnpickler error: (.+)", text)
        text = found[1] if found and "weights_only" not in found[1] else "its pickle cannot be read"
    return text.partition("\n")[0].partition(". ")[0] or "it ends too early"


def _tensors(path: Path, content: Any) -> dict[str, Tensor]:
    """The tensors of a state_dict, wherever training scripts put it."""
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping):
        kind = "pickled object" if isinstance(content, _Nothing) else type(content).__name__
        raise FolderError(f"{path} holds a {kind}, no named tensors: it is no checkpoint")
    if "param_groups" in content:
        raise FolderError(
            f"{path} holds the state of an optimizer and no weights: code that saves the wrong one of two "
            "dictionaries as its best model writes such files. Convert the checkpoint of an epoch instead"
        )
    tensors = {key: value for key, value in content.items() if isinstance(key, str) and _is_plain(value)}
    if not tensors:
        found = ", ".join(map(str, list(content)[:_SHOWN])) or "nothing"
        raise FolderError(f"{path} holds no tensors under names: it has {found}")
    if all(key.startswith("module.") for key in tensors):  # of training on several GPUs
        tensors = {key.removeprefix("module."): value for key, value in tensors.items()}
    return tensors


def _is_plain(value: Any) -> bool:
    """Whether a value is an array of real numbers that lie in the file, each of them."""
    if not isinstance(value, Tensor) or value.layout != torch.strided:
        return False
    if value.is_quantized or value.is_complex():
        return False
    return value.numel() * value.element_size() <= value.untyped_storage().nbytes()
