"""Which methods can be trained on the files in a folder: for errors of a method that does not fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from affekt.core import catalog
from affekt.core.dataset import OwnFiles
from affekt.core.recipe_files import own_recipes
from affekt.core.wording import counted
from affekt.data.layouts import text_tables
from affekt.media import image, skeleton, sound, video
from affekt.media.files import walk


class Medium(NamedTuple):
    """A kind of file.

    Attributes:
        noun: Word for one.
        holds: The modalities that a method can read from it.
    """

    noun: str
    suffixes: Collection[str]
    holds: frozenset[str]


MEDIA = (
    Medium("picture", image.SUFFIXES, frozenset({"image"})),
    Medium("video", video.SUFFIXES, frozenset({"video", "audio"})),
    Medium("sound file", sound.SUFFIXES, frozenset({"audio"})),
    Medium("skeleton file", skeleton.SUFFIXES, frozenset({"skeleton"})),
    Medium("table of lines", text_tables.SUFFIXES, frozenset({"text"})),
)


def media_in(root: Path) -> dict[Medium, int]:
    """The kinds of files in a folder with their counts, the most frequent first. Nothing is opened."""
    files = walk(root).files if root.is_dir() else [root]
    counts = Counter(path.suffix.lower() for path in files)
    found = {medium: sum(counts[suffix] for suffix in {*medium.suffixes}) for medium in MEDIA}
    return dict(sorted(((one, n) for one, n in found.items() if n), key=lambda pair: -pair[1]))


def has_files(root: Path | None, own: OwnFiles) -> bool:
    """Whether a folder holds a file of the kinds that a data set reads."""
    if root is None or not root.exists():
        return False
    files = walk(root).files if root.is_dir() else [root]
    return any(path.suffix.lower() in own.suffixes for path in files)


def methods_for(root: Path | None, *, but: Collection[str] = ()) -> str:
    """The methods that can be trained on the files of a folder, as a sentence to append; empty if none can.

    Args:
        but: Methods and data sets that were tried.
    """
    if root is None or not root.exists():
        return ""
    media = media_in(root)
    if not media:
        return f". {root} holds no file that affekt can be trained on"
    most, number = next(iter(media.items()))
    fitting = [
        one.method
        for one in own_recipes()
        if not {one.method, one.data} & {*but}
        and {*catalog.card(one.method).modalities} <= most.holds
        and (own := catalog.dataset(one.data).own)
        and {*own.suffixes} & {*most.suffixes}
    ]
    if not fitting:
        return ""
    names = ", ".join(f"affekt train {name}" for name in fitting)
    return (
        f". {root} holds {counted(number, most.noun)}, which these read: {names} (with the same --data-root)"
    )
