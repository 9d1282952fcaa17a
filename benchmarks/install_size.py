"""Packages and megabytes of `pip install affekt`, and of its extras, in fresh environments.

    python benchmarks/install_size.py [--extra text --extra train]

Needs a package index. Without pip and setuptools, which each environment has.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).parents[1]
REPORT = Path(__file__).parent / "results" / "install_size.md"
NOT_COUNTED = ("pip", "setuptools", "pkg_resources", "_distutils_hack")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--extra", action="append", default=[], help="also measure affekt[EXTRA]; repeatable")
    lines = ["| install | packages | MB on disk |", "| --- | --- | --- |"]
    for extra in ("", *parser.parse_args().extra):
        packages, megabytes = measure(extra)
        lines.append(f"| `pip install {requirement('affekt', extra)}` | {packages} | {megabytes:.0f} |")
        print(lines[-1], flush=True)
    REPORT.write_text("\n".join([f"Python {sys.version.split()[0]}, {sys.platform}.", "", *lines, ""]))
    return 0


def requirement(name: str, extra: str) -> str:
    return f"'{name}[{extra}]'" if extra else name


def measure(extra: str) -> tuple[int, float]:
    """Number of installed packages, affekt included, and their megabytes (10^6 bytes of files)."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        project = f"{PROJECT}[{extra}]" if extra else str(PROJECT)
        subprocess.run(
            [f"{folder}/bin/pip", "install", "--quiet", "-c", str(PROJECT / "constraints.txt"), project],
            check=True,
        )
        site = next(Path(folder).glob("lib/python*/site-packages"))
        found = [one for one in site.iterdir() if not one.name.startswith(NOT_COUNTED)]
        files = (path for one in found for path in ([one] if one.is_file() else one.rglob("*")))
        size = sum(path.stat().st_size for path in files if path.is_file())
        return sum(one.suffix == ".dist-info" for one in found), size / 1e6


if __name__ == "__main__":
    raise SystemExit(main())
