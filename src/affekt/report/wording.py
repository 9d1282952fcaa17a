"""Parts of sentences about results, and text that HTML and XML can hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

SHOWN = 3  # examples in a sentence
UNASSIGNED = "unassigned"  # samples without a split

# What an item of a modality is called.
_NOUNS = {"video": "clip", "image": "picture", "skeleton": "walk", "audio": "sound", "text": "line"}

# Characters that neither XML nor HTML can hold: control characters except tab and line ends, and surrogates,
# which Python uses for undecodable bytes in the names of files.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def noun_of(modalities: Iterable[str]) -> str:
    """The noun for items of these modalities, as predictions state them: a picture, a clip, or a neutral one.

    Example:
        >>> noun_of(["image", "image"]), noun_of(["video", "video+audio"]), noun_of(["image", "text"])
        ('picture', 'clip', 'input')
    """
    found = {_noun(modality) for modality in modalities}
    return found.pop() if len(found) == 1 else "input"


def _noun(modality: str) -> str:
    """With several modalities, the item is what is seen: a clip has words and sound as well."""
    parts = modality.split("+")
    return next((noun for part, noun in _NOUNS.items() if part in parts), "input")


def some(names: Sequence[str]) -> str:
    """The first few names, and the number of the others."""
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def printable(text: object) -> str:
    """Text with replacements for characters that XML and HTML cannot hold; names of files may contain them.

    Example:
        >>> printable("clip" + chr(7) + chr(0xDCFF) + ".mp4")
        'clip��.mp4'
    """
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", str(text))
