"""Plug-ins of the tests, announced as an installed package announces its own: by entry points."""

import sys
from pathlib import Path

import pytest

from affekt.core import catalog, task

FOLDER = Path(__file__).parent


@pytest.fixture(scope="module")
def plugins():
    """The catalogue with the methods, data sets and tasks of this folder (`*.dist-info/entry_points.txt`)."""
    sys.path.insert(0, str(FOLDER))
    forget()
    yield FOLDER
    sys.path.remove(str(FOLDER))
    forget()
    for name, module in list(sys.modules.items()):
        if name.startswith("tiny_") and str(FOLDER) in str(getattr(module, "__file__", "")):
            del sys.modules[name]


def forget():
    for found in (
        catalog._methods,
        catalog._adapters,
        catalog.method,
        catalog.dataset,
        task.list_tasks,
        task.find_task,
    ):
        found.cache_clear()
