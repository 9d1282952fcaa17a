"""The site is built without a warning: no dead link, no missing page, no reference that leads nowhere."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_site_is_built_without_warnings(tmp_path):
    pytest.importorskip("sphinx", reason="the extra `docs` is not installed")
    # A process of its own: libraries that the pages do not need are replaced in it.
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", "docs", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = {path: path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.html")}
    recipe = pages[tmp_path / "reference" / "recipe.html"]
    assert "Learning rate." in recipe and 'id="optimizer-sam"' in recipe
    assert "DIR/happy/walk1.npz" in pages[tmp_path / "datasets.html"]
    python = pages[tmp_path / "reference" / "python.html"]
    assert all(f'id="affekt.{name}"' in python for name in ("load", "train", "evaluate", "export", "create"))
    foreign = [
        path for path, text in pages.items() if 'src="http' in text or 'stylesheet" href="http' in text
    ]
    assert foreign == []
