"""Text as it should be: one form of punctuation, and signs that a text was decoded wrongly."""

from __future__ import annotations

import re

# C1 control characters are not text: they are bytes of CP-1252 that were read as Latin-1. Five bytes are not
# defined there and stay.
_C1 = {code: text for code in range(0x80, 0xA0) if (text := bytes([code]).decode("cp1252", "ignore"))}
_ASCII = {
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u2032\u00b4\u02b9\u02bc\uff07"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02"), '"'),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-"),
    0x2026: "...",
    # No-break, figure, thin and other spaces of a fixed width; line and paragraph separators.
    **dict.fromkeys((0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000, 0x2028, 0x2029), " "),
    # Characters without a width: zero-width space, byte order mark, soft hyphen, direction marks. The
    # zero-width joiner stays: emoji are composed with it.
    **dict.fromkeys(
        (0x200B, 0xFEFF, 0xAD, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), ""
    ),
}
_PUNCTUATION = {**{code: text.translate(_ASCII) for code, text in _C1.items()}, **_ASCII}


def repair_c1(text: str) -> str:
    r"""Text with the characters of CP-1252 in place of C1 control characters.

    Example:
        >>> repair_c1("It\x92s") == "It\N{RIGHT SINGLE QUOTATION MARK}s"
        True
    """
    return text if text.isascii() else text.translate(_C1)


def to_ascii_punctuation(text: str) -> str:
    r"""Text with `'`, `"`, `-`, `...` and simple spaces in place of their typographic forms.

    Two editions of a text, one with typographic punctuation and one with the same bytes read as Latin-1,
    become equal. Letters with accents, emoji and punctuation of other scripts stay.

    Example:
        >>> to_ascii_punctuation("It\x92s \u201ccaf\u00e9\u201d\u2026 well\u2014")
        'It\'s "café"... well-'
    """
    return text if text.isascii() else text.translate(_PUNCTUATION)


# UTF-8 that was read as CP-1252 or Latin-1: characters that stand for the first and the further bytes.
_NEXT = "[\u0080-\u00bf" + re.escape("".join(sorted(text for text in _C1.values()))) + "]"
_READ_AS_CP1252 = re.compile(
    "|".join(
        [
            # One is enough of the leads of accents (a capital before it would be a word in capitals), of
            # typographic punctuation and of emoji; of other scripts two must follow each other.
            f"(?<![A-Z\u00c0-\u00de])[\u00c2\u00c3]{_NEXT}",
            f"\u00e2{_NEXT}{{2}}",
            f"\u00f0{_NEXT}{{3}}",
            f"(?:[\u00c4-\u00df]{_NEXT}){{3}}",
            f"(?:[\u00e0-\u00ef]{_NEXT}{{2}}){{2}}",
        ]
    )
)
# Traces of conversions that lost characters: the replacement character, the same in UTF-8 read as GBK, memory
# of a debug build as GBK, and typographic quotes in UTF-8 read as GBK.
_TRACES = re.compile(
    "\ufffd|\u951f\u65a4\u62f7|\u70eb\u70eb\u70eb|[A-Za-z]\u9225|\u9225[A-Za-z]|[\u0080-\u0084\u0086-\u009f]"
)


def plain_words(text: str) -> str:
    r"""A line with ASCII punctuation, single blanks, and none at its ends, whatever edition holds it.

    Letters with accents stay: editions of a data set agree on them, they belong to the spelling of a word,
    and encoders know them.

    Example:
        >>> old, new = "It\x92s  a caf\xe9\x85 ", "It\u2019s a caf\xe9\u2026"
        >>> plain_words(old), plain_words(old) == plain_words(new)
        ("It's a café...", True)
    """
    return " ".join(to_ascii_punctuation(text).split())


def looks_like_mojibake(text: str) -> bool:
    """Whether a text holds signs that it was decoded with the wrong encoding.

    UTF-8 read as CP-1252, Latin-1 or GBK, C1 control characters (CP-1252 read as Latin-1), and replacement
    characters. U+0085 alone is no sign: it also breaks lines. Text of one single-byte encoding read as
    another, such as CP-1251 as CP-1252, is not detected.

    Example:
        >>> [looks_like_mojibake(text) for text in ("it\u00e2\u20ac\u2122s", "it\u2019s", "VOIL\u00c0\u2026")]
        [True, False, False]
    """
    if text.isascii():
        return False
    if _TRACES.search(text):
        return True
    return any(_is_utf8(found.group()) for found in _READ_AS_CP1252.finditer(text))


def _is_utf8(text: str) -> bool:
    """Whether characters, as bytes of CP-1252 or Latin-1, are valid UTF-8."""
    content = bytearray()
    for character in text:
        try:
            content += character.encode("latin-1" if character <= "\u00ff" else "cp1252")
        except UnicodeEncodeError:
            return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
