"""`affekt doctor`."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Annotated, Literal

import typer

from affekt import __version__
from affekt.assets.places import copies
from affekt.assets.registry import Asset, list_assets
from affekt.cli.doctor_jittor import show_jittor
from affekt.cli.show import AsJson, as_json, say
from affekt.cli.tables import as_table
from affekt.core.errors import UsageError

# The extra that each verb needs; its packages are read from the metadata of affekt.
_EXTRAS = {
    "predict, bench": "",
    "predict --output FILE.parquet": "parquet",
    "predict, bench --backend openvino, --precision bf16": "openvino",
    "predict --backend jittor (see affekt doctor jittor)": "jittor",
    "predict, chat on a bundle that reads text": "text",
    "predict --recognize, words of clips that have none": "asr",
    "train, convert, evaluate, export, demo, data check --figure": "train",
    "train with a pretrained text encoder": "encoders",
    "project ratings import of spreadsheets": "sheets",
    "project rate": "serve",
}


def command(
    part: Annotated[
        Literal["jittor"] | None,
        typer.Argument(help="jittor: what Jittor's environment lacks. Default: affekt's own environment."),
    ] = None,
    prepare: Annotated[
        bool,
        typer.Option("--prepare", help="With jittor: compile Jittor now (minutes), not at its first use."),
    ] = False,
    json: AsJson = False,
) -> None:
    """Show what is installed, what each verb lacks, and how to install it; and where pretrained parts are.

    Example: affekt doctor

    Example: affekt doctor jittor
    """
    if part == "jittor":
        show_jittor(prepare=prepare, json=json)
        return
    if prepare:
        raise UsageError("--prepare belongs to affekt doctor jittor")
    rows = []
    for verb, extra in _EXTRAS.items():
        missing = [name for name in _packages(extra) if _version(name) is None]
        fix = f"pip install 'affekt[{extra}]'" if extra else "pip install --force-reinstall affekt"
        rows.append({"verb": verb, "ready": not missing, "missing": missing, "fix": fix if missing else ""})
    machine = {
        "affekt": __version__,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "onnxruntime": _version("onnxruntime"),
        "openvino": _version("openvino"),
        "torch": _version("torch"),
    }
    parts = [{"asset": asset.name, **_place(asset)} for asset in list_assets()]
    if json:
        as_json({"machine": machine, "verbs": rows, "assets": parts})
        return
    say("  ".join(f"{name} {value or 'not installed'}" for name, value in machine.items()))
    as_table(
        ("verb", "ready", "missing", "install with"),
        [
            (row["verb"], "yes" if row["ready"] else "no", ", ".join(row["missing"]), row["fix"])
            for row in rows
        ],
        whole=("install with",),
    )
    as_table(
        ("pretrained part", "where", "get with"), [tuple(row.values()) for row in parts], whole=("get with",)
    )


def _place(asset: Asset) -> dict[str, str]:
    """Where an asset is on this computer; unchecked, which `affekt assets verify` does."""
    found = copies(asset)
    return {
        "where": found[0].place if found else "missing",
        "fix": "" if found else f"affekt assets get {asset.name}",
    }


def _packages(extra: str) -> list[str]:
    """Packages of an extra; those of the core for an empty name."""
    names: list[str] = []
    for line in requires("affekt") or []:
        wanted = re.search(r"extra == ['\"]([\w-]+)", line)
        name = re.match(r"[\w.-]+", line)
        if name and (wanted[1] if wanted else "") == extra:
            names.append(name[0])
    return names


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
