"""Version 1 of the digest of a recipe. The names of older run folders contain it, so it serves to find them.

It covers all fields that a recipe had then, including those at their defaults. The lists are frozen: fields
that are added to `Recipe` are not added here. Recipes of one digest can differ in such a field, so the
recipe in the folder must be compared as well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

_TABLES: Mapping[str, tuple[str, ...]] = {
    "data": ("name", "options"),
    "split": ("scheme", "folds", "fold", "validation_share", "seed", "validate_on_test", "test_share"),
    "optimizer": ("name", "lr", "weight_decay", "momentum", "nesterov", "betas", "rates", "sam"),
    "schedule": ("name", "factor", "milestones", "floor", "warmup_epochs"),
    "loss": ("label_smoothing", "class_weights"),
    "selection": ("metric", "patience", "last_epoch"),
    "train": (
        "epochs",
        "batch_size",
        "precision",
        "accumulate",
        "clip_norm",
        "sampler",
        "drop_last",
        "workers",
        "threads",
        "channels_last",
        "cached_views",
        "deterministic",
        "weight_average",
        "accelerator",
        "devices",
        "strategy",
        "keep",
    ),
}
_SAM = ("rho", "adaptive", "statistics")
# Fields that are left out if they are empty or 0: the first runs were made before these fields existed.
_LATER = (
    ("train", "cached_views"),
    ("optimizer", "rates"),
    ("split", "validate_on_test"),
    ("split", "test_share"),
    ("selection", "last_epoch"),
)
_AVERAGING = "growing decay"


def digest_v1(recipe: Mapping[str, Any]) -> str:
    """SHA-256 of a recipe without its seed, as version 1 computed it.

    Args:
        recipe: All values of a recipe, as `model_dump(mode="json")` gives them.
    """
    values: dict[str, Any] = {"method": recipe["method"], "config": recipe["config"]}
    for table, names in _TABLES.items():
        values[table] = {name: recipe[table][name] for name in names}
    sam = values["optimizer"]["sam"]
    values["optimizer"]["sam"] = sam and {name: sam[name] for name in _SAM}
    if recipe["initial_weights"]:
        values["initial_weights"] = recipe["initial_weights"]
    for table, name in _LATER:
        if not values[table][name]:
            del values[table][name]
    if values["train"]["weight_average"]:
        values["train"]["averaging"] = _AVERAGING
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
