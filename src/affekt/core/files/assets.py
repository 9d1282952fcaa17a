"""Assets: files that preprocessing needs, such as a vocabulary, as members of a checkpoint or bundle.

They lie in the sealed folder as `assets/<name>`, so that their sizes and SHA-256 are in its manifest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from affekt.core.errors import AffektError, FolderError
from affekt.core.files.sealed import Sealed

PREFIX = "assets/"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)


def write_assets(folder: Path, assets: Mapping[str, bytes]) -> None:
    """Write assets into a folder that is being sealed (`affekt.core.files.sealed.write_sealed`).

    Raises:
        AffektError: A name is not a plain file name.
    """
    for name, content in assets.items():
        if not _NAME.fullmatch(name):
            raise AffektError(f"an asset is called {name!r}; letters, digits, '.', '_' and '-' are allowed")
        (folder / PREFIX).mkdir(exist_ok=True)
        (folder / PREFIX / name).write_bytes(content)


def read_assets(sealed: Sealed) -> dict[str, bytes]:
    """Assets by name, checked against the manifest; empty where there are none.

    Raises:
        FolderError: An asset was altered, or its name is not a plain file name.
    """
    names = [file.removeprefix(PREFIX) for file in sealed.files if file.startswith(PREFIX)]
    for name in names:
        if not _NAME.fullmatch(name):
            raise FolderError(f"{sealed.path} lists an asset {name!r}, which is not a plain file name")
    return {name: sealed.read(PREFIX + name) for name in names}


def assets_digest(assets: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 of each asset."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(assets.items())}
