"""The recipes that come with affekt: those of methods, and parts that are merged into one.

    affekt/methods/<method>/recipes/<name>.toml     complete, as `<method>/<name>`
    affekt/methods/<method>/recipes/own.toml        for people's own files; `<method>` alone stands for it
    affekt/recipes/dataset/meld-emotion.toml        parts, as `dataset/meld-emotion.toml`
                   encoders/T.toml
                   losses/spcl.toml

Each file begins with a comment whose first sentences say what it is for.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from affekt.core import catalog
from affekt.core.errors import UsageError
from affekt.core.files.regular import is_folder, is_regular
from affekt.core.files.toml import read_toml
from affekt.core.settings import close_to, suggest

OWN = "own"  # the recipe of a method for people's own files
PARTS = Path(__file__).parent.parent / "recipes"
_ENDS = (".", "!", "?", ".)")  # of a sentence


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


class OwnRecipe(NamedTuple):
    """A method that can be trained on people's own files by its name alone.

    Attributes:
        data: The data set that reads them.
    """

    method: str
    data: str


def own_recipes() -> list[OwnRecipe]:
    """All methods with a recipe for people's own files; without plug-ins that are broken."""
    folders, _ = catalog.readable(catalog.list_methods(), catalog.method_folder)
    files = {name: folder / "recipes" / f"{OWN}.toml" for name, folder in folders.items()}
    read = {name: read_toml(path) for name, path in files.items() if is_regular(path)}
    return [OwnRecipe(name, str(values["data"]["name"])) for name, values in read.items()]


def own_kinds() -> dict[str, list[str]]:
    """The kinds of people's own files that each method is trained on by its name, such as pictures."""
    return {
        one.method: own.for_modalities(catalog.card(one.method).modalities)
        for one in own_recipes()
        if (own := catalog.dataset(one.data).own)
    }


def list_recipes() -> list[RecipeFile]:
    """All recipes of methods, then all parts; without those of plug-ins that are broken."""
    folders, _ = catalog.readable(catalog.list_methods(), catalog.method_folder)
    whole = [recipe for method in folders for recipe in recipes_of(method)]
    parts = [
        RecipeFile(path.relative_to(PARTS).as_posix(), _summary(path), False, path)
        for path in sorted(PARTS.glob("*/*.toml"))
    ]
    return whole + parts


def recipes_of(method: str) -> list[RecipeFile]:
    """The recipes of a method.

    Raises:
        UsageError: There is no such method, or it is a plug-in that is broken.
    """
    name, folder = catalog.canonical(method), catalog.method_folder(method)
    files = [path for path in sorted((folder / "recipes").glob("*.toml")) if is_regular(path)]
    return [RecipeFile(f"{name}/{path.stem}", _summary(path), True, path) for path in files]


def recipe_file(path: Path | str) -> Path:
    """The file itself if it exists; else the recipe or the part of this name; else the path as it is.

    The name of a method alone is that of its recipe for people's own files.

    Raises:
        UsageError: It does not exist, and is close to the name of a recipe: one of a folder of parts, of a
            method, or a similar name.
    """
    path = Path(path)
    if is_regular(path) or not _may_be_name(path):
        return path
    is_method = len(path.parts) == 1 and catalog.canonical(str(path)) in catalog.list_methods()
    if is_folder(path) and not is_method:
        return path
    name, folder = path.as_posix().removesuffix(".toml"), PARTS / path.parts[0]
    if len(path.parts) == 2 and is_regular(part := folder / f"{path.name.removesuffix('.toml')}.toml"):
        return part
    if len(path.parts) == 2 and is_folder(folder):
        known = [f"{path.parts[0]}/{one.name}" for one in sorted(folder.glob("*.toml"))]
        raise _unknown(path, suggest(str(path), known))
    if catalog.canonical(path.parts[0]) in catalog.list_methods():
        return _of_method(path, name)
    known = {catalog.canonical(one.name.removesuffix(".toml")): one.name for one in list_recipes()}
    close = close_to(catalog.canonical(name), list(known))
    if close and not os.path.lexists(path):
        raise _unknown(path, f"did you mean {known[close]}?")
    return path


def _may_be_name(path: Path) -> bool:
    """Whether a path has the form of a recipe's name: `bpm_gcn/emotion_gait`, or a part of it."""
    return len(path.parts) in (1, 2) and not path.is_absolute() and ".." not in path.parts


def _of_method(path: Path, name: str) -> Path:
    """The recipe of a method that is known."""
    recipes = recipes_of(path.parts[0])
    method, _, stem = name.partition("/")
    for recipe in recipes:
        if recipe.path.stem in (stem or OWN, catalog.canonical(stem)):
            return recipe.path
    if not recipes:
        raise _unknown(path, f"the method {method} has none")
    if not stem:
        known = ", ".join(one.name for one in recipes)
        others = ", ".join(one.method for one in own_recipes())
        raise _unknown(
            path,
            f"those of the method {method} are {known}; none is for your own files, as {others} have it",
        )
    # A name that is not known is that of a data set: the recipe for own files is never meant.
    close = close_to(
        f"{catalog.canonical(method)}/{catalog.canonical(stem)}",
        [one.name for one in recipes if one.path.stem != OWN],
    )
    known = ", ".join(one.name for one in recipes)
    raise _unknown(path, f"did you mean {close}?" if close else f"known: {known}")


def _unknown(path: Path, known: str) -> UsageError:
    return UsageError(
        f"{path} does not exist, and no recipe is called so; {known} (affekt recipes lists all)"
    )


def _summary(path: Path) -> str:
    """The sentences that begin in the first line, a comment."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    words: list[str] = []
    for line in lines:
        if not line.startswith("#") or (words and words[-1].endswith(_ENDS)):
            break
        words.append(line.removeprefix("#").strip())
    return " ".join(words)
