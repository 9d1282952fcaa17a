"""Plug-ins for these tests: a method on small vectors, data sets of them, and a task without labels."""

import sys
from pathlib import Path

import pytest

from affekt.core import catalog, task

ENTRY_POINTS = """
[affekt.methods]
tiny_vectors = tiny_vectors
tiny_two = tiny_two
[affekt.datasets]
tiny_ratings = tiny_data.ratings
tiny_unlabelled = tiny_data.unlabelled
tiny_emotions = tiny_data.emotions
tiny_renamed = tiny_data.emotions
tiny_two_heads = tiny_data.two_heads
[affekt.tasks]
pretraining = tiny_data.pretraining
"""
FOLDER = Path(__file__).parent
collect_ignore_glob = ["tiny_*"]  # the plug-ins can only be imported with their fixture


@pytest.fixture(scope="module", autouse=True)
def plugins(tmp_path_factory):
    """The plug-ins, announced by the metadata of an installed package."""
    place = tmp_path_factory.mktemp("installed")
    info = place / "tiny_vectors-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-vectors\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(place))
        patch.syspath_prepend(str(FOLDER))
        patch.setenv("PYTHONPATH", f"{place}:{FOLDER}:{':'.join(path for path in sys.path if path)}")
        clear()
        yield
    clear()
    for name in [name for name in sys.modules if name.startswith(("tiny_vectors", "tiny_two", "tiny_data"))]:
        del sys.modules[name]


def clear():
    for found in (
        catalog._methods,
        catalog._adapters,
        catalog.method,
        catalog.dataset,
        task.list_tasks,
        task.find_task,
    ):
        found.cache_clear()
