"""One invented collection that went through the whole chain, for all tests that only read it."""

import shutil
from contextlib import contextmanager

import pytest

from affekt.project.chain.run import run_chain
from affekt.project.folder import Project
from affekt.testing.collection import make_collection

SETTINGS = """
title = "Invented news"
labels = ["joy", "fear", "sadness", "anger"]
[records]
files = ["../collected/records.csv"]
[records.columns]
id = "clip_id"
account = "account_name"
duration_s = "duration"
label = "emotion"
[media]
folders = ["../collected/media"]
[sound]
stem = "mix"
[encoding]
video = { kind = "thumbnail", size = 4 }
audio = { kind = "log_mel", mels = 16 }
[split]
validation_share = 0.25
test_share = 0.25
[release]
version = "1.0"
"""


@contextmanager
def silent(name):
    yield lambda done, total: None


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The folder of a collection and its project, the planted truth, and the lines that the chain printed."""
    home = tmp_path_factory.mktemp("workshop")
    planted = make_collection(home / "collected", clips=32, accounts=12, copies=3)
    project = Project.init(home / "news", labels="plutchik-wheel-8")
    (project.path / "project.toml").write_text(SETTINGS)
    lines = list(run_chain(Project.open(project.path), silent))
    return home, planted, lines


@pytest.fixture
def workshop(finished, tmp_path):
    """A copy of the finished project, to be changed."""
    shutil.copytree(finished[0] / "news", tmp_path / "news", symlinks=True)
    (tmp_path / "collected").symlink_to(finished[0] / "collected")
    return Project.open(tmp_path / "news")
