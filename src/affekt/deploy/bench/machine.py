"""Facts about the machine and the process that explain a speed. No names of hosts, users or paths."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from affekt import __version__

# Instruction sets that engines have code for, as Linux and macOS spell them.
_SETS = (
    "sse4_2",
    "avx",
    "avx2",
    "fma",
    "avx_vnni",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "amx_bf16",
    "amx_int8",
    "neon",
    "asimd",
    "asimddp",
    "i8mm",
    "sve",
    "bf16",
)
_LIBRARIES = ("affekt", "numpy", "onnxruntime", "openvino")
_CPUINFO = Path("/proc/cpuinfo")


def machine_facts() -> dict[str, str | int | tuple[str, ...]]:
    """Processor, cores that this process may use, instruction sets, memory, system."""
    return {
        "processor": _processor(),
        "architecture": platform.machine(),
        "cores": usable_cores(),
        "instruction_sets": _instruction_sets(),
        "memory_gb": round((total_bytes() or 0) / 1e9),
        "system": platform.system(),
    }


def versions() -> dict[str, str]:
    """Versions of Python, affekt and the libraries that compute, where they are installed."""
    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = __version__ if name == "affekt" else version(name)
        except PackageNotFoundError:
            continue
    return found


def usable_cores() -> int:
    """Processor cores that this process may use; a container may have fewer than the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load_of_others() -> float | None:
    """Processes that wanted a core in the last minute, for each core; None where the system does not tell.

    Call it before a measurement, which is counted after that.
    """
    try:
        return os.getloadavg()[0] / (os.cpu_count() or 1)
    except (AttributeError, OSError):  # Windows
        return None


def total_bytes() -> int | None:
    """Memory of the machine; None where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows
        return None


def free_bytes() -> int | None:
    """Memory that new processes can use; None where the system does not tell."""
    return _kilobytes(Path("/proc/meminfo"), "MemAvailable")


def used_bytes() -> int | None:
    """Memory that this process has now; None where the system does not tell."""
    return _kilobytes(Path("/proc/self/status"), "VmRSS")


def peak_bytes() -> int | None:
    """The most memory that this process ever had; None where the system does not tell.

    On Linux `getrusage` also counts what the parent had before this program started, so the kernel's figure
    for the program alone is read.
    """
    if (peak := _kilobytes(Path("/proc/self/status"), "VmHWM")) is not None:
        return peak
    try:
        import resource
    except ImportError:  # Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _kilobytes(file: Path, name: str) -> int | None:
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB", file.read_text("utf-8"), re.MULTILINE)
    except OSError:  # not Linux
        return None
    return int(found[1]) * 1024 if found else None


def _processor() -> str:
    if text := _cpuinfo():
        # Processors of Arm have no name there, but numbers of maker and part.
        for name in ("model name", "Hardware", "CPU part"):
            if found := re.search(rf"^{name}\s*:\s*(.+)$", text, re.MULTILINE):
                return found[1].strip()
    return _sysctl("machdep.cpu.brand_string") or platform.processor() or "unknown"


def _instruction_sets() -> tuple[str, ...]:
    found = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", _cpuinfo(), re.MULTILINE)
    flags = (found[1] if found else _sysctl("machdep.cpu.features").lower()).split()
    return tuple(name for name in _SETS if name in flags)


def _cpuinfo() -> str:
    try:
        return _CPUINFO.read_text("utf-8")
    except OSError:  # not Linux
        return ""


def _sysctl(name: str) -> str:
    """A fact of macOS; empty elsewhere."""
    if sys.platform != "darwin":
        return ""
    return subprocess.run(["sysctl", "-n", name], capture_output=True, text=True, check=False).stdout.strip()
