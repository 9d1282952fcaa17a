"""Scripts of writing: which a text is in, and which a network has seen in training."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from functools import lru_cache

from affekt.core.notes import note

_SEEN_SHARE = 0.01  # of the training letters; names and quotations of another script stay below it

# First words of the names of Unicode characters, where they do not name the script.
_SCRIPTS = {"Cjk": "Han", "Hiragana": "Kana", "Katakana": "Kana", "Halfwidth": "Kana", "Fullwidth": "Latin"}


def scripts(text: str) -> Counter[str]:
    """Number of letters of each script, such as `Latin`, `Cyrillic`, `Han` or `Kana`; others are not counted.

    Example:
        >>> sorted(scripts("OK, \u4f60\u597d!").items())
        [('Han', 2), ('Latin', 2)]
    """
    if text.isascii():
        letters = sum(map(str.isalpha, text))
        return Counter({"Latin": letters} if letters else {})
    return Counter(found for character in text if (found := _script_of(character)))


def main_script(text: str) -> str | None:
    """The script of most letters of a text; None if it has no letters, such as `12!` or an emoji alone.

    A Japanese text is of the script that most of its characters have, `Kana` or `Han`.
    """
    counts = scripts(text)
    return max(counts, key=lambda script: counts[script]) if counts else None


@lru_cache(maxsize=4096)
def _script_of(character: str) -> str | None:
    if not character.isalpha():
        return None
    first = unicodedata.name(character, "").partition(" ")[0].capitalize()
    return _SCRIPTS.get(first, first) or None


def seen_scripts(lines: Iterable[str]) -> list[str]:
    """Scripts that make up at least 1 % of the letters of training lines, the most frequent first."""
    counts: Counter[str] = Counter()
    for line in lines:
        counts.update(scripts(line))
    return [script for script, count in counts.most_common() if count >= _SEEN_SHARE * counts.total()]


def note_unseen_script(text: str, seen: Collection[str]) -> bool:
    """Note a text most of whose letters are in a script that training had not; returns whether it is so.

    A vocabulary often knows the letters of such a text one by one, so that unknown tokens do not show it.

    Args:
        seen: Scripts of the training lines; empty if they are not known, then nothing is noted.
    """
    script = main_script(text)
    unseen = bool(seen) and script is not None and script not in seen
    if unseen:
        note(
            f"most of it is in {script} script; the network was trained on {' and '.join(seen)} and has "
            "no basis for it"
        )
    return unseen
