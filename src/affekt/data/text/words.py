"""Words of subtitles and comments in one typographic form, whatever edition of a data set holds them.

Quotes, dashes, dots and blanks are written in ASCII: `'`, `"`, `-`, `...`, one blank. Letters with accents
stay: both editions of the data sets hold the same ones, they are part of a word's spelling, and encoders know
them. Control characters from U+0080 to U+009F are read as the CP-1252 bytes that they were.
"""

from __future__ import annotations

import re

_SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u2032\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        "\u2026": "...",
        **dict.fromkeys("\u200b\u2060\ufeff\u00ad", None),  # characters of no width
    }
)
_C1 = re.compile("[\x80-\x9f]")


def plain_words(text: str) -> str:
    """A line in ASCII signs, with single blanks and none at its ends.

    Example:
        >>> old, new = "It\\x92s  a caf\\xe9\\x85 ", "It\\u2019s a caf\\xe9\\u2026"
        >>> plain_words(old), plain_words(old) == plain_words(new)
        ("It's a café...", True)
    """
    if not text.isascii():
        text = _C1.sub(_of_cp1252, text).translate(_SIGNS)
    return " ".join(text.split())


def _of_cp1252(found: re.Match[str]) -> str:
    """The character of a CP-1252 byte; nothing for the five bytes that it does not define."""
    return found[0].encode("latin-1").decode("cp1252", "ignore")
