"""`affekt data check` in the core install, which has neither torch nor matplotlib."""

import subprocess
from pathlib import Path

import pytest

CORE = Path(__file__).parents[2] / ".venv-core" / "bin"
pytestmark = pytest.mark.skipif(
    not CORE.is_dir(), reason="no .venv-core: `make test` makes one with the core install"
)


def check(*words):
    command = [CORE / "affekt", "data", "check", "walkers", "--set", "walkers=8", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True)


def test_data_are_checked_without_the_extra_of_training():
    done = check()
    assert done.returncode == 0, done.stderr
    assert "train" in done.stdout and "no problem was found" in done.stderr


def test_a_picture_of_the_data_names_what_it_needs(tmp_path):
    done = check("--figure", tmp_path / "balance.png")
    assert done.returncode == 2
    assert done.stderr == (
        "MissingExtra: --figure needs 'matplotlib', which is not installed: pip install 'affekt[train]'\n"
    )
