"""Where assets lie: the cache of affekt first, then the installed package, whose code is not imported.

A file is used only after its size and SHA-256 were compared with the registry; each once in a process.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Literal

from affekt.assets.errors import AssetError, MissingAsset
from affekt.assets.registry import Asset, AssetFile, find_asset

_BLOCK_BYTES = 2**20
# Path, inode, size and time of change of each file that was hashed in this process, with its SHA-256.
_hashed: dict[tuple[str, int, int, int], str] = {}


@dataclass(frozen=True)
class Copy:
    """A copy of an asset on this computer.

    Attributes:
        place: In the cache of affekt, or in the installed package.
        folder: Folder of the files; that of a package also holds files which are not part of the asset.
    """

    asset: Asset
    place: Literal["cache", "package"]
    folder: Path

    def path(self, file: AssetFile) -> Path:
        """Where a file of the asset lies in this copy."""
        return self.folder / file.name

    def problems(self, *, hashes: bool = True) -> list[str]:
        """What is wrong with this copy, one line a file; empty for an intact one.

        Args:
            hashes: Read all bytes; without it, sizes only are compared.
        """
        return [
            problem
            for file in self.asset.files
            for problem in [_problem(file, self.path(file), hashes=hashes)]
            if problem
        ]

    @property
    def repair(self) -> str:
        """The command that replaces this copy by an intact one."""
        if self.place == "cache":
            return f"affekt assets get {self.asset.name}"
        return f"pip install --force-reinstall --no-deps {self.asset.package}=={self.asset.version}"


def cache_folder() -> Path:
    """Folder of fetched assets: AFFEKT_ASSETS, or `assets` in affekt's folder of caches."""
    if named := os.environ.get("AFFEKT_ASSETS"):
        return Path(named).expanduser()
    return user_caches() / "assets"


def user_caches() -> Path:
    """Affekt's folder in the user's folder of caches."""
    if sys.platform == "darwin":
        caches = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        caches = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "affekt"


def cached_at(asset: Asset) -> Path:
    """Folder of an asset in the cache, whether it is there or not."""
    return cache_folder() / f"{asset.name}-{asset.version}"


def copies(asset: Asset) -> list[Copy]:
    """Copies of an asset on this computer, unchecked; the first is the one that is used."""
    found: list[Copy] = []
    if cached_at(asset).is_dir():
        found.append(Copy(asset, "cache", cached_at(asset)))
    if installed_version(asset) == asset.version:
        folder = Path(str(distribution(asset.package).locate_file(asset.folder)))
        if folder.is_dir():
            found.append(Copy(asset, "package", folder))
    return found


def installed_version(asset: Asset) -> str | None:
    """Version of the asset's package in this environment; None if it is not installed."""
    try:
        return distribution(asset.package).version
    except PackageNotFoundError:
        return None


def asset_copy(name: str) -> Copy:
    """The copy of an asset that is used, checked.

    Raises:
        UsageError: There is no such asset.
        MissingAsset: It is not on this computer.
        AssetError: A file of it is missing, cut or altered.
    """
    asset = find_asset(name)
    found = copies(asset)
    if not found:
        raise MissingAsset(
            f"asset {asset.name} is not on this computer ({_searched(asset)}): affekt assets get {asset.name}"
        )
    copy = found[0]
    if problems := copy.problems():
        raise AssetError("\n  ".join([f"asset {asset.name} is damaged:", *problems, f"next: {copy.repair}"]))
    return copy


def asset_files(name: str) -> Mapping[str, Path]:
    """The checked files of an asset: name as in the registry to path.

    Raises:
        UsageError: There is no such asset.
        MissingAsset: It is not on this computer.
        AssetError: A file of it is missing, cut or altered.
    """
    copy = asset_copy(name)
    return {file.name: copy.path(file) for file in copy.asset.files}


def asset_file(name: str, file: str) -> Path:
    """One checked file of an asset; the others are checked too. Errors are those of `asset_files`.

    Raises:
        UsageError: The asset has no such file.
    """
    find_asset(name).file(file)
    return asset_files(name)[file]


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, computed once in a process while size and time of change stay the same."""
    state = path.stat()
    key = (str(path), state.st_ino, state.st_size, state.st_mtime_ns)
    if key not in _hashed:
        found = hashlib.sha256()
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK_BYTES):
                found.update(block)
        _hashed[key] = found.hexdigest()
    return _hashed[key]


def _problem(file: AssetFile, path: Path, *, hashes: bool) -> str | None:
    try:
        size = path.stat().st_size
        if size != file.bytes:
            return f"{path} has {size} bytes; the registry of affekt states {file.bytes}"
        found = sha256_of(path) if hashes else file.sha256
    except OSError as error:
        return f"{path} cannot be read: {error.strerror or error}"
    if found != file.sha256:
        return f"{path} has SHA-256 {found}; the registry of affekt states {file.sha256}"
    return None


def _searched(asset: Asset) -> str:
    installed = installed_version(asset)
    if installed is None:
        package = f"package {asset.package} is not installed"
    elif installed != asset.version:
        package = f"package {asset.package} {installed} is installed; version {asset.version} is needed"
    else:
        package = f"package {asset.package} is installed without {asset.folder}"
    return f"{cached_at(asset)} does not exist; {package}"
