"""`affekt doctor`."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

from affekt import __version__
from affekt.cli.show import AsJson, as_json, as_table, say

# Distributions each verb needs, and the extra that brings them.
_NEEDS = {
    "predict": ("", ("numpy", "onnxruntime", "pydantic", "typer", "rich")),
    "predict --output FILE.parquet": ("parquet", ("pyarrow",)),
    "train, demo": (
        "train",
        (
            "torch",
            "lightning",
            "jaxtyping",
            "scikit-learn",
            "safetensors",
            "tensorboard",
            "matplotlib",
            "tomli-w",
        ),
    ),
    "evaluate": ("train", ("scikit-learn", "matplotlib", "pyarrow", "torch", "lightning")),
    "export": ("train", ("torch", "onnx", "onnxscript")),
    "data check": ("train", ("matplotlib", "h5py")),
}


def command(json: AsJson = False) -> None:
    """Say what is installed, what is missing for which verb, and how to mend it. Example: affekt doctor"""
    rows = []
    for verb, (extra, packages) in _NEEDS.items():
        missing = [name for name in packages if _version(name) is None]
        mend = f"pip install 'affekt[{extra}]'" if extra else "pip install --force-reinstall affekt"
        rows.append({"verb": verb, "ready": not missing, "missing": missing, "mend": mend if missing else ""})
    machine = {
        "affekt": __version__,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "onnxruntime": _version("onnxruntime"),
        "torch": _version("torch"),
    }
    if json:
        as_json({"machine": machine, "verbs": rows})
        return
    say("  ".join(f"{name} {value or 'not installed'}" for name, value in machine.items()))
    as_table(
        ("verb", "ready", "missing", "mend it with"),
        [
            (row["verb"], "yes" if row["ready"] else "no", ", ".join(row["missing"]), row["mend"])
            for row in rows
        ],
    )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
