"""The folder of a run: its path states task, mode, loss and modalities.

runs/training/emotion_gait--E/trainable--32--cross_entropy+affective/1xE--G/<hash>--<seed>/

That is: category / data set -- emotion (E) or sentiment (S) / mode -- batch size -- terms of the loss /
number of modalities -- their letters / digest of the recipe -- seed.

Most of it is derived from the recipe. The config of a method may state what cannot be derived, as properties:
`loss_terms`, the names of the terms of its objective with this config (if not given: `cross_entropy`), and
`has_frozen_part`, whether a part of the network is not trained (if not given: whether a field that begins
with `freeze` is true, or features are cached).
"""

from __future__ import annotations

from pathlib import Path

from affekt.core import catalog
from affekt.core.labels import LabelSet
from affekt.core.recipe import Recipe
from affekt.core.settings import Settings
from affekt.engine.runs.digest_v1 import digest_v1

CATEGORY = "training"
HASH_DIGITS = 8
_LETTERS = {"text": "T", "audio": "A", "video": "V", "image": "I", "skeleton": "G", "title": "H"}
_SENTIMENTS = {"positive", "negative", "neutral"}


def folder_of(recipe: Recipe, labels: LabelSet, *, criterion: str = "cross_entropy") -> Path:
    """Path of the folder of a new run, below the folder of all runs.

    Args:
        labels: Of the data set as it was read.
        criterion: Name of the classification loss that the engine passes to the objective.
    """
    config = catalog.method(recipe.method).make_config(recipe.config)
    terms = getattr(config, "loss_terms", ("cross_entropy",))
    loss = "+".join(criterion if term == "cross_entropy" else term for term in terms)
    smoothing = f"-smooth{recipe.loss.label_smoothing:g}" if recipe.loss.label_smoothing else ""
    modalities = modalities_of(recipe)
    task = "S" if {name.lower() for name in labels.names} <= _SENTIMENTS else "E"
    return Path(
        CATEGORY,
        f"{catalog.canonical(recipe.data.name)}--{task}",
        f"{_mode(recipe, config)}--{recipe.train.batch_size}--{loss}{smoothing}",
        f"{len(modalities)}xE--{letters_of(modalities)}",
        f"{recipe.digest()[:HASH_DIGITS]}--{recipe.seed}",
    )


def find_folder(runs: Path, recipe: Recipe) -> Path | None:
    """The existing folder of a recipe's run, also if an older version made its path; None if there is none.

    Raises:
        ConfigError: The recipe in a folder of this name cannot be read.
    """
    digest = recipe.digest()
    for known in (digest, digest_v1(recipe.model_dump(mode="json"))):
        for file in sorted(runs.glob(f"*/*/*/*/{known[:HASH_DIGITS]}--{recipe.seed}/recipe.toml")):
            found = Recipe.load([file])
            if found.digest() == digest and found.seed == recipe.seed:
                return file.parent
    return None


def modalities_of(recipe: Recipe) -> tuple[str, ...]:
    """The modalities that the network of a recipe uses with its config."""
    method = catalog.method(recipe.method)
    config = method.make_config(recipe.config)
    if stated := getattr(config, "modalities", ()):  # also before the sources of encoders are read
        return tuple(stated)
    return method.make_preprocess(config).spec.modalities or method.card.modalities


def letters_of(modalities: tuple[str, ...]) -> str:
    """One letter for each modality, in a fixed order.

    Example:
        >>> letters_of(("video", "audio"))
        'AV'
    """
    known = [letter for name, letter in _LETTERS.items() if name in modalities]
    return "".join([*known, *(name[:1].upper() for name in modalities if name not in _LETTERS)])


def _mode(recipe: Recipe, config: Settings) -> str:
    if stated := getattr(config, "training_mode", ""):
        return stated
    derived = _freezes(config) or recipe.train.cached_views > 0
    return "frozen" if getattr(config, "has_frozen_part", derived) else "trainable"


def _freezes(config: Settings) -> bool:
    """Whether a field that begins with `freeze` is true, in the config or in a table of it."""
    values = {name: getattr(config, name) for name in type(config).model_fields}
    return any(
        _freezes(value) if isinstance(value, Settings) else name.startswith("freeze") and value is True
        for name, value in values.items()
    )
