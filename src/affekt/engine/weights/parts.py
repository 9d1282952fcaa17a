"""Parts of a network: which tensors a checkpoint keeps in one file.

A network may state the paths of its parts as `weight_parts`, as in `("encoders.T", "fusion")`. If it states
none, its parts are its submodules, or their members where they are a `ModuleDict`. Tensors of a part that
are not trained are one file, so that it is the same in all epochs and runs. The others are a file of their
own if the network states the part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from affekt.core.errors import FolderError
from affekt.engine.weights.files import FROZEN, MODEL_FILE, TRAINED, part_of


@runtime_checkable
class HasParts(Protocol):
    """A network that states the paths of its parts."""

    weight_parts: Sequence[str]


def files_of(network: nn.Module) -> dict[str, str]:
    """The file of each tensor of a network, in its present mode.

    A buffer, such as a running mean, belongs to the smallest module around it that has parameters: it is not
    trained if they are not, and the module is not in training mode.

    Raises:
        ValueError: The network states a part that it does not have.
    """
    stated = tuple(network.weight_parts) if isinstance(network, HasParts) else ()
    modules = dict(network.named_modules())
    if missing := [part for part in stated if part not in modules]:
        raise ValueError(f"{type(network).__name__}.weight_parts names {', '.join(missing)}: no such module")
    parameters = dict(network.named_parameters(remove_duplicate=False))
    files: dict[str, str] = {}
    for name in network.state_dict():
        part = _part(name, network, stated)
        found = parameters.get(name)
        frozen = _is_fixed(name, modules) if found is None else not found.requires_grad
        if part and (frozen or part in stated):
            files[name] = f"{FROZEN if frozen else TRAINED}/{part}.safetensors"
        else:
            files[name] = MODEL_FILE
    return files


def divide(weights: Mapping[str, Tensor], files: Mapping[str, str]) -> dict[str, dict[str, Tensor]]:
    """Tensors by file, as the files call them; tensors of no stated file are in `MODEL_FILE`, which is first.

    Args:
        files: As `files_of` gives them.
    """
    found: dict[str, dict[str, Tensor]] = {MODEL_FILE: {}}
    for name, value in weights.items():
        file = files.get(name, MODEL_FILE)
        inside = name if file == MODEL_FILE else name.removeprefix(f"{part_of(file)}.")
        found.setdefault(file, {})[inside] = value
    return found


def join(files: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The inverse of `divide`.

    Raises:
        FolderError: Two files hold the same tensor.
    """
    weights: dict[str, Tensor] = {}
    for file, tensors in files.items():
        prefix = "" if file == MODEL_FILE else f"{part_of(file)}."
        for name, value in tensors.items():
            if prefix + name in weights:
                raise FolderError(f"{prefix}{name} is in {file} and in another file of the weights")
            weights[prefix + name] = value
    return weights


def _part(name: str, network: nn.Module, stated: Sequence[str]) -> str:
    """The longest stated part that a tensor is in, else a submodule or a member of it; else empty."""
    around = [part for part in stated if name.startswith(f"{part}.")]
    if around:
        return max(around, key=len)
    first, _, rest = name.partition(".")
    if not rest:
        return ""
    member, _, inside = rest.partition(".")
    return f"{first}.{member}" if inside and isinstance(getattr(network, first), nn.ModuleDict) else first


def _is_fixed(name: str, modules: Mapping[str, nn.Module]) -> bool:
    """Whether a buffer does not change in training."""
    path = name.rpartition(".")[0]
    while path and not any(True for _ in modules[path].parameters()):
        path = path.rpartition(".")[0]
    around = modules[path]
    return not around.training and not any(value.requires_grad for value in around.parameters())
