"""What keeps Jittor from working on this computer, and the commands that change it."""

from __future__ import annotations

import json
import os
import platform
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from affekt.core.errors import MissingExtra
from affekt.deploy.backends.jittor.computing import READY
from affekt.deploy.backends.jittor.home import JittorHome, onednn_folder, system_onednn

REQUIREMENTS = Path(__file__).parent / "requirements.txt"
_COMPILER = "cc_path"  # the variable that names it, as Jittor spells it
_ASK_S = 60
_QUESTION = """
import importlib.metadata as m, json, os, sys, sysconfig
def version(name):
    try: return m.version(name)
    except m.PackageNotFoundError: return None
print(json.dumps({
    **{name: version(name) for name in ("jittor", "numpy", "safetensors")},
    "python": "%d.%d" % sys.version_info[:2],
    "headers": os.path.isfile(os.path.join(sysconfig.get_path("include"), "Python.h")),
}))
"""


@dataclass(frozen=True)
class Problem:
    """Something that is missing.

    Attributes:
        what: The fact.
        fix: Commands for a shell, in order.
    """

    what: str
    fix: tuple[str, ...] = ()


def problems(home: JittorHome) -> list[Problem]:
    """All that is missing, in the order in which it should be fixed; empty if Jittor can start.

    Looks at files, and asks the environment's Python for its packages; compiles nothing.
    """
    if onednn_folder(home.kernels) is None:
        return [Problem(f"Jittor runs on Linux on x86_64 or aarch64; this is {platform.platform()}")]
    found: list[Problem] = []
    if find_spec("safetensors") is None:
        found.append(
            Problem("affekt's own environment has no safetensors", ("pip install 'affekt[jittor]'",))
        )
    if compiler() is None:
        found.append(Problem("there is no C++ compiler (g++, or the one that cc_path names)", _apt("g++")))
    if system_onednn() is None and not _downloaded(home.kernels):
        found.append(Problem("oneDNN is missing: dnnl.hpp and libdnnl.so", _apt("libdnnl-dev")))
    return found + _in_environment(home)


def require_jittor(home: JittorHome, needed_by: str) -> None:
    """Check that Jittor can start.

    Raises:
        MissingExtra: Something is missing; it names the first.
    """
    if found := problems(home):
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise MissingExtra(
            f"{needed_by} needs Jittor: {found[0].what}{more}; affekt doctor jittor shows what to do"
        )


def jittor_version() -> str:
    """The version of Jittor that the importer is written for."""
    lines = REQUIREMENTS.read_text("utf-8").splitlines()
    return next(line.removeprefix("jittor==") for line in lines if line.startswith("jittor=="))


def compiler() -> str | None:
    """The compiler that Jittor would use."""
    return shutil.which(os.environ.get(_COMPILER) or "g++")


def is_compiled(home: JittorHome) -> bool:
    """Whether Jittor has compiled itself here."""
    return (home.kernels / READY).is_file()


def _in_environment(home: JittorHome) -> list[Problem]:
    """What the environment lacks."""
    install = shlex.join([str(home.python), "-m", "pip", "install", "-r", str(REQUIREMENTS)])
    create = ["python3.11", "-m", "venv", str(home.environment)]
    if not home.python.exists():
        return [
            Problem(
                f"there is no environment in {home.environment} (AFFEKT_JITTOR)",
                (shlex.join(create), install),
            )
        ]
    facts = _ask(home.python)
    if facts is None:
        return [Problem(f"{home.python} does not run", (shlex.join([*create, "--clear"]), install))]
    found: list[Problem] = []
    wanted = jittor_version()
    if facts["jittor"] != wanted or facts["safetensors"] is None:
        stated = ", ".join(f"{name} {facts[name] or 'missing'}" for name in ("jittor", "safetensors"))
        found.append(
            Problem(f"{home.environment} needs jittor {wanted} and safetensors: {stated}", (install,))
        )
    elif facts["numpy"] is None or int(facts["numpy"].split(".")[0]) >= 2:
        found.append(
            Problem(f"Jittor needs NumPy below 2; {home.environment} has {facts['numpy']}", (install,))
        )
    if not facts["headers"]:
        found.append(
            Problem(
                f"the headers of Python {facts['python']} are missing", _apt(f"python{facts['python']}-dev")
            )
        )
    return found


def _ask(python: Path) -> dict[str, str | None] | None:
    """Facts about an environment; None if its Python does not run."""
    try:
        done = subprocess.run(
            [python, "-I", "-c", _QUESTION], capture_output=True, timeout=_ASK_S, text=True, check=True
        )
        return json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def _downloaded(kernels: Path) -> bool:
    """Whether Jittor has fetched its own oneDNN."""
    folder = onednn_folder(kernels)
    return folder is not None and (folder / "lib" / "libmkldnn.so").is_file()


def _apt(package: str) -> tuple[str, ...]:
    prefix = "" if os.geteuid() == 0 else "sudo "
    return (f"{prefix}apt-get install --yes {package}",)
