"""affekt: train, evaluate, export and apply methods of affective computing.

The public names are loaded on first use: `import affekt` reads neither torch nor onnxruntime.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from affekt.analysis.analyze import analyze as analyze
    from affekt.core.answers.prediction import Prediction as Prediction
    from affekt.core.catalog import card as card
    from affekt.core.catalog import list_datasets as list_datasets
    from affekt.core.catalog import list_methods as list_methods
    from affekt.core.recipe import Recipe as Recipe
    from affekt.deploy.export.export import export as export
    from affekt.deploy.load import load as load
    from affekt.deploy.runtime.predictor import Predictor as Predictor
    from affekt.engine.create import create as create
    from affekt.engine.train import train as train
    from affekt.evaluation.evaluate import evaluate as evaluate

__version__ = "0.1.0"

_HOME = {
    "Prediction": "affekt.core.answers.prediction",
    "Predictor": "affekt.deploy.runtime.predictor",
    "Recipe": "affekt.core.recipe",
    "analyze": "affekt.analysis.analyze",
    "card": "affekt.core.catalog",
    "create": "affekt.engine.create",
    "evaluate": "affekt.evaluation.evaluate",
    "export": "affekt.deploy.export.export",
    "list_datasets": "affekt.core.catalog",
    "list_methods": "affekt.core.catalog",
    "load": "affekt.deploy.load",
    "train": "affekt.engine.train",
}
__all__ = [
    "Prediction",
    "Predictor",
    "Recipe",
    "analyze",
    "card",
    "create",
    "evaluate",
    "export",
    "list_datasets",
    "list_methods",
    "load",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'affekt' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
