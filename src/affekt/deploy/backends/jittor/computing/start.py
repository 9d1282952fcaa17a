"""The program that Jittor's environment runs: `python -I start.py HOME`.

It loads the package in its folder by itself, since affekt is not installed in that environment: a path of
affekt's own environment would bring its NumPy.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

NAME = "affekt_jittor"


def load_package() -> None:
    """Make `affekt_jittor` the package in this folder."""
    folder = Path(__file__).parent
    spec = importlib.util.spec_from_file_location(
        NAME, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec and spec.loader
    package = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    load_package()
    importlib.import_module(f"{NAME}.serve").main(Path(sys.argv[1]))
