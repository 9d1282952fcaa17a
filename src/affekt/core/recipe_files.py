"""The recipes that come with affekt: those of methods, and parts that are merged into one.

    affekt/methods/<method>/recipes/<name>.toml     complete, as `<method>/<name>`
    affekt/recipes/dataset/meld-emotion.toml        parts, as `dataset/meld-emotion.toml`
                   encoders/T.toml
                   losses/spcl.toml

The first line of each file is a comment that says what it is for.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from affekt.core import catalog
from affekt.core.errors import UsageError
from affekt.core.files.regular import is_folder, is_regular
from affekt.core.settings import suggest

PARTS = Path(__file__).parent.parent / "recipes"


class RecipeFile(NamedTuple):
    """A recipe or a part of one.

    Attributes:
        name: As `affekt train` takes it.
        is_whole: Whether it can be trained by itself.
    """

    name: str
    summary: str
    is_whole: bool
    path: Path


def list_recipes() -> list[RecipeFile]:
    """All recipes of methods, then all parts."""
    whole = [
        RecipeFile(f"{method}/{path.stem}", _summary(path), True, path)
        for method in catalog.list_methods()
        for path in sorted((catalog.method(method).folder / "recipes").glob("*.toml"))
    ]
    parts = [
        RecipeFile(path.relative_to(PARTS).as_posix(), _summary(path), False, path)
        for path in sorted(PARTS.glob("*/*.toml"))
    ]
    return whole + parts


def recipe_file(path: Path | str) -> Path:
    """The file itself if it exists; else the recipe or the part of this name; else the path as it is.

    Raises:
        UsageError: The folder is one of parts, and has no such part.
    """
    path = Path(path)
    if len(path.parts) != 2 or is_regular(path) or is_folder(path):
        return path
    folder = PARTS / path.parts[0]
    part = folder / f"{path.name.removesuffix('.toml')}.toml"
    if is_regular(part):
        return part
    if is_folder(folder):
        known = [f"{path.parts[0]}/{one.name}" for one in sorted(folder.glob("*.toml"))]
        raise UsageError(
            f"{path} does not exist, and no part of recipes is called so; {suggest(str(path), known)} "
            "(affekt recipes lists all)"
        )
    method = catalog.canonical(path.parts[0])
    if method not in catalog.list_methods():
        return path
    return catalog.method(method).folder / "recipes" / f"{path.name.removesuffix('.toml')}.toml"


def _summary(path: Path) -> str:
    first = path.read_text("utf-8").partition("\n")[0]
    return first.removeprefix("#").strip() if first.startswith("#") else ""
