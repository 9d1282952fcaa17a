"""Initial weights of a network: sealed folders made by `convert` or by an earlier run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from torch import Tensor, nn

from affekt.core.claims.network import WeightsDocument, read_document
from affekt.core.errors import ConfigError
from affekt.core.files.sealed import kind_of, read_sealed
from affekt.core.method import Method
from affekt.core.recipe import Recipe
from affekt.core.settings import resolve
from affekt.engine.runs.run import checkpoint_of
from affekt.engine.weights.checkpoint import model_weights
from affekt.engine.weights.files import weights_sha256

log = logging.getLogger(__name__)

_DIGITS = 16  # of a SHA-256: how a recipe names weights
_SHOWN = 10


@runtime_checkable
class Pretrained(Protocol):
    """A network of which a part starts from weights that its config names."""

    def load_pretrained(self) -> set[str]:
        """Take these weights at the start of a run; returns the names of the tensors.

        Raises:
            FolderError: They are missing or do not fit.
        """
        ...


@dataclass(frozen=True)
class Weights:
    """Weights of one folder.

    Attributes:
        classes: Number of its labels; 0 for a part of a network, which has no labels.
        digest: First digits of the hash of the weights (`files.weights_sha256`).
    """

    folder: Path
    method: str
    tensors: dict[str, Tensor]
    classes: int
    digest: str


def read_weights(folders: Sequence[Path | str]) -> tuple[Weights, ...]:
    """Read the weights of folders: runs, whose selected epoch is taken, checkpoints, or parts of a network.

    Raises:
        FolderError: A folder is incomplete, altered, or holds no weights.
    """
    return tuple(_read(Path(folder)) for folder in folders)


def parts_config(folders: Sequence[Path | str]) -> dict[str, Any]:
    """Config fields stated by converted parts of a network, merged; later folders have precedence.

    Raises:
        FolderError: A folder is incomplete, altered, or holds no weights.
    """
    values: dict[str, Any] = {}
    for folder in folders:
        sealed = read_sealed(Path(folder), kind="weights")
        values |= read_document(WeightsDocument, sealed.document, sealed.path).config
    return values


def start_from(network: nn.Module, weights: Sequence[Weights], method: Method) -> set[str]:
    """Copy weights into a network; if two folders hold the same tensor, the later one has precedence.

    A head for another number of classes is left out.

    Returns:
        Names of the tensors that were loaded.

    Raises:
        ConfigError: Listing every tensor that does not fit; the network is then unchanged.
    """
    state: dict[str, Tensor] = network.state_dict()
    loaded: dict[str, Tensor] = {}
    lines: list[str] = []
    problems: list[str] = []
    for given in weights:
        if given.method != method.name:
            problems.append(f"{given.folder} holds weights of {given.method}, not of {method.name}")
            continue
        heads = [key for key in state if key in given.tensors and _is_other_head(key, given, state)]
        kept = {key: value for key, value in given.tensors.items() if key not in heads}
        problems += [f"{given.folder}: {problem}" for problem in _misfits(kept, state)]
        loaded |= kept
        left = f"; left out, for {given.classes} classes: {', '.join(heads)}" if heads else ""
        lines.append(f"{len(kept)} of {len(state)} tensors start from {given.folder}{left}")
    if problems:
        if len(problems) > _SHOWN:
            problems[_SHOWN:] = [
                f"and more: {len(problems)} tensors do not fit; the network may have another config"
            ]
        raise ConfigError(f"weights for {method.name}", problems)
    network.load_state_dict(loaded, strict=False)
    for line in lines:
        log.info("%s", line)
    return set(loaded)


def name_weights(recipe: Recipe, weights: Sequence[Weights]) -> Recipe:
    """The recipe with the digests of the weights that its network starts from.

    Raises:
        ConfigError: The recipe names other weights.
    """
    digests = tuple(given.digest for given in weights)
    if not digests or digests == recipe.initial_weights:
        return recipe
    if recipe.initial_weights:
        raise ConfigError("recipe", [_other_weights(recipe, digests)])
    return recipe.model_copy(update={"initial_weights": digests})


def check_start(recipe: Recipe, weights: Sequence[Weights], method: Method) -> None:
    """Check that a run can begin with these weights; a temporary network is built for this.

    Raises:
        ConfigError: Weights are missing or do not fit, or a frozen part has no weights.
    """
    if len(weights) != len(recipe.initial_weights):
        raise ConfigError("recipe", [_other_weights(recipe, ())])
    network: nn.Module = method.load("model")(resolve(method.make_config(recipe.config)))
    loaded = network.load_pretrained() if isinstance(network, Pretrained) else set()
    loaded |= start_from(network, weights, method)
    random = [
        name.partition(".")[0]
        for name, parameter in network.named_parameters()
        if not parameter.requires_grad and name not in loaded
    ]
    if random:
        raise ConfigError("recipe", [_frozen(part, method) for part in dict.fromkeys(random)])


def _read(folder: Path) -> Weights:
    folder = checkpoint_of(folder)
    kind = "checkpoint" if kind_of(folder) == "checkpoint" else "weights"
    sealed = read_sealed(folder, kind=kind)
    document = read_document(WeightsDocument, sealed.document, sealed.path)
    return Weights(
        folder,
        document.method,
        model_weights(sealed),
        len(document.labels) if document.labels else 0,
        weights_sha256(sealed.document)[:_DIGITS],
    )


def _is_other_head(key: str, given: Weights, state: dict[str, Tensor]) -> bool:
    """Whether a given tensor has one row per class, and that of the network differs only in their number."""
    theirs, ours = given.tensors[key].shape, state[key].shape
    return len(theirs) == len(ours) > 0 and theirs[0] == given.classes != ours[0] and theirs[1:] == ours[1:]


def _misfits(given: dict[str, Tensor], state: dict[str, Tensor]) -> list[str]:
    unknown = [f"{key}: this network has no such tensor" for key in given if key not in state]
    return unknown + [
        f"{key}: has shape {tuple(given[key].shape)}, this network's is {tuple(ours.shape)}"
        for key, ours in state.items()
        if key in given and given[key].shape != ours.shape
    ]


def _other_weights(recipe: Recipe, digests: tuple[str, ...]) -> str:
    given = f"those given are {', '.join(digests)}" if digests else "none were given"
    return (
        f"initial_weights: the recipe starts from {', '.join(recipe.initial_weights)}, {given}. Give the "
        "folders of that run in the same order (--weights DIR), or leave the field out to start from others"
    )


def _frozen(part: str, method: Method) -> str:
    files = [source.title for source in method.published_files if source.part == part]
    made = f", made by affekt convert {method.name} FILE from a {files[0]}" if files else ""
    fields = [name for name in method.load("config").model_fields if name.startswith("freeze")]
    thaw = f", or set config.{fields[0]} = false to train it" if len(fields) == 1 else ""
    return (
        f"{part} is frozen but was not loaded, so that its weights would stay random: "
        f"give --weights FOLDER{made}{thaw}"
    )
