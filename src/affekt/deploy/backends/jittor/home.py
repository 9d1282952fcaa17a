"""Where Jittor is on this computer: its environment, its compiled kernels, and oneDNN.

| variable | names | default |
| --- | --- | --- |
| `AFFEKT_JITTOR` | the environment that has Jittor | `.venv-jittor` beside affekt's own environment |
| `AFFEKT_JITTOR_CACHE` | the folder of compiled kernels | `jittor` in affekt's folder of caches |
"""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from affekt.assets.places import user_caches

# Jittor downloads oneDNN from its authors' site unless this folder has it.
_ONEDNN = {"x86_64": "dnnl_lnx_2.2.0_cpu_gomp", "aarch64": "dnnl_lnx_2.2.0_cpu_gomp_aarch64"}
_HEADERS = (Path("/usr/include"), Path("/usr/local/include"))
_LIBRARIES = (Path("/usr/lib"), Path("/usr/lib64"), Path("/usr/local/lib"), Path("/usr/local/lib64"))


@dataclass(frozen=True)
class JittorHome:
    """The places of Jittor.

    Attributes:
        environment: A virtual environment.
        kernels: Folder of compiled kernels.
    """

    environment: Path
    kernels: Path

    @property
    def python(self) -> Path:
        """The Python of the environment."""
        return self.environment / "bin" / "python"


def jittor_home() -> JittorHome:
    """The places by variables of the environment, or their defaults; they may not exist."""
    environment, kernels = os.environ.get("AFFEKT_JITTOR"), os.environ.get("AFFEKT_JITTOR_CACHE")
    return JittorHome(
        Path(environment).expanduser().absolute()
        if environment
        else Path(sys.prefix).parent / ".venv-jittor",
        Path(kernels).expanduser().absolute() if kernels else user_caches() / "jittor",
    )


def onednn_folder(kernels: Path) -> Path | None:
    """Where Jittor looks for oneDNN; None on a computer for which it has no version."""
    name = _ONEDNN.get(platform.machine())
    return kernels / ".cache" / "jittor" / "mkl" / name if name and sys.platform == "linux" else None


def system_onednn() -> tuple[Path, Path] | None:
    """Folder of oneDNN's headers and path of its library, as Debian's libdnnl-dev installs them."""
    headers = next((folder for folder in _HEADERS if (folder / "dnnl.hpp").is_file()), None)
    triple = f"{platform.machine()}-linux-gnu"
    places = [folder / name for folder in _LIBRARIES for name in (f"{triple}/libdnnl.so", "libdnnl.so")]
    library = next((path for path in places if path.is_file()), None)
    return (headers, library) if headers and library else None


def lay_out(kernels: Path) -> None:
    """Link the system's oneDNN into the folder where Jittor looks for it. Does nothing without oneDNN."""
    folder, found = onednn_folder(kernels), system_onednn()
    if folder is None or found is None:
        return
    headers, library = found
    for inner in ("include", "lib"):
        (folder / inner).mkdir(parents=True, exist_ok=True)
    wanted = {folder / "include" / path.name: path for path in headers.glob("dnnl*.h*")}
    if (headers / "oneapi").is_dir():
        wanted[folder / "include" / "oneapi"] = headers / "oneapi"
    wanted |= {folder / "lib" / name: library for name in ("libdnnl.so", "libmkldnn.so")}
    for link, target in wanted.items():
        if link.is_symlink() and link.readlink() == target:
            continue
        if link.exists() and not link.is_symlink():  # Jittor's own download
            continue
        partial = link.with_name(f"{link.name}.{os.getpid()}.new")
        partial.unlink(missing_ok=True)
        partial.symlink_to(target)
        partial.replace(link)
