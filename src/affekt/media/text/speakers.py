"""Names of speakers before their words: `Joey: How are you?`.

A name is up to four words and 40 characters, begins with a letter, and is followed by a colon and a space (in
scripts without spaces, by a full-width colon). Each of its words begins with a capital, a digit or a letter
of a script without capitals, or is a particle such as `de`; a single word may be in small letters. A remark
in brackets after it, as in `Joey (laughing): hi`, is dropped. So `http://...`, `12:30` and `he said that: no`
hold no name.

A colon alone does not make a speaker: in a file, at least 80 % of the lines must begin with a name; else all
lines are words as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

CONSISTENT = 0.8  # share of the lines of a file that must begin with a name
_MAX_NAME, _MAX_WORDS = 40, 4
_WITHIN = r"[^\n:\N{FULLWIDTH COLON}()\[\]<>\"?!,;/\\]"  # characters of a name
_PREFIX = re.compile(
    rf"(?P<name>[^\W\d_]{_WITHIN}{{0,60}}?)"
    r"\s*(?:[(\[][^()\[\]\n]{0,60}[)\]]\s*)?"
    r"(?::(?=\s|$)|\N{FULLWIDTH COLON})\s*(?P<words>.*)",
    re.DOTALL,
)
_PARTICLES = frozenset({
    "and", "of", "the", "de", "del", "della", "da", "di", "du", "la", "le", "van", "von", "der", "den", "el",
    "al", "bin", "y", "e", "und", "et",
})  # fmt: skip


def split_name(text: str) -> tuple[str | None, str]:
    """The name before the words, and the words; (None, the text) if there is no name.

    Example:
        >>> split_name("Dr. Green (smiling): Well, 12:30."), split_name("12:30 is late")
        (('Dr. Green', 'Well, 12:30.'), (None, '12:30 is late'))
    """
    found = _PREFIX.match(text)
    if found is None or not _is_name(found["name"]):
        return None, text
    return found["name"], found["words"].strip()


def split_capitals(text: str) -> tuple[str | None, str]:
    """As `split_name`, for names in capitals alone, as subtitles for the hard of hearing write them."""
    name, words = split_name(text)
    if name is None or not name.isupper() or sum(map(str.isalpha, name)) < 2:
        return None, text
    return name, words


def are_named(texts: Iterable[str]) -> bool:
    """Whether the lines of a file begin with names of speakers."""
    found = [split_name(text)[0] is not None for text in texts]
    return bool(found) and sum(found) >= CONSISTENT * len(found)


def _is_name(name: str) -> bool:
    words = name.split()
    if len(name) > _MAX_NAME or len(words) > _MAX_WORDS:
        return False
    return len(words) == 1 or all(not word[0].islower() or word.casefold() in _PARTICLES for word in words)
